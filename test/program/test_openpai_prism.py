"""berth pai against OpenPAI's published interface: Prism stands between it and the stand-in, and each request that the
OpenAPI document does not allow fails the test. `make deps` installs both where there is npm; else this is skipped."""
# runs once
import os
import re
import shutil
import socket
import subprocess
import time
import unittest

import pai_case
from cli_case import ROOT, peer

PRISM = os.path.join(ROOT, "build/prism")
COMMAND = os.path.join(PRISM, "node_modules/.bin/prism")
JOB = ('protocolVersion: 2\nname: %s\ntype: job\nprerequisites:\n  - {name: img, type: dockerimage, uri: example/torch:2}\n'
       'taskRoles:\n  worker:\n    instances: 2\n    dockerImage: img\n    resourcePerInstance: {cpu: 4, memoryMB: 16384, gpu: 1}\n'
       '    commands: [python train.py]\nsecrets: {pw: x}\n')
EVENT = {"uid": "e1", "frameworkName": "f", "podUid": "p", "taskroleName": "w", "taskName": "t", "taskIndex": 0, "type": "Warning", "reason": "r",
         "message": "m", "firstTimestamp": "2023-11-14T22:13:20.000Z", "lastTimestamp": "2023-11-14T22:20:01.000Z", "count": 1,
         "sourceComponent": "s", "sourceHost": None}


def missing():
    if not os.path.exists(COMMAND) or not os.path.exists(os.path.join(PRISM, "swagger.yaml")):
        return "Prism is not installed (make deps, with npm and a registry)"
    return "there is no node" if not shutil.which("node") else None


class Proxy:
    """prism proxy before UPSTREAM; what it says of requests is collected."""

    def __init__(self, upstream, folder):
        with open(os.path.join(PRISM, "swagger.yaml"), encoding="utf-8") as f:
            text = f.read()
        # The job protocol lies elsewhere on the web; a text/yaml body is a string to Prism in any case.
        text, count = re.subn(r'\$ref: "https?://[^"]*JobProtocol"', "type: string", text)
        assert count == 1, count
        spec = folder.write("openpai.yaml", text)
        self.log = folder("prism.log")
        for _ in range(5):
            with socket.socket() as sock:
                sock.bind(("127.0.0.1", 0))
                self.port = sock.getsockname()[1]
            with open(self.log, "wb") as log:
                self.process = subprocess.Popen(["node", COMMAND, "proxy", spec, upstream, "-h", "127.0.0.1", "-p", str(self.port)], stdout=log,
                                                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=peer.die_with_parent)
            if self._up():
                self.uri = "http://127.0.0.1:%d" % self.port
                return
        raise AssertionError(folder.read("prism.log"))

    def _up(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return True
            except OSError:
                time.sleep(0.05)
        self.close()
        return False

    def close(self):
        self.process.kill()
        self.process.wait()

    def violations(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return [line.strip() for line in f if re.search(r"Violation: request|NO_PATH_MATCHED|NO_METHOD|UNPROCESSABLE|Route not resolved", line)]

    def requests(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return set(re.findall(r"\[HTTP SERVER\] (\S+ \S+)", f.read()))


@unittest.skipIf(missing(), missing())
class Published(pai_case.PaiCase):
    # What a Node proxy adds to a request is not ours.
    SETTINGS = {"host": ["*"], "proxied": True, "allow": ["header", "accept", "accept-encoding", "connection", "body"]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.enterClassContext(peer.Folder())
        cls.proxy = Proxy(cls.server.http + "/rest-server", cls.folder)
        cls.addClassCleanup(cls.proxy.close)

    def setUp(self):
        super().setUp()
        self.home.clusters({"test": {"pai_uri": self.server.uri, "rest_server_uri": self.proxy.uri, "user": "lee", "passwd": "pw-pw-pw"}})

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.proxy.violations(), [])

    def test_jobs(self):
        self.jobs({"name": "train", "roles": {"PS_Server": 1, "w": 2}, "logs": {"psserver/0": {"stdout": "x\n"}}, "events": [EVENT]},
                  {"name": "bad", "state": "FAILED", "retries": 1}, many={"count": 30, "user": "lee"})
        for words in (["job", "list"], ["job", "list", "--all-users", "--limit", "3", "--offset", "2"],
                      ["job", "list", "--keyword", "a b", "--state", "FAILED", "--state", "RUNNING", "--vc", "default", "--tag", "x", "--no-tag", "\u00e4",
                       "--priority", "prod", "--priority", "default", "--order", "jobName,ASC", "--username", "lee,mira.k"],
                      ["job", "list", "train"], ["job", "list", "train", "config"], ["job", "list", "train", "ssh"], ["job", "events", "train"],
                      ["job", "events", "train", "--type", "Warning"], ["job", "attempts", "bad"], ["job", "attempts", "bad", "--attempt", "0"],
                      ["job", "attempts", "train", "-t", "PS_Server"], ["job", "logs", "train"], ["job", "logs", "train", "--tail"],
                      ["job", "tag", "add", "train", "b c"], ["job", "tag", "remove", "train", "b c"], ["job", "start", "train"], ["job", "stop", "train"]):
            self.assertDone(self.pai(*words))
        self.assertEqual(self.pai("job", "wait", "bad").code, 1)
        self.assertIn("put /api/v2/jobs/lee~train/executionType", self.proxy.requests())

    def test_submissions(self):
        self.work("job.yaml", JOB % "demo")
        self.assertDone(self.pai("job", "submit", "--config", "job.yaml"))
        self.assertDone(self.pai("job", "fast", "-j", "fast", "-i", "x", "echo", "hi"))
        self.assertIn("post /api/v2/jobs", self.proxy.requests())

    def test_everything_else(self):
        for words in (["cluster", "info"], ["token", "list"], ["vc", "list"], ["vc", "list", "default"], ["users", "list"], ["users", "get", "lee"],
                      ["groups", "list"], ["groups", "get", "default"], ["storages", "list"], ["storages", "list", "--default"],
                      ["storages", "get", "teamnfs"]):
            self.assertDone(self.pai(*words))
        made = self.assertDone(self.pai("token", "create")).text
        self.assertDone(self.pai("token", "revoke", "-", input=made))


@unittest.skipIf(missing(), missing())
class Watchful(unittest.TestCase):
    def test_it_can_fail(self):
        """A request outside of the interface is seen."""
        with peer.Folder() as folder, pai_case.Openpai(check=False, host=["*"], proxied=True, allow=["*"]) as server:
            proxy = Proxy(server.http + "/rest-server", folder)
            try:
                for wrong in (b"POST /api/v2/authn/basic/login HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n", b"GET /api/v2/none HTTP/1.1\r\n"):
                    before = len(proxy.violations())
                    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as sock:
                        body = b"{}" if wrong.startswith(b"POST") else b""
                        sock.sendall(wrong + b"Host: x\r\nConnection: close\r\n\r\n" + body)
                        while sock.recv(4096):
                            pass
                    self.assertGreater(len(proxy.violations()), before, wrong)
            finally:
                proxy.close()


if __name__ == "__main__":
    unittest.main()
