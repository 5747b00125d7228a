#!/usr/bin/env python3
"""Runs `openssl s_server` in the ways that a TLS client must refuse or must master.

openssl_server.py VARIANT CERTS_FOLDER [CERT]: prints one JSON line with the port; ends when standard input ends.
Each answers an HTTP GET with openssl's status page (200 text/html, until close).
"""
import ctypes
import json
import os
import re
import signal
import subprocess
import sys

# name: what s_server is told besides its certificate; {f} is the certificates' folder
VARIANTS = {
    "tls10": ("-tls1", "-cipher", "ALL:@SECLEVEL=0"),
    "tls11": ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    "tls12": ("-tls1_2",),
    "tls13": ("-tls1_3",),
    "client-cert": ("-Verify", "2", "-verify_return_error", "-CAfile", "{f}/clients.pem"),
    "client-cert-asked": ("-verify", "2", "-verify_return_error", "-CAfile", "{f}/clients.pem"),
    "small-records": ("-tls1_2", "-max_send_frag", "512"),
    "no-tickets": ("-tls1_2", "-no_ticket"),
    "cbc-only": ("-tls1_2", "-cipher", "ECDHE+AES+SHA256:ECDHE+AES+SHA1:!AESGCM:!AESCCM"),
    "null-cipher": ("-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"),
    "alpn-other": ("-tls1_2", "-alpn", "spdy/1"),
}


class OpenSSLServer:
    """A running s_server; port, stop(). Also a context manager."""

    def __init__(self, certs, variant="tls12", cert="server", more=()):
        words = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certs(cert), "-cert_chain", certs(cert),
                 "-key", certs.key(cert), "-www"]
        words += [w.format(f=certs.folder) for w in VARIANTS[variant]] + list(more)
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
        seen = b""
        for line in iter(self.process.stdout.readline, b""):
            seen += line
            found = re.match(rb"ACCEPT .*:([0-9]+)\s*$", line)
            if found:
                self.port = int(found.group(1))
                self.url = "https://localhost:%d/" % self.port
                return
        self.stop()
        raise RuntimeError("openssl s_server %s: %s" % (variant, seen.decode("utf-8", "replace")))

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.stop()


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in VARIANTS:
        sys.exit("usage: openssl_server.py VARIANT CERTS_FOLDER [CERT]\n\n%s\nVariants: %s" % (__doc__, " ".join(VARIANTS)))
    import certs
    with OpenSSLServer(certs.Certs(os.path.abspath(sys.argv[2])), *(sys.argv[1], ) + tuple(sys.argv[3:])) as server:
        print(json.dumps({"https": server.port, "pid": server.process.pid}), flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while os.read(0, 4096):
            pass


if __name__ == "__main__":
    main()
