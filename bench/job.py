"""Jobs to measure: a repository with a frozen plan, whose agent is a stand-in or the real OpenCode on a scripted model."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CONFIG = """[tiers]
planner = "s/m"
test_author = "s/m"
executor = "s/m"
explorer = "s/m"
reviewer = "s/r"
escalation = "s/m"
[pricing]
"s/m".input = 1
"s/r".input = 1
[sandbox]
mode = "{sandbox}"
"""
STAND_IN = """[plugins]
runner = "runner-scripted"
path = ["{plugins}"]
[plugin.runner-scripted]
script = "{script}"
"""
OPENCODE = """[plugin.runner-opencode]
command = "{command}"
transport = "{transport}"
isolation = "{isolation}"
"""
BRANCH = "refs/heads/director/job-bench"


def lengthen_journal(job, count):
    """Gives the journal of a job that has run `count` events: before it lands, one node is tried over and over, and each
    time its agent's tool fails."""
    events = job.journal()
    next(event for event in events if event["type"] == "run_started")["infra_retries"] = count
    begin = next(i for i, event in enumerate(events) if event["type"] == "attempt_started")
    end = next(i for i, event in enumerate(events) if event["type"] == "agent_ended")
    tries = []
    for n in range((count - len(events)) // (end + 1 - begin)):
        for event in events[begin:end + 1]:
            changed = {"call": f"try-{n}"} if "call" in event else {}
            if event["type"] == "agent_ended":
                changed = {"outcome": "infra", "why": "the agent's tool gave no sign of life"}
            tries.append(event | changed)
    events[begin:begin] = tries
    for seq, event in enumerate(events, 1):
        event["seq"] = seq
    (job.repo / ".director/journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def git(repo, *args, data=None):
    subprocess.run(["git", *args], cwd=repo, check=True, stdout=subprocess.DEVNULL, input=data)


class Job:
    """A repository with a frozen plan, to be run as often as one likes. Its agent is a stand-in that writes one file."""

    def __init__(self, build, sandbox, files, nodes, sleep_ms=0):
        self.build, self.sandbox, self.nodes, self.sleep_ms = build, sandbox, nodes, sleep_ms
        self.root = Path(tempfile.mkdtemp(prefix="director-bench-"))
        self.repo = self.root / "repo"
        self.director = build / "bin/director"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.root), "XDG_CACHE_HOME": str(self.root / "cache")}
        self.repo.mkdir()
        tests = {f"tests/{i}.sh": f'test "$(cat out/{i}.txt)" = done\n' for i in range(nodes)}
        self._commit({f"src/d{i // 100}/f{i}.txt": f"file {i}\n" * 20 for i in range(files)} | tests)
        (self.repo / ".director").mkdir()
        (self.repo / ".director/.gitignore").write_text("*\n")
        (self.repo / ".director/config.toml").write_text(CONFIG.format(sandbox=sandbox) + self._agent())
        self._plan(tests, nodes)
        # The plugins are looked at once in a lifetime, not in this job.
        self._run("plugins")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def _commit(self, files):
        git(self.repo, "init", "--quiet", "--initial-branch=main")
        parts = [b"commit refs/heads/main\ncommitter b <b@localhost> 1700000000 +0000\ndata 4\nbase\n"]
        for path, text in files.items():
            parts.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode())
        git(self.repo, "fast-import", "--quiet", data=b"".join(parts))
        git(self.repo, "reset", "--quiet", "--hard")

    def _agent(self):
        """The part of the configuration that says who the agent is."""
        rules = []
        for i in range(self.nodes):
            steps = [{"sleep_ms": self.sleep_ms}] if self.sleep_ms else []
            steps += [{"write": {f"out/{i}.txt": "done\n"}}, {"text": "DONE"}]
            rules.append({"role": "executor", "contains": f"# Node node-{i}:", "steps": steps})
        script = self.root / "script.json"
        script.write_text(json.dumps({"rules": rules}))
        return STAND_IN.format(plugins=self.build / "lib/director/test-plugins", script=script)

    def _plan(self, tests, nodes):
        plan = [{"id": f"node-{i}", "title": f"Node {i}", "spec": "Write the file.", "files": [f"out/{i}.txt"],
                 "depends_on": [], "test_cmd": f"sh tests/{i}.sh", "tests": [f"tests/{i}.sh"],
                 "estimated_difficulty": "easy",
                 "test_hashes": {f"tests/{i}.sh": hashlib.sha256(tests[f"tests/{i}.sh"].encode()).hexdigest()}}
                for i in range(nodes)]
        self.plan = json.dumps({"job_id": "bench", "task": "bench", "repo": str(self.repo), "created_at": "",
                                "job_branch": "director/job-bench", "nodes": plan})

    def _run(self, *args):
        process = subprocess.Popen([self.director, *args], cwd=self.repo, env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        with PeakOf(process.pid) as self.memory:
            said, _ = process.communicate()
        if process.returncode != 0:
            sys.exit(f"director {' '.join(args)} ended with status {process.returncode}:\n{said}")

    def commands_ms(self):
        """What the commands of a node take without director: its test runs once before the agent, twice after."""
        (self.repo / "out").mkdir(exist_ok=True)
        (self.repo / "out/0.txt").write_text("done\n")
        count = 100
        loop = f"i=0; while [ $i -lt {count} ]; do sh -c 'sh tests/0.sh'; i=$((i+1)); done"
        started = time.monotonic()
        subprocess.run(["sh", "-c", loop], cwd=self.repo, check=True)
        taken = time.monotonic() - started
        shutil.rmtree(self.repo / "out")
        return 3 * taken * 1000 / count

    def reset(self, warm=False):
        """As if it had never run; `warm`: but with the slots filled."""
        for path in () if warm else (self.root / "cache/director").glob("repo-*"):
            shutil.rmtree(path)
        for path in (self.repo / ".director").iterdir():
            if path.name not in ("config.toml", ".gitignore"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        (self.repo / ".director/plan.json").write_text(self.plan)
        git(self.repo, "update-ref", BRANCH, "main")
        os.sync()  # landing flushes the disk, and should not flush what this script wrote

    def run(self, parallel, warm=False):
        """Runs the whole job. Seconds, and the times of the landings in ms."""
        self.reset(warm)
        started = time.monotonic()
        self._run("run", "--parallel", str(parallel))
        wall = time.monotonic() - started
        return wall, [event["ts"] for event in self.journal() if event["type"] == "landed"]

    def journal(self):
        with open(self.repo / ".director/journal.jsonl") as lines:
            return [json.loads(line) for line in lines]

    def status(self):
        """Seconds that `director status` takes."""
        started = time.monotonic()
        self._run("status")
        return time.monotonic() - started


class OpencodeJob(Job):
    """The same on the real OpenCode and the scripted model, which answers at once."""

    def __init__(self, build, sandbox, nodes, transport, opencode, isolation="slot"):
        self.transport, self.isolation, self.opencode, self.model = transport, isolation, opencode, None
        super().__init__(build, sandbox, 100, nodes)

    def __exit__(self, *_):
        if self.model:
            self.model.terminate()
            self.model.wait()
        super().__exit__()

    def _agent(self):
        rules = [{"name": f"node-{i}", "match": {"contains": [f"# Node node-{i}:"]},
                  "turns": [{"tool_calls": [{"name": "write", "arguments":
                                             {"filePath": f"{{{{cwd}}}}/out/{i}.txt", "content": "done\n"}}]},
                            {"text": "DONE"}]} for i in range(self.nodes)]
        scenario, port = self.root / "model.json", self.root / "port"
        scenario.write_text(json.dumps({"rules": rules}))
        self.model = subprocess.Popen([self.build / "bin/director-scripted-model", "--scenario", scenario,
                                       "--port-file", port], stdout=subprocess.DEVNULL)
        while not port.exists():
            time.sleep(0.02)
        models = {name: {"tool_call": True, "limit": {"context": 200000, "output": 8192}} for name in ("m", "r")}
        (self.repo / "opencode.json").write_text(json.dumps({"provider": {"s": {
            "npm": "@ai-sdk/openai-compatible", "name": "Scripted model", "models": models,
            "options": {"baseURL": f"http://127.0.0.1:{port.read_text().strip()}/v1", "apiKey": "none"}}}}))
        git(self.repo, "add", "opencode.json")
        git(self.repo, "-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "--quiet", "-m", "model")
        return OPENCODE.format(command=self.opencode, transport=self.transport, isolation=self.isolation)

    def starts(self):
        """Milliseconds from the reservation of each call to the end of its first step."""
        reserved, firsts = {}, {}
        for event in self.journal():
            if event["type"] == "call_reserved":
                reserved[event["call"]] = event["ts"]
            elif event["type"] == "call_metered" and event["call"] not in firsts:
                firsts[event["call"]] = event["ts"] - reserved[event["call"]]
        return list(firsts.values())


def kib(text, key):
    """What a line of /proc says, 0 if it is not there."""
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(key)), 0)


class Memory:
    """Looks every tenth of a second, while it is open, for the most memory in MiB."""

    def __init__(self):
        self.most, self.closed = 0.0, threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.thread.join()

    def _watch(self):
        while not self.closed.wait(0.1):
            self.most = max(self.most, self._now() / 1024)


class PeakOf(Memory):
    """Of one process."""

    def __init__(self, pid):
        super().__init__()
        self.status = Path(f"/proc/{pid}/status")

    def _now(self):
        try:
            return kib(self.status.read_text(), "VmHWM:")
        except OSError:  # it has ended
            return 0


class MemoryOf(Memory):
    """Of the processes of one name together, each page counted once."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def _now(self):
        return sum(self._of(process) for process in Path("/proc").glob("[0-9]*"))

    def _of(self, process):
        try:
            if (process / "comm").read_text().strip() != self.name:
                return 0
            return kib((process / "smaps_rollup").read_text(), "Pss:")
        except OSError:  # it has ended
            return 0
