"""HTTP/1.1 on raw sockets: strict about every request, and in full control of the bytes of every reply."""
import contextlib
import email.utils
import hashlib
import mmap
import re
import select
import socket
import ssl
import struct
import tempfile
import threading
import time
import traceback
from urllib.parse import unquote_to_bytes

import faults as fault_rules
from multipart import TOKEN
from routes import Reply

REASONS = {100: "Continue", 102: "Processing", 103: "Early Hints", 200: "OK", 301: "Moved Permanently", 302: "Found",
           307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 404: "Not Found",
           405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict",
           411: "Length Required", 413: "Payload Too Large", 414: "URI Too Long", 415: "Unsupported Media Type",
           431: "Request Header Fields Too Large", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable", 504: "Gateway Timeout"}
LINE_MAX, HEAD_MAX, HEADERS_MAX = 8192, 32768, 100
JSON_MAX = 30000000
SPOOL_MAX = 8 << 20  # a longer request body goes to a temporary file
KNOWN_HEADERS = {"host", "accept", "accept-encoding", "content-length", "content-type", "connection", "user-agent",
                 "transfer-encoding", "expect"}
PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "via"}
SINGLE = {"host", "content-length", "content-type", "transfer-encoding", "connection", "accept", "accept-encoding",
          "user-agent", "expect"}


class Rejected(Exception):
    """A request-level rejection: empty body, connection closed (0.6)."""

    def __init__(self, status):
        Exception.__init__(self, str(status))
        self.status = status


class Gone(Exception):
    """The connection ended or must end now."""


class Spool:
    """A temporary file shared by the fragments cut out of it."""

    def __init__(self, file):
        self.file, self.lock = file, threading.Lock()


class Body:
    """A received request body: in memory, or in a temporary file when it is long."""

    def __init__(self):
        self.length, self.digest, self.head = 0, hashlib.sha256(), b""
        self.file = tempfile.SpooledTemporaryFile(SPOOL_MAX)

    def feed(self, data):
        self.length += len(data)
        self.digest.update(data)
        if len(self.head) < 4096:
            self.head += bytes(data[:4096 - len(self.head)])
        self.file.write(data)

    def read(self):
        self.file.seek(0)
        return self.file.read()

    @contextlib.contextmanager
    def mapped(self):
        """The whole body as something with find() and slices, without a copy of a long one."""
        if self.length <= SPOOL_MAX:
            yield self.read()
            return
        self.file.flush()
        with mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield view

    def share(self, start, length):
        """A part of the body as a fragment's content."""
        if self.length <= SPOOL_MAX:
            return self.read()[start:start + length]
        return Spool(self.file), start, length


class Request:
    """One parsed request."""

    def __init__(self, connection, method, target, headers):
        self.connection, self.method, self.target, self.headers = connection, method, target, headers
        self.server, self.scheme = connection.server, connection.scheme
        self.body, self.operation, self.violations = Body(), None, []
        path, mark, query = target.partition("?")
        self.path, self.raw_query = path, query
        self.raw_segments = path.split("/")[1:]
        if len(self.raw_segments) > 1 and self.raw_segments[-1] == "":
            self.raw_segments.pop()  # a trailing slash is accepted
        self.segments = [self._decode(s) for s in self.raw_segments]
        if "." in self.segments or ".." in self.segments:
            self.violate("path", "dot segment")
            self._remove_dots()
        self.query = [tuple(self._decode(p) for p in pair.partition("=")[::2]) for pair in query.split("&")] if mark else []
        self.trace = "0HLX%X:%08X" % (connection.number, connection.requests)

    def _remove_dots(self):
        kept = []
        for raw, segment in zip(self.raw_segments, self.segments):
            if segment == "..":
                kept = kept[:-1]
            elif segment != ".":
                kept.append((raw, segment))
        self.raw_segments, self.segments = [k[0] for k in kept], [k[1] for k in kept]

    def header(self, name):
        return next((v for k, v in self.headers if k.lower() == name), None)

    def violate(self, kind, detail):
        self.violations.append(kind)
        self.server.violate(kind, detail, "%s %s" % (self.method, self.target))

    def own_url(self, scheme):
        host = (self.header("host") or "localhost").rsplit(":", 1)[0]
        port = self.server.ports.get(scheme, 0)
        return "%s://%s:%d%s" % (scheme, host, port, self.target)

    def check_name(self):
        """The {name} segment: everything but unreserved characters is percent-encoded, and no slash (0.5)."""
        raw = self.raw_segments[-1]
        if re.search("%2f", raw, re.I):
            self.violate("encoding", "%%2F in a file name can never match: %r" % raw)
        if not re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+", raw):
            self.violate("encoding", "file name %r is not fully percent-encoded" % raw)
        if re.search(r"%(?:2D|2E|5F|7E|3\d|[46][1-9A-F]|[57][0-9A])", raw):
            self.violate("encoding", "needless percent-encoding in %r" % raw)

    def _decode(self, text):
        if "%" not in text:
            return text
        if re.search("%(?![0-9A-Fa-f]{2})", text):
            self.violate("encoding", "bad percent sequence in %r" % text)
        if re.search("%00", text):
            raise Rejected(400)
        data = b"%2F".join(unquote_to_bytes(p) for p in re.split("%2[fF]", text))
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            self.violate("encoding", "percent sequences are not UTF-8: %r" % text)
            return text


class Connection:
    """One accepted connection, served by one thread."""

    def __init__(self, server, sock, scheme, number):
        self.server, self.sock, self.scheme, self.number = server, sock, scheme, number
        self.buffer, self.requests, self.idle = bytearray(), 0, True
        self.tls = None

    # reading --------------------------------------------------------------------------------------

    def _fill(self, timeout, status_on_timeout=None):
        """Reads some bytes. False at the end of the stream."""
        self.sock.settimeout(timeout)
        try:
            data = self.sock.recv(262144)
        except (socket.timeout, ssl.SSLWantReadError):
            if status_on_timeout is None:
                raise Gone("idle")
            raise Rejected(status_on_timeout)
        except ssl.SSLEOFError:
            self.server.event("tls-eof-without-close-notify", self.number)
            return False
        except OSError as e:
            raise Gone(str(e))
        self.buffer += data
        return bool(data)

    def _read_head(self):
        self.idle = not self.buffer
        limit = self.server.config["idle_ms"] / 1000.0
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            line_end = self.buffer.find(b"\r\n", 0, LINE_MAX + 2)
            if line_end < 0 and len(self.buffer) > LINE_MAX:
                raise Rejected(414)
            if (end < 0 and len(self.buffer) - max(line_end, 0) > HEAD_MAX) or end - line_end > HEAD_MAX:
                raise Rejected(431)
            if end >= 0:
                head = bytes(self.buffer[:end])
                del self.buffer[:end + 4]
                return head
            started = bool(self.buffer)
            if not self._fill(10.0 if started else limit, 408 if started else None):
                if self.buffer:
                    self.server.event("request-cut", self.number)
                raise Gone("end")
            self.idle = False

    def _parse(self, head):
        complain = lambda detail: self.server.violate("http", detail, head[:200].decode("latin-1"))
        if b"\0" in head or re.search(rb"(?<!\r)\n|\r(?!\n)", head):
            complain("bare CR, LF or NUL in the head")
            raise Rejected(400)
        lines = head.decode("latin-1").split("\r\n")
        m = re.fullmatch(r"([!-~]+) ([!-~]+) (HTTP/1\.[01])", lines[0])
        if not m or not TOKEN.fullmatch(m.group(1)):
            complain("bad request line %r" % lines[0])
            raise Rejected(400)
        method, target, version = m.groups()
        if version != "HTTP/1.1":
            complain("version %s" % version)
        if not target.startswith("/") or "#" in target:
            complain("target %r is not in origin form" % target)
            raise Rejected(400)
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not TOKEN.fullmatch(name) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
                complain("bad header line %r" % line)
                raise Rejected(400)
            headers.append((name, value.strip(" \t")))
        if len(headers) > HEADERS_MAX:
            raise Rejected(431)
        return method, target, headers

    def _check_headers(self, request):
        names = [n.lower() for n, _ in request.headers]
        for name in SINGLE:
            if names.count(name) > 1:
                request.violate("http", "header %s sent %d times" % (name, names.count(name)))
                if name in ("host", "content-length"):
                    raise Rejected(400)
        for name in sorted(set(names) - KNOWN_HEADERS - (PROXY_HEADERS if self.server.config["proxied"] else set())):
            request.violate("header", "unexpected header %s" % name)
        self._check_host(request)
        if "*/*" not in (request.header("accept") or ""):
            request.violate("accept", "Accept is %r, must hold */*" % request.header("accept"))
        if request.header("accept-encoding") != "identity":
            request.violate("accept-encoding", "Accept-Encoding is %r, not identity" % request.header("accept-encoding"))
        if (request.header("connection") or "close").lower() not in ("close", "keep-alive"):
            request.violate("connection", "Connection is %r" % request.header("connection"))
        if request.header("expect") is not None:
            request.violate("expect", "Expect must not be sent")

    def _check_host(self, request):
        host = request.header("host")
        if not host:
            request.violate("host", "no Host")
            raise Rejected(400)
        port = self.server.ports.get(self.scheme)
        default = {"http": 80, "https": 443}.get(self.scheme)
        right = {"%s:%s" % (h, port) for h in ("127.0.0.1", "localhost", "[::1]")} | set(self.server.config["hosts"])
        if port == default:
            right |= {"127.0.0.1", "localhost", "[::1]"}
        if self.scheme == "unix":
            right.add("localhost")
        if host not in right and "*" not in right:
            request.violate("host", "Host %r is none of %s" % (host, sorted(right)))

    def _read_body(self, request, fault):
        length, coding = request.header("content-length"), request.header("transfer-encoding")
        if coding is not None:
            if length is not None:
                request.violate("http", "both Content-Length and Transfer-Encoding")
                raise Rejected(400)
            if coding.lower() != "chunked":
                request.violate("http", "Transfer-Encoding %r" % coding)
                raise Rejected(400)
        elif length is None:
            if request.method in ("POST", "PUT", "PATCH"):
                request.violate("content-length", "neither Content-Length nor Transfer-Encoding")
                raise Rejected(411)
            return
        elif not re.fullmatch("[0-9]{1,18}", length):
            request.violate("http", "Content-Length %r" % length)
            raise Rejected(400)
        upload = (request.header("content-type") or "").lower().startswith("multipart/")
        limit = 1 << 62 if upload else self.server.config["json_max"]
        if length is not None and int(length) > limit:
            raise Rejected(413)
        if (request.header("expect") or "").lower() == "100-continue":
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(fault.get("read_stall_ms", 0) / 1000.0)
        pace = fault.get("read_bytes_per_s")
        if coding is not None:
            self._read_chunked(request, limit, pace)
        else:
            self._read_exactly(int(length), request.body.feed, pace)

    def _more(self):
        if not self._fill(self.server.config["body_ms"] / 1000.0, 408):
            self.server.event("request-cut", self.number)
            raise Gone("cut")

    def _read_exactly(self, count, sink, pace=None):
        while count:
            if not self.buffer:
                self._more()
            piece = self.buffer[:min(count, pace or count)]
            del self.buffer[:len(piece)]
            sink(piece)
            count -= len(piece)
            if pace and count:
                time.sleep(len(piece) / float(pace))

    def _read_line(self):
        while True:
            at = self.buffer.find(b"\n")
            if at >= 0:
                line = bytes(self.buffer[:at + 1])
                del self.buffer[:at + 1]
                return line
            if len(self.buffer) > 4096:
                raise Rejected(400)
            self._more()

    def _read_chunked(self, request, limit, pace):
        while True:
            line = self._read_line()
            m = re.fullmatch(rb"([0-9A-Fa-f]{1,15})(;[^\r\n]*)?\r\n", line)
            if not m:
                request.violate("http", "bad chunk size line %r" % line[:40])
                raise Rejected(400)
            if m.group(2):
                request.violate("http", "chunk extension %r" % line[:40])
            size = int(m.group(1), 16)
            if request.body.length + size > limit:
                raise Rejected(413)
            if not size:
                break
            self._read_exactly(size, request.body.feed, pace)
            if self._read_line() != b"\r\n":
                request.violate("http", "chunk data not followed by CRLF")
                raise Rejected(400)
        if self._read_line() != b"\r\n":
            request.violate("http", "trailer or missing end after the last chunk")
            raise Rejected(400)

    # writing --------------------------------------------------------------------------------------

    def _send(self, data, fault=None):
        fault = fault or {}
        self.sock.settimeout(self.server.config["send_ms"] / 1000.0)
        view, size, pause = memoryview(data), 262144, 0.0
        if fault.get("cut_after") is not None:
            view = view[:fault["cut_after"]]
        if fault.get("segment"):
            size, pause = fault["segment"], fault.get("pause_ms", 0) / 1000.0
        if fault.get("bytes_per_s"):
            size = max(1, fault["bytes_per_s"] // 20) if not fault.get("segment") else size
            pause = size / float(fault["bytes_per_s"])
        try:
            for at in range(0, len(view), size):
                if at and pause:
                    time.sleep(pause)
                self.sock.sendall(view[at:at + size])
        except OSError as e:
            self.server.event("reply-not-taken", self.number)
            raise Gone(str(e))

    def _head(self, reply, framing, close):
        lines = ["HTTP/1.%d %d %s" % (0 if framing == ["HTTP/1.0"] else 1, reply.status, REASONS.get(reply.status, "Status")),
                 "Date: " + email.utils.formatdate(usegmt=True)]
        if reply.kind:
            lines.append("Content-Type: " + reply.kind)
        lines.append("Server: " + getattr(reply, "server", "Kestrel"))
        lines += [f for f in framing if ":" in f]
        lines += ["%s: %s" % h for h in reply.headers]
        if close:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def reply(self, reply, request=None, fault=None, close=False):
        """Sends one reply, with whatever the fault does to it. True when the connection lives on."""
        fault = fault or {}
        fault_rules.alter(reply, fault)
        for code in fault.get("interim", ()):
            self._send(("HTTP/1.1 %d %s\r\n%s\r\n" % (code, REASONS.get(code, "Early"),
                                                      "Link: </x>\r\n" if code == 103 else "")).encode(), fault)
        close = close or reply.close or (request is not None and (request.header("connection") or "").lower() == "close")
        head_only = request is not None and request.method == "HEAD"
        style, cut = fault.get("framing"), None
        if reply.body is None and reply.pieces is None and not style:
            framing, payload = ["Content-Length: 0"], b""
        elif style or getattr(reply, "fixed", False):
            body = reply.body or b""
            framing = {"close": [], "http10": ["HTTP/1.0"], "both": ["Content-Length: %d" % len(body), "Transfer-Encoding: chunked"],
                       "two-lengths": ["Content-Length: %d" % len(body), "Content-Length: %d" % (len(body) + 1)],
                       }.get(style, ["Content-Length: %d" % len(body)])
            payload = fault_rules.chunked(body, "good:4096") if style == "both" else body
            cut, close = style in ("close", "http10"), close or style in ("close", "http10")
        elif fault.get("chunks"):
            framing, payload = ["Transfer-Encoding: chunked"], fault_rules.chunked(reply.body, fault["chunks"])
            cut = fault["chunks"] not in ("extensions", "trailers", "bytes") and not fault["chunks"].startswith("good:")
        else:
            framing, payload = ["Transfer-Encoding: chunked"], reply.framed
            if payload is None and reply.pieces is None:
                payload = fault_rules.chunked(reply.body, "good:16384")
        head = self._head(reply, framing, close and style not in ("close", "http10"))
        if fault.get("truncate_body") is not None:
            payload, cut = self._truncated(reply.body or b"", framing, fault["truncate_body"]), True
        if head_only:
            payload = b""
        if payload is None:
            self._stream(head, reply.pieces, fault)
        elif len(payload) < 65536:
            self._send(head + payload, fault)
        else:
            self._send(head, fault)
            self._send(payload, fault)
        return not (close or cut or fault.get("cut_after") is not None or fault.get("close_after"))

    @staticmethod
    def _truncated(body, framing, keep):
        if "Transfer-Encoding: chunked" in framing:
            return b"%x\r\n" % len(body) + body[:keep]
        return body[:keep]

    def _stream(self, head, pieces, fault):
        """A download: chunk by chunk, nothing known in advance."""
        if fault.get("cut_after") is not None or fault.get("segment") or fault.get("bytes_per_s"):
            self._send(head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n", fault)
            return
        pending = head
        for piece in pieces:
            self._send(b"".join((pending, b"%x\r\n" % len(piece), piece, b"\r\n")))
            pending = b""
        self._send(pending + b"0\r\n\r\n")

    # the life of a connection -----------------------------------------------------------------------

    def serve(self):
        try:
            if self._before() is not False:
                while self._one():
                    self.requests += 1
                self._linger()
        except Rejected as r:
            self._try_reject(r.status)
        except Gone:
            pass
        except OSError as e:
            self.server.event("connection-error: %s" % e, self.number)
        except Exception:  # a defect of this program must fail the test that met it
            self.server.violate("stand-in", traceback.format_exc(), "connection %d" % self.number)
        finally:
            self.close()

    def _before(self):
        """Connection faults and the TLS handshake. False when the connection is to be closed."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fault = self.server.faults.take_connection()
        if fault:
            time.sleep(fault.get("delay_ms", 0) / 1000.0)
            if fault.get("raw"):
                self.sock.sendall(fault["raw"].encode("latin-1"))
            if fault.get("rst"):
                self.reset()
            if fault.get("drop") or fault.get("raw") or fault.get("rst"):
                return False
        if self.scheme != "https":
            return True
        self.sock.settimeout(10.0)
        try:
            self.sock = self.server.tls.wrap_socket(self.sock, server_side=True, suppress_ragged_eofs=False)
        except (OSError, ValueError) as e:
            self.server.event("tls-handshake: %s" % e, self.number)
            return False
        self.tls = {"version": self.sock.version(), "cipher": self.sock.cipher()[0], "reused": self.sock.session_reused,
                    "alpn": self.sock.selected_alpn_protocol(), "sni": getattr(self.sock, "berth_sni", None)}
        if self.tls["alpn"] == "h2":
            self.server.violate("tls", "h2 offered by ALPN", "handshake")
        return True

    def _one(self):
        """One request and its reply. True when the connection can serve another."""
        method, target, headers = self._parse(self._read_head())
        request = Request(self, method, target, headers)
        fault, started = self.server.faults.take(method, target), time.time()
        entry = self.server.log(request, fault, started)
        self.close_notify = not fault.get("no_close_notify")
        status = None
        try:
            self._check_headers(request)
            if fault.get("drop") == "head":
                return self._drop(fault)
            if self.server.config["redirect_https"] and self.scheme == "http":
                status = 307
                self.reply(Reply(307, headers=[("Location", request.own_url("https"))]), request)
                self._read_body(request, {})
                return (request.header("connection") or "").lower() != "close"
            self._read_body(request, fault)
            if self.buffer:
                request.violate("http", "bytes sent after the request, before its reply: %r" % bytes(self.buffer[:40]))
            if fault.get("drop") == "read":
                return self._drop(fault)
            return self._answer(request, fault, entry)
        except Rejected as r:
            status = r.status
            raise
        finally:
            self.server.log_end(entry, request, status)

    def _answer(self, request, fault, entry):
        time.sleep(fault.get("delay_ms", 0) / 1000.0)
        reply = fault_rules.canned(fault, request)
        if reply is None or fault.get("handle"):
            real = self.server.handle(request)
            if reply is None:
                reply = real
                reply.headers += [tuple(h) for h in fault.get("headers", ())]
        self.server.log_end(entry, request, reply.status)  # before the client can know that it was served
        time.sleep(fault.get("reply_delay_ms", 0) / 1000.0)
        if fault.get("drop") == "handle":
            return self._drop(fault)
        if "raw" in fault:
            self._send(fault["raw"].encode("latin-1"), fault)
            return False
        alive = self.reply(reply, request, fault)
        if fault.get("close_after"):
            wait = re.fullmatch("ms:([0-9]+)", str(fault["close_after"]))
            time.sleep(int(wait.group(1)) / 1000.0 if wait else 0)
        if not alive and fault.get("rst"):
            self.reset()
        return alive

    def _drop(self, fault):
        if fault.get("rst"):
            self.reset()
        return False

    def reset(self):
        """The close that follows will be a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.linger = False

    linger = close_notify = True

    def _linger(self):
        """Lets the peer read the last bytes although it may still be sending."""
        if not self.linger:
            return
        try:
            if self.tls and self.close_notify:
                self.sock.settimeout(2.0)
                with contextlib.suppress(OSError, ValueError):
                    self.sock = self.sock.unwrap()
            self.sock.shutdown(socket.SHUT_WR)
            end = time.monotonic() + 2.0
            while time.monotonic() < end and select.select([self.sock], [], [], 0.5)[0] and self.sock.recv(65536):
                pass
        except (OSError, ValueError):
            pass

    def _try_reject(self, status):
        try:
            self.reply(Reply(status, close=True))
            self._linger()
        except (Gone, OSError):
            pass

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.close()
        self.server.gone(self)


class Listener:
    """Accepts connections of one scheme on one socket."""

    def __init__(self, server, scheme, sock):
        self.server, self.scheme, self.sock = server, scheme, sock

    def run(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            connection = self.server.accepted(sock, self.scheme)
            threading.Thread(target=connection.serve, daemon=True).start()


def listen(address, port):
    """A listening socket: an IPv4 or IPv6 address, or a path with port None."""
    if port is None:
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(address)
    else:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
    sock.listen(128)
    return sock
