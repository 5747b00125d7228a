#!/usr/bin/env python3
# runs once
"""The stand-in server itself, over raw sockets, against the vectors of the wire page: so that it can be trusted."""
import hashlib
import os
import re
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import multipart  # noqa: E402
import routes  # noqa: E402
import wirejson  # noqa: E402
from raw_client import BOUNDARY, F, J, NIL, P, PROJECT, V5_TEXT, V8, W, Answer, GUID, ServerCase, upload_body  # noqa: E402


class Writing(unittest.TestCase):
    """How the backend spells things; no server needed."""

    def test_doubles(self):
        for value, text in ((1.5e-05, "1.5E-05"), (1.0, "1.0"), (0.0001, "0.0001"), (1.5e20, "1.5E+20"), (-2.0, "-2.0"),
                            (1e14, "100000000000000.0"), (1e16, "1E+16"),
                            (0.1, "0.1"), (123.456, "123.456"), (5e-324, "5E-324"), (0.0, "0.0"), (-1e-07, "-1E-07"),
                            (float("nan"), '"NaN"'), (float("-inf"), '"-Infinity"')):
            self.assertEqual(text, wirejson.double(value))

    def test_doubles_round_trip(self):
        for exponent in range(-320, 308, 7):
            value = 1.2345678901234567 * 10.0 ** exponent
            self.assertEqual(value, float(wirejson.double(value)))

    def test_strings(self):
        self.assertEqual('"a\\"\\\\/\\n\\u0001ä\\u2028\\u0085"', wirejson.quote('a"\\/\n\x01ä\u2028\x85'))
        self.assertEqual('"\\ud83d\\ude00"', wirejson.quote_all("\U0001f600").lower())

    def test_dates(self):
        for text, seconds, nanos in (("2021-03-04T05:06:07Z", 1614834367, 0), ("2021-03-04T05:06:07.08Z", 1614834367, 80000000),
                                     ("2021-03-04T05:06:07.0891234Z", 1614834367, 89123400),
                                     ("2024-02-29T23:59:59.999Z", 1709251199, 999000000),
                                     ("9999-12-31T23:59:59.9999999Z", 253402300799, 999999900)):
            ticks = seconds * wirejson.TICKS + nanos // 100
            self.assertEqual(text, wirejson.date(ticks))
            self.assertEqual(ticks, wirejson.parse_date(text))
        ticks = 1614834367 * wirejson.TICKS + 891234
        for text, offset in (("2021-03-04T05:06:07.0891234+00:00", 0), ("2021-03-04T07:06:07.0891234+02:00", 120),
                             ("2021-03-03T23:36:07.0891234-05:30", -330)):
            self.assertEqual(text, wirejson.date(ticks, offset))
            self.assertEqual(ticks, wirejson.parse_date(text))
        self.assertEqual("0001-01-01T00:00:00", wirejson.date(-62135596800 * wirejson.TICKS)[:-1])
        for bad in ("2021-02-29T00:00:00Z", "2021-3-4T05:06:07Z", "2021-03-04 05:06:07Z", "2021-03-04T24:00:00Z", ""):
            self.assertIsNone(wirejson.parse_date(bad))

    def test_content_disposition(self):
        self.assertEqual("attachment; filename=3_console.log; filename*=UTF-8''3_console.log", routes.disposition("3_console.log"))
        self.assertEqual("attachment; filename=\"Modell _bersicht.csv\"; filename*=UTF-8''Modell%20%C3%9Cbersicht.csv",
                         routes.disposition("Modell Übersicht.csv"))
        self.assertEqual("attachment; filename=__; filename*=UTF-8''%EF%BF%BD%EF%BF%BD", routes.disposition("\U0001f600"))

    def test_operations(self):
        self.assertEqual(25, len(routes.OPERATIONS))
        self.assertEqual(25, len({o[0] for o in routes.OPERATIONS}))

    def test_multipart_vector(self):
        body = upload_body()
        self.assertEqual(492, len(body))
        self.assertEqual("115743f1a907311132aee8b4fcfaaf6727e070231989d9aa5cf54093d521691b", hashlib.sha256(body).hexdigest())
        self.assertEqual(474, len(upload_body(content=b"")))
        complaints = []
        parts = multipart.parse(body, BOUNDARY, complaints.append)
        self.assertEqual(["Name", "Filename", "Type", "BinaryData"], [p.name for p in parts])
        self.assertEqual(b"line one\nline two\n", body[parts[3].start:parts[3].end])
        self.assertEqual([], complaints)

    def test_multipart_cut_anywhere(self):
        body = upload_body()
        for cut in range(len(body) - 3):
            with self.assertRaises(multipart.MultipartError):
                multipart.parse(body[:cut], BOUNDARY, lambda d: None)
        complaints = []
        multipart.parse(body[:-2], BOUNDARY, complaints.append)
        self.assertEqual(1, len(complaints))


class Requests(ServerCase):
    """The strictness of the HTTP layer."""

    def test_kept_alive(self):
        with socket.create_connection(("127.0.0.1", self.server.ports["http"]), 5) as sock:
            for _ in range(3):
                sock.sendall(self.request("GET", "/workers", connection=None))
                data = b""
                while not data.endswith(b"0\r\n\r\n"):
                    data += sock.recv(4096)
                answer = Answer(data)
                self.assertEqual((200, "[]"), (answer.status, answer.text))
                self.assertNotIn("connection", answer.names)
        self.assertEqual(1, len({r["connection"] for r in self.server.requests()}))
        self.expect()

    def test_one_byte_at_a_time(self):
        with socket.create_connection(("127.0.0.1", self.server.ports["http"]), 5) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in self.request("POST", "/workers", b'{"name":"a"}'):
                sock.sendall(bytes([byte]))
            self.assertEqual(200, Answer(self.drain(sock)).status)
        self.expect()

    def test_headers_of_replies(self):
        answer = self.ask("GET", "/workers")
        self.assertEqual(["Date", "Content-Type", "Server", "Transfer-Encoding", "Connection"], [h[0] for h in answer.headers])
        self.assertEqual("application/json; charset=utf-8", answer.type)
        answer = self.ask("DELETE", "/workers/" + W)
        self.assertEqual((200, None, "0", b""), (answer.status, answer.type, answer.names["content-length"], answer.body))
        self.assertNotIn("transfer-encoding", answer.names)
        self.expect()

    def rejected(self, data, status, *kinds):
        answer = Answer(self.raw(data))
        self.assertEqual((status, "0", "close", b""), (answer.status, answer.names.get("content-length"),
                                                       answer.names.get("connection"), answer.body), data[:200])
        self.expect(*kinds)

    def test_request_level_rejections(self):
        good = self.request("GET", "/workers")
        self.rejected(good.replace(b"Host: ", b"X-Host: "), 400, "host", "header")
        self.rejected(good.replace(b"\r\nAccept: ", b"\nAccept: "), 400, "http")
        self.rejected(good.replace(b"Accept: ", b"Accept : "), 400, "http")
        self.rejected(good.replace(b"Accept: */*", b"Accept: */*\r\n folded"), 400, "http")
        self.rejected(good.replace(b"GET ", b"GET  "), 400, "http")
        self.rejected(good.replace(b"HTTP/1.1", b"HTTP/2"), 400, "http")
        self.rejected(good.replace(b"/api", b"http://x/api"), 400, "http")
        self.rejected(good.replace(b"/workers", b"/" + b"w" * 9000), 414)
        self.rejected(good.replace(b"Accept: */*", b"Accept: */*" + b"a" * 33000), 431)
        self.rejected(good.replace(b"Accept: */*", b"\r\n".join([b"A: b"] * 101)), 431)
        post = self.request("POST", "/workers", b'{"name":"a"}')
        self.rejected(post.replace(b"Content-Length: 12\r\n", b""), 411, "content-length")
        self.rejected(post.replace(b"Length: 12", b"Length: +12"), 400, "http")
        self.rejected(post.replace(b"Length: 12", b"Length: 12\r\nTransfer-Encoding: chunked"), 400, "http")
        self.rejected(post.replace(b"Length: 12", b"Length: 12\r\nContent-Length: 12"), 400, "http")
        self.rejected(post.replace(b"Length: 12", b"Length: 30000001"), 413)

    def test_chunked_requests(self):
        head = self.request("POST", "/workers", b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        answer = Answer(self.raw(head + b'4\r\n{"na\r\n8\r\nme":"b"}\r\n0\r\n\r\n'))
        self.assertEqual(200, answer.status)
        self.expect()
        for bad in (b'4 \r\n{"na\r\n', b'4\n{"na\r\n', b'4\r\n{"na8\r\n', b'0\r\nX: 1\r\n\r\n', b'-1\r\n'):
            self.rejected(head + bad, 400, "http")

    def test_what_a_good_client_does_not_send(self):
        good = self.request("GET", "/workers")
        for old, new, kind in ((b"Accept: */*", b"Accept: application/json", "accept"),
                               (b"identity", b"gzip", "accept-encoding"), (b"Accept-Encoding: identity\r\n", b"", "accept-encoding"),
                               (b"Connection: close", b"Connection: keep-alive, te\r\nConnection: close", "http"),
                               (b"Connection: close", b"Connection: close, TE", "connection"),
                               (b"Connection: close", b"Connection: close\r\nRange: bytes=0-1", "header"),
                               (b"Connection: close", b"Connection: close\r\nAuthorization: Bearer x", "header"),
                               (b"Host: 127.0.0.1:", b"Host: ml.example:", "host"), (b"/workers", b"/Workers", "path-case"),
                               (b"/workers", b"/workers?x=1", "query"), (b"HTTP/1.1", b"HTTP/1.0", "http")):
            data = good.replace(old, new)
            self.assertNotEqual(good, data)
            with socket.create_connection(("127.0.0.1", self.server.ports["http"]), 5) as sock:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                self.assertEqual(200, Answer(self.drain(sock)).status, data)
            found = {v["kind"] for v in self.server.violations()}
            self.assertIn(kind, found)
            self.assertLessEqual(found, {kind, "connection"})
            self.server.forget_violations()

    def test_expect_gets_an_interim_reply(self):
        data = self.raw(self.request("POST", "/workers", b'{"name":"a"}', headers=[("Expect", "100-continue")]))
        self.assertTrue(data.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
        self.expect("expect")

    def test_pipelining_is_noticed(self):
        one = self.request("GET", "/workers", connection=None)
        self.assertEqual(2, self.raw(one + self.request("GET", "/workers")).count(b"HTTP/1.1 200"))
        self.expect("http")

    def test_routing(self):
        self.assertEqual(200, self.ask("GET", "/workers/").status)
        self.expect()
        answer = self.ask("GET", "//workers")
        self.assertEqual((404, None, b""), (answer.status, answer.type, answer.body))
        self.expect("path")
        self.assertEqual(404, self.ask("GET", "/nothing").status)
        self.expect("path")
        answer = self.ask("POST", "/jobs/" + J, b"[]")
        self.assertEqual((405, "GET", b""), (answer.status, answer.names["allow"], answer.body))
        self.assertEqual(405, self.ask("HEAD", "/workers").status)
        self.assertEqual("DELETE, GET, PUT", self.ask("POST", "/workers/" + W, b"{}").names["allow"])
        self.expect()
        self.assertEqual(404, Answer(self.raw(self.request("GET", "").replace(b"/api", b"/"))).status)
        self.server.config(spa=True)
        answer = Answer(self.raw(self.request("GET", "").replace(b"/api", b"/jobs")))
        self.assertEqual((200, "text/html"), (answer.status, answer.type))
        self.assertEqual(405, Answer(self.raw(self.request("POST", "").replace(b"/api", b"/jobs"))).status)
        self.server.config(spa=False)

    def test_ids(self):
        for path, field in (("/jobs/abc", "id"), ("/fragments/job/x", "job"), ("/workers/%s0" % W, "id")):
            answer = self.ask("GET", path)
            bad = path.split("/")[-1]
            self.assertRegex(answer.text, '^\\{"errors":\\{"%s":\\["The value \'%s\' is not valid."\\]\\},"title":"One or more validation '
                                          'errors occurred.","status":400,"traceId":"0HLX[^"]+"\\}$' % (field, bad))
            self.assertEqual((400, "application/problem+json; charset=utf-8"), (answer.status, answer.type))
            self.expect("guid")
        self.check_problem(self.ask("GET", "/jobs/" + NIL), 400, "Bad Request", "6.5.1")
        self.expect("guid")
        self.check_problem(self.ask("GET", "/jobs/" + W), 404, "Not Found", "6.5.4")
        self.expect()
        self.server.seed(workers=[{"name": "w", "id": W}])
        self.assertEqual(200, self.ask("GET", "/workers/" + W.upper()).status)
        self.expect("guid")
        self.running_job()
        for number, status in (("-1", 404), ("x", 400), ("99999999999", 400), ("+1", 406), ("01", 406)):
            self.assertEqual(status, self.ask("POST", "/scheduler/%s/step/%s/claim" % (J, number)).status)
            self.expect("number")


class Operations(ServerCase):
    """The 25 operations and the state machine."""

    def test_workers(self):
        self.assertEqual("[]", self.ask("GET", "/workers").text)
        answer = self.ask("POST", "/workers", '{"name":"Rechner Süd №2"}'.encode())
        self.assertRegex(answer.text, '^\\{"name":"Rechner Süd №2","id":"%s"\\}$' % GUID)
        worker = answer.json["id"]
        self.assertEqual("[%s]" % answer.text, self.ask("GET", "/workers").text)
        self.assertEqual(answer.text, self.ask("GET", "/workers/" + worker).text)
        self.assertEqual('{"name":"b","id":"%s"}' % worker, self.ask("PUT", "/workers/" + worker, b'{"name":"b"}').text)
        self.assertEqual('{"name":"c","id":"%s"}' % W, self.ask("PUT", "/workers/" + W, b'{"name":"c"}').text)
        self.check_problem(self.ask("GET", "/workers/" + W), 404, "Not Found", "6.5.4")
        self.assertEqual(200, self.ask("DELETE", "/workers/" + worker).status)
        self.assertEqual(200, self.ask("DELETE", "/workers/" + worker).status)
        self.assertEqual("[]", self.ask("GET", "/workers").text)
        self.expect()

    def test_projects(self):
        answer = self.ask("POST", "/projects", b'{"name":"a","gitRepository":"g"}')
        self.assertRegex(answer.text, '^\\{"name":"a","gitRepository":"g","id":"%s"\\}$' % GUID)
        answer = self.ask("POST", "/projects", b'{"name":"a"}')
        self.assertEqual(400, answer.status)
        self.assertEqual({"GitRepository": ["The GitRepository field is required."]}, answer.json["errors"])
        self.expect()
        self.assertEqual(400, self.ask("POST", "/projects", b'{"name":"a","git_repository":"g"}').status)
        self.expect("member")
        self.assertEqual(200, self.ask("POST", "/projects", b'{"Name":"a","GITREPOSITORY":"g"}').status)
        self.expect("member")
        self.assertEqual(200, self.ask("POST", "/projects", b'{"name":" ","gitRepository":"g"}').status)
        self.expect("body")
        self.check_problem(self.ask("POST", "/projects", ('{"name":"a","gitRepository":"g","id":"%s"}' % P).encode()),
                           400, "Bad Request", "6.5.1")
        self.expect("member")

    def test_bodies_that_are_not_json(self):
        answer = self.ask("POST", "/workers", b"")
        self.assertRegex(answer.text, '^\\{"errors":\\{"":\\["A non-empty request body is required."\\]\\},"title"')
        self.expect()
        for bad in (b'{"name":"a"', b"{'name':'a'}", b'\xef\xbb\xbf{"name":"a"}', b'{"name":"\xff"}', b"[" * 40 + b"]" * 40):
            self.assertEqual(400, self.ask("POST", "/workers", bad).status)
            self.expect("json")
        self.assertEqual(400, self.ask("POST", "/workers", b"[]").status)
        self.expect()
        self.assertEqual(200, self.ask("POST", "/workers", b'{"name":"a","name":"b"}').status)
        self.expect("json")
        self.check_problem(self.ask("POST", "/workers", b'{"name":"a"}', kind="text/plain"), 415, "Unsupported Media Type", "6.5.13")
        self.expect("content-type")
        self.assertEqual(200, self.ask("POST", "/workers", b'{"name":"a"}', kind="text/json").status)
        self.expect("content-type")

    def test_job_views(self):
        self.running_job()
        answer = self.ask("GET", "/jobs/" + J)
        self.assertEqual(V5_TEXT, answer.text)
        without = re.sub(',"fragments":\\[.*?\\]', "", V5_TEXT)
        self.assertEqual("[%s]" % without, self.ask("GET", "/jobs").text)
        self.ask("DELETE", "/projects/" + P)
        self.assertNotIn('"project"', self.ask("GET", "/jobs").text)
        self.expect()

    def test_trigger(self):
        self.server.seed(projects=[PROJECT])
        self.server.config(tz_min=-330)
        answer = self.ask("POST", "/jobs/project/%s/trigger?initiator=git" % P)
        self.assertRegex(answer.text, '^\\{"projectId":"%s","created":"[0-9T:-]{19}(\\.[0-9]{1,7})?-05:30","initiator":1,"state":0,'
                                      '"steps":\\[\\{"number":0,"name":"Bootstrap","state":21\\}\\],"id":"%s"\\}$' % (P, GUID))
        later = self.ask("GET", "/jobs/" + answer.json["id"]).json["created"]
        self.assertRegex(later, r"^[0-9T:-]{19}(\.[0-9]{1,3})?Z$")
        self.assertEqual(wirejson.parse_date(later), wirejson.to_ms(wirejson.parse_date(answer.json["created"])))
        self.check_problem(self.ask("POST", "/jobs/project/%s/trigger" % P), 503)
        self.check_problem(self.ask("POST", "/jobs/project/%s/trigger" % W), 404, "Not Found", "6.5.4")
        self.expect()
        self.assertEqual({"initiator": ["The value '7' is not valid."]},
                         self.ask("POST", "/jobs/project/%s/trigger?initiator=7" % P).json["errors"])
        self.expect("query")

    def test_life_of_a_job(self):
        self.server.seed(projects=[PROJECT])
        job = self.ask("POST", "/jobs/project/%s/trigger" % P).json["id"]
        base = "/scheduler/%s/step/" % job
        pending = self.ask("GET", "/scheduler").text
        self.assertRegex(pending, '^\\[\\{"projectId":"%s","jobId":"%s","created":"[^"]+Z","initiator":0,"step":'
                                  '\\{"number":0,"name":"Bootstrap"\\}\\}\\]$' % (P, job))
        self.check_text(self.ask("POST", "/jobs/%s/steps" % job, V8), 406, "Job is not in progress")
        self.check_text(self.ask("POST", base + "0/complete"), 406, "Step is not in progress")
        self.assertEqual(200, self.ask("POST", base + "0/claim").status)
        self.check_text(self.ask("POST", base + "0/claim"), 406, "Step is not scheduled")
        answer = self.ask("POST", "/jobs/%s/steps" % job, V8)
        self.assertEqual([(0, 1), (1, 0), (2, 0)], [(s["number"], s["state"]) for s in answer.json["steps"]])
        self.assertIn('{"number":1,"name":"Fit","state":0,"docker":{"buildConfiguration":{"context":"./docker/",'
                      '"dockerfile":"fit.dockerfile"},"command":"python fit.py"}}', answer.text)
        self.assertEqual(200, self.ask("POST", base + "0/complete").status)
        self.assertEqual([1], [s["step"]["number"] for s in self.ask("GET", "/scheduler").json])
        self.ask("POST", base + "1/claim")
        answer = self.ask("POST", "/jobs/%s/step/1/metrics" % job, b'{"loss":0.0625,"epoch":3,"at":"2021-03-04T07:06:07.08912+02:00"}')
        self.assertTrue(answer.text.endswith('"metrics":{"loss":0.0625,"epoch":3,"at":"2021-03-04T07:06:07.08912+02:00"}},'
                                             '{"number":2,"name":"Report","state":0,"docker":{"image":"py:3"}}],"id":"%s"}' % job))
        answer = self.ask("POST", "/jobs/%s/step/1/metrics" % job, b'{"epoch":4}')
        self.assertIn('"metrics":{"loss":0.0625,"epoch":4,"at":"2021-03-04T05:06:07.089Z"}', answer.text)
        self.ask("POST", base + "1/complete")
        self.ask("POST", base + "2/claim")
        self.assertEqual(200, self.ask("POST", base + "2/error").status)
        self.check_text(self.ask("POST", base + "2/error"), 406, "Step is not in progress")
        done = self.ask("GET", "/jobs/" + job).json
        self.assertEqual((31, [2, 2, 31]), (done["state"], [s["state"] for s in done["steps"]]))
        self.assertEqual(done["finished"], done["steps"][2]["end"])
        self.check_text(self.ask("POST", base + "9/claim"), 404, "Step not found")
        self.check_text(self.ask("POST", "/scheduler/%s/step/0/claim" % W), 404, "Job not found")
        self.assertEqual(200, self.ask("POST", "/jobs/project/%s/trigger" % P).status)
        self.expect()

    def test_claim_vector(self):
        self.server.seed(jobs=[{"id": J, "projectId": P}])
        answer = Answer(self.raw((
            "POST /api/scheduler/%s/step/0/claim HTTP/1.1\r\nHost: localhost:%d\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n" % (J, self.server.ports["http"])).encode()))
        self.assertEqual((200, b""), (answer.status, answer.body))
        self.expect()

    def test_quoted_errors(self):
        data = self.request("POST", "/scheduler/%s/step/0/claim" % W).replace(b"*/*", b"application/json")
        answer = Answer(self.raw(data))
        self.assertEqual((404, "application/json; charset=utf-8", '"Job not found"'), (answer.status, answer.type, answer.text))
        self.expect("accept")

    def test_steps_of_the_upstream_client(self):
        """C6 and C7: snake case, and members that are not the client's to send."""
        self.running_job()
        path = "/jobs/%s/steps" % J
        answer = self.ask("POST", path, b'[{"name":"a","docker":{"build_configuration":{"dockerfile":"d"},"command":"make"}}]')
        self.assertIn('"docker":{"command":"make"}', answer.text)
        self.expect("member", "steps")
        for extra in (b'"number":1', b'"state":0', b'"start":null', b'"metrics":{}', b'"id":"x"'):
            self.assertEqual(200, self.ask("POST", path, b'[{"name":"a","docker":{"image":"i"},%s}]' % extra).status)
            self.expect("member")
        self.assertEqual(200, self.ask("POST", path, b'[{"name":"a","docker":{"image":"i","command":null}}]').status)
        self.expect("member")
        for body, status, kinds in ((b"[]", 400, ["steps"]), (b"[null]", 500, ["steps"]), (b"{}", 400, []),
                                    (b'[{"name":"a","docker":{"image":["i"]}}]', 400, []),
                                    (b'[{"docker":{"image":"i"}}]', 200, ["steps"]), (b'[{"name":"a"}]', 200, ["steps"]),
                                    (b'[{"name":"a","docker":{"image":"i","properties":{"a.b":1}}}]', 500, ["map-key"])):
            self.assertEqual(status, self.ask("POST", path, body).status, body)
            self.expect(*kinds)

    def test_metrics_that_must_not_be_sent(self):
        self.running_job()
        path = "/jobs/%s/step/1/metrics" % J
        for body, status, kinds in ((b"{}", 400, ["metrics"]), (b'{"a.b":1}', 500, ["map-key"]), (b'{"$x":1}', 500, ["map-key"]),
                                    (b'{"":1}', 500, ["map-key"]), (b'{"x":NaN}', 200, ["json"]), (b"[]", 400, []),
                                    (b'{"x":9223372036854775808}', 200, ["metrics"]), (b'{"x":null}', 200, [])):
            self.assertEqual(status, self.ask("POST", path, body).status, body)
            self.expect(*kinds)
        self.check_text(self.ask("POST", "/jobs/%s/step/2/metrics" % J, b'{"x":1}'), 406, "Step is not in progress")
        self.check_problem(self.ask("POST", "/jobs/%s/step/2/metrics" % W, b'{"x":1}'), 404, "Not Found", "6.5.4")
        self.expect()

    def test_a_nested_metric_poisons_the_job(self):
        self.running_job()
        self.assertIn('"h":[1]', self.ask("POST", "/jobs/%s/step/1/metrics" % J, b'{"h":[1]}').text)
        for method, path in (("GET", "/jobs"), ("GET", "/jobs/" + J), ("GET", "/scheduler"), ("POST", "/scheduler/%s/step/1/complete" % J)):
            answer = self.ask(method, path)
            self.assertEqual((500, None, b""), (answer.status, answer.type, answer.body))
        self.expect("metrics")

    def test_bodies_where_none_belong(self):
        self.server.seed(jobs=[{"id": J, "projectId": P}])
        self.assertEqual(200, self.ask("POST", "/scheduler/%s/step/0/claim" % J, b"{}").status)
        self.expect("body")


class LongPoll(ServerCase):
    def test_408_after_the_hold(self):
        start = time.monotonic()
        self.check_problem(self.ask("GET", "/scheduler"), 408)
        self.assertGreater(time.monotonic() - start, 0.29)
        self.expect()

    def park(self, count):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.ask("GET", "/scheduler"))) for _ in range(count)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 5
        while self.server.state()["waiters"] < count and time.monotonic() < end:
            time.sleep(0.01)
        return answers, threads

    def test_all_waiters_wake_with_the_same_list(self):
        self.server.config(hold_ms=8000)
        self.server.seed(projects=[PROJECT])
        answers, threads = self.park(4)
        self.ask("POST", "/jobs/project/%s/trigger" % P)
        for thread in threads:
            thread.join(5)
        self.assertEqual(4, len(answers))
        self.assertEqual(1, len({a.text for a in answers}))
        claims = [self.ask("POST", "/scheduler/%s/step/0/claim" % answers[0].json[0]["jobId"]).status for _ in range(3)]
        self.assertEqual([200, 406, 406], claims)
        self.expect()

    def test_woken_for_nothing(self):
        self.server.config(hold_ms=8000)
        answers, threads = self.park(1)
        self.assertEqual(1, self.server.wake())
        threads[0].join(5)
        self.assertEqual((200, "[]"), (answers[0].status, answers[0].text))

    def test_a_lost_wake_up(self):
        self.server.seed(projects=[PROJECT])
        self.server.control("POST", "/lose-wakeups", {"count": 1})
        answers, threads = self.park(1)
        self.ask("POST", "/jobs/project/%s/trigger" % P)
        threads[0].join(5)
        self.assertEqual(408, answers[0].status)
        self.assertEqual(1, len(self.ask("GET", "/scheduler").json))

    def test_pending_order(self):
        self.server.seed(jobs=[{"id": J, "projectId": P, "created": "2021-03-05T00:00:00.5Z"},
                               {"id": W, "projectId": F, "created": "2021-03-04T05:06:07.089Z"}])
        self.assertEqual([W, J], [s["jobId"] for s in self.ask("GET", "/scheduler").json])


class Fragments(ServerCase):
    def setUp(self):
        super().setUp()
        self.running_job()
        self.path = "/fragments/job/%s/step/1" % J

    def test_upload_and_download(self):
        answer = self.upload(self.path, upload_body())
        self.assertRegex(answer.text, '^\\{"jobId":"%s","stepNumber":1,"created":"[0-9T:-]{19}(\\.[0-9]{1,7})?Z","name":"Console Log",'
                                      '"filename":"3_console.log","type":1,"id":"%s"\\}$' % (J, GUID))
        self.check_text(self.upload(self.path, upload_body(filename="3_CONSOLE.log")), 409, "Filename already exists")
        for path in ("/fragments/" + answer.json["id"], "/fragments/job/%s/name/3_Console.log" % J):
            got = self.ask("GET", path)
            self.assertEqual((200, "application/octet-stream", b"line one\nline two\n"), (got.status, got.type, got.body))
            self.assertEqual("attachment; filename=3_console.log; filename*=UTF-8''3_console.log", got.names["content-disposition"])
            self.assertNotIn("content-length", got.names)
        self.assertEqual(2, len(self.ask("GET", "/fragments/job/" + J).json))
        self.assertEqual(1, len(self.ask("GET", self.path).json))
        self.assertEqual("[]", self.ask("GET", "/fragments/job/" + W).text)
        seen = self.server.requests("fragments.upload")[0]
        self.assertEqual((492, "115743f1a907311132aee8b4fcfaaf6727e070231989d9aa5cf54093d521691b"),
                         (seen["body_length"], seen["body_sha256"]))
        self.expect()

    def test_long_upload_is_spooled(self):
        content = os.urandom(1 << 20) * 9
        answer = self.upload(self.path, upload_body("modell-größe.h5", content, "Modell", "Model"))
        self.assertEqual(("modell-größe.h5", 2), (answer.json["filename"], answer.json["type"]))
        self.assertEqual(content, self.ask("GET", "/fragments/" + answer.json["id"]).body)
        self.assertEqual(content, self.server.content(answer.json["id"]))
        self.expect()

    def test_names(self):
        self.server.seed(fragments=[{"jobId": J, "filename": "Größe 1#.csv", "content": "x"}])
        self.assertEqual(b"x", self.ask("GET", "/fragments/job/%s/name/Gr%%C3%%B6%%C3%%9Fe%%201%%23.csv" % J).body)
        self.expect()
        for name, status in (("gr%c3%b6%C3%9Fe%201%23.csv", 200), ("Gr%C3%B6%C3%9Fe+1%23.csv", 404), ("a%2Fb", 404), ("%41", 404),
                             ("a%", 404), ("a%FF", 404), ("a:b", 404)):
            self.assertEqual(status, self.ask("GET", "/fragments/job/%s/name/%s" % (J, name)).status)
            self.expect("encoding")
        self.ask("GET", "/fragments/job/%s/name/%%2E%%2E" % J)
        self.assertIn("path", {v["kind"] for v in self.server.violations()})

    def test_latest_of_a_project(self):
        path = "/fragments/project/%s/name/m.h5" % P
        self.assertEqual(404, self.ask("GET", path).status)
        for number, (job, state) in enumerate(((W, 2), (F, 2), ("11112222-3333-4444-8555-666677778888", 31))):
            self.server.seed(jobs=[{"id": job, "projectId": P, "state": state, "created": "2021-04-0%dT00:00:00Z" % (number + 1),
                                    "steps": [{"state": state, "fragments": [{"filename": "m.h5", "content": str(number)}]}]}])
        self.assertEqual(b"1", self.ask("GET", path).body)
        self.expect()

    def test_refusals(self):
        for path, status, text in (("/fragments/job/%s/step/0" % J, 406, "Step is not in progress"),
                                   ("/fragments/job/%s/step/7" % J, 404, "Step not found"),
                                   ("/fragments/job/%s/step/0" % W, 404, "Job not found")):
            self.check_text(self.upload(path, upload_body()), status, text)
        self.check_text(self.upload(self.path, upload_body(filename="")), 400, "filename not set")
        self.check_text(self.upload(self.path, upload_body(name="")), 400, "name not set")
        self.assertIn("Type", self.upload(self.path, upload_body(kind="9")).json["errors"])
        self.assertIn("Type", self.upload(self.path, upload_body(kind="")).json["errors"])
        self.expect()
        self.check_text(self.upload("/fragments/job/%s/step/0" % NIL, upload_body()), 400, "jobId not set")
        self.expect("guid")

    def test_bad_multipart(self):
        good = upload_body()
        for body, kinds in ((good.replace(b'; filename="3_console.log"', b""), ["multipart"]),
                            (good[:-4] + b"\r\n", ["multipart"]), (good.replace(b"\r\n", b"\n"), ["multipart"]),
                            (b"x" + good, ["multipart"]), (good[:-20], ["multipart"])):
            answer = self.upload(self.path, body)
            self.assertEqual((500, b""), (answer.status, answer.body))
            self.expect(*kinds)
        for number, body in enumerate((good + b"epilogue", good.replace(b'name="Name"', b"name=Name"),
                                       good.replace(b"Content-Type: app", b"X-Y: app"))):
            body = body.replace(b"3_console", b"%d_console" % (5 + number))
            self.assertEqual(200, self.upload(self.path, body).status)
            self.expect("multipart")
        answer = self.upload(self.path, upload_body(boundary="x" * 129), boundary="x" * 129)
        self.assertEqual(500, answer.status)
        self.expect("multipart")

    def test_control_character_in_a_name(self):
        answer = self.upload(self.path, upload_body(filename="x").replace(b'"Filename"\r\n\r\nx', b'"Filename"\r\n\r\na\tb'))
        self.expect("multipart")
        self.assertEqual(500, self.ask("GET", "/fragments/" + answer.json["id"]).status)

    def test_empty_file(self):
        answer = self.upload(self.path, upload_body(content=b""))
        got = self.ask("GET", "/fragments/" + answer.json["id"])
        self.assertEqual((200, b""), (got.status, got.body))
        self.assertTrue(got.raw.endswith(b"\r\n\r\n0\r\n\r\n"))


if __name__ == "__main__":
    unittest.main()
