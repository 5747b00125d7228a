"""For the stand-in's own tests: a client on raw sockets that shows every byte, and the vectors of the wire page."""
import json
import os
import re
import socket
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import peer  # noqa: E402

J, P = "6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10", "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381"
W, F = "c0ffee00-1234-4abc-8def-0123456789ab", "a7d3e5f1-0b29-4c88-93e4-1f2d3c4b5a69"
NIL = "00000000-0000-0000-0000-000000000000"
GUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
V5_STEPS = [
    {"name": "Bootstrap", "number": 0, "start": "2021-03-04T05:06:08.1Z", "end": "2021-03-04T05:06:10.25Z", "state": 2,
     "fragments": [{"id": F, "created": "2021-03-04T05:06:10.2Z", "name": "Console Log", "filename": "0_console.log", "type": 1}]},
    {"name": "Größe lernen", "number": 1, "start": "2021-03-04T05:06:11Z", "state": 1,
     "docker": {"buildConfiguration": {"context": "./docker/", "dockerfile": "fit.dockerfile", "properties": {"cache": True}},
                "command": "python fit.py --lr 1e-3", "properties": {"shm": "1g", "note": None}},
     "metrics": {"loss": 1.5e-05, "epoch": 12, "acc": 1.0, "best": None, "diverged": float("nan"), "ok": True, "tag": "läuft",
                 "big": 9223372036854775807}},
    {"name": "Report", "number": 2, "state": 0, "docker": {"image": "py:3"}}]
PROJECT = {"name": "forecast", "gitRepository": "ssh://git@git.example/team/pipe.git", "id": P}
V5 = {"id": J, "created": "2021-03-04T05:06:07.089Z", "state": 1, "initiator": 0, "project": PROJECT, "steps": V5_STEPS}
V5_TEXT = (
    '{"id":"6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10","created":"2021-03-04T05:06:07.089Z","state":1,"initiator":0,"project":{'
    '"name":"forecast","gitRepository":"ssh://git@git.example/team/pipe.git","id":"2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381"},'
    '"steps":[{"name":"Bootstrap","number":0,"start":"2021-03-04T05:06:08.1Z","end":"2021-03-04T05:06:10.25Z","state":2,'
    '"fragments":[{"id":"a7d3e5f1-0b29-4c88-93e4-1f2d3c4b5a69","created":"2021-03-04T05:06:10.2Z","name":"Console Log",'
    '"filename":"0_console.log","type":1}]},{"name":"Größe lernen","number":1,"start":"2021-03-04T05:06:11Z","state":1,'
    '"docker":{"buildConfiguration":{"context":"./docker/","dockerfile":"fit.dockerfile","properties":{"cache":true}},'
    '"command":"python fit.py --lr 1e-3","properties":{"shm":"1g","note":null}},"metrics":{"loss":1.5E-05,"epoch":12,'
    '"acc":1.0,"best":null,"diverged":"NaN","ok":true,"tag":"läuft","big":9223372036854775807}},{"name":"Report",'
    '"number":2,"state":0,"docker":{"image":"py:3"}}]}')
V8 = (b'[{"name":"Fit","docker":{"buildConfiguration":{"context":"./docker/","dockerfile":"fit.dockerfile"},'
      b'"command":"python fit.py"}},{"name":"Report","docker":{"image":"py:3"}}]')
BOUNDARY = "----mlc0123456789abcdef01234567"


def upload_body(filename="3_console.log", content=b"line one\nline two\n", name="Console Log", kind="1", boundary=BOUNDARY):
    """R3."""
    text = ""
    for part, value in (("Name", name), ("Filename", filename), ("Type", kind)):
        text += '--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, part, value)
    text += '--%s\r\nContent-Disposition: form-data; name="BinaryData"; filename="%s"\r\n' \
            "Content-Type: application/octet-stream\r\n\r\n" % (boundary, filename)
    return text.encode("utf-8") + content + ("\r\n--%s--\r\n" % boundary).encode()


class Answer:
    """One parsed reply; body with the chunks removed (None when they are broken or cut)."""

    def __init__(self, data, head_only=False):
        self.raw = data
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if lines[0] else None
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.names = {k.lower(): v for k, v in self.headers}
        self.body = rest if head_only else self._body(rest)
        self.type = self.names.get("content-type")

    def _body(self, rest):
        if self.names.get("transfer-encoding") != "chunked":
            length = self.names.get("content-length")
            return rest if length is None or len(rest) == int(length) else None
        out = b""
        while True:
            m = re.match(rb"([0-9A-Fa-f]+)(?: ?;[^\r\n]*)?\r\n", rest)
            if not m:
                return None
            size, rest = int(m.group(1), 16), rest[m.end():]
            if size == 0:
                return out if rest.endswith(b"\r\n") else None
            if rest[size:size + 2] != b"\r\n":
                return None
            out, rest = out + rest[:size], rest[size + 2:]

    @property
    def text(self):
        return None if self.body is None else self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.text)


class ServerCase(unittest.TestCase):
    """One server for the whole class; every test must say which violations it expects (self.expect)."""

    options = {"hold_ms": 300}
    certs = None

    @classmethod
    def setUpClass(cls):
        cls.server = peer.Mlcycle(cls.certs, check=False, **cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.server.reset()
        self.server.config(hold_ms=300, allow=[], tz_min=0, redirect_https=False)

    def raw(self, data, port=None, timeout=10):
        """Sends bytes, reads to the end."""
        with socket.create_connection(("127.0.0.1", port or self.server.ports["http"]), timeout) as sock:
            sock.sendall(data)
            return self.drain(sock)

    @staticmethod
    def drain(sock):
        out = b""
        try:
            while True:
                piece = sock.recv(65536)
                if not piece:
                    return out
                out += piece
        except ConnectionResetError:
            return out

    def request(self, method, path, body=None, kind="application/json", headers=(), connection="close"):
        """The bytes of a request as a good client writes it."""
        lines = ["%s /api%s HTTP/1.1" % (method, path), "Host: 127.0.0.1:%d" % self.server.ports["http"], "Accept: */*",
                 "Accept-Encoding: identity"] + ["%s: %s" % h for h in headers]
        if connection:
            lines.append("Connection: " + connection)
        if body is not None:
            lines.append("Content-Type: " + kind)
        if method in ("POST", "PUT"):
            lines.append("Content-Length: %d" % len(body or b""))
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")

    def ask(self, *args, **more):
        return Answer(self.raw(self.request(*args, **more)), args[0] == "HEAD")

    def upload(self, path, body, boundary=BOUNDARY, **more):
        return self.ask("POST", path, body, kind="multipart/form-data; boundary=" + boundary, **more)

    def expect(self, *kinds):
        """Exactly these kinds of violation (each at least once), then forget them."""
        found = self.server.violations()
        self.assertEqual(set(kinds), {v["kind"] for v in found}, found)
        self.server.forget_violations()

    def running_job(self, **change):
        self.server.seed(jobs=[dict(V5, **change)])

    def check_problem(self, answer, status, title=None, section=None):
        self.assertEqual((status, "application/problem+json; charset=utf-8"), (answer.status, answer.type))
        if title is None:
            self.assertEqual('{"type":"about:blank","status":%d}' % status, answer.text)
        else:
            self.assertRegex(answer.text, r'^\{"type":"https://tools.ietf.org/html/rfc7231#section-%s","title":"%s","status":%d,'
                                          r'"traceId":"0HLX[0-9A-F]+:[0-9A-F]{8}"\}$' % (re.escape(section), title, status))

    def check_text(self, answer, status, text):
        self.assertEqual((status, "text/plain; charset=utf-8", text), (answer.status, answer.type, answer.text))
