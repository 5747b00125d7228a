#!/usr/bin/env python3
"""A strict stand-in for OpenPAI's REST server and its gateway, all three generations, written from the wire page alone.

It refuses what the real servers refuse, and records as a violation what no good client does. On start it prints one JSON
line with its ports. GET / on the control port lists the control calls; --help-settings the settings.
"""
import argparse
import base64
import hashlib
import html
import json
import os
import re
import signal
import sys
import threading
import time
from urllib.parse import unquote

import control
import faults
import http_layer
import mlcycle_server
import openpai_documents as documents
import openpai_store as kept
from openpai_store import Refused
from routes import Reply

http_layer.REASONS.update({201: "Created", 202: "Accepted", 206: "Partial Content", 304: "Not Modified", 401: "Unauthorized",
                           403: "Forbidden", 416: "Range Not Satisfiable", 429: "Too Many Requests"})
http_layer.KNOWN_HEADERS |= {"authorization", "range", "if-none-match"}
http_layer.SINGLE |= {"authorization", "range"}

SETTINGS = {
    "generation": ("G3", "G1 (0.8-0.14, YARN), G2 (0.15-1.0) or G3 (1.1-1.8)"),
    "version": ("1.8.0", "the version that info tells and that decides on features"),
    "launcher": ("k8s", "k8s or yarn"),
    "authn": ("basic", "basic or OIDC"),
    "token_s": (604800, "life of a token from a login"),
    "link_s": (120, "life of a log link"),
    "link_form": ("log-manager", "log-manager, blob or rest-server"),
    "wait_ms": (0, "a submitted job waits this long"),
    "run_ms": (None, "then runs this long; null: until it is stopped"),
    "stop_ms": (0, "a stop takes this long"),
    "end_state": ("SUCCEEDED", "how a job ends by itself"),
    "hidden_gets": (0, "a submitted job is not found by so many GETs"),
    "submit_404": (False, "a submission is carried out and answered 404"),
    "calls_per_min": (600, "of one address"),
    "lists_per_min": (120, "of one user"),
    "submits_per_h": (3600, "of one user"),
    "retry_after_s": (1, "what a 429 tells"),
    "shuffle": (False, "jobs that are equal by the order come in another order each time"),
    "chunked": (False, "chunked replies instead of Content-Length"),
    "indent": (False, "JSON indented by 4, as a development server's"),
    "start_grace_ms": (0, "after its end a job still takes START and STOP for so long"),
    "direct": (False, "also answer below /api, as on port 9186"),
    "prism": (False, "a validating proxy stands in front: nothing outside the published interface may come"),
}
V1_USER = "/api/v1/user/{user}/jobs"
TASK = "/api/v2/jobs/{job}/attempts/{n}/taskRoles/{role}/taskIndex/{i}/attempts"
# name, method, path, who may (open, user, job: open before 1.0, noapp: no application tokens), first version
ROUTES = [
    ("info", "GET", "/api/v2/info", "open", (1, 0)), ("root", "GET", "/api/v1/", "open", (0, 0)),
    ("login", "POST", "/api/v1/token", "open", (0, 0)), ("login", "POST", "/api/v2/tokens", "open", (1, 0)),
    ("login", "POST", "/api/v1/authn/basic/login", "open", (0, 14)), ("login", "POST", "/api/v2/authn/basic/login", "open", (1, 0)),
    ("authn_info", "GET", "/api/v1/authn/info", "open", (0, 14)), ("authn_info", "GET", "/api/v2/authn/info", "open", (1, 0)),
    ("logout", "DELETE", "/api/v2/authn/basic/logout", "user", (1, 0)),
    ("tokens", "GET", "/api/v2/tokens", "noapp", (1, 0)), ("tokens", "GET", "/api/v1/token", "noapp", (0, 16)),
    ("token_create", "POST", "/api/v2/tokens/application", "noapp", (1, 0)),
    ("token_create", "POST", "/api/v1/token/application", "noapp", (0, 16)),
    ("token_check", "GET", "/api/v2/tokens/check", "user", (1, 8)),
    ("token_revoke", "DELETE", "/api/v2/tokens/{token}", "noapp", (1, 0)),
    ("token_revoke", "DELETE", "/api/v1/token/{token}", "noapp", (0, 16)),
    ("list", "GET", "/api/v2/jobs", "user", (1, 0)), ("submit", "POST", "/api/v2/jobs", "user", (0, 13)),
    ("list_v1", "GET", "/api/v1/jobs", "job", (0, 0)), ("list_v1", "GET", V1_USER, "job", (0, 0)),
    ("submit_v1", "POST", V1_USER, "user", (0, 0)), ("submit_v1", "PUT", V1_USER + "/{name}", "user", (0, 0)),
    ("delete_v1", "DELETE", V1_USER + "/{name}", "user", (0, 0)),
    ("legacy", "GET", "/api/v1/jobs/{name}", "job", (0, 0)),
]
for _v1, _v2, _names in ((V1_USER + "/{name}", "/api/v2/jobs/{job}", ("", "/config", "/ssh", "/executionType")),):
    for _tail in _names:
        _row = ("job" + _tail.replace("/", "_"), "PUT" if _tail == "/executionType" else "GET",
                "user" if _tail == "/executionType" else "job")
        ROUTES.append((_row[0], _row[1], _v1 + _tail, _row[2], (0, 0)))
        ROUTES.append((_row[0], _row[1], _v2 + _tail, _row[2], (0, 13) if _tail == "/config" else (1, 0)))
ROUTES += [
    ("job_attempt", "GET", "/api/v2/jobs/{job}/attempts/{n}", "user", (1, 4)),
    ("task_attempts", "GET", TASK, "user", (1, 4)), ("task_logs", "GET", TASK + "/{k}/logs", "user", (1, 4)),
    ("events", "GET", "/api/v2/jobs/{job}/events", "user", (1, 3)),
    ("attempts_health", "GET", "/api/v2/jobs/{job}/job-attempts/healthz", "user", (1, 0)),
    ("attempts", "GET", "/api/v2/jobs/{job}/job-attempts", "user", (1, 0)),
    ("attempt", "GET", "/api/v2/jobs/{job}/job-attempts/{n}", "user", (1, 0)),
    ("tag_add", "PUT", "/api/v2/jobs/{job}/tag", "user", (1, 3)), ("tag_remove", "DELETE", "/api/v2/jobs/{job}/tag", "user", (1, 3)),
    ("users", "GET", "/api/v2/users", "user", (1, 0)), ("user", "GET", "/api/v2/users/{name}", "user", (1, 0)),
    ("user", "GET", "/api/v1/user/{name}", "user", (0, 0)),
    ("groups", "GET", "/api/v2/groups", "user", (1, 0)), ("group", "GET", "/api/v2/groups/{name}", "user", (1, 0)),
    ("vcs", "GET", "/api/v2/virtual-clusters", "user", (1, 0)), ("vc", "GET", "/api/v2/virtual-clusters/{name}", "user", (1, 0)),
    ("vcs", "GET", "/api/v1/virtual-clusters", "job", (0, 0)), ("vc", "GET", "/api/v1/virtual-clusters/{name}", "job", (0, 0)),
    ("skus", "GET", "/api/v2/cluster/sku-types", "user", (1, 0)),
    ("storages", "GET", "/api/v2/storages", "user", (1, 0)), ("storage", "GET", "/api/v2/storages/{name}", "user", (1, 0)),
    ("alerts", "GET", "/api/v2/alerts", "user", (1, 8)),
]
FIELDS = {"jobName": "name", "submissionTime": "submissionTime", "username": "username", "vc": "virtualCluster",
          "retries": "retries", "totalTaskNumber": "totalTaskNumber", "totalGpuNumber": "totalGpuNumber", "state": "state",
          "completionTime": "completedTime", "jobPriority": "jobPriority"}
LIST_QUERY = {"username": (0, 0), "vc": (1, 2), "state": (1, 2), "keyword": (1, 2), "tagsContain": (1, 3), "tagsNotContain": (1, 3),
              "jobPriority": (1, 8), "order": (1, 2), "offset": (1, 2), "limit": (1, 2), "withTotalCount": (1, 2)}


class Connection(http_layer.Connection):
    """Of a gateway: one more thing to look at in the head."""

    def _check_headers(self, request):
        kind = request.header("accept")
        if kind in ("text/yaml", "application/json") and request.segments[-1:] == ["config"]:  # YARN servers choose by it
            request.headers = [(n, v + ", */*" if n.lower() == "accept" else v) for n, v in request.headers]
        super()._check_headers(request)
        if request.method in ("GET", "HEAD") and (request.header("content-length") or request.header("transfer-encoding")):
            request.violate("body", "%s with a body (Q28)" % request.method)


class Router:
    """Turns a request into a Reply."""

    def __init__(self, server):
        self.server, self.config, self.store = server, server.config, server.store
        self.table = [(row, row[2].strip("/").split("/")) for row in ROUTES]

    # what this server is --------------------------------------------------------------------------

    @property
    def generation(self):
        return self.config["generation"]

    @property
    def origin(self):
        return "http://127.0.0.1:%d" % self.server.ports.get("http", 0)

    def version(self):
        return tuple(int(n) for n in self.config["version"].split(".")[:2])

    def at_least(self, *wanted):
        return self.version() >= wanted

    # replies --------------------------------------------------------------------------------------

    def json(self, item, status=200, headers=(), kind="application/json; charset=utf-8"):
        body = item if isinstance(item, bytes) else kept.text(item, 4 if self.config["indent"] else None).encode("utf-8")
        reply = Reply(status, kind, body, list(headers))
        reply.server, reply.fixed = "openresty", not self.config["chunked"]
        return reply

    def error(self, status, code, message):
        item = {"code": code, "message": message} if code else {"message": message}
        if self.config["indent"]:
            item["stack"] = ["Error: " + message, "    at somewhere"]
        return self.json(item, status)

    @staticmethod
    def plain(status, body, kind="text/plain; charset=utf-8", headers=()):
        reply = Reply(status, kind if body else None, body.encode() if isinstance(body, str) else body, list(headers))
        reply.server, reply.fixed = "openresty", True
        return reply

    # routing --------------------------------------------------------------------------------------

    def handle(self, request):
        self._check_encoding(request)
        path = request.segments
        if path and path[0] == "rest-server":
            if path[1:4] == ["api", "internal", "tail-logs"]:
                return self._log(request, path)
            return self._rest(request, path[1:])
        if path and path[0] == "api" and self.config["direct"]:
            return self._rest(request, path)
        if path and path[0] in ("log-manager", "yarn", "blob"):
            return self._log(request, path)
        if path and path[0] == "job-detail.html":
            return self.plain(200, "<html>job</html>", "text/html")
        request.violate("path", "nothing of the gateway is at %r" % request.path)
        return self.plain(404, "<html><body>404</body></html>", "text/html")

    @staticmethod
    def _check_encoding(request):
        for raw in request.raw_segments:
            if not re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2}|:)*", raw):
                request.violate("encoding", "segment %r is not percent-encoded" % raw)
        if re.search(r"[^A-Za-z0-9._~%&=,:/+-]", request.raw_query):
            request.violate("encoding", "query %r is not percent-encoded" % request.raw_query)

    def _find(self, request, parts):
        for row, wanted in self.table:
            name, method, _, who, since = row
            if row[1] != request.method or len(wanted) != len(parts) or not self._exists(row):
                continue
            params = {}
            for pattern, part in zip(wanted, parts):
                if pattern.startswith("{"):
                    params[pattern[1:-1]] = part
                elif pattern != part:
                    break
            else:
                return name, who, params
        return None

    def _exists(self, row):
        name, _, path, _, since = row
        if self.version() < since:
            return False
        if self.config["authn"] == "OIDC" and name in ("login", "logout"):
            return False
        if self.generation == "G3" and path.startswith("/api/v1/"):  # v1 job and VC routes are gone
            return name in ("root", "login", "token_create", "tokens", "token_revoke", "user", "authn_info")
        return True

    def _rest(self, request, parts):
        parts = [p for p in parts if p]
        found = self._find(request, parts)
        if found is None:
            request.operation = "none"
            return self.error(404, "NoApiError", "%s %s is not found." % (request.method, request.path))
        name, who, params = found
        request.operation = name
        try:
            limited = self._limited(request, name)
            if limited:
                return limited
            self._who(request, who)
            reply = getattr(self, "do_" + name)(request, **params)
        except Refused as e:
            reply = self.error(e.status, e.code, e.message)
        return self._tagged(request, reply)

    def _tagged(self, request, reply):
        """Weak ETag and 304 (2.1)."""
        if request.method == "GET" and reply.status == 200 and reply.body and "json" in (reply.kind or ""):
            tag = 'W/"%x-%s"' % (len(reply.body), hashlib.md5(reply.body).hexdigest()[:12])
            if request.header("if-none-match") == tag:
                reply.status, reply.body, reply.kind = 304, None, None
            reply.headers.append(("ETag", tag))
        return reply

    def _limited(self, request, name):
        """429 in plain text under the name of HTML, and the three headers with everything (2.1)."""
        if self.version() < (1, 0):
            return None
        wanted = [("calls", self.config["calls_per_min"], 60)]
        if name == "list":
            wanted.append(("lists", self.config["lists_per_min"], 60))
        if name in ("submit", "submit_v1"):
            wanted.append(("submits", self.config["submits_per_h"], 3600))
        now = time.time()
        with self.store.lock:
            self.store.calls = [c for c in self.store.calls if now - c[1] < 3600]
            for kind, limit, span in wanted:
                used = sum(1 for k, at in self.store.calls if k == kind and now - at < min(span, self.config["retry_after_s"]
                                                                                             if limit < 10 else span))
                if used >= limit:
                    return self.plain(429, "Slow down, please.", "text/html; charset=utf-8", [
                        ("Retry-After", str(self.config["retry_after_s"])), ("X-RateLimit-Limit", str(limit)),
                        ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(int(now) + self.config["retry_after_s"]))])
            self.store.calls += [(kind, now) for kind, _, _ in wanted]
        return None

    # who asks -------------------------------------------------------------------------------------

    def _who(self, request, who):
        request.user = None
        header = request.header("authorization")
        if who == "open":
            if header is not None:
                request.violate("auth", "%s needs no token and got one" % request.operation)
            return
        if header is None and who == "job" and not self.at_least(1, 0):
            return
        payload = self._payload(header)
        if payload is None:
            raise Refused(401, "UnauthorizedUserError", "Your token is invalid.")
        if payload.get("application") and who == "noapp":
            raise Refused(403, "ForbiddenUserError", "Applications are not allowed to do this operation.")
        request.user, request.payload = payload["username"], payload

    def _payload(self, header):
        scheme, _, rest = (header or "").partition(" ")
        if scheme.lower() == "basic" and self.at_least(1, 0):
            try:
                user, _, rest = base64.b64decode(rest, validate=True).decode().partition(":")
            except ValueError:
                return None
            payload = self._valid(rest)
            return payload if payload and payload.get("application") and payload["username"] == user else None
        return self._valid(rest) if scheme.lower() == "bearer" else None

    def _valid(self, token):
        payload = kept.opened(token)
        if payload is None or payload["username"] not in self.store.users or payload.get("exp", 1 << 60) <= time.time():
            return None
        if self.at_least(0, 16) and token not in self.store.tokens:
            return None
        return payload

    def _admin(self, request):
        return self.store.users[request.user]["admin"]

    # bodies ---------------------------------------------------------------------------------------

    def _body(self, request):
        data = request.body.read()
        if len(data) > 102400:
            raise Refused(413, None, "request entity too large")
        charset = re.search("charset=([^;]+)", request.header("content-type") or "")
        if charset and charset.group(1).strip('" ').lower() not in ("utf-8", "utf8"):
            raise Refused(415, None, "unsupported charset")
        return data

    def _json_body(self, request):
        kind = (request.header("content-type") or "").split(";")[0].strip().lower()
        data = self._body(request)
        if kind != "application/json":
            request.violate("content-type", "JSON body as %r" % kind)
            raise Refused(400, "InvalidParametersError", '"value" is required')
        try:
            item = json.loads(data)
        except ValueError:
            request.violate("json", repr(data[:100]))
            raise Refused(400, None, "Unexpected token in JSON at position 0")
        return item

    # the operations -------------------------------------------------------------------------------

    def do_info(self, request):
        return self.json({"name": "PAI RESTful API", "version": self.config["version"], "launcherType": self.config["launcher"],
                          "authnMethod": self.config["authn"]})

    def do_root(self, request):
        if not self.at_least(0, 15):
            return self.plain(200, "<p>PAI RESTful API</p>\n", "text/html; charset=utf-8")
        return self.do_info(request)

    def do_authn_info(self, request):
        if self.config["authn"] == "OIDC":
            return self.json({"authn_type": "OIDC", "loginURI": "/api/v2/authn/oidc/login", "loginURIMethod": "get"})
        return self.json({"authn_type": "basic", "loginURI": "/api/v2/authn/basic/login", "loginURIMethod": "post"})

    def do_login(self, request):
        kind = (request.header("content-type") or "").split(";")[0].strip().lower()
        data = self._body(request)
        if kind == "application/json":
            try:
                item = json.loads(data)
            except ValueError:
                raise Refused(400, None, "Unexpected token in JSON")
        elif kind == "application/x-www-form-urlencoded":
            pairs = [p.split("=", 1) for p in data.decode("ascii").split("&") if p]
            item = {unquote(k.replace("+", " ")): unquote(v.replace("+", " ")) for k, v in pairs}
            if len(pairs) != len(item):
                request.violate("form", "repeated key")
        else:
            request.violate("content-type", "login as %r" % kind)
            item = {}
        if set(item) - {"username", "password", "expiration"}:
            request.violate("member", "login with %s" % sorted(item))
            raise Refused(400, "InvalidParametersError", '"x" is not allowed')
        name, password, life = item.get("username"), item.get("password"), item.get("expiration", 86400)
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_.-]+", name) or not isinstance(password, str) \
                or len(password) < 6 or not re.fullmatch("[0-9]+", str(life)) or not 60 <= int(life) <= 604800:
            raise Refused(400, "InvalidParametersError", "child \"username\" fails")
        user = self.store.users.get(name)
        if user is None:
            raise Refused(400, "NoUserError", "User %s is not found." % name)
        if user["password"] != password:
            raise Refused(400, "IncorrectPasswordError", "Password is incorrect.")
        reply = {"user": name, "token": self.store.new_token(name), "admin": user["admin"]}
        if self.at_least(1, 0):
            reply["hasGitHubPAT"] = "PAT-IN-CLEAR"
        return self.json(reply)

    def do_logout(self, request):
        self.store.tokens.pop(request.header("authorization").split(" ")[1], None)
        return self.json({"message": "Logout successfully"})

    def do_tokens(self, request):
        mine = [t for t, p in self.store.tokens.items() if p["username"] == request.user and p.get("exp", 1 << 60) > time.time()]
        return self.json({"tokens": mine or {}})

    def do_token_create(self, request):
        if self._body(request):
            request.violate("body", "application token with a body")
        return self.json({"token": self.store.new_token(request.user, True), "application": True})

    def do_token_check(self, request):
        return self.json(dict(request.payload, admin=self._admin(request)))

    def do_token_revoke(self, request, token):
        payload = kept.opened(token)
        if payload is None or payload.get("exp", 1 << 60) <= time.time():
            raise Refused(500, "UnknownError", "jwt malformed")
        if payload["username"] != request.user and not self._admin(request):
            raise Refused(403, "ForbiddenUserError", "Only admin can revoke others.")
        self.store.tokens.pop(token, None)
        return self.json({"message": "revoke successfully"})

    # lists ----------------------------------------------------------------------------------------

    def _queries(self, request, known):
        found = {}
        for name, content in request.query:
            if name in found:
                request.violate("query", "%s repeated" % name)
                raise Refused(500, None, "value.split is not a function")
            if name not in known:
                request.violate("query", "unknown %s" % name)
            if content == "" and name != "nodes":
                request.violate("query", "empty %s" % name)
            found[name] = content
        return found

    def do_list_v1(self, request, user=None):
        query = self._queries(request, {"username"})
        users = [user] if user else query["username"].split(",") if "username" in query else None
        with self.store.lock:
            jobs = [j.summary(self) for j in self.store.jobs.values() if users is None or j.user in users]
        jobs.sort(key=lambda j: -(j["createdTime"] or 1 << 60))
        return self.json(jobs)

    def do_list(self, request):
        known = {k for k, since in LIST_QUERY.items() if self.version() >= since}
        q = self._queries(request, set(LIST_QUERY))
        q = {k: v for k, v in q.items() if k in known}
        for name in ("limit", "offset"):
            if name in q and not re.fullmatch("[0-9]+", q[name]):
                request.violate("query", "%s=%s" % (name, q[name]))
                raise Refused(500, None, "invalid input syntax for integer")
        limit, offset = int(q.get("limit", 5000)), int(q.get("offset", 0))
        if limit > 50000:
            request.violate("query", "limit %d" % limit)
            raise Refused(400, "InvalidParametersError", "Limit exceeds max number 50000.")
        rows = self._select(q, self._rows())
        if not self.at_least(1, 2):
            return self.json(b"[" + b",".join(r[1] for r in rows) + b"]")
        page = b"[" + b",".join(r[1] for r in rows[offset:offset + limit]) + b"]"
        if q.get("withTotalCount") == "true":
            page = b'{"totalCount":%d,"data":%s}' % (len(rows), page)
        return self.json(page)

    def _rows(self):
        with self.store.lock:
            if self.store.cached is None or any(not j.plan.get("still") for j in self.store.jobs.values()):
                items = [(j.summary(self), j.tags) for j in self.store.jobs.values()]
                self.store.cached = [(i, kept.text(i).encode("utf-8"), tags) for i, tags in items]
            return self.store.cached

    def _select(self, q, rows):
        def words(name):
            return set(q[name].split(","))
        for name, member in (("username", "username"), ("vc", "virtualCluster"), ("state", "state")):
            if name in q:
                wanted = words(name)
                rows = [r for r in rows if r[0][member] in wanted]
        wide = lambda r: True
        if "keyword" in q:
            pattern = re.compile("".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in q["keyword"]), re.S)
            wide = lambda r: any(pattern.search(r[0][m]) for m in ("username", "name", "virtualCluster"))
        if "jobPriority" in q:
            wanted, keyword = words("jobPriority"), wide
            if "default" in wanted and "keyword" in q:  # Q7: OR-ed
                wide = lambda r: keyword(r) or r[0].get("jobPriority") is None
            else:
                wide = lambda r: keyword(r) and (r[0].get("jobPriority") or "default") in wanted
        rows = [r for r in rows if wide(r)]
        if "tagsContain" in q:
            rows = [r for r in rows if words("tagsContain") & set(r[2])]
        if "tagsNotContain" in q:
            rows = [r for r in rows if not words("tagsNotContain") & set(r[2])]
        return self._ordered(q, list(rows))

    def _ordered(self, q, rows):
        field, _, way = q.get("order", "").partition(",")
        if field not in FIELDS or way not in ("ASC", "DESC"):
            field, way = "submissionTime", "DESC"
        member = FIELDS[field]
        if self.config["shuffle"]:
            self.store.random.shuffle(rows)
        known = sorted((r for r in rows if r[0].get(member) is not None), key=lambda r: r[0][member], reverse=way == "DESC")
        nulls = [r for r in rows if r[0].get(member) is None]
        return known + nulls if way == "ASC" else nulls + known

    # one job --------------------------------------------------------------------------------------

    def _job(self, request, job=None, user=None, name=None, reading=True):
        framework = job if job is not None else "%s~%s" % (user, name)
        if "~" not in framework:
            request.violate("path", "framework name %r" % framework)
        return self.store.find(framework, reading)

    def do_legacy(self, request, name):
        return self.json(self.store.find("~" + name).detail(self))

    def do_job(self, request, **where):
        return self.json(self._job(request, **where).detail(self))

    def do_job_attempt(self, request, job, n):
        found = self._job(request, job)
        if not re.fullmatch("[0-9]+", n) or int(n) > found.retries:
            raise Refused(404, "NoJobError", "no such attempt")
        return self.json(found.detail(self))

    def do_job_config(self, request, **where):
        job = self._job(request, **where)
        if not job.config:
            raise Refused(404, "NoJobConfigError", "Config of job %s is not found." % job.id)
        if self.config["launcher"] == "k8s" and self.generation != "G1":  # Q1: JSON under text/yaml
            return self.json(documents.load(job.config), kind="text/yaml; charset=utf-8")
        accept = request.header("accept") or ""
        as_yaml = self.generation == "G2" or accept.startswith("text/yaml")
        if as_yaml:
            return self.plain(200, job.config, "text/yaml; charset=utf-8")
        return self.json(documents.load(job.config))

    def do_job_ssh(self, request, **where):
        if self.config["launcher"] == "k8s" and self.generation != "G1":  # Q8
            raise Refused(404, "NoJobSshInfoError", "SSH info of job is not found.")
        job = self._job(request, **where)
        name = job.id
        return self.json({"containers": [{"id": "container_e07_%06d" % i, "sshIp": "10.0.0.%d" % (38 + i), "sshPort": str(20511 + i)}
                                         for i in range(sum(n for _, n, _ in job.roles))],
                          "keyPair": {"folderPath": "hdfs://10.0.0.34:9000/Container/%s/%s/ssh/keyFiles" % (job.user, name),
                                      "publicKeyFileName": name + ".pub", "privateKeyFileName": name,
                                      "privateKeyDirectDownloadLink": "%s/a/10.0.0.34:5070/webhdfs/v1/Container/%s?op=OPEN"
                                                                      % (self.origin, name)}})

    def do_job_executionType(self, request, **where):
        item = self._json_body(request)
        if not isinstance(item, dict) or set(item) != {"value"} or item["value"] not in ("START", "STOP"):
            raise Refused(400, "InvalidParametersError", '"value" must be one of [START, STOP]')
        job = self._job(request, reading=False, **where)
        if request.user != job.user and not self._admin(request):
            raise Refused(403, "ForbiddenUserError", "User %s is not allowed to do operation on job" % request.user)
        if job.state in kept.TERMINAL:
            if kept.now_ms() - (job.completed or 0) >= self.config["start_grace_ms"]:
                request.violate("finished", "%s of a finished job (Q40)" % item["value"])
                raise Refused(500, "UnknownError", "the framework is gone")
        elif item["value"] == "STOP":
            job.stop()
        message = "execute job %s successfully" % job.name
        return self.json({"message": message} if self.generation == "G1" else {"status": 202, "message": message}, 202)

    def do_delete_v1(self, request, user, name):
        self._job(request, user=user, name=name, reading=False)
        del self.store.jobs["%s~%s" % (user, name)]
        return self.json({"message": "deleted"}, 202)

    def _tag(self, request, job):
        item = self._json_body(request)
        found = self._job(request, job, reading=False)
        tag = item.get("value") if isinstance(item, dict) else None
        if not isinstance(tag, str) or not tag or "," in tag:
            raise Refused(400, "InvalidParametersError", "tag")
        if len(tag) > 512:
            request.violate("tag", "longer than 512")
            raise Refused(500, None, "value too long for type character varying(512)")
        if request.user != found.user and not self._admin(request):
            raise Refused(403, "ForbiddenUserError", "User %s is not allowed to tag" % request.user)
        self.store.cached = None
        return found, tag

    def do_tag_add(self, request, job):
        found, tag = self._tag(request, job)
        found.tags += [tag] if tag not in found.tags else []
        return self.json({"status": 200, "message": "Add tag %s successfully" % tag})

    def do_tag_remove(self, request, job):
        found, tag = self._tag(request, job)
        if tag not in found.tags:
            raise Refused(404, "NoTagError", "tag %s is not found" % tag)
        found.tags.remove(tag)
        return self.json({"status": 200, "message": "Delete tag %s successfully" % tag})

    def do_events(self, request, job):
        query = self._queries(request, {"type"})
        found = [e for e in self._job(request, job).events if query.get("type") in (None, e["type"])]
        return self.json({"totalCount": len(found), "data": found})

    def do_attempts_health(self, request, job):
        return self.plain(200, "ok")

    def do_attempts(self, request, job):
        try:
            found = self._job(request, job)
        except Refused:
            return self.json(None, 404)
        return self.json([found.attempt(found.retries)] + [found.attempt(n) for n in range(found.retries)])

    def do_attempt(self, request, job, n):
        found = self._job(request, job)
        if not re.fullmatch("[0-9]+", n) or int(n) > found.retries:
            raise Refused(404, "NoJobError", "no such attempt")
        return self.json(found.attempt(int(n)))

    def _task(self, request, job, n, role, i):
        found = self._job(request, job)
        count = {documents.normalised(r): c for r, c, _ in found.roles}.get(role)
        if role != documents.normalised(role):
            request.violate("role", "%r is not normalised (Q5)" % role)
        if count is None or not (i + n).isdigit() or int(i) >= count or int(n) > found.retries:
            raise Refused(404, "NoJobError", "no such task")
        return found

    def do_task_attempts(self, request, job, n, role, i):
        return self.json(self._task(request, job, n, role, i).task_attempts(self, role, int(i)))

    def do_task_logs(self, request, job, n, role, i, k):
        query = self._queries(request, {"tail-mode"})
        try:
            found = self._task(request, job, n, role, i)
        except Refused:
            raise Refused(404, "NoTaskLogError", "Log of task is not found.")
        streams = found.logs.get((role, int(i)))
        if streams is None or k != "0" or found.created is None:
            raise Refused(404, "NoTaskLogError", "Log of task is not found.")
        tail = "&tail-mode=true" if query.get("tail-mode") == "true" else ""
        names = sorted(streams, key=lambda s: hashlib.md5(s.encode()).hexdigest())  # no particular order
        return self.json({"locations": [{"name": s, "uri": self._link(found, role, int(i), s) + tail} for s in names]})

    # submissions ----------------------------------------------------------------------------------

    def do_submit(self, request):
        kind = (request.header("content-type") or "").split(";")[0].strip().lower()
        data = self._body(request)
        if not kind.startswith("text/"):
            request.violate("content-type", "job as %r (Q24)" % kind)
            raise Refused(400, "InvalidProtocolError", "The protocol should be a YAML document")
        try:
            text = data.decode("utf-8")
            doc = documents.load(text)
        except (UnicodeDecodeError, documents.Unparsable) as e:
            request.violate("yaml", str(e))
            raise Refused(500, None, str(e))
        return self._accept_v2(request, doc, text)

    def _accept_v2(self, request, doc, text):
        found = documents.check_v2(doc)
        if found:
            raise Refused(400, "InvalidProtocolError", json.dumps(found))
        wrong = documents.semantic_v2(doc, self.store.site["vcs"], self.store.site["storages"])
        if wrong:
            raise Refused(*wrong)
        if not documents.secrets_are_hidden(text, doc):
            request.violate("secrets", "stored unmasked (Q36, Q37): %r" % text[:200])
        for secret in [u["password"] for u in self.store.users.values()]:
            if secret in text:
                request.violate("password", "a user's password in a job document (Q27)")
        self.store.submit(request.user, doc["name"], doc, documents.stored(text))
        return self._accepted(doc["name"])

    def _accepted(self, name):
        if self.config["submit_404"]:
            raise Refused(404, "NoJobError", "Job %s is not found." % name)
        message = "update job %s successfully" % name
        return self.json({"message": message} if self.generation == "G1" else {"status": 202, "message": message}, 202)

    def do_submit_v1(self, request, user, name=None):
        if self.generation == "G2" and self.config["launcher"] == "k8s":  # this path wants v2 there
            return self.do_submit(request)
        doc = self._json_body(request)
        if name is not None and isinstance(doc, dict):
            doc["jobName"] = name
        found = documents.check_v1(doc)
        if found:
            raise Refused(400, "InvalidParametersError", found[0]["dataPath"] + " " + found[0]["message"])
        if user != request.user and not self._admin(request):
            raise Refused(403, "ForbiddenUserError", "not yours")
        if doc.get("virtualCluster", "default") not in self.store.site["vcs"]:
            raise Refused(404, "NoVirtualClusterError", "no such virtual cluster")
        text = request.body.read().decode()
        if any(u["password"] in text for u in self.store.users.values()):
            request.violate("password", "a user's password in a job document (Q27)")
        self.store.submit(user, doc["jobName"], doc, kept.text(doc))
        return self._accepted(doc["jobName"])

    # people and machines --------------------------------------------------------------------------

    def _view(self, name):
        user = {k: v for k, v in self.store.users[name].items() if k != "password"}
        if not self.at_least(0, 14):
            user["virtualCluster"] = ",".join(user["virtualCluster"])
        return dict({"username": name}, **user)

    def do_users(self, request):
        return self.json([self._view(n) for n in self.store.users])

    def do_user(self, request, name):
        if name not in self.store.users:  # Q10
            raise Refused(400, "NoUserError", "User %s is not found." % name)
        return self.json(self._view(name))

    def do_groups(self, request):
        return self.json(list(self.store.site["groups"].values()))

    def do_group(self, request, name):
        if name not in self.store.site["groups"]:
            raise Refused(400, "NoGroupError", "Group %s is not found." % name)
        return self.json(self.store.site["groups"][name])

    def _vc(self, name):
        vc = self.store.site["vcs"][name]
        both = lambda r: {"cpu": r["cpu"], "memory": r["memory"], "gpu": r["gpu"], "vCores": r["cpu"], "GPUs": r["gpu"]}
        if self.generation == "G1":
            three = lambda r, f: {"vCores": r["cpu"] + f, "memory": r["memory"] + f, "GPUs": r["gpu"] + f}
            return {"capacity": 33.333332, "maxCapacity": 80, "usedCapacity": 7.25, "numActiveJobs": 5, "numJobs": 6, "numPendingJobs": 1,
                    "resourcesUsed": three(vc["used"], 0), "status": "RUNNING", "dedicated": False,
                    "resourcesTotal": three(vc, 0.6666664), "nodeList": ["10.0.0.1", "10.0.0.2"]}
        item = {"capacity": 62.5, "usedCapacity": 12.5, "dedicated": False, "resourcesUsed": both(vc["used"]),
                "resourcesGuaranteed": both(vc), "resourcesTotal": both(vc)}
        if vc["gpu"]:
            item["maxCapacity"] = 62.5
        return item

    def do_vcs(self, request):
        if "nodes" in self._queries(request, {"nodes"}):
            return self.json(self.store.site["nodes"])
        return self.json({n: self._vc(n) for n in self.store.site["vcs"]})

    def do_vc(self, request, name):
        if not re.fullmatch("[A-Za-z0-9_]+", name):
            raise Refused(400, "InvalidParametersError", "vc name")
        if name not in self.store.site["vcs"]:
            raise Refused(404, "NoVirtualClusterError", "Virtual cluster %s is not found." % name)
        return self.json(self._vc(name))

    def do_skus(self, request):
        vc = self._queries(request, {"vc"}).get("vc")
        if vc is not None and vc not in self.store.site["vcs"]:
            raise Refused(404, "NoVirtualClusterError", "no such virtual cluster")
        return self.json(self.store.site["skus"])

    def do_storages(self, request):
        only = self._queries(request, {"default"}).get("default") == "true"
        short = [dict({k: s[k] for k in ("name", "share", "volumeName") if k in s}, default=s["name"] == "teamnfs")
                 for s in self.store.site["storages"].values()]
        return self.json({"storages": [s for s in short if s["default"] or not only]})

    def do_storage(self, request, name):
        if name not in self.store.site["storages"]:
            raise Refused(404, "NoStorageError", "Storage %s is not found." % name)
        return self.json(self.store.site["storages"][name])

    def do_alerts(self, request):
        return self.json([])

    # logs -----------------------------------------------------------------------------------------

    def _link(self, job, role, index, name):
        """A link of its own each time, good for a while."""
        with self.store.lock:
            mark = "%s%04d" % (hashlib.md5(os.urandom(8)).hexdigest()[:12], len(self.store.links))
            self.store.links[mark] = (job.id, role, index, name, time.time() + self.config["link_s"])
        form = self.config["link_form"]
        if form == "blob":
            return "%s/blob/job.%s.log?sig=%s%%2Bd%%3D" % (self.origin, name, mark)
        if form == "rest-server":
            return "/rest-server/api/internal/tail-logs/job.%s.log?sig=%s" % (name, mark)
        return "/log-manager/10.20.30.%d:9103/api/v1/logs/%s?username=%s&token=%s" % (40 + index, name, job.user, mark)

    def _log(self, request, path):
        request.operation = "log"
        query = dict(request.query)
        if request.header("authorization") is not None and path[0] != "rest-server":
            request.violate("auth", "a token sent to a log server")
        if path[0] == "yarn" or path[1:2] == ["tail"]:
            return self._old_log(path)
        mark = (query.get("token") or query.get("sig") or "")[:16]
        found = self.store.links.get(mark)
        if found is None or time.time() > found[4]:
            return self.plain(403, b"")
        job, role, index, name, _ = found
        data = bytes(self.store.jobs[job].stream(role, index, name)) if job in self.store.jobs else None
        if data is None:
            return self.plain(404, b"")
        return self._ranged(request, data, query.get("tail-mode") == "true")

    def _ranged(self, request, data, tail):
        start, end = 0, len(data)
        asked = request.header("range")
        if asked is not None:
            m = re.fullmatch(r"bytes=([0-9]*)-([0-9]*)", asked)
            if not m or not (m.group(1) or m.group(2)):
                request.violate("range", asked)
                return self.plain(416, b"")
            if not m.group(1):
                start = max(0, len(data) - int(m.group(2)))
            else:
                start, end = int(m.group(1)), int(m.group(2)) + 1 if m.group(2) else len(data)
            if start >= len(data):
                return self.plain(416, b"", headers=[("Content-Range", "bytes */%d" % len(data))])
        elif tail:
            start = max(0, len(data) - 16384)
        else:
            return self.plain(200, data, headers=[("Accept-Ranges", "bytes")])
        part = data[start:end]
        return self.plain(206, part, headers=[("Content-Range", "bytes %d-%d/%d" % (start, start + len(part) - 1, len(data)))])

    def _old_log(self, path):
        """Servers before 1.4: containerLog with user.pai.stdout behind it; YARN's page wraps the text in HTML."""
        if path[0] == "yarn":
            m = re.fullmatch(r"c_(.+)_([0-9]+)", path[4]) if len(path) > 6 else None
            where = next((j for j in self.store.jobs.values() if m and (m.group(1), int(m.group(2))) in j.logs), None)
            role, index, name = (m.group(1), int(m.group(2)), path[6]) if m else ("", 0, "")
        else:
            where, role, index, name = (self.store.jobs.get(path[3]), path[4], int(path[5]), path[6]) if len(path) > 6 else (None, "", 0, "")
        stream = name.replace("user.pai.", "")
        if where is None or stream not in where.logs.get((role, index), {}):
            return self.plain(404, b"")
        data = bytes(where.stream(role, index, stream))
        if path[0] != "yarn":
            return self.plain(200, data)
        page = "<html><body><h1>Logs</h1><pre>%s</pre></body></html>" % html.escape(data.decode("utf-8", "replace"))
        return self.plain(200, page, "text/html; charset=utf-8")


class Server(mlcycle_server.Server):
    """The listeners and logs are those of the other stand-in; what stands behind them is OpenPAI."""

    def __init__(self, config=None, tls=None):
        super().__init__(None, None, tls)
        self.config = dict(mlcycle_server.DEFAULTS, **{k: v[0] for k, v in SETTINGS.items()})
        self.config.update(config or {})
        self.store, self.faults = kept.Store(self.config), faults.Faults()
        self.router = Router(self)
        self.initial = dict(self.config)

    def accepted(self, sock, scheme):
        with self.lock:
            self.count += 1
            connection = Connection(self, sock, scheme, self.count)
            self.connections.add(connection)
            return connection

    def reset(self):
        self.config.update(self.initial)
        return super().reset()


class Control(control.Control):
    """The other control calls, and what is OpenPAI's."""

    def call(self, method, path, wish):
        store = self.server.store
        own = {"GET /state": lambda: self._state(store), "POST /seed": lambda: self._seed(store, wish),
               "POST /set": lambda: self._set(store, wish), "POST /log": lambda: self._append(store, wish)}
        found = own.get("%s %s" % (method, path))
        return found() if found else super().call(method, path, wish)

    def _state(self, store):
        with store.lock:
            return {"jobs": [dict(j.detail(self.server.router), document=j.document, config=j.config) for j in store.jobs.values()]
                    if len(store.jobs) < 1000 else [], "job_count": len(store.jobs), "tokens": list(store.tokens)}

    def _seed(self, store, wish):
        """{jobs: [{user, name, state, exit_code, roles, tags, vc, priority, events, logs, forced ...}], many, users, site}."""
        with store.lock:
            for name, user in wish.get("users", {}).items():
                store.users.setdefault(name, dict(store.users["lee"])).update(user)
            for name, part in wish.get("site", {}).items():
                store.site[name].update(part)
            for item in wish.get("jobs", ()):
                roles = item.get("roles", {"main": 1})
                document = {"taskRoles": {r: {"instances": n, "resourcePerInstance": {"gpu": item.get("gpu", 0)}} for r, n in roles.items()}}
                config = item.get("config")
                job = store.submit(item.get("user", "lee"), item["name"], document,
                                   config if isinstance(config, str) else json.dumps(config or {"protocolVersion": 2, "name": item["name"]}))
                self._change(job, dict({"state": "RUNNING"}, **item))
            if wish.get("many"):
                store.make_many(wish["many"])
        return {}

    @staticmethod
    def _change(job, item):
        job.plan["still"] = item.get("still", True)
        job.vc, job.priority = item.get("vc", job.vc), item.get("priority", job.priority)
        job.tags, job.events = list(item.get("tags", job.tags)), item.get("events", job.events)
        job.submitted, job.retries = item.get("submitted", job.submitted), item.get("retries", job.retries)
        job.forced.update(item.get("forced", {}))
        state = item.get("state")
        if state:
            job.state = state
            if state != "WAITING" and job.created is None:
                job.created = job.launched = job.submitted + 3000
            job.completed = (job.submitted + 60000) if state in kept.TERMINAL else None
            job.exit_code = item.get("exit_code", {"SUCCEEDED": 0, "STOPPED": -210, "FAILED": 220}.get(state))
        for where, streams in item.get("logs", {}).items():
            role, _, index = where.partition("/")
            for name, content in streams.items():
                job.stream(role, int(index or 0), name).extend(content.encode("utf-8"))

    def _set(self, store, wish):
        with store.lock:
            self._change(store.jobs[wish["job"]], wish)
            store.cached = None
        return {}

    @staticmethod
    def _append(store, wish):
        with store.lock:
            store.jobs[wish["job"]].stream(wish.get("role", "main"), wish.get("index", 0), wish.get("name", "stdout")).extend(
                wish["text"].encode("utf-8"))
        return {}


def main(argv=None):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--http", type=int, metavar="PORT", help="serve http on this port, 0 picks a free one")
    p.add_argument("--https", type=int, metavar="PORT", help="serve https (needs --cert)")
    p.add_argument("--control", type=int, default=0, metavar="PORT")
    p.add_argument("--cert", metavar="FILE")
    p.add_argument("--key", metavar="FILE")
    p.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="a setting")
    p.add_argument("--host", action="append", default=[], metavar="NAME[:PORT]", help="also right in Host")
    p.add_argument("--proxied", action="store_true", help="a proxy stands in front: its headers are fine")
    p.add_argument("--allow", action="append", default=[], metavar="KIND", help="do not record this kind of violation")
    p.add_argument("--until-eof", action="store_true", help="end when standard input ends")
    p.add_argument("--help-settings", action="store_true")
    args = p.parse_args(argv)
    if args.help_settings:
        for name, (default, meaning) in SETTINGS.items():
            print("%-16s %s (%s)" % (name, meaning, json.dumps(default)))
        return
    config = {"hosts": args.host, "proxied": args.proxied, "allow": args.allow}
    for setting in args.set:
        name, _, content = setting.partition("=")
        config[name] = json.loads(content)
    args.tls_min, args.tls_max, args.client_ca = "1.2", "1.2", None
    server = Server(config, mlcycle_server.tls_context(args) if args.https is not None else None)
    mlcycle_server.end_with_parent(args.until_eof, server.stopped)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stopped.set())
    for scheme, port in (("http", args.http), ("https", args.https)):
        if port is not None:
            server.open(scheme, "127.0.0.1", port)
    server.ports["control"] = Control(server, port=args.control).port
    print(json.dumps(server.ready()), flush=True)
    server.stopped.wait()
    sys.stdout.flush()
    os._exit(1 if server.violations else 0)


if __name__ == "__main__":
    main()
