#!/usr/bin/env python3
"""A strict stand-in for a WebHDFS cluster, from the wire page alone: NameNodes (active and standby), DataNodes, an
HttpFS gateway and a PAI gateway, each on a port of its own, inside the test's process.

What the real servers refuse gets the real answer; what no good client does is answered as they would and recorded in
`violations`. Faults are rules that a test adds: see Fault. By hand: python3 test/peers/webhdfs.py --serve
"""
import argparse
import collections
import json
import re
import socket
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

REASONS = {100: "Continue", 200: "OK", 201: "Created", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Found",
           307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
           403: "Forbidden", 404: "Not Found", 411: "Length Required", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable", 504: "Gateway Timeout"}
STATUS = {"IllegalArgumentException": 400, "UnsupportedOperationException": 400, "InvalidPathException": 400,
          "SecurityException": 401, "AuthorizationException": 401, "FileNotFoundException": 404,
          "RuntimeException": 500, "NullPointerException": 500}
PACKAGES = {"FileNotFoundException": "java.io", "IOException": "java.io", "IllegalArgumentException": "java.lang",
            "StandbyException": "org.apache.hadoop.ipc", "RetriableException": "org.apache.hadoop.ipc",
            "FileAlreadyExistsException": "org.apache.hadoop.fs", "InvalidToken": "org.apache.hadoop.security.token"}

# op: method, needs a DataNode, parameters beside those that every op takes
OPS = {
    "LISTSTATUS": ("GET", False, ()), "LISTSTATUS_BATCH": ("GET", False, ("startAfter",)),
    "GETFILESTATUS": ("GET", False, ()), "GETCONTENTSUMMARY": ("GET", False, ()),
    "GETFILECHECKSUM": ("GET", True, ("noredirect", "excludedatanodes")), "GETHOMEDIRECTORY": ("GET", False, ()),
    "OPEN": ("GET", True, ("offset", "length", "buffersize", "noredirect", "excludedatanodes")),
    "CREATE": ("PUT", True, ("overwrite", "permission", "blocksize", "replication", "buffersize", "createparent",
                             "createflag", "noredirect", "excludedatanodes", "data")),
    "APPEND": ("POST", True, ("buffersize", "noredirect", "excludedatanodes", "data")),
    "MKDIRS": ("PUT", False, ("permission",)), "RENAME": ("PUT", False, ("destination", "renameoptions")),
    "DELETE": ("DELETE", False, ("recursive",)), "SETPERMISSION": ("PUT", False, ("permission",)),
    "SETTIMES": ("PUT", False, ("modificationtime", "accesstime")), "TRUNCATE": ("POST", False, ("newlength",)),
    "CONCAT": ("POST", False, ("sources",)), "GETDELEGATIONTOKEN": ("GET", False, ("renewer", "kind", "service")),
    "RENEWDELEGATIONTOKEN": ("PUT", False, ("token",)), "CANCELDELEGATIONTOKEN": ("PUT", False, ("token",)),
}
COMMON = {"op", "user.name", "delegation", "doas"}
BOOLEANS = {"overwrite", "createparent", "noredirect", "recursive", "data"}
PATH_RAW = re.compile(r"(?:[A-Za-z0-9\-._~/=@,!$'()*]|%[0-9A-F]{2})*")
NEEDLESS = re.compile(r"%(?:2D|2E|2F|3[0-9]|3D|4[0-9A-F]|5[0-9A]|5F|6[1-9A-F]|7[0-9A]|7E|2C|21|24|27|28|29|2A)")
QUERY_RAW = re.compile(r"(?:[A-Za-z0-9\-._~/,]|%[0-9A-F]{2})*")
USER = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*[$]?")
BLOCK = 134217728


class Refused(Exception):
    """A RemoteException: its short name and message (None is null on the wire)."""

    def __init__(self, exception, message, status=None):
        Exception.__init__(self, exception)
        self.exception, self.message = exception, message
        self.status = status or STATUS.get(exception, 403)

    def body(self):
        return json.dumps({"RemoteException": {
            "exception": self.exception, "javaClassName": "%s.%s" % (PACKAGES.get(self.exception, "org.apache.hadoop"),
                                                                     self.exception),
            "message": self.message}}).encode()


class Gone(Exception):
    """The connection ends now."""


Request = collections.namedtuple("Request", "role method target op path headers length")


class Node:
    """A file, directory or link."""

    def __init__(self, kind, data=b"", mode="644", owner="lee"):
        self.kind, self.data, self.mode, self.owner, self.group = kind, data, mode, owner, "users"
        self.modified, self.accessed, self.target, self.id = int(time.time() * 1000), 0, None, 0
        self.extra = {}
        self.length = None  # a wrong one, when a test wants it

    def status(self, name):
        is_file = self.kind == "FILE"
        out = {"accessTime": self.accessed if is_file else 0, "blockSize": BLOCK if is_file else 0, "childrenNum": 0,
               "fileId": self.id, "group": self.group, "length": (self.size() if is_file else 0),
               "modificationTime": self.modified, "owner": self.owner, "pathSuffix": name, "permission": self.mode,
               "replication": 3 if is_file else 0, "storagePolicy": 0, "type": self.kind}
        if self.target:
            out["symlink"] = self.target
        out.update(self.extra)
        return out

    def size(self):
        return len(self.data) if self.length is None else self.length


class Fault:
    """What goes wrong with requests of ROLE ("namenode", "datanode", "httpfs", "gateway"; None: any) and OP (None: any),
    after SKIP of them, COUNT times (0: always). One of:
    refuse=(exception, message[, status]); html=status; drop=True (closed without an answer); reset=True (with RST);
    cut=N (only N bytes of the body, then closed); take=N (an upload: N bytes are read and kept, then closed);
    truncate=N (a JSON body of N bytes with a proper framing); stall=seconds; headers={...} added to the answer."""

    def __init__(self, role=None, op=None, skip=0, count=1, where=None, **what):
        self.role, self.op, self.skip, self.count, self.where, self.what = role, op, skip, count, where, what
        self.seen = 0


class Cluster:
    """A file system and its servers. Attributes that are marked below may be changed at any time."""

    def __init__(self, namenodes=1, datanodes=2, certs=None, cert="server", httpfs=False, gateway=False, **options):
        self.lock = threading.RLock()
        self.certs = certs
        self.context = None
        if certs:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certs(cert), certs.key(cert))
        # To be changed by tests.
        self.old = False             # Hadoop 2.7: no noredirect, no pages, no renameoptions
        self.standby = set()         # indexes of NameNodes
        self.old_standby = False     # they say so in a SecurityException
        self.page = 1000             # entries of a page
        self.batch_whole = False     # HttpFS's pages: all of the directory, whatever startAfter says
        self.datanode_host = None    # in a Location instead of the DataNode's own
        self.redirect = 307
        self.double_decode = False   # HDFS-14423
        self.tokens = {}             # valid ones: urlString -> user
        self.need_token = False
        self.need_authorization = None
        self.stack_trace = "\n\tat first.frame(Sample.java:1)\n\tat second.frame(Sample.java:2)"
        self.chunk = 0               # bytes of the chunks of JSON answers; 0: a length
        self.throttle = 0            # bytes a second that a DataNode sends or takes; 0: no limit
        self.ignore_options = False  # renameoptions are ignored, as HttpFS does
        self.prefix = ""             # before /webhdfs/v1
        for name, value in options.items():
            assert hasattr(self, name), name
            setattr(self, name, value)
        self.reset()
        self.namenodes = [Server(self, "namenode", i) for i in range(namenodes)]
        self.datanodes = [Server(self, "datanode", i) for i in range(datanodes)]
        self.httpfs = Server(self, "httpfs", 0) if httpfs else None
        self.gateway = Server(self, "gateway", 0) if gateway else None
        self.next_datanode = 0

    def reset(self):
        with self.lock:
            self.nodes = {"/": Node("DIRECTORY", mode="755")}
            self.faults, self.violations, self.requests, self.locations = [], [], [], set()
            self.ids = 16385
            self.serial = 0

    # what a test does -------------------------------------------------------------------------------

    def root(self, index=0):
        return self.namenodes[index].url

    def put(self, path, data=b"", **fields):
        """A file (or, with kind=, something else) and its parents."""
        with self.lock:
            self.parents(path)
            node = Node(fields.pop("kind", "FILE"), data)
            for name, value in fields.items():
                assert hasattr(node, name), name
                setattr(node, name, value)
            if node.kind == "DIRECTORY" and "mode" not in fields:
                node.mode = "755"
            self.ids += 1
            node.id = self.ids
            self.nodes[path] = node

    def mkdir(self, path):
        self.put(path, kind="DIRECTORY")

    def data(self, path):
        with self.lock:
            return self.nodes[path].data

    def paths(self, below="/"):
        with self.lock:
            return sorted(p for p in self.nodes if p != "/" and p.startswith(below))

    def fault(self, role=None, op=None, **what):
        with self.lock:
            fault = Fault(role, op, **what)
            self.faults.append(fault)
            return fault

    def ops(self, role=None):
        with self.lock:
            return [r.op for r in self.requests if role in (None, r.role)]

    def close(self):
        for server in self.namenodes + self.datanodes + [self.httpfs, self.gateway]:
            if server:
                server.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    # the file system --------------------------------------------------------------------------------

    def parents(self, path):
        parts = path.split("/")[1:-1]
        for i in range(len(parts)):
            parent = "/" + "/".join(parts[:i + 1])
            node = self.nodes.get(parent)
            if node is None:
                self.nodes[parent] = Node("DIRECTORY", mode="755")
                self.ids += 1
                self.nodes[parent].id = self.ids
            elif node.kind != "DIRECTORY":
                raise Refused("ParentNotDirectoryException", "%s (is not a directory)%s" % (parent, self.stack_trace))

    def need(self, path):
        node = self.nodes.get(path)
        if node is None:
            raise Refused("FileNotFoundException", "File does not exist: %s%s" % (path, self.stack_trace))
        return node

    def children(self, path):
        start = path.rstrip("/") + "/"
        return sorted((p[len(start):] for p in self.nodes if p.startswith(start) and p != "/" and "/" not in p[len(start):]),
                      key=lambda n: n.encode("utf-8", "surrogatepass"))

    def below(self, path):
        start = path.rstrip("/") + "/"
        return [p for p in self.nodes if p.startswith(start) and p != path]

    def move(self, source, target):
        for old in [source] + self.below(source):
            self.nodes[target + old[len(source):]] = self.nodes.pop(old)

    def rename(self, source, target, options):
        node = self.nodes.get(source)
        existing = self.nodes.get(target)
        if options and not (self.old or self.ignore_options):
            if node is None:
                raise Refused("FileNotFoundException", "rename source %s is not found." % source)
            if existing is not None and existing.kind == "DIRECTORY" and self.below(target):
                raise Refused("IOException", "rename destination directory is not empty: " + target)
            if target.rpartition("/")[0] not in self.nodes and target.rpartition("/")[0]:
                raise Refused("FileNotFoundException", "rename destination parent %s not found." % target)
            self.nodes.pop(target, None)
            self.move(source, target)
            return None
        if existing is not None and existing.kind == "DIRECTORY":
            target = target.rstrip("/") + "/" + source.rpartition("/")[2]
            existing = self.nodes.get(target)
        parent = self.nodes.get(target.rpartition("/")[0] or "/")
        if node is None or existing is not None or parent is None or parent.kind != "DIRECTORY" or \
                (target + "/").startswith(source + "/"):
            return False
        self.move(source, target)
        return True

    def delete(self, path, recursive):
        if path == "/" or path not in self.nodes:
            return False
        below = self.below(path)
        if below and not recursive:
            raise Refused("PathIsNotEmptyDirectoryException", "`%s is non empty': Directory is not empty" % path)
        for p in below + [path]:
            del self.nodes[p]
        return True

    def create(self, path, data, overwrite, mode):
        existing = self.nodes.get(path)
        if existing is not None and (existing.kind == "DIRECTORY" or not overwrite):
            raise Refused("FileAlreadyExistsException", "%s already exists%s" % (path, self.stack_trace))
        self.put(path, data, mode=mode or "644")

    # requests ---------------------------------------------------------------------------------------

    def violate(self, what, request):
        with self.lock:
            self.violations.append("%s: %s" % (what, request))

    def take_fault(self, role, op, index):
        with self.lock:
            for fault in self.faults:
                if fault.role not in (None, role) or fault.op not in (None, op) or fault.where not in (None, index):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.seen += 1
                if fault.count and fault.seen >= fault.count:
                    self.faults.remove(fault)
                return fault.what
        return {}

    def pick_datanode(self, excluded):
        with self.lock:
            for _ in self.datanodes:
                self.next_datanode = (self.next_datanode + 1) % len(self.datanodes)
                node = self.datanodes[self.next_datanode]
                if node.name not in excluded:
                    return node
        raise Refused("IOException", "Failed to find datanode, suggest to check cluster health. excludeDatanodes=%s"
                      % ",".join(excluded))


class Server(socketserver.ThreadingTCPServer):
    """One port."""

    allow_reuse_address, daemon_threads, request_queue_size = True, True, 64

    def __init__(self, cluster, role, index):
        self.cluster, self.role, self.index = cluster, role, index
        socketserver.ThreadingTCPServer.__init__(self, ("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        scheme = "https" if cluster.context else "http"
        # Each DataNode needs a name of its own for excludedatanodes; they all are this machine.
        self.name = "127.0.0.1" if role != "datanode" else ("localhost", "127.0.0.1")[index % 2]
        if cluster.context:
            self.name = "localhost"
        self.url = "%s://%s:%d" % (scheme, self.name, self.port)
        if role == "gateway":
            self.url += "/webhdfs"
        self.down = False
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        kind = sys.exc_info()[0]
        if not issubclass(kind, (OSError, Gone)):
            socketserver.ThreadingTCPServer.handle_error(self, request, client_address)

    def close(self):
        if not self.down:
            self.down = True
            self.shutdown()
            self.server_close()


class Handler(socketserver.BaseRequestHandler):
    """One connection."""

    def setup(self):
        self.cluster, self.role = self.server.cluster, self.server.role
        self.request.settimeout(20)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.cluster.context:
            self.request = self.cluster.context.wrap_socket(self.request, server_side=True)
        self.buffer = b""

    def finish(self):
        try:
            self.request.close()
        except OSError:
            pass

    def more(self):
        data = self.request.recv(262144)
        if not data:
            raise Gone()
        self.buffer += data

    def handle(self):
        try:
            while self.one():
                pass
        except (Gone, OSError):
            pass

    # HTTP -------------------------------------------------------------------------------------------

    def one(self):
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3:
            self.cluster.violate("request line", head)
            raise Gone()
        self.method, self.target, version = words
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            if name.lower() in self.headers:
                self.violate("header %s twice" % name)
            self.headers[name.lower()] = value.strip()
        self.close_after, self.sent = self.role == "datanode", False
        self.fault, self.op, self.path = {}, None, None
        if version != "HTTP/1.1":
            self.violate("version")
        try:
            self.check_headers()
            self.dispatch()
        except Refused as refused:
            self.answer(refused.status, refused.body(), kind="application/json")
        return not self.close_after

    def violate(self, what):
        self.cluster.violate(what, "%s %s %s" % (self.role, self.method, self.target))

    def check_headers(self):
        h = self.headers
        if "expect" in h:
            self.violate("Expect")
        if "range" in h:
            self.violate("Range: a DataNode knows none")
        if h.get("accept-encoding") != "identity":
            self.violate("Accept-Encoding is %r" % h.get("accept-encoding"))
        if h.get("user-agent", "").startswith(("Mozilla", "Opera")):
            self.violate("User-Agent of a browser")
        if self.method in ("PUT", "POST", "DELETE") and "x-xsrf-header" not in h:
            self.violate("no X-XSRF-HEADER")
        if "cookie" in h:
            self.violate("Cookie")
        right = {"%s:%d" % (n, self.server.port) for n in ("127.0.0.1", "localhost")}
        if h.get("host") not in right and not self.cluster.prefix and "via" not in h:
            self.violate("Host is %r" % h.get("host"))
        if self.role == "datanode" and "authorization" in h:
            self.violate("Authorization sent to a DataNode")

    def read_body(self, limit=None):
        """The request's body, at most LIMIT bytes of it; chunked or of a length."""
        out, left = bytearray(), None
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            if "content-length" in self.headers:
                self.violate("both framings")
            while limit is None or len(out) < limit:
                size = int(self.line(), 16)
                out += self.exactly(size)
                if self.line() != b"":
                    self.violate("bad chunk")
                if size == 0:
                    return bytes(out)
            return bytes(out[:limit])
        left = int(self.headers.get("content-length", "0"))
        if limit is not None:
            left = min(left, limit)
        return self.exactly(left)

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def exactly(self, count):
        parts = [self.buffer[:count]]
        self.buffer = self.buffer[count:]
        left = count - len(parts[0])
        while left:
            data = self.request.recv(min(left, 262144))
            if not data:
                raise Gone(b"".join(parts))
            if self.cluster.throttle:
                time.sleep(len(data) / self.cluster.throttle)
            parts.append(data)
            left -= len(data)
            self.partial = parts
        return b"".join(parts)

    def answer(self, status, body=b"", kind=None, headers=(), interim=False):
        if interim:
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        what = self.fault
        cut = what.get("cut")
        if "truncate" in what:
            body = body[:what["truncate"]]
        lines = ["HTTP/1.1 %d %s" % (status, REASONS.get(status, "X"))]
        if kind:
            lines.append("Content-Type: " + kind)
        lines += ["%s: %s" % h for h in headers] + ["%s: %s" % h for h in what.get("headers", {}).items()]
        chunk = self.cluster.chunk if kind and "json" in kind else 0
        lines.append("Transfer-Encoding: chunked" if chunk else "Content-Length: %d" % len(body))
        if self.close_after or cut is not None:
            self.close_after = True
            lines.append("Connection: close")
        if chunk:
            pieces = [body[i:i + chunk] for i in range(0, len(body), chunk)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.send(head + bytes(body[:cut]) if len(body) < 65536 or cut is not None else head)
        if len(body) >= 65536 and cut is None:
            self.send(body)
        self.sent = True
        if cut is not None:
            raise Gone()

    def send(self, data):
        rate = self.cluster.throttle if self.role == "datanode" else 0
        view = memoryview(data)
        step = 16384 if rate else len(view) or 1
        for i in range(0, len(view), step):
            self.request.sendall(view[i:i + step])
            if rate:
                time.sleep(step / rate)

    def answer_json(self, item, status=200):
        self.answer(status, json.dumps(item, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass"),
                    kind="application/json" if self.role == "namenode" else "application/json; charset=utf-8")

    # WebHDFS ----------------------------------------------------------------------------------------

    def dispatch(self):
        path, _, query = self.target.partition("?")
        if self.role == "gateway":
            return self.pass_on(path, query)
        pairs = [tuple(p.partition("=")[::2]) for p in query.split("&")]
        self.query = {k: urllib.parse.unquote_plus(v, errors="strict") for k, v in pairs}
        op = self.query.get("op", "").upper()
        self.op = op
        prefix = self.cluster.prefix + "/webhdfs/v1"
        if not path.startswith(prefix + "/"):
            self.drain()
            return self.answer(404, b"<html><body>not here</body></html>", kind="text/html")
        self.check_target(path[len(prefix):], pairs)
        self.path = urllib.parse.unquote(path[len(prefix):], errors="strict")
        with self.cluster.lock:
            self.cluster.requests.append(Request(self.role, self.method, self.target, op, self.path, dict(self.headers),
                                                 self.headers.get("content-length")))
        self.fault = self.cluster.take_fault(self.role, op, self.server.index)
        if self.trouble():
            return None
        return self.at_datanode() if self.role == "datanode" else self.at_namenode()

    def drain(self):
        self.body = self.read_body()

    def trouble(self):
        """Does what the fault says that stands in the place of the answer."""
        what = self.fault
        time.sleep(what.get("stall", 0))
        if what.get("reset"):
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            raise Gone()
        if what.get("drop"):
            if what["drop"] == "after":
                self.drain()
            raise Gone()
        if "refuse" in what:
            if self.role != "datanode":
                self.drain()
            elif self.method != "GET":
                self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.close_after = True
            raise Refused(*what["refuse"])
        if "html" in what:
            self.drain()
            self.answer(what["html"], b"<html><body><h1>%d</h1></body></html>" % what["html"], kind="text/html")
            return True
        if "raw" in what:
            self.drain()
            self.request.sendall(what["raw"])
            raise Gone()
        return False

    def check_target(self, path, pairs):
        if self.role == "datanode":  # as it was told, byte for byte
            if self.target not in self.cluster.locations:
                self.violate("not a Location that was given out")
            return
        names = [k for k, _ in pairs]
        known = OPS.get(self.op)
        if not PATH_RAW.fullmatch(path):
            self.violate("path is not percent-encoded by the rules")
        if NEEDLESS.search(path):
            self.violate("needless percent-encoding in the path")
        if self.query.get("op") != self.op:
            self.violate("op is not in upper case")
        if len(names) != len(set(names)):
            self.violate("a parameter twice")
        for name, value in pairs:
            if not QUERY_RAW.fullmatch(value):
                self.violate("value of %s is not percent-encoded" % name)
            if name in BOOLEANS and value not in ("true", "false"):
                self.violate("%s is %r" % (name, value))
        if "user.name" in names and "delegation" in names:
            self.violate("both user.name and delegation")
        if known:
            for name in set(names) - COMMON - set(known[2]):
                self.violate("unknown parameter %s" % name)
            if self.op == "SETPERMISSION" and "permission" not in names:
                self.violate("SETPERMISSION without a value resets the mode")

    def authenticate(self):
        cluster, token = self.cluster, self.query.get("delegation")
        if cluster.need_authorization and self.headers.get("authorization") != cluster.need_authorization:
            self.drain()
            self.answer(401, b"<html>401</html>", kind="text/html", headers=[("WWW-Authenticate", "Basic realm=x")])
            return False
        if token is not None and token not in cluster.tokens:
            self.drain()
            raise Refused("InvalidToken", "token (token for lee: HDFS_DELEGATION_TOKEN owner=lee) is expired", 403)
        if token is None and cluster.need_token:
            self.drain()
            self.answer(401, b"<html>Authentication required</html>", kind="text/html",
                        headers=[("WWW-Authenticate", "Negotiate")])
            return False
        user = self.query.get("user.name")
        if user is not None and not USER.fullmatch(user):
            self.drain()
            raise Refused("IllegalArgumentException", "Invalid value: \"%s\" does not belong to the domain" % user)
        self.user = cluster.tokens.get(token) or user or "dr.who"
        return True

    def check_path(self):
        path = self.path
        if "//" in path or (len(path) > 1 and path.endswith("/")) or \
                any(p in (".", "..") or ":" in p for p in path.split("/")):
            self.violate("path is not normalised")
            raise Refused("InvalidPathException", "Invalid path name " + path)
        return path

    def at_namenode(self):
        cluster, op = self.cluster, self.op
        if not self.authenticate():
            return None
        known = OPS.get(op)
        if not known or known[0] != self.method or (op == "LISTSTATUS_BATCH" and cluster.old):
            self.drain()
            raise Refused("IllegalArgumentException", "Invalid value for webhdfs parameter \"op\": No enum constant %s" % op)
        if self.role == "namenode" and self.server.index in cluster.standby:
            self.drain()
            if cluster.old_standby:
                raise Refused("SecurityException", "Failed to obtain user group information: org.apache.hadoop.ipc."
                                                   "StandbyException")
            raise Refused("StandbyException", "Operation category READ is not supported in state standby")
        data = self.query.get("data") == "true"
        if self.role == "namenode" or not (known[1] and self.method != "GET" and data):
            if self.method in ("PUT", "POST") and self.headers.get("content-length") != "0":
                self.violate("the first step has a body or no Content-Length: 0")
                if "content-length" not in self.headers:
                    return self.answer(411)
            self.drain()
        self.check_path()
        if known[1]:
            return self.data_step(data)
        with cluster.lock:
            return self.answer_op(op)

    def need_file(self, path):
        node = self.cluster.need(path)
        if node.kind == "DIRECTORY":
            raise Refused("FileNotFoundException", "Path is not a file: " + path)
        return node

    # operations of the NameNode ---------------------------------------------------------------------

    def answer_op(self, op):
        cluster, path, q = self.cluster, self.path, self.query
        if op == "GETFILESTATUS":
            return self.answer_json({"FileStatus": cluster.need(path).status("")})
        if op in ("LISTSTATUS", "LISTSTATUS_BATCH"):
            return self.list(op)
        if op == "GETCONTENTSUMMARY":
            return self.summary()
        if op == "GETHOMEDIRECTORY":
            return self.answer_json({"Path": "/user/" + self.user})
        if op == "MKDIRS":
            existing = cluster.nodes.get(path)
            if existing is not None and existing.kind != "DIRECTORY":
                raise Refused("FileAlreadyExistsException", "Path is not a directory: " + path)
            if existing is None:
                cluster.put(path, kind="DIRECTORY", mode=q.get("permission", "755"))
            return self.answer_json({"boolean": True})
        if op == "RENAME":
            if not q.get("destination", "").startswith("/"):
                raise Refused("IllegalArgumentException", "Invalid value for webhdfs parameter \"destination\"")
            done = cluster.rename(path, q["destination"], q.get("renameoptions"))
            return self.answer(200, kind="application/octet-stream") if done is None else self.answer_json({"boolean": done})
        if op == "DELETE":
            return self.answer_json({"boolean": cluster.delete(path, q.get("recursive") == "true")})
        if op == "SETPERMISSION":
            cluster.need(path).mode = "%o" % int(q.get("permission", "755"), 8)
            return self.answer(200, kind="application/octet-stream")
        if op == "SETTIMES":
            node = cluster.need(path)
            node.modified = node.modified if q["modificationtime"] == "-1" else int(q["modificationtime"])
            node.accessed = node.accessed if q["accesstime"] == "-1" else int(q["accesstime"])
            return self.answer(200, kind="application/octet-stream")
        if op == "TRUNCATE":
            node = self.need_file(path)
            if int(q["newlength"]) > len(node.data):
                raise Refused("IllegalArgumentException", "Cannot truncate to a larger file size.")
            node.data = node.data[:int(q["newlength"])]
            return self.answer_json({"boolean": len(node.data) % 512 == 0})
        if op == "CONCAT":
            target = self.need_file(path)
            for source in q["sources"].split(","):
                target.data += self.need_file(source).data
                del cluster.nodes[source]
            return self.answer(200, kind="application/octet-stream")
        return self.token(op)

    def token(self, op):
        cluster = self.cluster
        if op == "GETDELEGATIONTOKEN":
            if "delegation" in self.query:
                raise Refused("IOException", "Delegation Token can be issued only with kerberos or web authentication")
            cluster.serial += 1
            token = "TOKEN-%d_~" % cluster.serial
            cluster.tokens[token] = self.user
            return self.answer_json({"Token": {"urlString": token}})
        if self.query.get("token") not in cluster.tokens:
            raise Refused("InvalidToken", "token can't be found in cache", 403)
        if op == "RENEWDELEGATIONTOKEN":
            return self.answer_json({"long": 1700086400000})
        del cluster.tokens[self.query["token"]]
        return self.answer(200, kind="application/octet-stream")

    def list(self, op):
        cluster, path = self.cluster, self.path
        node = cluster.need(path)
        if node.kind != "DIRECTORY":
            name = path.rpartition("/")[2] if self.role == "httpfs" else ""
            names, entries = [name], [node.status(name)]
        else:
            names = cluster.children(path)
            entries = None
        after, remaining = self.query.get("startAfter"), 0
        if op == "LISTSTATUS_BATCH" and entries is None and not cluster.batch_whole:
            if after is not None:
                names = [n for n in names if n.encode("utf-8", "surrogatepass") > after.encode("utf-8", "surrogatepass")]
            remaining = max(0, len(names) - cluster.page)
            names = names[:cluster.page]
        if entries is None:
            start = path.rstrip("/") + "/"
            entries = [cluster.nodes[start + n].status(n) for n in names]
        inner = {"FileStatuses": {"FileStatus": entries}}
        self.answer_json(inner if op == "LISTSTATUS" else
                         {"DirectoryListing": {"partialListing": inner, "remainingEntries": remaining}})

    def summary(self):
        cluster, path = self.cluster, self.path
        top = cluster.need(path)
        nodes = [top] + [cluster.nodes[p] for p in cluster.below(path)]
        files = [n for n in nodes if n.kind == "FILE"]
        size = sum(len(n.data) for n in files)
        self.answer_json({"ContentSummary": {
            "directoryCount": sum(n.kind == "DIRECTORY" for n in nodes), "fileCount": len(files), "length": size,
            "quota": -1, "spaceConsumed": 3 * size, "spaceQuota": -1, "typeQuota": {"SSD": {"consumed": 10, "quota": 1000}}}})

    # data -------------------------------------------------------------------------------------------

    def data_step(self, data):
        cluster, op, path = self.cluster, self.op, self.path
        if self.role == "httpfs":
            return self.httpfs_step(data)
        with cluster.lock:
            if op in ("OPEN", "GETFILECHECKSUM", "APPEND"):
                node = self.need_file(path)
            if op == "OPEN" and node.size() and int(self.query.get("offset", "0")) >= node.size():
                raise Refused("IOException", "Offset=%s out of the range [0, %d); OPEN, path=%s" %
                              (self.query["offset"], node.size(), path))
        excluded = [n for n in self.query.get("excludedatanodes", "").split(",") if n]
        if any(":" in n for n in excluded):
            self.violate("excludedatanodes with a port")
        node = cluster.pick_datanode(excluded)
        raw_path, _, raw_query = self.target.partition("?")
        keep = [p for p in raw_query.split("&") if not p.startswith(("noredirect=", "excludedatanodes="))]
        target = raw_path + "?" + "&".join(keep + ["namenoderpcaddress=nn.cluster.test:9000"])
        if op == "CREATE":
            target += "&createflag="
        with cluster.lock:
            cluster.locations.add(target)
        where = "%s://%s:%d" % ("https" if cluster.context else "http", cluster.datanode_host or node.name, node.port)
        if self.query.get("noredirect") == "true" and not cluster.old:
            return self.answer_json({"Location": where + target})
        return self.answer(cluster.redirect, kind="application/octet-stream", headers=[("Location", where + target)])

    def httpfs_step(self, data):
        op = self.op
        if op in ("OPEN", "GETFILECHECKSUM"):
            return self.read_data()
        if not data:
            raw_path, _, raw_query = self.target.partition("?")
            target = "%s%s?%s&data=true" % (self.server.url, raw_path, raw_query)
            return self.answer(307, headers=[("Location", target), ("Set-Cookie", "hadoop.auth=x; Path=/")])
        if self.headers.get("content-type") != "application/octet-stream":
            self.drain()
            self.violate("data without application/octet-stream")
            raise Refused("IllegalArgumentException", "Data upload requests must have content-type set")
        return self.write_data(self.cluster)

    def at_datanode(self):
        token = self.query.get("delegation")
        if token is not None and token not in self.cluster.tokens:
            if self.method != "GET":
                self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            raise Refused("InvalidToken", "token is expired", 403)
        if self.method == "GET":
            return self.read_data()
        if self.headers.get("content-type") != "application/octet-stream":
            self.violate("data without application/octet-stream")
        self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")  # whether it was asked for or not
        return self.write_data(self.cluster)

    def read_data(self):
        cluster = self.cluster
        with cluster.lock:
            node = cluster.need(self.data_path())
            data = node.data
        if self.op == "GETFILECHECKSUM":
            digits = "0000020000000000000000013f2a9c0d7715e84b60a1c2d3e4f50617"
            return self.answer_json({"FileChecksum": {"algorithm": "MD5-of-1MD5-of-512CRC32C", "bytes": digits, "length": 28}})
        offset = int(self.query.get("offset", "0"))
        end = min(len(data), offset + int(self.query["length"])) if "length" in self.query else len(data)
        return self.answer(200, memoryview(data)[offset:end], kind="application/octet-stream")

    def data_path(self):
        return urllib.parse.unquote_plus(self.path) if self.cluster.double_decode else self.path

    def write_data(self, cluster):
        path, take = self.data_path(), self.fault.get("take")
        overwrite = self.query.get("overwrite") == "true"
        if self.op == "CREATE":
            with cluster.lock:
                existing = cluster.nodes.get(path)
                if existing is not None and (existing.kind == "DIRECTORY" or not overwrite):
                    self.close_after = True
                    raise Refused("FileAlreadyExistsException", "%s for client already exists%s" % (path, cluster.stack_trace))
        data = b""
        try:
            data = self.read_body(take)
            broken = take is not None
        except Gone:
            data, broken = b"".join(getattr(self, "partial", [data])), True
        with cluster.lock:
            if self.op == "CREATE":
                cluster.create(path, data, overwrite, self.query.get("permission"))
            else:
                cluster.need(path).data += data
        if broken:  # what came is closed as if it were the whole file
            raise Gone()
        if self.fault.get("lose"):  # done, but nobody hears of it
            raise Gone()
        if self.op == "APPEND":
            return self.answer(200)
        return self.answer(201, headers=[("Location", "hdfs://nn.cluster.test:9000" + urllib.parse.quote(path))])

    # the PAI gateway --------------------------------------------------------------------------------

    def pass_on(self, path, query):
        """/webhdfs/webhdfs/v1/... to the NameNode; /a/HOST:PORT/... to anybody."""
        cluster = self.cluster
        m = re.fullmatch(r"/a/([^/:]+):(\d+)(/.*)", path)
        if path.startswith("/webhdfs/webhdfs/v1/"):
            port, inner = cluster.namenodes[0].port, path[len("/webhdfs"):]
        elif m:
            port, inner = int(m.group(2)), m.group(3)
        else:
            self.drain()
            return self.answer(404, b"<html>404</html>", kind="text/html")
        with cluster.lock:
            cluster.requests.append(Request(self.role, self.method, self.target, None, path, dict(self.headers), None))
        self.fault = cluster.take_fault("gateway", None, 0)
        if self.trouble():
            return None
        body = self.read_body()
        status, headers, body = forward(port, self.method, inner + ("?" + query if query else ""), self.headers, body,
                                        cluster.context)
        kind = headers.pop("content-type", None)
        if status == 307 and headers.get("location", "").startswith("http"):
            parts = urllib.parse.urlsplit(headers["location"])
            where = "%s/a/%s:%d%s" % (self.server.url[:-len("/webhdfs")], parts.hostname, parts.port,
                                      headers["location"].split(parts.netloc, 1)[1])
            return self.answer(300, headers=[("Location", where)])
        keep = [(k.title(), v) for k, v in headers.items() if k in ("location",)]
        return self.answer(status, body, kind=kind, headers=keep)


def forward(port, method, target, headers, body, context):
    """A request of the gateway's own."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    if context:
        sock = ssl._create_unverified_context().wrap_socket(sock)
    drop = {"host", "connection", "content-length", "transfer-encoding"}
    lines = ["%s %s HTTP/1.1" % (method, target), "Host: 127.0.0.1:%d" % port, "Via: gateway", "Connection: close"]
    lines += ["%s: %s" % (k, v) for k, v in headers.items() if k not in drop]
    if method in ("PUT", "POST"):
        lines.append("Content-Length: %d" % len(body))
    with sock:
        sock.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        data = b""
        while True:
            piece = sock.recv(262144)
            if not piece:
                break
            data += piece
            head, mark, rest = data.partition(b"\r\n\r\n")
            if mark and head.startswith(b"HTTP/1.1 100"):
                data = rest
                continue
            m = re.search(rb"(?i)content-length: (\d+)", head) if mark else None
            if m and len(rest) >= int(m.group(1)):
                break
        while data.startswith(b"HTTP/1.1 100"):
            data = data.partition(b"\r\n\r\n")[2]
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split(" ")[1]), fields, rest


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--serve", action="store_true", help="serve until standard input ends; prints the roots as JSON")
    args = p.parse_args()
    if not args.serve:
        p.error("nothing to do without --serve")
    with Cluster(httpfs=True, gateway=True) as cluster:
        cluster.mkdir("/user/lee")
        print(json.dumps({"root": cluster.root(), "httpfs": cluster.httpfs.url, "gateway": cluster.gateway.url}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
