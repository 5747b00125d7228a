"""What the program's tests share: the peers on the path, running berth, and what every error looks like."""
import os
import sys
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test", "peers"))

import peer  # noqa: E402

SANITIZED = "/san/" in peer.program()

USAGE, NETWORK, REFUSED, BAD_DATA, SPACE, TIMEOUT, CONFLICT = 2, 3, 4, 5, 6, 7, 8


class Case(unittest.TestCase):
    """A test that runs berth."""

    maxDiff = None

    def run_berth(self, args, **more):
        return peer.run_berth(args, **more)

    def assertDone(self, result, out=None):
        """Exit code 0, nothing on standard error, and OUT (bytes or str) on standard output when it is given."""
        self.assertEqual((result.code, result.err), (0, b""), result)
        if out is not None:
            self.assertEqual(result.out, out.encode() if isinstance(out, str) else out)
        return result

    def assertFails(self, result, code, pattern=".", out=b""):
        """One line on standard error, "berth: ...", that PATTERN matches; OUT on standard output (None: anything)."""
        self.assertEqual(result.code, code, result)
        text = result.err.decode("utf-8")
        self.assertRegex(text, r"\Aberth: [^\n]+\n\Z", result)
        self.assertNotRegex(text, r"[\x00-\x09\x0b-\x1f\x7f]", result)
        self.assertRegex(text, pattern, result)
        if out is not None:
            self.assertEqual(result.out, out, result)
        return text


# The ids and jobs of the wire page's vectors.
JOB = "6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10"
PROJECT = "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381"
WORKER = "c0ffee00-1234-4abc-8def-0123456789ab"
FRAGMENT = "a7d3e5f1-0b29-4c88-93e4-1f2d3c4b5a69"
NOBODY = "11112222-3333-4444-8555-666677778888"

FORECAST = {"id": PROJECT, "name": "forecast", "gitRepository": "https://git.example/team/pipe.git"}
RUNNING = {
    "id": JOB, "created": "2021-03-04T05:06:07.089Z", "state": 1, "initiator": 0, "project": FORECAST,
    "steps": [
        {"name": "Bootstrap", "number": 0, "start": "2021-03-04T05:06:08.1Z", "end": "2021-03-04T05:06:10.25Z", "state": 2,
         "fragments": [{"id": FRAGMENT, "created": "2021-03-04T05:06:10.2Z", "name": "Console Log", "filename": "0_console.log",
                        "type": 1, "content": "cloned\n"}]},
        {"name": "Gr\u00f6\u00dfe lernen", "number": 1, "start": "2021-03-04T05:06:11Z", "state": 1,
         "docker": {"image": "py:3", "command": "python fit.py --lr 1e-3"}, "metrics": {"loss": 0.5, "epoch": 12}},
        {"name": "Report", "number": 2, "state": 0, "docker": {"image": "py:3"}}]}


class ServerCase(Case):
    """A test against the stand-in server, one server per class; whatever the server calls improper fails the test."""

    CERTS = ("server",)
    OPTIONS = {}
    allowed = ()

    @classmethod
    def setUpClass(cls):
        cls.certs = peer.Certificates(only=list(cls.CERTS))
        cls.addClassCleanup(cls.certs.close)
        cls.server = peer.Mlcycle(cls.certs, check=False, **dict({"hold_ms": 200}, **cls.OPTIONS))
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.server.reset()
        self.folder = self.enterContext(peer.Folder())

    def tearDown(self):
        found = [v for v in self.server.violations() if v["kind"] not in self.allowed]
        self.assertEqual(found, [])

    def mlcycle(self, *words, **more):
        """berth mlcycle WORDS against the server."""
        return self.server.berth(["mlcycle"] + [str(w) for w in words], **more)

    def logged(self, operation=None):
        """The requests that the server saw; its log is completed just after a reply was sent."""
        end = time.monotonic() + 5
        while any("took_ms" not in r for r in self.server.requests()) and time.monotonic() < end:
            time.sleep(0.01)
        return self.server.requests(operation)

    def seed_running(self):
        """The project, and its job whose step 1 is in progress."""
        self.server.seed(jobs=[RUNNING])
