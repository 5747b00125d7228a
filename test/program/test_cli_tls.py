"""Which servers berth talks to over TLS, which it refuses, and the one line that says why."""
import os
import re
import socket
import unittest

import cli_case
from cli_case import BAD_DATA, NETWORK, USAGE, peer
from openssl_server import OpenSSLServer


class Tls(cli_case.Case):
    @classmethod
    def setUpClass(cls):
        cls.certs = peer.Certificates()
        cls.addClassCleanup(cls.certs.close)

    def setUp(self):
        self.folder = self.enterContext(peer.Folder())

    def server(self, cert="server", **options):
        options.setdefault("allow", ["tls"])
        return self.enterContext(peer.Mlcycle(self.certs, cert=cert, check=False, **options))

    def ask(self, host, *words, cacert=True, **more):
        trust = ["--cacert", self.certs.ca] if cacert is True else ["--cacert", cacert] if cacert else []
        return peer.run_berth(["mlcycle", "workers", "list", "--host", host] + trust + list(words), **more)

    def assertRefused(self, result, pattern):
        text = self.assertFails(result, NETWORK, pattern)
        self.assertLess(len(text), 400)

    def test_good_servers(self):
        for cert in ("server", "rsa", "chain", "nameonly"):
            server = self.server(cert)
            self.assertDone(self.ask(server.https), "")
            self.assertDone(self.ask(server.https, cacert=self.certs.file("bundle.pem")), "")

    def test_ip_literal(self):
        """Wire 0.1: an IP SAN is what counts, and no SNI is sent."""
        self.assertDone(self.ask(self.server().https_ip), "")
        self.assertRefused(self.ask(self.server("nameonly").https_ip), "name|127.0.0.1")
        self.assertRefused(self.ask(self.server("wrongname").https_ip), "name|127.0.0.1")

    def test_refused_certificates(self):
        for cert, why in (("expired", "expired"), ("future", "not (yet )?valid (yet|until|before)"), ("wrongname", "other.example|not for|name"),
                          ("selfsigned", "self-signed|unknown issuer"), ("otherca", "issuer|issued"), ("cnonly", "name"),
                          ("wildcard", "name"), ("clientuse", "server"), ("notca", "issuer|CA|issued|trusted")):
            with self.subTest(cert):
                server = self.server(cert)
                self.assertRefused(self.ask(server.https), why)
                self.assertEqual(server.requests(), [])

    def test_the_systems_own_certificates_do_not_vouch(self):
        result = self.ask(self.server().https, cacert=None)
        if os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
            self.assertRefused(result, "issuer|issued|trust")
        else:
            self.assertFails(result, USAGE, "this system has no certificates to trust")

    def test_wrong_ca(self):
        self.assertRefused(self.ask(self.server().https, cacert=self.certs.other_ca), "issuer|issued")
        self.assertRefused(self.ask(self.server().https, cacert=self.certs.client_ca), "issuer|issued")

    def test_self_signed_as_its_own_ca(self):
        self.assertDone(self.ask(self.server("selfsigned").https, cacert=self.certs.selfsigned), "")

    def test_folder_of_certificates(self):
        os.mkdir(self.folder("ca"))
        self.assertFails(self.ask(self.server().https, cacert=self.folder("ca")), BAD_DATA, "no certificate")
        for number, name in enumerate(("other", "clients", "ca")):
            with open(self.certs(name), "rb") as f:
                self.folder.write("ca/%d.%s" % (number, ("pem", "crt", "cer")[number]), f.read().rstrip(b"\n"))
        self.folder.write("ca/README", "not a certificate")
        self.assertDone(self.ask(self.server().https, cacert=self.folder("ca")), "")
        os.mkdir(self.folder("hashed"))
        os.rename(self.folder("ca/2.cer"), self.folder("hashed/4042bcee.0"))
        self.assertDone(self.ask(self.server().https, cacert=self.folder("hashed")), "")
        self.assertRefused(self.ask(self.server().https, cacert=self.folder("ca")), "issuer|issued")

    def test_cacert_that_is_none(self):
        host = "https://localhost:1/api"
        self.assertFails(self.ask(host, cacert="/no/such"), BAD_DATA, "/no/such: no such file")
        result = self.ask(self.server().https, cacert=self.folder.write("x.pem", "nothing\n"))
        self.assertIn(result.code, (NETWORK, BAD_DATA, USAGE))
        self.assertFails(result, result.code, "certificate")
        with open(self.certs.ca, encoding="ascii") as f:
            broken = f.read().replace("MII", "!!!", 1)
        self.assertFails(self.ask(host, cacert=self.folder.write("b.pem", broken)), BAD_DATA, "root number 1.*base64")

    def test_revoked(self):
        revoked = self.server("revoked")
        self.assertDone(self.ask(revoked.https), "")
        self.assertRefused(self.ask(revoked.https, "--crl", self.certs.crl), "revoked")
        self.assertDone(self.ask(revoked.https, "--crl", self.certs.crl_empty), "")
        self.assertDone(self.ask(self.server().https, "--crl", self.certs.crl), "")
        self.assertFails(self.ask(revoked.https, "--crl", "/no/such"), BAD_DATA, "/no/such: no such file")
        result = self.ask(revoked.https, "--crl", self.folder.write("crl", "none"))
        self.assertNotEqual(result.code, 0)
        self.assertFails(result, result.code, "revo|CRL|list")

    def test_pins(self):
        pin = self.certs.fingerprint("selfsigned")
        server = self.server("selfsigned")
        colons = ":".join(pin[i:i + 2] for i in range(0, 64, 2)).upper()
        for given in (pin, pin.upper(), colons):
            self.assertDone(self.ask(server.https, "--pin", given, cacert=None), "")
        self.assertDone(self.ask(server.https, "--pin", "sha256 Fingerprint=" + pin, cacert=None), "")  # openssl's whole line
        self.assertDone(self.ask(server.https, "--pin", "0" * 64, "--pin", pin, cacert=None), "")
        self.assertDone(self.ask(server.https_ip, "--pin", pin, cacert=None), "")
        self.assertRefused(self.ask(server.https, "--pin", "0" * 64, cacert=None), "(?i)pin|fingerprint")
        self.assertRefused(self.ask(server.https, "--pin", pin), "self-signed|issuer|issued")  # both must hold
        self.assertRefused(self.ask(self.server().https, "--pin", pin), "(?i)pin|fingerprint")

    def test_the_reason_of_a_wrong_pin_shows_the_right_one(self):
        server = self.server()
        text = self.ask(server.https, "--pin", "0" * 64, cacert=None).err.decode()
        self.assertIn(self.certs.fingerprint("server"), text.lower().replace(":", ""))

    def test_client_certificates(self):
        server = self.server(client_ca=self.certs.client_ca)
        mine = ["--cert", self.certs("client"), "--key", self.certs.key("client")]
        self.assertDone(self.ask(server.https, *mine), "")
        self.assertRefused(self.ask(server.https), "client certificate")
        self.assertRefused(self.ask(server.https, "--cert", self.certs("stranger"), "--key", self.certs.key("stranger")),
                           "client certificate|unknown_ca|refused")
        for words, why in ((["--cert", self.certs("client"), "--key", self.certs.key("stranger")], "key"),
                           (["--cert", "/no/such", "--key", self.certs.key("client")], "/no/such: no such file"),
                           (["--cert", self.folder.write("c", "x"), "--key", self.certs.key("client")], "certificate"),
                           (["--cert", self.certs("client"), "--key", self.folder.write("k", "x")], "key")):
            result = self.ask(server.https, *words)
            self.assertIn(result.code, (USAGE, BAD_DATA, NETWORK))
            self.assertFails(result, result.code, why)
            self.assertNotIn(b"PRIVATE", result.err)

    def test_skipping_verification_is_loud(self):
        for cert in ("expired", "selfsigned", "wrongname"):
            server = self.server(cert)
            result = self.ask(server.https, "--dangerously-skip-verification", cacert=None)
            self.assertEqual((result.code, result.out), (0, b""))
            self.assertRegex(result.err, b"\\Aberth: [^\n]*warning: [^\n]*not checked[^\n]*\n\\Z")
            quiet = self.ask(server.https, "--dangerously-skip-verification", "--quiet", cacert=None)
            self.assertEqual((quiet.code, quiet.out, quiet.err), (0, b"", b""))

    def test_old_and_odd_servers(self):
        for variant, why in (("tls11", "TLS 1.1|protocol version"), ("tls10", "TLS 1.1|protocol version"), ("tls13", "protocol version|TLS 1.2"),
                             ("null-cipher", "cipher"), ("cbc-only", "cipher")):
            with self.subTest(variant), OpenSSLServer(self.certs, variant) as server:
                result = self.ask(server.url + "api")
                if variant == "tls13" and result.code == BAD_DATA:
                    continue  # this mbedTLS speaks it; the page that comes is not the platform's
                self.assertRefused(result, why)
        with OpenSSLServer(self.certs, "no-tickets") as server:
            self.assertFails(self.ask(server.url + "api"), BAD_DATA, "web page")

    def test_a_server_without_tls(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(4)
            child = peer.start_berth(["mlcycle", "workers", "list", "--host", "https://127.0.0.1:%d/api" % listener.getsockname()[1],
                                      "--cacert", self.certs.ca])
            with listener.accept()[0] as sock:
                sock.recv(4096)
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                out, err = child.communicate(timeout=20)
        self.assertRefused(peer.Result(child.returncode, out, err), "TLS|http")

    def test_tls_where_none_is_due(self):
        server = self.server()
        result = self.ask("http://127.0.0.1:%d/api" % server.ports["https"])
        self.assertIn(result.code, (NETWORK, BAD_DATA))
        self.assertFails(result, result.code)

    def test_a_silent_server(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(4)
            result = self.ask("https://127.0.0.1:%d/api" % listener.getsockname()[1], "--timeout", "0.4", timeout=10)
        self.assertFails(result, cli_case.TIMEOUT)

    def test_a_server_that_hangs_up(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(4)
            child = peer.start_berth(["mlcycle", "workers", "list", "--host", "https://127.0.0.1:%d/api" % listener.getsockname()[1],
                                      "--cacert", self.certs.ca, "--retries", "0"])
            listener.accept()[0].close()
            out, err = child.communicate(timeout=20)
        self.assertRefused(peer.Result(child.returncode, out, err), "clos|reset|broke")

    def test_every_reason_is_one_short_line_without_addresses_of_memory(self):
        text = self.ask(self.server("expired").https).err.decode()
        self.assertFalse(re.search(r"0x[0-9a-fA-F]{6,}", text), text)


if __name__ == "__main__":
    unittest.main()
