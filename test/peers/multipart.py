"""A strict reader of multipart/form-data bodies (wire page 1.5)."""
import re

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")


class MultipartError(Exception):
    """The backend would answer 500 to this body."""


class Part:
    """One part: its headers (lower-case name to value), form name, file name or None, and where its content lies."""

    def __init__(self, headers, name, filename, start, end):
        self.headers, self.name, self.filename, self.start, self.end = headers, name, filename, start, end


def parameters(text):
    """'a; b=c; d="e"' -> (a, {b: c, d: e}); None where the grammar is broken."""
    head, _, rest = text.partition(";")
    found, at = {}, 0
    rest = ";" + rest if rest else ""
    while at < len(rest):
        m = re.compile(r';[ \t]*([^=;\s]+)=(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))[ \t]*').match(rest, at)
        if not m or m.group(1).lower() in found:
            return head.strip(), None
        quoted, bare = m.group(2), m.group(3)
        found[m.group(1).lower()] = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare
        at = m.end()
    return head.strip(), found


def boundary_of(content_type, complain):
    """The boundary of a multipart/form-data content type, or None."""
    kind, params = parameters(content_type)
    if kind.lower() != "multipart/form-data" or not params or "boundary" not in params:
        return None
    boundary = params["boundary"]
    if len(boundary) > 128 or not boundary:
        raise MultipartError("boundary of %d characters" % len(boundary))
    if not BOUNDARY.fullmatch(boundary):
        complain("boundary outside RFC 2046: %r" % boundary)
    if not TOKEN.fullmatch(boundary) and 'boundary="' not in content_type.lower().replace(" ", ""):
        complain("boundary needs quotes: %r" % content_type)
    if len(boundary) < 22:
        complain("boundary too short for 128 random bits: %r" % boundary)
    return boundary


def parse(data, boundary, complain):
    """The parts of a whole body (bytes or mmap). complain(detail): legal for the server, a defect of the client."""
    dash = b"--" + boundary.encode("latin-1")
    delimiter = b"\r\n" + dash
    if data[:len(dash)] != dash:
        raise MultipartError("does not start with the boundary: %r" % bytes(data[:80]))
    parts, at = [], len(dash)
    while True:
        mark = bytes(data[at:at + 2])
        if mark == b"--":
            tail = bytes(data[at + 2:at + 66])
            if tail != b"\r\n":
                complain("closing delimiter must be followed by CRLF and the end, not %r" % tail)
            return parts
        if mark != b"\r\n":
            raise MultipartError("boundary followed by %r" % mark)
        head_end = data.find(b"\r\n\r\n", at)
        if head_end < 0 or head_end - at > 16384:
            raise MultipartError("part headers without an end or above 16 KiB")
        headers = _headers(bytes(data[at + 2:head_end]), complain)
        start = head_end + 4
        end = data.find(delimiter, start)
        if end < 0:
            raise MultipartError("no closing delimiter")
        name, filename = _disposition(headers, complain)
        parts.append(Part(headers, name, filename, start, end))
        if len(parts) > 1024:
            raise MultipartError("more than 1024 parts")
        at = end + len(delimiter)


def _headers(block, complain):
    headers = {}
    for line in block.split(b"\r\n"):
        name, colon, text = line.partition(b":")
        if not colon or not TOKEN.fullmatch(name.decode("latin-1")):
            raise MultipartError("bad part header %r" % line)
        if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", text):
            complain("control character in part header %r" % line)
        try:
            decoded = text.decode("utf-8").strip(" \t")
        except UnicodeDecodeError:
            complain("part header is not UTF-8: %r" % line)
            decoded = text.decode("latin-1").strip(" \t")
        key = name.decode("latin-1").lower()
        if key in headers:
            complain("part header %s twice" % key)
        headers[key] = decoded
    if len(headers) > 16:
        raise MultipartError("more than 16 headers in a part")
    return headers


def _disposition(headers, complain):
    text = headers.get("content-disposition")
    if text is None:
        raise MultipartError("part without Content-Disposition")
    kind, params = parameters(text)
    if kind.lower() != "form-data" or params is None or "name" not in params:
        raise MultipartError("bad Content-Disposition %r" % text)
    if 'name="' not in text:
        complain("part name is not quoted: %r" % text)
    for extra in set(headers) - {"content-disposition", "content-type"}:
        complain("unexpected part header %s" % extra)
    for extra in set(params) - {"name", "filename", "filename*"}:
        complain("unexpected parameter %s in %r" % (extra, text))
    return params["name"], params.get("filename")
