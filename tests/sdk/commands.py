"""Shows of commands that cost too much to run, or that wait for a person, that there are such commands.

Of each command of a block, its program is there: in the checkout, on PATH, a target of CMake, or a command of director. And
    of director     each option stands in `director COMMAND --help`
    of a script     each option stands in its text, and so does each value of --cases
    of a target     each option stands in its sources
    of cmake, ctest the preset is one of CMakePresets.json, a -D is an option of CMakeLists.txt, -R and -L find tests
    of any          a path that begins with a folder of the checkout is there, build/ aside
Options of other people's programs are not looked at.
"""
import json
import pathlib
import re
import shlex
import shutil
import subprocess


def output(*argv):
    ran = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return ran.stdout


def require(holds, why):
    if not holds:
        raise AssertionError(why)


class Checkout:
    def __init__(self, source, build):
        self.source, self.build = source, build
        self.presets = json.loads((source / "CMakePresets.json").read_text())

    def look_up(self, block):
        count = 0
        for line in block.splitlines():
            line = re.sub(r"<[^>]*>", "", line.split(" #")[0])
            for command in re.split(r"&&|\|", line):
                words = shlex.split(command)
                while words and re.fullmatch(r"\w+=.*", words[0]):
                    words.pop(0)
                if words:
                    count += 1
                    self.command(words[0], words[1:])
        require(count, "there is no command")

    def command(self, program, words):
        options = [word.split("=")[0] for word in words if word.startswith("--")]
        name = pathlib.PurePath(program).name
        if program == "director":
            self.director(words, options)
        elif program in ("cmake", "ctest"):
            self.cmake(program, words)
        elif re.fullmatch(r"build/\w+/bin/[\w-]+", program):
            sources = self.sources_of(name)
            for option in options:
                require(option in sources, f"'{name}' has no option {option}")
        elif (self.source / program).is_file():
            text = (self.source / program).read_text()
            for option in options:
                require(re.search(rf"{option}\b", text), f"'{program}' has no option {option}")
            for case in self.value_of("--cases", words).split(","):
                require(re.search(rf"\b{case}\b", text), f"'{program}' has no case '{case}'")
        else:
            agent_tool = output(self.source / "tools/bootstrap", "--print-opencode").strip()
            known = ("cd", "$EDITOR", pathlib.PurePath(agent_tool).name)
            require(program in known or shutil.which(program), f"there is no program '{program}'")
        for word in words:
            folder = word.split("/")[0]
            if "/" in word and folder not in ("", "build") and (self.source / folder).is_dir():
                require((self.source / word).exists(), f"there is no '{word}'")

    @staticmethod
    def value_of(option, words):
        return words[words.index(option) + 1] if option in words[:-1] else ""

    def director(self, words, options):
        known = output(self.build / "bin/director", words[0], "--help")
        require(f"director {words[0]}" in known, f"director has no command '{words[0]}'")
        for option in options:
            require(re.search(rf"(^|\s|\[){option}\b", known), f"'director {words[0]}' has no option {option}")

    def cmake(self, program, words):
        kind = "testPresets" if program == "ctest" else "buildPresets" if "--build" in words else "configurePresets"
        preset = self.value_of("--preset", words)
        names = [one["name"] for one in self.presets[kind] if not one.get("hidden")]
        require(not preset or preset in names, f"there is no preset '{preset}' in {kind}")
        for word in words:
            if word.startswith("-DDIRECTOR"):
                option = word[2:].split("=")[0]
                require(option in (self.source / "CMakeLists.txt").read_text(), f"there is no option {option}")
        for select in ("-R", "-L"):
            wanted = self.value_of(select, words)
            found = output("ctest", "--test-dir", self.build, "-N", select, wanted) if wanted else ""
            require(not wanted or "Total Tests: 0" not in found, f"no test is found by '{select} {wanted}'")

    def sources_of(self, target):
        for file in self.source.glob("*/**/CMakeLists.txt"):
            if "build" in file.relative_to(self.source).parts[:1]:
                continue
            if re.search(rf"\w*add_\w*\(\s*{target}\b", file.read_text()):
                return "".join(one.read_text() for one in file.parent.rglob("*.cpp"))
        raise AssertionError(f"no target of CMake is '{target}'")
