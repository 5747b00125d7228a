"""What may stand between berth and the server: proxies, nginx, redirects; the exchange that --verbose shows; addresses."""
import base64
import os
import socket
import unittest

import cli_case
import nginx
import proxy
from cli_case import BAD_DATA, CONFLICT, JOB, NETWORK, REFUSED, TIMEOUT, USAGE, peer


class Proxies(cli_case.ServerCase):
    OPTIONS = {"proxied": True}

    def ask(self, host, *words, env=None, **more):
        return self.mlcycle("workers", "list", "--host", host, *words, env=env, **more)

    def place(self, url):
        return url.split("/")[2]

    def test_http(self):
        with proxy.Proxy() as p:
            self.assertDone(self.ask(self.server.http, "--proxy", p.url))
            self.assertDone(self.ask(self.server.http, env={"http_proxy": p.url}))
            self.assertEqual(p.seen, ["GET %s/workers" % self.server.http] * 2)
            self.assertEqual(p.problems, [])

    def test_https(self):
        with proxy.Proxy() as p:
            for env in ({"https_proxy": p.url}, {"HTTPS_PROXY": p.url}, {"https_proxy": p.url + "/", "http_proxy": "http://127.0.0.1:1"}):
                self.assertDone(self.ask(self.server.https, env=env))
            self.assertDone(self.ask(self.server.https, "--proxy", p.url, env={"https_proxy": "http://127.0.0.1:1", "no_proxy": "*"}))
            self.assertEqual(p.seen, ["CONNECT %s" % self.place(self.server.https)] * 4)
            self.assertEqual(p.problems, [])

    def test_not_through_the_proxy(self):
        with proxy.Proxy() as p:
            for name in ("no_proxy", "NO_PROXY"):
                for value in ("*", "localhost", "example.com, localhost", ".localhost,localhost", "localhost:" + self.place(self.server.https).split(":")[1]):
                    self.assertDone(self.ask(self.server.https, env={"https_proxy": p.url, name: value}))
            for value in ("127.0.0.1", "127.0.0.0/8"):
                self.assertDone(self.ask(self.server.https_ip, env={"https_proxy": p.url, "no_proxy": value}))
            self.assertEqual(p.seen, [])
            self.assertDone(self.ask(self.server.https, env={"https_proxy": p.url, "no_proxy": "host,ocalhost,example.com"}))
            self.assertEqual(len(p.seen), 1)

    def test_http_proxy_in_capitals_is_not_read(self):
        """A CGI request's Proxy: header becomes HTTP_PROXY."""
        with proxy.Proxy() as p:
            self.assertDone(self.ask(self.server.http, env={"HTTP_PROXY": p.url}))
            self.assertEqual(p.seen, [])

    def test_passwords(self):
        with proxy.Proxy(user="me:p@ss w\u00f6rd") as p:
            good = "http://me:p%%40ss%%20w%%C3%%B6rd@127.0.0.1:%d" % p.port
            for host, variable in ((self.server.http, "http_proxy"), (self.server.https, "https_proxy")):
                self.assertDone(self.ask(host, "--proxy", good))
                self.assertDone(self.ask(host, env={variable: good}))
                for wrong in (p.url, "http://me:secret@127.0.0.1:%d" % p.port):
                    result = self.ask(host, "--proxy", wrong, "--retries", "0")
                    self.assertIn(result.code, (NETWORK, REFUSED))
                    self.assertNotIn("secret", self.assertFails(result, result.code, "407"))
                result = self.ask(host, "--proxy", good, "--verbose")
                self.assertEqual(result.code, 0)
                for secret in ("p@ss", "p%40ss", base64.b64encode("me:p@ss w\u00f6rd".encode()).decode()):
                    self.assertNotIn(secret, result.err.decode())
            self.assertEqual(p.problems, [])

    def test_refusals(self):
        for status in (403, 502, 503):
            with proxy.Proxy(refuse=status) as p:
                self.assertFails(self.ask(self.server.https, "--proxy", p.url, "--retries", "0"), NETWORK, "proxy.*%d" % status)

    def test_no_proxy_there(self):
        self.assertFails(self.ask(self.server.https, "--proxy", "http://127.0.0.1:1", "--retries", "0"), NETWORK,
                         "cannot connect to the proxy: .*refused")

    def test_a_silent_proxy(self):
        with proxy.Proxy(silent=True) as p:
            self.assertFails(self.ask(self.server.https, "--proxy", p.url, "--timeout", "0.4"), TIMEOUT)

    def test_addresses_that_are_none(self):
        for url in ("ftp://x", "socks5://127.0.0.1:1080", "http://", "http://a b", "https://127.0.0.1:1", "http://me:secret@", "http://x/path"):
            for result in (self.ask(self.server.https, "--proxy", url), self.ask(self.server.https, env={"https_proxy": url})):
                self.assertNotIn("secret", self.assertFails(result, USAGE, "proxy's address"))

    def test_no_proxy_by_an_empty_one(self):
        with proxy.Proxy() as p:
            self.assertDone(self.ask(self.server.https, "--proxy", "", env={"https_proxy": p.url}))
            self.assertEqual(p.seen, [])

    def test_an_address_without_a_scheme(self):
        with proxy.Proxy() as p:
            self.assertDone(self.ask(self.server.https, env={"https_proxy": "127.0.0.1:%d" % p.port}))
            self.assertEqual(len(p.seen), 1)


class Redirects(cli_case.ServerCase):
    OPTIONS = {"redirect_https": True}

    def test_every_method_goes_to_https(self):
        self.seed_running()
        path = self.folder.write("f", "data")
        for words in (["workers", "list"], ["workers", "add", "--name", "x"], ["workers", "update", JOB, "--name", "x"], ["workers", "delete", JOB],
                      ["jobs", "add-metrics", JOB, "1", "a=1"], ["scheduler", "claim", JOB, "1"],
                      ["fragments", "upload", JOB, "1", path, "--name", "n"]):
            result = self.mlcycle(*words, "--host", self.server.http)
            self.assertEqual(result.code, CONFLICT if "claim" in words else 0, result)
        self.assertEqual(len(self.server.state()["workers"]), 1)

    def test_a_body_that_cannot_be_sent_again(self):
        self.seed_running()
        result = self.mlcycle("fragments", "upload", JOB, "1", "-", "--name", "n", "--filename", "x", "--host", self.server.http, input=b"x" * 100)
        # the name is asked for first, and the answer to that has led to https already
        if result.code != 0:
            self.assertFails(result, REFUSED, "cannot be sent again")

    def test_the_redirected_server_is_checked_too(self):
        result = peer.run_berth(["mlcycle", "workers", "list", "--host", self.server.http])
        self.assertFails(result, NETWORK, "issuer|issued|trust")


@unittest.skipUnless(nginx.program(), "no nginx")
class Nginx(cli_case.ServerCase):
    OPTIONS = {"proxied": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.front = peer.Nginx(cls.server, cls.certs)
        cls.addClassCleanup(cls.front.close)

    def ask(self, *words, **more):
        return self.mlcycle(*words, env={"MLCYCLE_HOST": self.front.https}, **more)

    def test_the_usual(self):
        self.seed_running()
        self.assertDone(self.ask("workers", "add", "--name", "x"))
        self.assertEqual(len(self.assertDone(self.ask("jobs", "list", "--json")).lines), 1)
        self.assertDone(self.ask("jobs", "get", JOB))
        self.assertDone(self.ask("fragments", "latest", "0_console.log", "--job", JOB, "-o", "-"), "cloned\n")
        self.assertFails(self.ask("scheduler", "claim", JOB, "1"), CONFLICT, "Step is not scheduled")

    def test_odd_names_pass_through(self):
        self.seed_running()
        path = self.folder.write("f", "x")
        for name in ("Gr\u00f6\u00dfe 1#.csv", "100%.log", "a+b?c&d", "\u4e2d.bin"):
            self.assertDone(self.ask("fragments", "upload", JOB, "1", path, "--name", "n", "--filename", name))
            self.assertDone(self.ask("fragments", "latest", name, "--job", JOB, "-o", "-"), "x")

    def test_large_uploads(self):
        self.seed_running()
        data = os.urandom(5000000)
        self.assertDone(self.ask("fragments", "upload", JOB, "1", self.folder.write("big", data), "--name", "n"))
        self.assertDone(self.ask("fragments", "upload", JOB, "1", "-", "--name", "n", "--filename", "big2", input=data))
        self.assertDone(self.ask("fragments", "latest", "big2", "--job", JOB, "-o", self.folder("back")))
        self.assertEqual(self.folder.read("back"), data)

    def test_limits_of_json_bodies(self):
        """1 MiB through nginx: the program itself refuses what is near it, or says that it is too large."""
        self.seed_running()
        steps = '[{"name":"%s","docker":{"image":"x"}}]' % ("n" * 1030000)
        result = self.ask("jobs", "add-steps", JOB, self.folder.write("s.json", steps))
        self.assertIn(result.code, (0, REFUSED, cli_case.SPACE))
        if result.code:
            self.assertFails(result, result.code, "large|bytes|space")

    def test_wrong_base(self):
        """Without /api the front answers with its web page: exit code 5 and what to do."""
        host = self.front.https[:-len("/api")]
        for words in (["jobs", "list"], ["workers", "list", "--json"], ["jobs", "get", JOB], ["fragments", "get", JOB, "-o", self.folder("x")]):
            self.assertFails(self.mlcycle(*words, env={"MLCYCLE_HOST": host}), BAD_DATA, "base URL.*/api")
        self.assertFails(self.mlcycle("workers", "add", "--name", "x", env={"MLCYCLE_HOST": host}), REFUSED, "base URL.*HTTP 405")
        self.assertEqual(os.listdir(self.folder.path), [])

    def test_the_long_poll_is_cut_by_the_proxy(self):
        self.server.config(hold_ms=60000)
        try:
            result = self.ask("scheduler", "pending", timeout=20)
        finally:
            self.server.config(hold_ms=200)
        self.assertEqual((result.code, result.out, result.err), (1, b"", b""))

    def test_no_backend(self):
        with peer.Certificates(only=["server"]) as certs, peer.Mlcycle(certs, check=False) as server, peer.Nginx(server, certs) as front:
            server.close()
            for words in (["jobs", "list"], ["scheduler", "claim", JOB, "0"]):
                self.assertFails(self.mlcycle(*words, "--cacert", certs.ca, "--retries", "0", env={"MLCYCLE_HOST": front.https}), NETWORK, "HTTP 502")


class Verbose(cli_case.ServerCase):
    def test_the_exchange_is_shown(self):
        result = self.mlcycle("workers", "add", "--name", "x", "-v", "--json")
        self.assertEqual(result.code, 0)
        self.assertEqual(len(result.lines), 1)
        lines = result.err.decode().splitlines()
        self.assertEqual({line[:2] for line in lines}, {"* ", "> ", "< "})
        for piece in ("* TLS with localhost", "> POST /api/workers", "> Content-Type: application/json", "< 200 OK", "< Transfer-Encoding: chunked"):
            self.assertIn(piece, lines)

    def test_another_connection_resumes_the_tls_session(self):
        """A new connection to the same server costs a short handshake; what was agreed on is told."""
        self.server.fault(method="GET", drop="head")
        lines = self.mlcycle("workers", "list", "-v").err.decode().splitlines()
        agreed = [after for line, after in zip(lines, lines[1:]) if line == "* TLS with localhost"]
        self.assertEqual(len(agreed), 2, lines)
        self.assertRegex(agreed[0], r"\A\* TLSv1\.2 [A-Z0-9-]+\Z")
        self.assertEqual(agreed[1], agreed[0] + ", resumed")

    def test_repeats_are_shown(self):
        self.server.fault(drop="head")
        self.assertIn(b"* trying again", self.mlcycle("workers", "list", "-v").err)

    def test_hostile_headers_are_made_harmless(self):
        self.server.fault(status=200, body="[]", headers=[["X-Evil", "a\x1b[31mb"], ["Set-Cookie", "session=secret"]])
        err = self.mlcycle("workers", "list", "-v").err
        self.assertNotRegex(err, rb"[\x00-\x09\x0b-\x1f\x7f]")
        self.assertNotIn(b"secret", err)

    def test_a_password_in_the_address(self):
        host = self.server.https.replace("https://", "https://me:geheim@")
        text = self.assertFails(self.mlcycle("workers", "list", "-v", "--host", host), USAGE, "password")
        self.assertNotIn("geheim", text)


class Addresses(cli_case.Case):
    def test_ipv6(self):
        if not socket.has_ipv6:
            self.skipTest("no IPv6")
        try:
            with socket.socket(socket.AF_INET6) as s:
                s.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6")
        with peer.Certificates(only=["server"]) as certs, peer.Mlcycle(certs, bind="::1") as server:
            self.assertDone(server.berth(["mlcycle", "workers", "list"]))
            self.assertDone(server.berth(["mlcycle", "workers", "list", "--host", server.https_ip]))
            self.assertDone(server.berth(["mlcycle", "workers", "list", "--host", server.http]))

    def test_localhost_on_ipv4_alone(self):
        """localhost may resolve to ::1 first; nobody listens there."""
        with peer.Mlcycle(None) as server:
            self.assertDone(server.berth(["mlcycle", "workers", "list", "--host", server.http.replace("127.0.0.1", "localhost")]))

    def test_capitals(self):
        with peer.Mlcycle(None, check=False) as server:
            self.assertDone(server.berth(["mlcycle", "workers", "list", "--host", server.http.replace("http://127.0.0.1", "HTTP://LOCALHOST")]))


class KeepAlive(cli_case.ServerCase):
    def test_a_stale_connection_is_replaced(self):
        """A large upload asks for the name first; the server closes that connection without saying so."""
        self.seed_running()
        with open(self.folder("big"), "wb") as f:
            f.truncate(2 << 20)
        self.server.fault(method="GET", path="/fragments/job", close_after=True)
        self.assertDone(self.mlcycle("fragments", "upload", JOB, "1", self.folder("big"), "--name", "n"))
        self.assertEqual(len(self.logged("fragments.upload")), 1)

    def test_one_connection_for_all(self):
        self.seed_running()
        with open(self.folder("big"), "wb") as f:
            f.truncate(2 << 20)
        err = self.mlcycle("fragments", "upload", JOB, "1", self.folder("big"), "--name", "n", "-v").err.decode()
        self.assertEqual(err.count("* connected to"), 1)


if __name__ == "__main__":
    unittest.main()
