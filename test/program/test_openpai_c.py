"""The small C program on OpenPAI's API, examples/openpai_jobs.c, against the stand-in of each generation."""
# runs once: the example is a program of its own.
import os
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test", "peers"))
import peer  # noqa: E402
from openpai_peer import Openpai  # noqa: E402

PROGRAM = os.path.join(ROOT, "build", "examples", "openpai_jobs")
GENERATIONS = [{}, {"generation": "G3", "version": "1.1.0"}, {"generation": "G2", "version": "0.17.0", "launcher": "k8s"},
               {"generation": "G2", "version": "1.0.0", "launcher": "yarn"}, {"generation": "G1", "version": "0.10.0", "launcher": "yarn"}]


def run(uri, *words, password="pw-pw-pw"):
    return subprocess.run([PROGRAM, uri, *words], env=peer.clean_environment({"OPENPAI_PASSWORD": password}), capture_output=True,
                          text=True, timeout=60, preexec_fn=peer.die_with_parent)


class Jobs(unittest.TestCase):
    def test_each_generation(self):
        for settings in GENERATIONS:
            with self.subTest(**settings), Openpai(**settings) as server:
                server.seed(jobs=[{"name": "a", "state": "RUNNING"}, {"name": "b", "state": "FAILED"},
                                  {"name": "c", "state": "RUNNING", "user": "mira"}])
                done = run(server.uri, "lee")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(sorted(done.stdout.splitlines()), ["2 jobs", "a  RUNNING  default", "b  FAILED  default"])
                done = run(server.uri, "lee", "FAILED", "STOPPED")
                self.assertEqual(done.stdout.splitlines(), ["b  FAILED  default", "1 jobs"])

    def test_many_jobs(self):
        with Openpai() as server:
            server.seed(many={"count": 12000, "user": "lee"})
            done = run(server.uri, "lee")
            self.assertEqual((done.returncode, done.stderr, done.stdout.splitlines()[-1]), (0, "", "12000 jobs"))

    def test_what_goes_wrong(self):
        with Openpai() as server:
            done = run(server.uri, "lee", password="wrong-one")
            self.assertEqual(done.returncode, 1)
            self.assertIn("HTTP 400", done.stderr)
        done = run("http://127.0.0.1:1", "lee")
        self.assertEqual((done.returncode, done.stdout), (1, "0 jobs\n"))
        self.assertEqual(run("ftp://x", "lee").returncode, 1)


if __name__ == "__main__":
    unittest.main()
