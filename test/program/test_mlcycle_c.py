"""The smallest C program on mlcycle's API, examples/mlcycle_jobs.c, against the stand-in server."""
# runs once: the example is a program of its own.
import os
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test", "peers"))
import peer  # noqa: E402

PROGRAM = os.path.join(ROOT, "build", "examples", "mlcycle_jobs")


def run(host, *words):
    return subprocess.run([PROGRAM, *words], env=peer.clean_environment({"MLCYCLE_HOST": host}), capture_output=True,
                          text=True, timeout=60, preexec_fn=peer.die_with_parent)


class Jobs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peer.Certificates()
        cls.certs.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.certs.__exit__(None, None, None)

    def test_lists_many_jobs(self):
        with peer.Mlcycle(self.certs) as server:
            server.seed(many={"jobs": 3000, "steps": 5})
            done = run(server.https + "/", self.certs.ca)
            lines = done.stdout.splitlines()
            self.assertEqual((done.returncode, done.stderr, lines[-1]), (0, "", "3000 jobs"))
            self.assertEqual(len(lines), 3001)
            self.assertIn("0:Bootstrap", lines[0])

    def test_says_what_is_wrong(self):
        with peer.Mlcycle(self.certs, check=False) as server:
            done = run(server.https.replace("/api", ""), self.certs.ca)
            self.assertEqual(done.returncode, 1)
            self.assertIn("/jobs", done.stderr)
            done = run(server.https, self.certs("expired"))
            self.assertEqual(done.returncode, 1)
            self.assertIn("certificate", done.stderr)
        done = run("", self.certs.ca)
        self.assertEqual(done.returncode, 1)
        self.assertIn("MLCYCLE_HOST", done.stderr)

    def test_follows_the_upgrade_to_https(self):
        with peer.Mlcycle(self.certs, redirect_https=True) as server:
            server.seed(projects=[{"name": "p", "gitRepository": "x"}])
            done = run(server.http.replace("127.0.0.1", "localhost"), self.certs.ca)
            self.assertEqual((done.returncode, done.stdout), (0, "0 jobs\n"), done.stderr)


if __name__ == "__main__":
    unittest.main()
