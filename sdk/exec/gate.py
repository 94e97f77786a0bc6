#!/usr/bin/env python3
"""A gate for director, to start from: its command has to pass, and no changed file may say TODO.

This is a plugin, which director starts. Install it with
    cp gate.py ~/.local/share/director/plugins/no-todo.plugin
and name it in .director/config.toml:
    [plugins]
    gate = "no-todo"
"""
import json
import os
import sys

HELLO = {
    "type": "hello",
    "protocol": 1,
    "kind": "gate",
    "id": "no-todo",
    "version": "1.0.0",
    "summary": "the command passes and no changed file says TODO",
    "config_schema": {
        "type": "object",
        "properties": {"word": {"type": "string", "default": "TODO"}},
    },
}


def say(**message):
    print(json.dumps(message), flush=True)


def hear():
    """The host's next line; without one there is nothing to do."""
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def places(call):
    """Where a changed file says the word."""
    for change in call["changes"]:
        if change["new_type"] in ("regular", "executable"):
            with open(os.path.join(call["workdir"], change["path"]), errors="replace") as file:
                for number, line in enumerate(file, 1):
                    if call["config"]["word"] in line:
                        yield f"{change['path']}:{number}: {line.rstrip()}"


def check(call):
    found = list(places(call))
    if found:
        summary = f"{len(found)} lines say {call['config']['word']}"
        return {"outcome": "fail", "summary": summary, "detail": "\n".join(found)}
    # Never start a candidate's code here: it could answer in this gate's name. The host runs it
    # apart from us and hands over what it printed.
    say(type="exec")
    ended = hear()
    if ended["type"] == "error":
        return {"outcome": "error", "summary": ended["message"]}
    code = ended["exit_code"]
    outcome = "error" if code in (126, 127) else "fail"  # not run is neither pass nor fail
    if ended["outcome"] == "exited" and code == 0:
        outcome = "pass"
    summary = f"`{call['command']}`: {ended['outcome']}, status {code}"
    return {"outcome": outcome, "summary": summary, "detail": ended["output"], "exit_code": code}


if __name__ == "__main__":
    if os.environ.get("DIRECTOR_PLUGIN_MAGIC") != "director-exec":
        sys.exit(__doc__)
    say(**HELLO)
    say(type="verdict", **check(hear()))
