#!/usr/bin/env python3
"""A sink for director, to start from: how each node and run ended as a line of a CSV file.

This is a plugin, which director starts. Install it with
    cp sink.py ~/.local/share/director/plugins/cost-table.plugin
and name it in .director/config.toml:
    [plugins]
    sinks = ["metrics-jsonl", "cost-table"]
"""
import csv
import fcntl
import io
import json
import os
import sys

HELLO = {
    "type": "hello",
    "protocol": 1,
    "kind": "sink",
    "id": "cost-table",
    "version": "1.0.0",
    "summary": "writes how each node and run ended to costs.csv",
    "config_schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "default": "costs.csv"}},
    },
}


def say(**message):
    print(json.dumps(message), flush=True)


def row_of(entry):
    """The first four tell one record from another; the last is all of it."""
    record = entry["record"]
    cost = record.get("cost_usd", record.get("cost_total"))
    return [entry["job"], entry["kind"], str(entry["sequence"]), record.get("node", ""),
            record.get("status"), cost, json.dumps(record)]


def keep(call, lines):
    path = os.path.join(call["state_dir"], call["config"]["file"])
    entries = [json.loads(line) for line in lines]
    csv.field_size_limit(sys.maxsize)  # records are as long as they are
    with open(path, "a+", newline="") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # other workers write to it as well
        file.seek(0)
        # A record may come again when a job goes on.
        seen = {tuple(row[:4]) for row in csv.reader(file)}
        new = io.StringIO()
        table = csv.writer(new)
        for row in map(row_of, (entry for entry in entries if entry["kind"] in ("node", "run"))):
            if tuple(row[:4]) not in seen:
                seen.add(tuple(row[:4]))
                table.writerow(row)
        size = os.fstat(file.fileno()).st_size
        text = new.getvalue().encode()
        try:
            if os.write(file.fileno(), text) != len(text):
                raise OSError(0, "the disk is full")
            os.fsync(file.fileno())  # what was kept is on the disk before we say so
        except OSError:
            os.ftruncate(file.fileno(), size)  # half a line would spoil the next one
            raise


if __name__ == "__main__":
    if os.environ.get("DIRECTOR_PLUGIN_MAGIC") != "director-exec":
        sys.exit(__doc__)
    say(**HELLO)
    first = sys.stdin.readline()
    if first:
        try:
            keep(json.loads(first), sys.stdin)
            say(type="kept")
        except OSError as problem:
            say(type="error", code="io", message=f"cannot keep records: {problem.strerror}")
