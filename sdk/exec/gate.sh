#!/bin/sh
# A gate for director, to start from: no file may say TODO, and the gate's command has to pass.
if [ "$DIRECTOR_PLUGIN_MAGIC" != director-exec ]; then
  echo "This is a plugin, which director starts. Install it with
    cp gate.sh ~/.local/share/director/plugins/no-todo-sh.plugin
and set [plugins] gate = \"no-todo-sh\" in .director/config.toml." >&2
  exit 64
fi
# printf and not echo: some shells' echo reads backslashes.
say() { printf '%s\n' "$1"; }

say '{"type":"hello","protocol":1,"kind":"gate","id":"no-todo-sh","version":"1.0.0","summary":"no file says TODO"}'
read -r call || exit 0 # director only wanted to know who this is

# What goes to stderr is the detail of a verdict that has none.
if grep -rn TODO . >&2; then
  say '{"type":"verdict","outcome":"fail","summary":"there are lines that say TODO"}'
  exit 0
fi
say '{"type":"exec"}' # the call's own command, run by the host apart from us
read -r ended
case $ended in
*'"exit_code":0,'*) say '{"type":"verdict","outcome":"pass","summary":"the command passes"}' ;;
*'"exit_code":126,'* | *'"exit_code":127,'* | *'"type":"error"'*)
  # Not run is neither pass nor fail.
  say '{"type":"verdict","outcome":"error","summary":"the command cannot be run"}'
  ;;
*) say '{"type":"verdict","outcome":"fail","summary":"the command fails"}' ;;
esac
