#!/bin/sh
# A runner for director, to start from: any agent tool that reads a prompt and edits files.
if [ "$DIRECTOR_PLUGIN_MAGIC" != director-exec ]; then
  echo "This is a plugin, which director starts. Install it with
    cp runner.sh ~/.local/share/director/plugins/any-tool-sh.plugin
and set [plugins] runner = \"any-tool-sh\" and [plugin.any-tool-sh] command = \"my-agent\"." >&2
  exit 64
fi
say() { printf '%s\n' "$1"; }

# The text of a member of the call. Where there is jq: printf '%s' "$call" | jq -r ".$1"
member() {
  printf '%s\n' "$call" | awk -v name="$1" '{
    sub(".*\"" name "\":\"", "")
    count = split($0, part, "\\")
    for (i = 1; i <= count; i++) {
      text = part[i]
      if (i > 1 && !plain) {
        c = substr(text, 1, 1)
        text = substr(text, 2)
        plain = c == ""
        if (c == "n") c = "\n"
        else if (c == "t") c = "\t"
        else if (c == "u") { c = ""; text = substr(text, 5) } # a control character
        else if (c == "") c = "\\"
        printf "%s", c
        if (plain) continue
      }
      plain = 0
      if (index(text, "\"")) { printf "%s", substr(text, 1, index(text, "\"") - 1); exit }
      printf "%s", text
    }
  }'
}

# The text on standard input as a string of JSON. Tools print any bytes; what is no UTF-8 is left out.
quoted() {
  printf '"'
  iconv -c -f UTF-8 -t UTF-8 | tr '\t' ' ' | tr -d '\000-\011\013-\037' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' |
    awk '{ printf "%s\\n", $0 }'
  printf '"'
}

say '{"type":"hello","protocol":1,"kind":"runner","id":"any-tool-sh","version":"1.0.0",
  "summary":"hands the prompt to a shell command, whose output is the answer",
  "config_schema":{"type":"object","properties":{"command":{"type":"string"}},
    "required":["command"]}}' | tr -d '\n'
echo
read -r call || exit 0

tool=$(member command)
case $call in
*'"call":"probe"'*)
  say '{"type":"tool","tool":'"$(printf '%s' "$tool" | quoted)"',"version":"unknown","models":[]}'
  exit 0
  ;;
esac
prompt() { member system_prompt && echo && echo && member message; }
answer=$(prompt | sh -c "$tool")
status=$?
# What a step used, where the tool prints it like that; yours has a way of its own, or none.
used='^usage input=\([0-9]\{1,12\}\) output=\([0-9]\{1,12\}\)$'
printf '%s\n' "$answer" | sed -n "s/$used/{\"type\":\"usage\",\"input\":\1,\"output\":\2}/p"
answer=$(printf '%s\n' "$answer" | sed "/$used/d")
if [ $status = 0 ]; then
  say '{"type":"finish","text":'"$(printf '%s\n' "$answer" | quoted)"'}'
elif [ $status = 127 ]; then # no retry finds a tool that is not installed
  say '{"type":"fail","failure":"config","message":"there is no such tool"}'
else
  say '{"type":"fail","failure":"transport","message":"the tool failed"}'
fi
