import subprocess
import sys
import unittest


def run(*args):
    return subprocess.run([sys.executable, "-B", "-m", "timer", *args], capture_output=True, text=True)


class CommandLine(unittest.TestCase):
    def test_prints_both_forms(self):
        done = run("65m")
        self.assertEqual(done.stdout, "3900 1h 5m\n")
        self.assertEqual(done.returncode, 0)

    def test_wrong_input(self):
        done = run("soon")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1)
        self.assertEqual(done.stdout, "")
