#!/usr/bin/env python3
# runs once
"""The rest of the peers: faults on demand, certificates and TLS, nginx, openssl s_server, the test helper."""
import gzip
import json
import os
import socket
import ssl
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nginx  # noqa: E402
import openssl_server  # noqa: E402
import peer  # noqa: E402
import proxy  # noqa: E402
from raw_client import BOUNDARY, J, V5_TEXT, W, Answer, ServerCase, upload_body  # noqa: E402


class Faults(ServerCase):
    """Each fault once; after it the server answers as ever."""

    def broken(self, path="/workers", method="GET", **rule):
        self.server.fault(path=path, **rule)
        data = self.raw(self.request(method, path))
        self.assertEqual([], self.server.control("GET", "/faults"))
        self.assertEqual(200, self.ask("GET", "/workers").status)
        return data

    def test_canned(self):
        for status in (413, 502, 503, 504):
            answer = Answer(self.broken(nginx=status))
            self.assertEqual((status, "text/html", "nginx"), (answer.status, answer.type, answer.names["server"]))
            self.assertIn("<center>nginx</center>", answer.text)
        answer = Answer(self.broken(html=True))
        self.assertEqual((200, "text/html"), (answer.status, answer.type))
        answer = Answer(self.broken(status=500))
        self.assertEqual((500, "0", b""), (answer.status, answer.names["content-length"], answer.body))
        answer = Answer(self.broken(body='[1,2]', headers=[["Retry-After", "1"]]))
        self.assertEqual((200, "[1,2]", "1"), (answer.status, answer.text, answer.names["retry-after"]))
        self.assertEqual(b"\0\xff", self.broken(raw="\0\xff"))

    def test_redirects(self):
        for kind, where in (("loop", "http://127.0.0.1:%d/api/workers" % self.server.ports["http"]), ("http://x/y", "http://x/y")):
            answer = Answer(self.broken(redirect=kind))
            self.assertEqual((307, where, b""), (answer.status, answer.names["location"], answer.body))

    def test_interim_and_framing(self):
        data = self.broken(interim=[100, 103])
        self.assertEqual(3, data.count(b"HTTP/1.1 "))
        self.assertEqual("[]", Answer(data[data.rindex(b"HTTP/1.1"):]).text)
        self.assertEqual("[]", Answer(self.broken(framing="length")).text)
        answer = Answer(self.broken(framing="close"))
        self.assertEqual((b"[]", None, None), (answer.body, answer.names.get("content-length"), answer.names.get("transfer-encoding")))
        answer = Answer(self.broken(framing="both"))
        self.assertTrue("content-length" in answer.names and "transfer-encoding" in answer.names)
        self.assertEqual(2, self.broken(framing="two-lengths").count(b"Content-Length"))
        self.assertTrue(self.broken(framing="http10").startswith(b"HTTP/1.0 200"))
        answer = Answer(self.broken(gzip=True))
        self.assertEqual((b"[]", "gzip"), (gzip.decompress(answer.body), answer.names["content-encoding"]))
        self.assertEqual(5000, len(Answer(self.broken(giant_header=5000)).names["x-giant"]))
        self.assertEqual(200, self.broken(many_headers=200).count(b"X-Many-"))

    def test_chunks(self):
        for style in ("bad-size", "negative", "huge", "no-crlf", "bare-lf", "short", "no-end", "empty-size"):
            self.assertIsNone(Answer(self.broken(chunks=style)).body, style)
        for style in ("extensions", "bytes", "good:1"):
            self.assertEqual("[]", Answer(self.broken(chunks=style)).text, style)
        self.assertIn(b"0\r\nX-Sum: 1\r\nContent-Length: 7\r\n\r\n", self.broken(chunks="trailers"))

    def test_cuts(self):
        self.assertTrue(self.broken(truncate_body=1).endswith(b"\r\n\r\n2\r\n["))
        self.assertEqual(10, len(self.broken(cut_after=10)))
        for moment in ("head", "read", "handle"):
            self.assertEqual(b"", self.broken(drop=moment))
            self.assertEqual(b"", self.broken(drop=moment, rst=True))
        self.assertEqual(b"", self.broken(connection=True, drop="now"))
        self.server.fault(path="/workers", method="POST", drop="handle")
        self.assertEqual(b"", self.raw(self.request("POST", "/workers", b'{"name":"ambiguous"}')))
        self.assertEqual(1, len(self.ask("GET", "/workers").json))

    def test_times(self):
        for rule, least in (({"delay_ms": 200}, 0.2), ({"reply_delay_ms": 200}, 0.2), ({"segment": 1, "pause_ms": 1}, 0.15),
                            ({"bytes_per_s": 1000}, 0.1), ({"connection": True, "delay_ms": 200}, 0.2)):
            start = time.monotonic()
            self.assertEqual("[]", Answer(self.broken(**rule)).text)
            self.assertGreater(time.monotonic() - start, least, rule)

    def test_variants(self):
        self.running_job()
        path, plain = "/jobs/" + J, json.loads(V5_TEXT)
        for variant in ("escape", "spaces", "reverse"):
            self.server.fault(path=path, variant=[variant])
            answer = self.ask("GET", path)
            self.assertEqual(plain, answer.json)
            self.assertNotEqual(V5_TEXT, answer.text)
            self.assertIn("1.5E-05", answer.text)
        self.server.fault(path=path, variant=["nulls", "extras", "enum42", "upper-ids"])
        item = self.ask("GET", path).json
        self.assertEqual((J.upper(), 42, None), (item["id"], item["state"], item["finished"]))
        self.assertEqual((None, []), (item["steps"][2]["metrics"], item["steps"][2]["fragments"]))
        self.assertEqual(plain["steps"][1]["metrics"], item["steps"][1]["metrics"])
        self.server.fault(path="claim", quoted=True)
        self.assertEqual('"Job not found"', self.ask("POST", "/scheduler/%s/step/0/claim" % W).text)

    def test_counts(self):
        self.server.fault(path="/workers", method="GET", skip=1, count=2, status=500)
        self.assertEqual([200, 500, 500, 200], [self.ask("GET", "/workers").status for _ in range(4)])
        with self.assertRaises(AssertionError):
            self.server.fault(nonsense=1)

    def test_stale_connections(self):
        with socket.create_connection(("127.0.0.1", self.server.ports["http"]), 5) as sock:
            self.server.fault(path="/workers", close_after=True)
            sock.sendall(self.request("GET", "/workers", connection=None))
            answer = Answer(self.drain(sock))
            self.assertEqual(("[]", None), (answer.text, answer.names.get("connection")))
        with socket.create_connection(("127.0.0.1", self.server.ports["http"]), 5) as sock:
            sock.sendall(self.request("GET", "/workers", connection=None))
            self.assertIn(b"200 OK", sock.recv(4096))
            time.sleep(0.05)
            self.assertEqual(1, self.server.close_idle())
            self.drain(sock)

    def test_many_jobs(self):
        self.server.seed(many={"jobs": 500, "steps": 5})
        answer = self.ask("GET", "/jobs")
        self.assertEqual(500, len(answer.json))
        self.assertTrue(1400 < len(answer.body) / 500 < 1800, len(answer.body) / 500)


class Tls(ServerCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peer.Certificates()
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.certs.close()

    def context(self, ca=None):
        return ssl.create_default_context(cafile=ca or self.certs.ca)

    def talk(self, port, context, name="localhost", path="/api/workers"):
        with socket.create_connection(("127.0.0.1", port), 5) as plain:
            with context.wrap_socket(plain, server_hostname=name) as sock:
                sock.sendall(("GET %s HTTP/1.1\r\nHost: %s:%d\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
                              "Connection: close\r\n\r\n" % (path, name, port)).encode())
                return self.drain(sock)

    def test_https(self):
        for name in ("localhost", "127.0.0.1"):
            self.assertEqual("[]", Answer(self.talk(self.server.ports["https"], self.context(), name)).text)
        seen = self.server.requests()[0]["tls"]
        self.assertEqual(("TLSv1.2", "localhost"), (seen["version"], seen["sni"]))
        self.expect()
        context = self.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.talk(self.server.ports["https"], context)
        self.expect("tls")

    def test_redirect_to_https(self):
        self.server.config(redirect_https=True)
        answer = self.ask("POST", "/workers?a=b", b'{"name":"a"}')
        self.assertEqual((307, "https://127.0.0.1:%d/api/workers?a=b" % self.server.ports["https"], b""),
                         (answer.status, answer.names["location"], answer.body))
        self.assertEqual("[]", Answer(self.talk(self.server.ports["https"], self.context())).text)

    def test_certificates(self):
        wanted = {"expired": "expired", "future": "not yet valid", "otherca": "local issuer", "selfsigned": "self.signed",
                  "wrongname": "ostname mismatch|not valid for", "notca": "key usage|purpose|invalid CA", "clientuse": "purpose"}
        for cert in ("rsa", "chain", "revoked") + tuple(wanted):
            with openssl_server.OpenSSLServer(self.certs, "tls12", cert) as server:
                if cert in wanted:
                    with self.assertRaisesRegex(ssl.SSLError, wanted[cert]):
                        self.talk(server.port, self.context(), path="/")
                else:
                    self.assertIn(b"200 ok", self.talk(server.port, self.context(), path="/"))

    def test_revocation(self):
        context = self.context()
        context.load_verify_locations(self.certs.crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        with openssl_server.OpenSSLServer(self.certs, "tls12", "revoked") as server:
            with self.assertRaisesRegex(ssl.SSLError, "revoked"):
                self.talk(server.port, context, path="/")
        with openssl_server.OpenSSLServer(self.certs, "tls12", "server") as server:
            self.assertIn(b"200 ok", self.talk(server.port, context, path="/"))

    def test_client_certificates(self):
        with peer.Mlcycle(self.certs, client_ca=self.certs.client_ca) as server:
            context = self.context()
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.assertNotEqual(b"", self.talk(server.ports["https"], context) or self.fail("let in"))
            context.load_cert_chain(self.certs("client"), self.certs.key("client"))
            self.assertEqual("[]", Answer(self.talk(server.ports["https"], context)).text)

    def test_versions(self):
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with openssl_server.OpenSSLServer(self.certs, "tls13") as server:
            with self.assertRaises(ssl.SSLError):
                self.talk(server.port, context, path="/")
        with openssl_server.OpenSSLServer(self.certs, "tls11") as server:
            with self.assertRaises(ssl.SSLError):
                self.talk(server.port, context, path="/")

    @unittest.skipUnless(nginx.program(), "nginx is not installed")
    def test_nginx(self):
        with peer.Nginx(self.server, self.certs, read_s=2) as front:
            port = front.ports["https"]
            self.assertEqual("[]", Answer(self.talk(port, self.context())).text)
            self.assertEqual("text/html", Answer(self.talk(port, self.context(), path="/jobs")).type)
            self.expect()
            port, big = front.ports["http"], b'{"name":"' + b"x" * (1 << 20) + b'"}'
            own = str(self.server.ports["http"]).encode()
            send = lambda data: Answer(self.raw(data.replace(b":" + own, b":%d" % port), port))
            answer = send(self.request("POST", "/workers", big))
            self.assertEqual((413, "text/html"), (answer.status, answer.type))
            self.running_job()
            answer = send(self.request("POST", "/fragments/job/%s/step/1" % J, upload_body(content=big),
                                       kind="multipart/form-data; boundary=" + BOUNDARY))
            self.assertEqual(200, answer.status)
            self.server.fault(path="/workers", delay_ms=2700)
            self.assertEqual(504, send(self.request("GET", "/workers")).status)
            self.server.fault(path="/workers", drop="read", count=0)
            self.assertEqual(502, send(self.request("GET", "/workers")).status)
            self.expect()


class Helpers(unittest.TestCase):
    def test_violations_fail_the_test(self):
        with self.assertRaisesRegex(AssertionError, "host: "):
            with peer.Mlcycle() as server:
                with socket.create_connection(("127.0.0.1", server.ports["http"]), 5) as sock:
                    sock.sendall(b"GET /api/workers HTTP/1.1\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\r\n")
                    sock.recv(100)
        self.assertNotEqual(None, server.child.process.returncode)

    def test_allowed_violations(self):
        with peer.Mlcycle(allow=["host"]) as server:
            with socket.create_connection(("127.0.0.1", server.ports["http"]), 5) as sock:
                sock.sendall(b"GET /api/workers HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\r\n")
                self.assertIn(b"200 OK", sock.recv(100))

    def test_unix_socket(self):
        with peer.Folder() as folder, peer.Mlcycle(unix=folder("s")):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(folder("s"))
                sock.sendall(b"GET /api/workers HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\r\n")
                self.assertIn(b"200 OK", sock.recv(100))

    def test_ipv6(self):
        with peer.Mlcycle(bind="::1") as server:
            self.assertTrue(server.http.startswith("http://[::1]:"))
            with socket.create_connection(("::1", server.ports["http"]), 5) as sock:
                sock.sendall(b"GET /api/workers HTTP/1.1\r\nHost: [::1]:%d\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\r\n"
                             % server.ports["http"])
                self.assertIn(b"200 OK", sock.recv(100))

    def test_nothing_is_left_when_the_parent_is_killed(self):
        code = ("import sys, time; sys.path.insert(0, %r); import peer; s = peer.Mlcycle(); "
                "print(s.ports['pid'], flush=True); time.sleep(60)" % peer.HERE)
        parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        with parent.stdout:
            pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
        parent.wait()
        end = time.monotonic() + 5
        while os.path.exists("/proc/%d" % pid) and _state(pid) not in "ZX" and time.monotonic() < end:
            time.sleep(0.01)
        self.assertLess(time.monotonic(), end)

    def test_proxy(self):
        with peer.Mlcycle() as server, proxy.Proxy() as through:
            host = "127.0.0.1:%d" % server.ports["http"]
            rest = "Host: %s\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\r\n" % host
            for hello, path in (("", "http://%s" % host), ("CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (host, host), "")):
                with socket.create_connection(("127.0.0.1", through.port), 5) as sock:
                    if hello:
                        sock.sendall(hello.encode())
                        self.assertTrue(sock.recv(100).startswith(b"HTTP/1.1 200 "))
                    sock.sendall(("GET %s/api/workers HTTP/1.1\r\n" % path + rest).encode())
                    self.assertIn(b"200 OK", sock.recv(100))
            self.assertEqual(["GET http://%s/api/workers" % host, "CONNECT " + host], through.seen)
            self.assertEqual([], through.problems)
        for options, status in (({"refuse": 403}, b"403"), ({"user": "a:b"}, b"407")):
            with proxy.Proxy(**options) as through, socket.create_connection(("127.0.0.1", through.port), 5) as sock:
                sock.sendall(b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n")
                self.assertIn(status, sock.recv(100))


def _state(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            return f.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


if __name__ == "__main__":
    unittest.main()
