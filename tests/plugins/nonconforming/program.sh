#!/bin/sh
# A gate that is a program and breaks the one rule that its name, program-<fault>.plugin, says. `none` breaks none.
fault=${0##*/program-}
fault=${fault%.plugin}
is() { [ "$fault" = "$1" ]; }
say() { printf '%s\n' "$1"; }

if [ "${DIRECTOR_PLUGIN_MAGIC:-}" != director-exec ] && ! is ignores-the-magic; then
  is says-nothing-to-a-person || echo 'A gate for the tests of the kit.' >&2
  is takes-a-person-for-nobody && exit 0
  exit 64
fi

protocol=1 kind=gate summary=',"summary":"runs its command"' schema=''
is speaks-another-protocol && protocol=2
is is-of-no-kind-that-there-is && kind=vcs
is has-no-summary && summary=''
is schema-takes-anything && schema=',"config_schema":{"type":"object","properties":{},"additionalProperties":true}'
is greets-in-prose && say 'Hello, I am a gate.'
is hangs-before-hello && sleep 1000
is ends-before-hello && exit 0
say '{"type":"hello","protocol":'$protocol',"kind":"'$kind'","id":"'"program-$fault"'","version":"1"'"$summary$schema"'}'
read -r _ || exit 0

verdict() { say '{"type":"verdict","outcome":"'"$1"'","summary":"'"$2"'"}'; }
is prints-garbage && say 'Checking the checkout ...'
is hangs-in-call && sleep 1000
is ends-early && exit 0
is crashes && kill -SEGV $$
is answers-as-a-reviewer && say '{"type":"review","summary":"fine","findings":[]}'
is writes-in-the-checkout && echo mine >verdict.txt
is passes-whatever-comes && verdict pass 'fine' && exit 0
say '{"type":"exec"}'
read -r ended
case $ended in
*'"outcome":"exited","exit_code":0,'*) verdict pass 'it passes' ;;
*'"exit_code":127,'*) verdict error 'it cannot be run' ;;
*'"outcome":"exited",'*) verdict fail 'it fails' ;;
*)
  outcome=error
  is passes-on-error && outcome=pass
  verdict $outcome 'it was ended'
  ;;
esac
is gives-two-verdicts && verdict pass 'once more'
is fails-after-its-answer && exit 3
exit 0
