"""An HTTP proxy for tests, inside the test's own process: CONNECT for https, absolute form for http.

    with proxy.Proxy() as p:
        run_berth([..., "--proxy", p.url])
        p.seen      # ["CONNECT localhost:4443", "GET http://127.0.0.1:8080/api/jobs"]
        p.problems  # what a good client does not do
"""
import base64
import contextlib
import re
import socket
import threading

DROPPED = ("connection", "proxy-connection", "proxy-authorization", "keep-alive")


class Proxy:
    """refuse: a status that every request gets; user: "name:password" to demand; silent: accept, read and never answer."""

    def __init__(self, refuse=None, user=None, silent=False):
        self.refuse, self.user, self.silent = refuse, user, silent
        self.seen, self.problems, self.open = [], [], set()
        self.sock = socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(64)
        self.port = self.sock.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        for sock in [self.sock] + list(self.open):
            with contextlib.suppress(OSError):
                sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.sock.accept()
                self.open.add(sock)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            with sock:
                self._one(sock)
        except OSError:
            pass
        finally:
            self.open.discard(sock)

    def _one(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target = lines[0].split(" ")[:2]
        headers = [tuple(re.split(": *", line, maxsplit=1)) for line in lines[1:]]
        names = {k.lower(): v for k, v in headers}
        self.seen.append("%s %s" % (method, target))
        if self.silent:
            while sock.recv(65536):
                pass
            return
        if self.user and names.get("proxy-authorization") != "Basic " + base64.b64encode(self.user.encode()).decode():
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n")
        elif self.refuse:
            sock.sendall(b"HTTP/1.1 %d Refused\r\nContent-Type: text/html\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
                         b"<h1>no</h1>" % self.refuse)
        elif method == "CONNECT":
            self._tunnel(sock, target, names, rest)
        else:
            self._forward(sock, method, target, headers, names, rest)

    def _tunnel(self, sock, target, names, rest):
        m = re.fullmatch(r"(\[[0-9a-f:]+\]|[^:/]+):([0-9]+)", target)
        if not m or names.get("host") != target:
            self.problems.append("CONNECT %r with Host %r" % (target, names.get("host")))
        if rest:
            self.problems.append("bytes after CONNECT before its reply")
        unwanted = set(names) - {"host", "user-agent", "proxy-authorization", "proxy-connection"}
        if unwanted:
            self.problems.append("headers on CONNECT: %s" % sorted(unwanted))
        far = self._connect(sock, m.group(1).strip("[]"), int(m.group(2))) if m else None
        if far:
            with far:
                sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._shuttle(sock, far, rest)

    def _forward(self, sock, method, target, headers, names, rest):
        m = re.fullmatch(r"http://((\[[0-9a-f:]+\]|[^:/]+)(?::([0-9]+))?)(/.*)", target)
        if not m or names.get("host") != m.group(1):
            self.problems.append("%s %r with Host %r" % (method, target, names.get("host")))
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        far = self._connect(sock, m.group(2).strip("[]"), int(m.group(3) or 80))
        if not far:
            return
        lines = ["%s %s HTTP/1.1" % (method, m.group(4))] + ["%s: %s" % h for h in headers if h[0].lower() not in DROPPED]
        with far:
            far.sendall(("\r\n".join(lines + ["Connection: close"]) + "\r\n\r\n").encode("latin-1") + rest)
            self._shuttle(sock, far, b"")

    @staticmethod
    def _connect(sock, host, port):
        try:
            # A bare root folder has no hosts file; localhost is what it always is (RFC 6761).
            return socket.create_connection(("127.0.0.1" if host == "localhost" else host, port), 10)
        except OSError:
            sock.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return None

    @staticmethod
    def _shuttle(near, far, first):
        if first:
            far.sendall(first)
        up = threading.Thread(target=_copy, args=(near, far), daemon=True)
        up.start()
        _copy(far, near)
        up.join(2)


def _copy(source, target):
    with contextlib.suppress(OSError):
        while True:
            piece = source.recv(65536)
            if not piece:
                break
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
