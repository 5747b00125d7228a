"""Faults on demand: which request gets which trouble, and what the trouble does to the bytes of a reply."""
import gzip
import json
import re
import threading

import wirejson as wj
from routes import Reply

# every key that a fault rule may hold, with what it does (printed by --help-faults)
KEYS = {
    "method": "regular expression for the whole method; absent: any",
    "path": "regular expression searched in the request target; absent: any",
    "count": "how many matching requests get it; 0: all from now on (1)",
    "skip": "how many matching requests pass untouched before (0)",
    "connection": "true: applies to a new connection before anything is read (with drop, rst, delay_ms, raw)",
    "delay_ms": "wait before the operation is done",
    "reply_delay_ms": "wait after the operation, before the reply",
    "read_bytes_per_s": "read the request body no faster than this",
    "read_stall_ms": "wait before the request body is read",
    "drop": "close without a reply: 'head' after the head, 'read' after the body, 'handle' after doing the operation",
    "rst": "true: closes of this fault are resets, not orderly",
    "no_close_notify": "true: over TLS, the close comes without close_notify",
    "handle": "true: a canned reply comes after really doing the operation (false)",
    "nginx": "413, 502, 503, 504 ...: nginx's HTML error instead of the operation",
    "html": "true: 200 text/html, the single-page shell",
    "status": "status of a canned reply",
    "headers": "list of [name, value]: of a canned reply, else added to the real one",
    "body": "text of a canned reply",
    "redirect": "'https', 'http', 'loop' or a whole URL: Location; status 307 unless given",
    "raw": "latin-1 text sent instead of everything, then closed",
    "interim": "list of 1xx codes sent before the reply",
    "variant": "list of escape, nulls, extras, enum42, reverse, spaces, upper-ids: rewrites a JSON body",
    "quoted": "true: a text error comes as a quoted JSON string",
    "gzip": "true: Content-Encoding: gzip although nobody asked",
    "giant_header": "adds a header with a value of this many bytes",
    "many_headers": "adds this many headers",
    "framing": "length, close, both (length and chunked), two-lengths, http10",
    "chunks": "bad-size, negative, huge, no-crlf, bare-lf, short, extensions, trailers, no-end, empty-size, bytes, good:N",
    "truncate_body": "only this many bytes of body, then closed",
    "cut_after": "only this many bytes of the whole reply, then closed",
    "segment": "writes of this many bytes each (with TCP_NODELAY)",
    "pause_ms": "pause between such writes",
    "bytes_per_s": "slow drip",
    "close_after": "closes after the reply without saying so (stale keep-alive); 'ms:N' waits first",
}

NGINX = {301: "301 Moved Permanently", 400: "400 Bad Request", 405: "405 Not Allowed",
         413: "413 Request Entity Too Large", 414: "414 Request-URI Too Large", 500: "500 Internal Server Error",
         502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable", 504: "504 Gateway Time-out"}
SHELL = "<!doctype html><html><head><title>mlcycle</title></head><body><app-root></app-root></body></html>"


class Faults:
    """The rules in force; take() hands out the one for a request and counts it down."""

    def __init__(self):
        self.lock, self.rules, self.taken = threading.Lock(), [], 0

    def add(self, rule):
        unknown = sorted(set(rule) - set(KEYS))
        if unknown:
            raise ValueError("unknown fault key %s" % ", ".join(unknown))
        for key in ("method", "path"):
            re.compile(rule.get(key) or "")
        rule = dict(rule, count=rule.get("count", 1), skip=rule.get("skip", 0), seen=0)
        with self.lock:
            self.rules.append(rule)

    def clear(self):
        with self.lock:
            self.rules = []

    def dump(self):
        with self.lock:
            return [dict(r) for r in self.rules]

    def take(self, method, target):
        return self._take(lambda r: not r.get("connection") and re.fullmatch(r.get("method") or ".*", method)
                          and re.search(r.get("path") or "", target))

    def take_connection(self):
        return self._take(lambda r: r.get("connection"))

    def _take(self, wanted):
        with self.lock:
            for rule in self.rules:
                if not wanted(rule):
                    continue
                if rule["skip"]:
                    rule["skip"] -= 1
                    continue
                rule["seen"] += 1
                if rule["count"] and rule["seen"] >= rule["count"]:
                    self.rules = [r for r in self.rules if r is not rule]
                self.taken += 1
                return rule
            return {}


def canned(fault, request):
    """The reply that a fault puts in the operation's place, or None."""
    extra = [tuple(h) for h in fault.get("headers", ())]
    if "nginx" in fault:
        title = NGINX.get(fault["nginx"], "%d Error" % fault["nginx"])
        text = "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n" \
               "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n" % (title, title)
        reply = Reply(fault["nginx"], "text/html", text.encode(), extra)
        reply.server, reply.fixed = "nginx", True
        return reply
    if fault.get("html"):
        reply = Reply(200, "text/html", SHELL.encode(), extra)
        reply.server, reply.fixed = "nginx", True
        return reply
    if "redirect" in fault:
        where = {"https": request.own_url("https"), "http": request.own_url("http"),
                 "loop": request.own_url(request.scheme)}.get(fault["redirect"], fault["redirect"])
        return Reply(fault.get("status", 307), None, None, extra + [("Location", where)])
    if "status" in fault or "body" in fault:
        kind = next((v for k, v in extra if k.lower() == "content-type"), None)
        body = fault["body"].encode("utf-8") if "body" in fault else None
        if kind is None and body is not None:
            kind = "application/json; charset=utf-8"
        return Reply(fault.get("status", 200), kind, body, [h for h in extra if h[0].lower() != "content-type"])
    return None


def rewrite(body, variants):
    """A JSON body in another legal spelling."""
    item = json.loads(body.decode("utf-8"), parse_float=wj.Raw, parse_int=wj.Raw)
    for variant in variants:
        if variant in ("nulls", "extras", "enum42", "reverse", "upper-ids"):
            item = _walk(item, variant, "")
    text = wj.value(item, wj.quote_all if "escape" in variants else wj.quote)
    if "spaces" in variants:
        text = re.sub(r'("(?:[^"\\]|\\.)*")|([\[\]{},:])', lambda m: m.group(1) or "\r\n\t %s \n" % m.group(2), text)
    return wj.utf8(text)


OPTIONAL = ("finished", "project", "start", "end", "docker", "metrics", "fragments", "image", "command",
            "buildConfiguration", "context", "dockerfile")
IDS = ("id", "jobId", "projectId")


def _walk(item, variant, where):
    if isinstance(item, list):
        return [_walk(i, variant, where) for i in item]
    if not isinstance(item, dict) or where in ("metrics", "properties", "errors"):
        return item
    out = {k: _walk(v, variant, k) for k, v in item.items()}
    if variant == "nulls":
        for name in OPTIONAL:
            if name not in out and ("number" in out) == (name in ("start", "end", "docker", "metrics", "fragments")):
                out[name] = [] if name == "fragments" else None
    elif variant == "extras":
        out = dict([("x", [[{"steps": [wj.Raw("1")], "state": "no", "id": None}]])] + list(out.items())
                   + [("zz", {"id": {"id": "x"}, "big": wj.Raw("1e400")})])
    elif variant == "enum42":
        out = {k: wj.Raw("42") if k in ("state", "initiator", "type") and isinstance(v, wj.Raw) else v
               for k, v in out.items()}
    elif variant == "reverse":
        out = dict(reversed(list(out.items())))
    elif variant == "upper-ids":
        out = {k: v.upper() if k in IDS and isinstance(v, str) else v for k, v in out.items()}
    return out


def alter(reply, fault):
    """What a fault does to the content of a reply, before framing."""
    if reply.pieces is not None and _touches(fault):
        reply.body, reply.pieces = b"".join(reply.pieces), None
    if _touches(fault):
        reply.framed = None
    body_is_json = reply.body and "json" in (reply.kind or "")
    if fault.get("variant") and body_is_json:
        reply.body = rewrite(reply.body, fault["variant"])
    if fault.get("quoted") and (reply.kind or "").startswith("text/plain"):
        reply.kind, reply.body = "application/json; charset=utf-8", wj.utf8(wj.quote(reply.body.decode("utf-8")))
    if fault.get("gzip") and reply.body is not None:
        reply.body = gzip.compress(reply.body)
        reply.headers.append(("Content-Encoding", "gzip"))
    if fault.get("giant_header"):
        reply.headers.append(("X-Giant", "g" * fault["giant_header"]))
    for number in range(fault.get("many_headers", 0)):
        reply.headers.append(("X-Many-%d" % number, str(number)))


def _touches(fault):
    return any(k in fault for k in ("variant", "gzip", "framing", "chunks", "truncate_body"))


def chunked(body, style):
    """A body in chunked framing, good or broken as the style says."""
    half = len(body) // 2
    parts = [p for p in (body[:half], body[half:]) if p]
    good = [b"%x\r\n%s\r\n" % (len(p), p) for p in parts]
    end = b"0\r\n\r\n"
    if style.startswith("good:"):
        size = int(style[5:])
        return b"".join(b"%X\r\n%s\r\n" % (len(body[i:i + size]), body[i:i + size])
                        for i in range(0, len(body), size)) + end
    return {
        "bad-size": lambda: b"zz\r\n" + body + b"\r\n" + end,
        "negative": lambda: b"-%x\r\n" % len(body) + body + b"\r\n" + end,
        "huge": lambda: b"fffffffffffffffff\r\n" + body + b"\r\n" + end,
        "no-crlf": lambda: b"%x\r\n" % len(body) + body + end,
        "bare-lf": lambda: b"%x\n" % len(body) + body + b"\n0\n\n",
        "short": lambda: b"%x\r\n" % (len(body) + 10) + body + b"\r\n" + end,
        "extensions": lambda: b"".join(b'%04x ;name="a;b\\"c";flag\r\n%s\r\n' % (len(p), p) for p in parts) + b"000;last\r\n\r\n",
        "trailers": lambda: b"".join(good) + b"0\r\nX-Sum: 1\r\nContent-Length: 7\r\n\r\n",
        "no-end": lambda: b"".join(good),
        "empty-size": lambda: b"\r\n" + body + b"\r\n" + end,
        "bytes": lambda: b"".join(b"1\r\n%c\r\n" % c for c in body) + end,
    }[style]()
