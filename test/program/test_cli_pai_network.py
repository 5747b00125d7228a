"""berth pai through TLS and a real nginx, with a server in trouble: limits, tokens that end mid-way, broken answers, Ctrl-C."""
import json
import os
import signal
import time
import unittest

import pai_case
from cli_case import BAD_DATA, NETWORK, REFUSED, TIMEOUT, peer
import nginx


class Trouble(pai_case.PaiCase):
    TLS = True

    def setUp(self):
        super().setUp()
        self.jobs({"name": "a"}, {"name": "b", "state": "FAILED"}, {"name": "s", "state": "RUNNING", "still": False})

    def test_tls(self):
        self.assertEqual(len(self.assertDone(self.pai("job", "list", "--json")).lines), 3)
        self.assertTrue(all(r["tls"] for r in self.logged()))
        self.assertFails(peer.run_berth(["pai", "job", "list"], env=self.home.environment(), cwd=self.home("work")), NETWORK, "--cacert")

    def test_errors_of_all_kinds(self):
        """Q3: status first, whatever the body is."""
        self.assertDone(self.pai("job", "list"))
        for status, kind, body, code, pattern in (
                (500, "application/json", '{"code":"UnknownError","message":"the database is away"}', REFUSED, "the database is away"),
                (500, "application/json", "null", REFUSED, "HTTP 500"),
                (500, "application/json", '{"message":"no code"}', REFUSED, "no code"),
                (500, "text/plain", "Oops", REFUSED, "HTTP 500"),
                (500, "application/json", '{"error":"JobListNotFound","message":"list unavailable"}', REFUSED, "list unavailable"),
                (413, "application/json", '{"message":"request entity too large"}', REFUSED, "too large"),
                (403, "application/json", '{"code":"ForbiddenUserError","message":"no\\n\\u001b[31mred"}', REFUSED, "no"),
                (404, "application/json", '{"code":"BrandNewError","message":"m"}', REFUSED, "HTTP 404"),
                (200, "application/json", "[{]", BAD_DATA, "."), (200, "application/json", "{}", BAD_DATA, "list"), (200, "application/json", '{"data":7}', BAD_DATA, "."),
                (200, "text/html", "<html>login</html>", BAD_DATA, "."), (200, "application/json", "[" * 100, BAD_DATA, ".")):
            self.server.fault(path="/api/v2/jobs", status=status, headers=[["Content-Type", kind]], body=body)
            self.assertFails(self.pai("job", "list", "--retries", "0"), code, pattern)
            self.server.no_faults()

    def test_gateway(self):
        """502, 503, 504 in HTML: tried again, as nothing is changed."""
        self.assertDone(self.pai("job", "list"))
        for status in (502, 503, 504):
            self.server.fault(path="/api/v2/jobs", nginx=status, count=1)
            self.assertEqual(len(self.assertDone(self.pai("job", "list", "--json")).lines), 3)
            self.server.fault(path="/api/v2/jobs", nginx=status, count=0)
            self.assertFails(self.pai("job", "list", "--retries", "0"), NETWORK, "HTTP %d" % status)
            self.server.no_faults()

    def test_rate_limit(self):
        """A 429 in plain text with Retry-After is waited for."""
        self.server.config(lists_per_min=1, retry_after_s=1)
        for _ in range(2):
            self.assertEqual(len(self.assertDone(self.pai("job", "list", "--json")).lines), 3)
        self.assertEqual([r["status"] for r in self.logged("list")][:2] + [self.logged("list")[-1]["status"]], [200, 429, 200])

    def test_token_ends_on_the_way(self):
        """Between two pages the server forgets all tokens: one login, and the page again."""
        self.server.seed(many={"count": 6000, "user": "lee"})
        self.assertDone(self.pai("job", "list", "--limit", "1", "--name"))
        self.server.fault(path="offset=5000", status=401, headers=[["Content-Type", "application/json"]],
                          body='{"code":"UnauthorizedUserError","message":"Your token is invalid."}')
        result = self.pai("job", "list", "--name")
        self.assertEqual((result.code, result.err[:500], len(set(result.text.split()))), (0, b"", 6003))
        self.assertEqual(len(self.logged("login")), 2)

    def test_connection_breaks(self):
        self.assertDone(self.pai("job", "list"))
        for fault in ({"drop": "head"}, {"drop": "read", "rst": True}, {"cut_after": 300}, {"truncate_body": 100}):
            self.server.fault(path="/api/v2/jobs", **fault)
            self.assertEqual(len(self.assertDone(self.pai("job", "list", "--json")).lines), 3, fault)
        self.server.fault(path="/api/v2/jobs", cut_after=300, count=0)
        self.assertIn(self.pai("job", "list", "--retries", "0").code, (NETWORK, BAD_DATA))

    def test_stop_whose_answer_is_lost(self):
        self.server.config(stop_ms=60000)
        self.assertDone(self.pai("job", "fast", "-j", "long", "-i", "x", "true"))
        self.server.fault(method="PUT", path="executionType", drop="handle")
        self.assertDone(self.pai("job", "stop", "long"))
        self.assertEqual(self.server.job("long")["jobStatus"]["state"], "STOPPING")

    def test_lost_submission(self):
        """2.7: the answer is lost, the job is there."""
        self.server.fault(method="POST", path="/api/v2/jobs", drop="handle")
        self.assertDone(self.pai("job", "fast", "-j", "lost", "-i", "x", "true"))
        self.assertEqual(len(self.logged("submit")), 1)
        self.assertEqual(self.server.job("lost")["jobStatus"]["username"], "lee")

    def test_slow_server(self):
        self.server.fault(path="/api/v2/jobs", delay_ms=5000, count=0)
        self.assertFails(self.pai("job", "list", "--timeout", "0.7"), TIMEOUT, ".")

    def test_interrupted(self):
        self.server.fault(path="/api/v2/jobs", delay_ms=20000)
        child = self.home.start(["--cacert", self.certs.ca, "job", "list"])
        time.sleep(1.0)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=10)
        self.assertEqual((out, err, child.returncode), (b"", b"", 130))

    def test_pipe_closed_early(self):
        self.server.seed(many={"count": 9000, "user": "lee"})
        child = self.home.start(["--cacert", self.certs.ca, "job", "list", "--json"])
        child.stdout.readline()
        child.stdout.close()
        child.stdin.close()
        self.assertEqual(child.wait(30), 141)
        self.assertEqual(child.stderr.read(), b"")
        child.stderr.close()

    def test_framing(self):
        self.server.config(chunked=True, indent=True)
        self.assertEqual(len(self.assertDone(self.pai("job", "list", "--json")).lines), 3)
        self.server.fault(path="/api/v2/jobs", segment=7, pause_ms=1)
        self.assertEqual(len(self.assertDone(self.pai("job", "list", "--json")).lines), 3)

    def test_redirect_keeps_the_token(self):
        """1.3: a token never goes to another host."""
        self.assertDone(self.pai("job", "list"))
        with pai_case.Openpai(check=False) as other:
            self.server.fault(path="/api/v2/jobs", redirect=other.http + "/rest-server/api/v2/jobs", count=0)
            self.pai("job", "list", "--retries", "0")
            for request in other.requests():
                self.assertNotIn("authorization", [h[0].lower() for h in request["headers"]])


class Sweep(pai_case.PaiCase):
    """Every command that asks the server, in front of one that is no help at all: one line, the right exit code, no output."""

    COMMANDS = [words.split() for words in (
        "cluster info|job list|job list j|job list j config|job list j ssh|job submit --config job.yaml|job fast -j f -i x true|job stop j|job start j|"
        "job wait j --interval 0.1|job logs j|job logs j --follow|job events j|job attempts j|job attempts j --attempt 0|job attempts j -t main|"
        "job tag add j t|job tag remove j t|output peek j|token list|token create|token revoke abc|vc list|vc list default|vc list --nodes|vc list --skus|"
        "users list|users get lee|groups list|groups get default|storages list|storages get teamnfs|notebook nb.ipynb -i x -j n").split("|")]

    def setUp(self):
        super().setUp()
        self.work("job.yaml", "protocolVersion: 2\nname: j\ntype: job\nprerequisites: [{name: i, type: dockerimage, uri: x}]\n"
                  "taskRoles: {m: {instances: 1, dockerImage: i, resourcePerInstance: {cpu: 1, memoryMB: 1, gpu: 0}, commands: ['true']}}\n")
        self.work("nb.ipynb", '{"cells":[]}')

    def sweep(self, codes, without=()):
        for command in self.COMMANDS:
            if command[:2] in without:
                continue
            with self.subTest(command=command):
                last = 1 if "true" in command else 0  # behind a command of its own, options are its
                result = self.pai(*command[:len(command) - last], "--retries", "0", *command[len(command) - last:])
                self.assertIn(result.code, codes, result)
                self.assertRegex(result.err.decode(), r"\Aberth: pai [^\n]+\n\Z")
                self.assertEqual(result.out, b"")

    def test_nobody_there(self):
        self.home.clusters({"test": {"pai_uri": "http://127.0.0.1:1", "user": "lee", "passwd": "pw-pw-pw"}})
        self.sweep([NETWORK])

    def test_only_errors(self):
        self.assertDone(self.pai("job", "list"))
        for status, body, codes in ((500, '{"code":"UnknownError","message":"gone"}', [REFUSED]), (404, "<html>", [REFUSED])):
            self.server.fault(path="/api/v[12]/(?!info)", status=status, body=body, count=0)
            self.sweep(codes, [["cluster", "info"]] + [["job", "wait"]] * (status == 404))  # a token is kept; a new job may be invisible
            self.server.no_faults()

    def test_only_nonsense(self):
        self.assertDone(self.pai("job", "list"))
        self.server.fault(path="/api/v[12]/(?!info)", status=200, headers=[["Content-Type", "application/json"]], body='[[[{"a":', count=0)
        for command in self.COMMANDS:
            result = self.pai(*command[:-1], "--retries", "0", command[-1]) if "true" in command else self.pai(*command, "--retries", "0", "--timeout", "5")
            self.assertIn(result.code, (0, BAD_DATA, TIMEOUT), (command, result))
            self.assertNotIn(b"Sanitizer", result.err)


@unittest.skipUnless(nginx.program(), "nginx is not installed")
class Gateway(pai_case.PaiCase):
    """A real nginx where OpenPAI has one: /rest-server and /log-manager behind one address, over TLS."""

    def setUp(self):
        super().setUp()
        self.pems = peer.Certificates(only=["server"])
        self.addCleanup(self.pems.close)
        kept = nginx.CONFIG
        nginx.CONFIG = kept.replace("location /api/scheduler", "location /log-manager").replace(
            "location /api/fragments", "location /job-detail.html").replace("location /api ", "location /rest-server ")
        try:
            process, ports = nginx.start(self.home("nginx"), self.server.ports["http"], self.pems("server"), self.pems.key("server"))
        finally:
            nginx.CONFIG = kept
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.server.config(hosts=["localhost:%d" % ports["https"], "127.0.0.1:%d" % ports["http"]], proxied=True)
        self.uri = "https://localhost:%d" % ports["https"]
        self.home.clusters({"test": {"pai_uri": self.uri, "user": "lee", "passwd": "pw-pw-pw"}})

    def behind(self, *words, **more):
        return self.pai("--cacert", self.pems.ca, *words, **more)

    def test_all(self):
        self.jobs({"name": "j", "roles": {"main": 1}, "logs": {"main/0": {"stdout": "x" * 300000 + "\n"}}}, many={"count": 6000, "user": "lee"})
        result = self.behind("job", "list", "--name")
        self.assertEqual((result.code, result.err, len(result.text.split())), (0, b"", 6001))
        self.assertEqual(len(self.assertDone(self.behind("job", "logs", "j")).out), 300001)
        self.assertDone(self.behind("job", "fast", "-j", "new", "-i", "x", "true"), "%s/job-detail.html?username=lee&jobName=new\n" % self.uri)
        self.assertDone(self.behind("job", "tag", "add", "new", "a b/c"))
        self.assertEqual(self.assertDone(self.behind("job", "list", "new", "--json")).lines[0]["tags"], ["a b/c"])
        self.assertDone(self.behind("job", "stop", "new"))
        self.assertEqual(self.behind("job", "wait", "new", "--interval", "0.1").code, 1)
        self.assertFails(self.behind("job", "list", "none"), REFUSED, "404")


if __name__ == "__main__":
    unittest.main()
