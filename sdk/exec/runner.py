#!/usr/bin/env python3
"""A runner for director, to start from: any agent tool that reads a prompt and edits files.

This is a plugin, which director starts. Install it with
    cp runner.py ~/.local/share/director/plugins/any-tool.plugin
and name it in .director/config.toml:
    [plugins]
    runner = "any-tool"
    [plugin.any-tool]
    command = ["my-agent", "--role", "{role}", "--model", "{model}"]
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HELLO = {
    "type": "hello",
    "protocol": 1,
    "kind": "runner",
    "id": "any-tool",
    "version": "1.0.0",
    "summary": "hands the prompt to a command, whose output is the answer",
    "config_schema": {
        "type": "object",
        "properties": {"command": {"type": "array", "items": {"type": "string"}}},
        "required": ["command"],
    },
}


def say(**message):
    print(json.dumps(message), flush=True)


def run(call):
    places = {"{role}": call["role"], "{model}": call["model"]}
    command = [places.get(part, part) for part in call["config"]["command"]]
    with tempfile.TemporaryFile("w+") as prompt:
        # Never in the arguments: those have a limit, and everybody on the machine can read them.
        prompt.write(call["system_prompt"] + "\n\n" + call["message"])
        prompt.seek(0)
        try:
            tool = subprocess.Popen(command, cwd=call["workdir"], stdin=prompt,
                                    stdout=subprocess.PIPE, text=True, errors="replace")
        except OSError as problem:  # no retry finds a tool that is not installed
            say(type="fail", failure="config", message=f"{command[0]}: {problem.strerror}")
            return
        answer = []
        for line in tool.stdout:
            # What a step used, as it happens: so a budget can stop the call in time. This tool
            # prints it like that; yours has a way of its own, or none.
            used = re.fullmatch(r"usage input=([0-9]+) output=([0-9]+)\n", line)
            if used:
                say(type="usage", input=int(used[1]), output=int(used[2]))
            else:
                answer.append(line)
                say(type="text", text=line)  # also a sign of life: silence ends a call
    if tool.wait() == 0:
        say(type="finish", text="".join(answer))
    else:
        say(type="fail", failure="transport", message=f"{command[0]} ended with {tool.returncode}")


def probe(call):
    program = call["config"]["command"][0]
    if shutil.which(program) is None:
        say(type="error", code="not_found", message=f"there is no program '{program}'")
    else:
        say(type="tool", tool=program, version="unknown", models=[])


if __name__ == "__main__":
    if os.environ.get("DIRECTOR_PLUGIN_MAGIC") != "director-exec":
        sys.exit(__doc__)
    say(**HELLO)
    line = sys.stdin.readline()
    if line:
        call = json.loads(line)
        {"run": run, "probe": probe}[call["call"]](call)
