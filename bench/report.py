"""Writes figures down: JSON for programs, a page for people, plots of cost against size."""

import json
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

TITLES = {
    "starts": "Starts, of which the rest is made",
    "nodes": "A node, by the files of the repository",
    "sleepers": "Agents that sleep",
    "growth": "A job of 1,000 nodes",
    "plan": "Plans",
    "replay": "A long journal",
    "transcript": "A gigabyte of an agent's events",
    "opencode": "A job with the real OpenCode",
    "calls": "Calls of the real OpenCode",
}


# What each figure should be at most: case, the rows that it is about, what is measured, its column or a function of its rows, aim.
AIMS = [
    *(("nodes", {"files": files, "parallel": 1}, f"a node, {files:,} files, ms", "ms_per_node", aim)
      for files, aim in ((100, 25), (1000, 30), (10000, 40), (60000, 50))),
    ("sleepers", {}, "64 agents that sleep 2 s, 32 at once, ms", "wall_ms", 4600),
    *(("opencode", {"transport": transport}, f"three nodes, real OpenCode, {transport}, s", "seconds", 8)
      for transport in ("server", "run")),
    *(("calls", {"transport": f"server, a {isolation}", "at_once": 1}, f"a warm call, server a {isolation}, ms", "warm_ms", 300)
      for isolation in ("slot", "job")),
    ("calls", {"transport": "server, a job"}, "a further agent at once, server a job, MiB",
     lambda rows: (rows[-1]["memory_mib"] - rows[0]["memory_mib"]) / (rows[-1]["at_once"] - rows[0]["at_once"]), 60),
    *(("plan", {"nodes": nodes}, f"the dearest valid plan of {nodes:,} nodes, read and validated, ms",
       lambda rows: max(row["ms"] for row in rows if row["what"] in ("Validate<wide>", "Validate<shared>"))
       + next(row["ms"] for row in rows if row["what"] == "ReadPlan"), aim)
      for nodes, aim in ((2000, 20), (100000, 1000))),
    ("growth", {}, "`status` on 1,000 nodes, ms", "status_ms", 10),
]


def aims(figures):
    """A row for each aim of which there are figures."""
    for case, where, what, measured, aim in AIMS:
        rows = [row for row in figures.get(case, []) if all(row[name] == value for name, value in where.items())]
        if rows:
            figure = measured(rows) if callable(measured) else rows[0][measured]
            yield {"what": what, "figure": round(float(figure), 2), "aim": aim, "met": "yes" if figure <= aim else "no"}


def disk():
    """Where the jobs of the benchmark lie: its file system, and the device if it says what it is."""
    place = subprocess.run(["findmnt", "--noheadings", "--output", "FSTYPE,SOURCE", "--target", tempfile.gettempdir()],
                           capture_output=True, text=True).stdout.split()
    return " on ".join(place) or "unknown"


def machine():
    """What the figures depend on."""
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    memory = int(open("/proc/meminfo").readline().split()[1]) // (1 << 20)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True,
                            text=True).stdout.strip()
    return {"processor": cpu, "cores": os.cpu_count(), "memory_gib": memory, "kernel": platform.release(),
            "disk": disk(), "commit": commit}


def table(rows):
    def cell(value):
        return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)

    names = list(rows[0])
    lines = [names, ["---:"] * len(names), *([cell(row[name]) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plot(path, title, x, y, lines):
    """`lines`: name -> [(x, y)]. Both axes are logarithmic."""
    data = "".join("\n".join(f"{a} {b}" for a, b in points) + "\ne\n" for points in lines.values())
    curves = ", ".join(f"'-' with linespoints linewidth 2 title '{name}'" for name in lines)
    script = (f"set terminal svg size 640,400 dynamic background 'white'\nset output '{path}'\nset logscale xy\n"
              f"set title '{title}'\nset xlabel '{x}'\nset ylabel '{y}'\nset key left top\nset grid\nplot {curves}\n{data}")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def plots(folder, figures):
    """The names of the files that were drawn."""
    drawn = []

    def draw(name, title, x, y, lines):
        plot(folder / name, title, x, y, lines)
        drawn.append(name)

    if rows := figures.get("nodes"):
        widths = sorted({row["parallel"] for row in rows})
        draw("nodes.svg", "Cost of a node", "files in the repository", "ms",
             {f"--parallel {width}": [(row["files"], row["ms_per_node"]) for row in rows if row["parallel"] == width]
              for width in widths})
    if rows := figures.get("plan"):
        draw("plan.svg", "Reading and validating a plan", "nodes", "ms",
             {what.replace("_", " "): [(row["nodes"], row["ms"]) for row in rows if row["what"] == what]
              for what in dict.fromkeys(row["what"] for row in rows)})
    if rows := figures.get("calls"):
        draw("memory.svg", "Memory of OpenCode", "calls at once", "MiB",
             {name: [(row["at_once"], row["memory_mib"]) for row in rows if row["transport"] == name]
              for name in dict.fromkeys(row["transport"] for row in rows)})
    return drawn


def write_report(folder, figures, arguments):
    """`arguments`: of the command line that made the figures, but for the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    about = machine()
    (folder / "figures.json").write_text(json.dumps({"machine": about, "figures": figures}, indent=2) + "\n")
    drawn = plots(folder, figures) if shutil.which("gnuplot") else []
    options = " ".join(arguments)
    page = ["# Results", "",
            f"`bench/run BUILD {options}`".replace(" `", "`") + f", at commit {about['commit']}, on {about['cores']} cores of "
            f"{about['processor']}, {about['memory_gib']} GiB, Linux {about['kernel']}, files on {about['disk']}. [README.md](README.md) says what each "
            "case measures; figures.json has the same for programs."]
    if rows := list(aims(figures)):
        page += ["", "## Aims", "", table(rows)]
    for case, rows in figures.items():
        page += ["", f"## {TITLES[case]}", "", table(rows)]
    page += ["", *(f"![{name}]({name})" for name in drawn)]
    (folder / "RESULTS.md").write_text("\n".join(page).rstrip() + "\n")
