"""What README.md shows is compiled and run."""
# runs once: the example is a program of its own.
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test", "peers"))
import peer  # noqa: E402


def block(language):
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        return re.search(r"```%s\n(.*?)```" % language, f.read(), re.S).group(1)


class Readme(unittest.TestCase):
    def test_the_c_program(self):
        with tempfile.TemporaryDirectory(prefix="berth-readme-") as folder:
            source, program = os.path.join(folder, "projects.c"), os.path.join(folder, "projects")
            with open(source, "w", encoding="utf-8") as f:
                f.write(block("c"))
            archives = [os.path.join(ROOT, "build", name) for name in ("libberth.a", "libberth_mbedtls.a")]
            done = subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-I" + ROOT + "/include",
                                   source, "-o", program, "-Wl,--start-group", *archives, "-Wl,--end-group"],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            with peer.Certificates() as certs, peer.Mlcycle(certs, check=False) as server:
                (project,) = server.seed(projects=[{"name": "pr\u00fcfung", "gitRepository": "x"}])["projects"]
                done = subprocess.run([program, server.host, certs.ca], capture_output=True, text=True, timeout=30)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(done.stdout, "%s  pr\u00fcfung\n" % project)
                done = subprocess.run([program, server.host + "/wrong", certs.ca], capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 1)
                self.assertNotEqual(done.stderr, "")

    def test_links_lead_somewhere(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
            for target in re.findall(r"\]\(([^)#]+)\)", f.read()):
                self.assertTrue(os.path.exists(os.path.join(ROOT, target)), target)


if __name__ == "__main__":
    unittest.main()
