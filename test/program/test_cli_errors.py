"""What goes wrong with a server, and how berth mlcycle says so: exit codes, one line, repeats, deadlines."""
import json
import socket
import time
import unittest

import cli_case
from cli_case import BAD_DATA, CONFLICT, JOB, NETWORK, NOBODY, PROJECT, REFUSED, RUNNING, SPACE, TIMEOUT, WORKER, peer

PROBLEM = [["Content-Type", "application/problem+json; charset=utf-8"]]
TEXT = [["Content-Type", "text/plain; charset=utf-8"]]


class Vectors(cli_case.ServerCase):
    """E1 to E16 of the wire page."""

    def canned(self, words, code, pattern, **fault):
        self.server.fault(count=0, **fault)
        self.assertFails(self.mlcycle(*words, "--retries", "0"), code, pattern)
        self.server.no_faults()

    def test_e1_e2_validation(self):
        self.canned(["workers", "get", WORKER], REFUSED, "The value 'abc' is not valid.*HTTP 400", status=400, headers=PROBLEM, body=json.dumps(
            {"errors": {"id": ["The value 'abc' is not valid."]}, "title": "One or more validation errors occurred.", "status": 400,
             "traceId": "0HLX1:00000002"}))
        self.canned(["workers", "add", "--name", "x"], REFUSED, "A non-empty request body is required.*HTTP 400", status=400, headers=PROBLEM,
                    body=json.dumps({"errors": {"": ["A non-empty request body is required."]}, "title": "One or more", "status": 400}))

    def test_e3_e4_e5_not_found(self):
        self.assertFails(self.mlcycle("jobs", "get", NOBODY), REFUSED, "Not Found.*HTTP 404")
        self.canned(["scheduler", "claim", JOB, "7"], REFUSED, "Step not found", status=404, headers=TEXT, body="Step not found")
        self.server.fault(quoted=True)
        text = self.assertFails(self.mlcycle("scheduler", "claim", NOBODY, "7"), REFUSED, "Job not found")
        self.assertNotIn('"', text)

    def test_e6_e7_e8_conflicts(self):
        self.seed_running()
        self.assertFails(self.mlcycle("scheduler", "claim", JOB, "1"), CONFLICT, "Step is not scheduled.*HTTP 406")
        path = self.folder.write("0_CONSOLE.log", "x")
        self.assertFails(self.mlcycle("fragments", "upload", JOB, "1", path, "--name", "n"), CONFLICT, "Filename already exists.*HTTP 409")
        self.assertFails(self.mlcycle("jobs", "trigger", PROJECT), CONFLICT, "HTTP 503")

    def test_e9_infrastructure(self):
        for status in (502, 503, 504):
            self.canned(["jobs", "trigger", PROJECT], NETWORK, "HTTP %d" % status, nginx=status)
            self.canned(["jobs", "list"], NETWORK, "HTTP %d" % status, nginx=status)

    def test_e10_wrong_base(self):
        self.canned(["jobs", "list"], BAD_DATA, "base URL|/api", html=True)

    def test_e11_server_failure(self):
        self.canned(["jobs", "list"], REFUSED, "HTTP 500", status=500, headers=[])
        self.canned(["jobs", "get", JOB], REFUSED, "HTTP 500", nginx=500)

    def test_e12_cut(self):
        self.seed_running()
        for fault in ({"truncate_body": 20}, {"chunks": "no-end"}, {"chunks": "short"}, {"truncate_body": 0}):
            for words in (["jobs", "list"], ["jobs", "list", "--json"], ["jobs", "get", JOB]):
                self.server.fault(count=0, path="/jobs", **fault)
                self.assertFails(self.mlcycle(*words, "--retries", "0"), BAD_DATA, out=None)
                self.server.no_faults()
        self.canned(["jobs", "list"], BAD_DATA, "cut|end", body='[{"id":"')

    def test_e13_e14_wrong_shapes(self):
        for body in ("[1,2]", "{}", '"x"', "null", "7", "", "[{}]", "[[]]", '[{"id":1}]', "nonsense", "[]x"):
            self.canned(["jobs", "list"], BAD_DATA, "jobs", body=body)
        for change in ({"id": "not-a-guid"}, {"created": "yesterday"}, {"state": "1"}, {"steps": 7}, {"id": "0" * 8},
                       {"steps": [{"number": "0", "state": 1}]}):
            body = json.dumps(dict({"id": JOB, "created": "2021-03-04T05:06:07Z", "state": 1, "initiator": 0,
                                    "steps": [{"name": "b", "number": 0, "state": 1}]}, **change))
            for words in (["jobs", "get", JOB], ["jobs", "get", JOB, "--json"]):
                with self.subTest(change):
                    self.canned(words, BAD_DATA, "job", body=body)

    def test_e15_redirects(self):
        self.seed_running()
        http = self.server.http
        self.server.fault(redirect="https")
        self.assertDone(self.mlcycle("jobs", "list", "--host", http))
        self.server.fault(redirect="https")
        self.server.fault(redirect="loop")
        self.assertFails(self.mlcycle("jobs", "list", "--host", http), REFUSED, "redirect")
        self.server.fault(redirect="http")
        self.assertFails(self.mlcycle("jobs", "list"), REFUSED, "redirect")
        self.server.fault(redirect="https://example.invalid/api/jobs")
        self.assertFails(self.mlcycle("jobs", "list", "--host", http), REFUSED, "redirect")

    def test_e16_too_large(self):
        self.canned(["workers", "add", "--name", "x"], REFUSED, "large.*HTTP 413", nginx=413)

    def test_every_other_status(self):
        for status, code in ((400, REFUSED), (401, REFUSED), (403, REFUSED), (405, REFUSED), (408, NETWORK), (411, REFUSED), (414, REFUSED),
                             (415, REFUSED), (418, REFUSED), (429, NETWORK), (431, REFUSED), (501, REFUSED), (599, REFUSED),
                             (201, None), (301, REFUSED), (304, None), (600, BAD_DATA)):
            self.server.fault(status=status, body="<p>odd</p>", headers=[["Content-Type", "text/html"]], count=0)
            result = self.mlcycle("jobs", "list", "--retries", "0")
            self.assertNotEqual(result.code, 0, status)
            self.assertFails(result, code or result.code, "HTTP %d|a status code outside" % status)
            self.server.no_faults()


class Answers(cli_case.ServerCase):
    """Answers that are not HTTP as it should be, or strange but legal."""

    def test_broken_framing(self):
        self.seed_running()
        for fault in ({"chunks": "bad-size"}, {"chunks": "negative"}, {"chunks": "huge"}, {"chunks": "no-crlf"}, {"chunks": "bare-lf"},
                      {"chunks": "empty-size"}, {"framing": "both"}, {"framing": "two-lengths"}, {"gzip": True}, {"raw": "nonsense\r\n\r\n"},
                      {"raw": "HTTP/1.1 200 OK\nContent-Length: 2\n\n[]"}, {"raw": "HTTP/2 200\r\n\r\n"}):
            with self.subTest(fault):
                self.server.fault(count=0, **fault)
                self.assertFails(self.mlcycle("jobs", "list", "--retries", "0"), BAD_DATA, out=None)
                self.server.no_faults()

    def test_legal_framing(self):
        self.seed_running()
        plain = self.assertDone(self.mlcycle("jobs", "get", JOB)).out
        for fault in ({"framing": "length"}, {"framing": "close"}, {"chunks": "extensions"}, {"chunks": "trailers"}, {"chunks": "bytes"},
                      {"chunks": "good:7"}, {"interim": [100, 103, 102]}, {"segment": 50}, {"many_headers": 60}, {"giant_header": 8000},
                      {"close_after": True}, {"framing": "http10"}):
            with self.subTest(fault):
                self.server.fault(**fault)
                self.assertEqual(self.assertDone(self.mlcycle("jobs", "get", JOB)).out, plain)

    def test_a_giant_head(self):
        self.server.fault(giant_header=200000, count=0)
        self.assertFails(self.mlcycle("jobs", "list", "--retries", "0"), SPACE, "head")

    def test_hostile_words_of_a_server_are_made_harmless(self):
        for body in ("\x1b]0;owned\x07\x1b[31mred\r\nberth: second line", "a\u202eb\u0085c\u009b31m", "x" * 100000, "\x00\x01"):
            self.server.fault(status=404, headers=TEXT, body=body)
            self.assertFails(self.mlcycle("jobs", "get", JOB), REFUSED)
        self.server.fault(status=404, headers=TEXT, body="caf\u00e9 \u4e2d\u6587")
        self.assertFails(self.mlcycle("jobs", "get", JOB), REFUSED, "caf\u00e9 \u4e2d\u6587")

    def test_an_error_body_that_is_cut_is_still_the_error(self):
        self.server.fault(status=404, headers=TEXT, body="Step not found", chunks="no-end", count=0)
        result = self.mlcycle("scheduler", "claim", JOB, "0", "--retries", "0")
        self.assertFails(result, result.code, "404|cut|end|clos")
        self.assertIn(result.code, (REFUSED, BAD_DATA))


class Repeats(cli_case.ServerCase):
    def tries(self, operation=None):
        return len(self.logged(operation))

    def test_reads_are_repeated(self):
        self.seed_running()
        for fault in ({"nginx": 503}, {"nginx": 502}, {"drop": "head"}, {"drop": "read", "rst": True}, {"drop": "handle"}):
            with self.subTest(fault):
                self.server.forget_requests()
                self.server.fault(**fault)
                self.assertDone(self.mlcycle("jobs", "get", JOB))
                self.assertEqual(self.tries(), 2)

    def test_retries_option(self):
        for count in (0, 1, 3):
            self.server.forget_requests()
            self.server.fault(nginx=503, count=0, headers=[["Retry-After", "0"]])
            self.assertFails(self.mlcycle("jobs", "list", "--retries", count), NETWORK, "HTTP 503")
            self.server.no_faults()
            self.assertEqual(self.tries(), count + 1)

    def test_what_is_never_repeated_blindly(self):
        """Wire 1.6: after the request was sent, nothing is known; the user is told so."""
        self.seed_running()
        steps = self.folder.write("p.yml", "steps:\n- name: x\n  docker:\n    image: y\n")
        self.server.seed(projects=[{"id": NOBODY, "name": "n", "gitRepository": "g"}])
        for words in (["workers", "add", "--name", "x"], ["projects", "add", "--name", "x", "--git", "y"], ["jobs", "trigger", NOBODY],
                      ["jobs", "add-steps", JOB, steps], ["scheduler", "claim", JOB, "2"]):
            with self.subTest(words):
                self.server.forget_requests()
                self.server.fault(method="POST", drop="handle", count=0)
                result = self.mlcycle(*words)
                self.server.no_faults()
                self.assertEqual(result.code, NETWORK, result)
                self.assertFails(result, NETWORK, "may have carried it out")
                self.assertEqual(self.tries(), 1)

    def test_what_has_not_reached_the_server_is_repeated(self):
        self.server.fault(connection=True, rst=True, drop="head")
        self.assertDone(self.mlcycle("workers", "add", "--name", "x"))
        self.assertEqual(len(self.server.state()["workers"]), 1)

    def test_repeated_end_of_a_step(self):
        """Wire 1.6: complete and error are repeated; 406 after that is looked into."""
        for verb, state in (("complete", 2), ("error", 31)):
            self.server.reset()
            self.seed_running()
            self.server.fault(path="/%s$" % verb, drop="handle")
            self.assertDone(self.mlcycle("scheduler", verb, JOB, "1"), "")
            self.assertEqual(self.server.job(JOB)["steps"][1]["state"], state)
        self.server.reset()
        self.seed_running()
        self.server.fault(path="/complete$", drop="handle")
        self.server.control("POST", "/set", {"job": JOB, "step": 1, "step_state": 31})
        self.assertFails(self.mlcycle("scheduler", "complete", JOB, "1"), CONFLICT, "Step is not in progress")

    def test_repeated_updates(self):
        self.server.seed(workers=[{"id": WORKER, "name": "a"}])
        self.server.fault(drop="handle")
        self.assertDone(self.mlcycle("workers", "update", WORKER, "--name", "b"))
        self.server.fault(drop="handle")
        self.assertDone(self.mlcycle("workers", "delete", WORKER))
        self.assertEqual(self.tries(), 4)

    def test_retry_after_is_honoured(self):
        self.server.fault(nginx=503, headers=[["Retry-After", "1"]])
        start = time.monotonic()
        self.assertDone(self.mlcycle("workers", "list"))
        self.assertGreater(time.monotonic() - start, 0.9)

    def test_busy_is_not_repeated(self):
        """B9: a 503 with a problem document is an answer, not trouble."""
        self.seed_running()
        self.assertFails(self.mlcycle("jobs", "trigger", PROJECT), CONFLICT)
        self.assertEqual(self.tries(), 1)


class Time(cli_case.ServerCase):
    def timed(self, words, below, **more):
        start = time.monotonic()
        result = self.mlcycle(*words, **more)
        self.assertLess(time.monotonic() - start, below)
        return result

    def test_deadline(self):
        self.seed_running()
        for fault in ({"delay_ms": 20000}, {"bytes_per_s": 20, "segment": 1}, {"connection": True, "delay_ms": 20000},
                      {"nginx": 503, "headers": [["Retry-After", "20"]]}):
            with self.subTest(fault):
                self.server.fault(count=0, **fault)
                result = self.timed(["jobs", "get", JOB, "--timeout", "3" if "nginx" in fault else "0.5"], 12)
                self.assertFails(result, NETWORK if "nginx" in fault else TIMEOUT)
                self.server.no_faults()

    def test_pending_is_bounded_by_timeout_too(self):
        self.server.config(hold_ms=20000)
        result = self.timed(["scheduler", "pending", "--timeout", "0.3"], 8)
        self.assertIn(result.code, (1, TIMEOUT))

    def test_slow_is_fine_within_the_deadline(self):
        self.seed_running()
        self.server.fault(bytes_per_s=3000)
        self.assertDone(self.mlcycle("jobs", "get", JOB, "--timeout", "20"))

    def test_claim_that_is_not_answered(self):
        self.server.seed(jobs=[dict(RUNNING, state=0, steps=[{"name": "Bootstrap", "state": 21}])])
        self.server.fault(path="/claim$", reply_delay_ms=20000)
        result = self.timed(["scheduler", "claim", JOB, "0", "--timeout", "2"], 12)
        self.assertEqual(result.code, TIMEOUT)
        self.assertIn(b"may have carried it out", result.err)


class Unreachable(cli_case.Case):
    def ask(self, host, *words, **more):
        return peer.run_berth(["mlcycle", "workers", "list", "--host", host] + list(words), **more)

    def test_nobody_listens(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
            self.assertFails(self.ask("http://127.0.0.1:%d/api" % port, "--retries", "0"), NETWORK, "refused")
            self.assertFails(self.ask("http://localhost:%d/api" % port, "--retries", "1"), NETWORK, "refused")

    def test_no_such_name(self):
        self.assertFails(self.ask("http://no-such-host.invalid/api", "--retries", "0", "--timeout", "5"), NETWORK, "no-such-host.invalid|name|resolv")

    def test_bad_certificates_are_not_tried_again(self):
        with peer.Certificates(only=["expired"]) as certs, peer.Mlcycle(certs, cert="expired", check=False) as server:
            start = time.monotonic()
            self.assertFails(server.berth(["mlcycle", "workers", "list"]), NETWORK, "expired")
            self.assertLess(time.monotonic() - start, 5)
            self.assertLessEqual(len([e for e in server.events() if "tls" in json.dumps(e).lower()]), 1)


if __name__ == "__main__":
    unittest.main()
