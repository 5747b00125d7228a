"""The static program alone: in an otherwise empty root folder, as in an empty container image."""
import os
import shutil
import subprocess
import unittest

import cli_case
from cli_case import FRAGMENT, JOB, NETWORK, USAGE, peer

CHROOT = shutil.which("chroot", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


@unittest.skipIf(cli_case.SANITIZED, "the sanitized program needs its libraries")
@unittest.skipUnless(CHROOT and os.geteuid() == 0, "needs root")
class Alone(cli_case.ServerCase):
    def setUp(self):
        super().setUp()
        self.seed_running()
        shutil.copy(peer.program(), self.folder("berth"))
        self.pin = ["--pin", self.certs.fingerprint("server")]

    def alone(self, *args, input=b"", env=None):
        done = subprocess.run([CHROOT, self.folder.path, "/berth"] + list(args), input=input, env=env or {}, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=20)
        return peer.Result(done.returncode, done.stdout, done.stderr)

    def test_what_needs_no_server(self):
        self.assertDone(self.alone("version"))
        self.assertDone(self.alone("help"))
        self.assertDone(self.alone("json", "get", "-", "a", input=b'{"a":7}'), "7\n")
        self.assertDone(self.alone("yaml", "to-json", "-", input=b"a: 7"), '{"a":7}\n')

    def test_a_server(self):
        for host in (self.server.http, self.server.https_ip, self.server.https):
            result = self.assertDone(self.alone("mlcycle", "jobs", "list", "--json", *self.pin, env={"MLCYCLE_HOST": host}))
            self.assertEqual(result.lines[0]["id"], JOB)

    def test_no_certificates(self):
        self.assertFails(self.alone("mlcycle", "jobs", "list", "--host", self.server.https), USAGE, "--cacert, or a --pin")
        shutil.copy(self.certs.ca, self.folder("ca.pem"))
        self.assertDone(self.alone("mlcycle", "jobs", "list", "--host", self.server.https, "--cacert", "/ca.pem"))

    def test_files(self):
        host = ["--host", self.server.https_ip] + self.pin
        self.assertDone(self.alone("mlcycle", "fragments", "get", FRAGMENT, "-o", "/got", *host))
        self.assertEqual(self.folder.read("got"), b"cloned\n")
        self.assertDone(self.alone("mlcycle", "fragments", "upload", JOB, "1", "/got", "--name", "n", *host))
        self.assertEqual(sorted(os.listdir(self.folder.path)), ["berth", "got"])

    def test_no_name_server(self):
        self.assertFails(self.alone("mlcycle", "jobs", "list", "--host", "http://some.name/api", "--timeout", "5", "--retries", "0"),
                         NETWORK, "some.name")


if __name__ == "__main__":
    unittest.main()
