#!/usr/bin/env python3
"""A sink for director, to start from: each node's cost as a line of a CSV file.

This is a plugin, which director starts. Install it with
    cp sink.py ~/.local/share/director/plugins/cost-table.plugin
and name it in .director/config.toml:
    [plugins]
    sinks = ["metrics-jsonl", "cost-table"]
"""
import csv
import json
import os
import sys

HELLO = {
    "type": "hello",
    "protocol": 1,
    "kind": "sink",
    "id": "cost-table",
    "version": "1.0.0",
    "summary": "writes each node's cost to costs.csv",
    "config_schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "default": "costs.csv"}},
    },
}


def say(**message):
    print(json.dumps(message), flush=True)


def keep(call, lines):
    path = os.path.join(call["state_dir"], call["config"]["file"])
    # A record may come again when a job goes on: its job, kind, sequence and node tell.
    seen = set()
    if os.path.exists(path):
        with open(path, newline="") as file:
            seen = {tuple(row[:3]) for row in csv.reader(file)}
    with open(path, "a", newline="") as file:
        table = csv.writer(file)
        for line in lines:
            entry = json.loads(line)
            if entry["kind"] == "node":
                record = entry["record"]
                key = (entry["job"], str(entry["sequence"]), record["node"])
                if key not in seen:
                    seen.add(key)
                    table.writerow([*key, record["status"], record["cost_usd"]])
        file.flush()
        os.fsync(file.fileno())  # what was kept is on the disk before we say so


if __name__ == "__main__":
    if os.environ.get("DIRECTOR_PLUGIN_MAGIC") != "director-exec":
        sys.exit(__doc__)
    say(**HELLO)
    first = sys.stdin.readline()
    if first:
        keep(json.loads(first), sys.stdin)
        say(type="kept")
