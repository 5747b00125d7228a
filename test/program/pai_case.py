"""What the tests of `berth pai` share: the OpenPAI stand-in, a home folder with a cluster file, how errors look."""
import time

import cli_case
from cli_case import peer  # noqa: F401 (puts the peers on the path)
from openpai_peer import Openpai


class PaiCase(cli_case.Case):
    """A test against the stand-in, one server per class; whatever the server calls improper fails the test."""

    SETTINGS = {}
    TLS = False
    CLUSTER = {}
    allowed = ()

    @classmethod
    def setUpClass(cls):
        cls.certs = None
        if cls.TLS:
            cls.certs = peer.Certificates(only=["server"])
            cls.addClassCleanup(cls.certs.close)
        cls.server = Openpai(cls.certs, check=False, **cls.SETTINGS)
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.server.reset()
        self.home = self.enterContext(self.server.home(**self.CLUSTER))

    def tearDown(self):
        found = [v for v in self.server.violations() if v["kind"] not in self.allowed]
        self.assertEqual(found, [])

    def pai(self, *words, **more):
        """berth pai WORDS in the working folder."""
        return self.home.berth(words, **more)

    def work(self, name, content=None):
        """A file in the working folder: its content, or written."""
        if content is None:
            return self.home.read("work/" + name).decode("utf-8")
        self.home.write("work/" + name, content)
        return name

    def jobs(self, *jobs, **more):
        """Seeds jobs of lee's."""
        self.server.seed(jobs=list(jobs), **more)

    def logged(self, operation=None):
        end = time.monotonic() + 5
        while any("took_ms" not in r for r in self.server.requests()) and time.monotonic() < end:
            time.sleep(0.01)
        return self.server.requests(operation)

    def rows(self, result):
        """A table's lines, blanks between the columns taken for one tab."""
        return ["\t".join(line.split()) for line in result.text.splitlines()]
