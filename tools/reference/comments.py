#!/usr/bin/env python3
"""Doxygen's filter: a plain comment of a header becomes one that Doxygen reads. What a field of the same name means in
every struct is said here once."""
import re
import sys

EVERYWHERE = {
    "uint32_t struct_size;": "Size of the struct that its filler was compiled with.",
    "uint32_t reserved;": "0; a reader ignores it.",
    "void* context;": "The sink's own: handed back in each call.",
    "const director_instances* instances;": "Makes and ends instances.",
}


COUNT = re.compile(r"size_t (\w+)_count;$")


def meaning(code):
    counted = COUNT.match(code)
    return f"How many `{counted[1]}` has." if counted else EVERYWHERE.get(code)


def converted(lines):
    at_head = True
    for line in lines:
        code = line.strip()
        if meaning(code):
            line = line.rstrip("\n") + " /**< " + meaning(code) + " */\n"
        elif at_head and code.startswith("/*"):
            line = line.replace("/*", "/** @file\n *", 1)
        elif code.startswith("/*"):
            line = line.replace("/*", "/**", 1)
        elif "/*" in line and not code.startswith("*"):
            line = line.replace("/*", "/**<", 1)
        at_head = at_head and not code
        # What stands in angle brackets is not HTML.
        yield line if code.startswith("#include") else re.sub(r"<(\w+)>", r"\\<\1\\>", line)


with open(sys.argv[1], encoding="utf-8") as header:
    sys.stdout.writelines(converted(header))
