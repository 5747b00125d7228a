"""The 25 operations as a table, and the handlers behind them (wire page 1)."""
import re

import multipart
import wirejson as wj
from store import Refused

JSON_TYPE = "application/json; charset=utf-8"
PROBLEM_TYPE = "application/problem+json; charset=utf-8"
TITLES = {400: ("Bad Request", "6.5.1"), 404: ("Not Found", "6.5.4"), 406: ("Not Acceptable", "6.5.6"),
          409: ("Conflict", "6.5.8"), 415: ("Unsupported Media Type", "6.5.13")}
INITIATORS = {"manual": 0, "git": 1, "data": 2}
TYPES = {"metrics": 0, "buildlogs": 1, "model": 2}
MEDIA = {".txt": "text/plain", ".json": "application/json", ".png": "image/png", ".jpg": "image/jpeg",
         ".html": "text/html", ".xml": "text/xml", ".md": "text/markdown", ".zip": "application/x-zip-compressed",
         ".gz": "application/x-gzip", ".tar": "application/x-tar", ".tgz": "application/x-compressed",
         ".pdf": "application/pdf"}

# operation, method, path below /api, body kind. {x}: an id, {number}: an int32, {name}: a file name
OPERATIONS = [
    (room + "." + verb, method, "/" + room + tail, body)
    for room in ("workers", "projects")
    for verb, method, tail, body in (("get_all", "GET", "", None), ("get_by_id", "GET", "/{id}", None),
                                     ("add", "POST", "", "json"), ("update", "PUT", "/{id}", "json"),
                                     ("delete", "DELETE", "/{id}", None))
] + [
    ("jobs.get_all", "GET", "/jobs", None),
    ("jobs.get_by_id", "GET", "/jobs/{id}", None),
    ("jobs.add_steps", "POST", "/jobs/{id}/steps", "json"),
    ("jobs.add_metrics", "POST", "/jobs/{id}/step/{number}/metrics", "json"),
    ("jobs.trigger", "POST", "/jobs/project/{projectId}/trigger", "empty"),
    ("scheduler.get_pending", "GET", "/scheduler", None),
    ("scheduler.claim", "POST", "/scheduler/{id}/step/{number}/claim", "empty"),
    ("scheduler.complete", "POST", "/scheduler/{id}/step/{number}/complete", "empty"),
    ("scheduler.error", "POST", "/scheduler/{id}/step/{number}/error", "empty"),
    ("fragments.get_all_by_job", "GET", "/fragments/job/{job}", None),
    ("fragments.get_all_by_step", "GET", "/fragments/job/{job}/step/{number}", None),
    ("fragments.get_by_id", "GET", "/fragments/{id}", None),
    ("fragments.get_latest_by_job", "GET", "/fragments/job/{job}/name/{name}", None),
    ("fragments.get_latest_by_project", "GET", "/fragments/project/{project}/name/{name}", None),
    ("fragments.upload", "POST", "/fragments/job/{job}/step/{number}", "multipart"),
]


class Invalid(Refused):
    """A validation problem with its map of errors."""

    def __init__(self, errors):
        Refused.__init__(self, 400)
        self.errors = errors


class Reply:
    """What goes back. body None: Content-Length 0; bytes: chunked; framed: already chunked bytes; pieces: a generator."""

    def __init__(self, status, kind=None, body=None, headers=(), framed=None, pieces=None, close=False):
        self.status, self.kind, self.body, self.headers = status, kind, body, list(headers)
        self.framed, self.pieces, self.close = framed, pieces, close


def json_reply(text, status=200, kind=JSON_TYPE):
    return Reply(status, kind, wj.utf8(text))


def problem(status, trace):
    """The problem bodies of 0.6."""
    if status not in TITLES:
        return json_reply('{"type":"about:blank","status":%d}' % status, status, PROBLEM_TYPE)
    title, section = TITLES[status]
    return json_reply('{"type":"https://tools.ietf.org/html/rfc7231#section-%s","title":"%s","status":%d,"traceId":"%s"}'
                      % (section, title, status, trace), status, PROBLEM_TYPE)


def invalid(errors, trace):
    """A validation problem."""
    return json_reply('{"errors":%s,"title":"One or more validation errors occurred.","status":400,"traceId":"%s"}'
                      % (wj.value(errors), trace), 400, PROBLEM_TYPE)


def message(status, text, accept):
    """A text error: quoted JSON when the client asks for JSON only (0.2)."""
    if accept is not None and "*/*" not in accept and "text/plain" not in accept and "json" in accept:
        return json_reply(wj.quote(text), status)
    return Reply(status, "text/plain; charset=utf-8", wj.utf8(text))


class Router:
    """Turns a request (http_layer.Request) into a Reply."""

    def __init__(self, store, config):
        self.store, self.config = store, config
        self.table = [(name, method, [s for s in path.split("/") if s], kind) for name, method, path, kind in OPERATIONS]

    def find(self, request):
        """(operation row, parameters) or a Reply when nothing routes."""
        parts = request.segments
        if not parts or parts[0].lower() != "api":
            return self._outside(request), None
        if parts[0] != "api":
            request.violate("path-case", "prefix is not lower case")
        parts, allowed = parts[1:], set()
        if "" in parts:
            request.violate("path", "empty path segment")
            return Reply(404), None
        for row in self.table:
            params = self._match(row[2], parts)
            if params is None:
                continue
            if row[1] == request.method:
                self._check_case(request, row[2], parts)
                return row, params
            allowed.add(row[1])
        if allowed:
            return Reply(405, headers=[("Allow", ", ".join(sorted(allowed)))]), None
        request.violate("path", "no operation has this path")
        return Reply(404), None

    def _outside(self, request):
        if not self.config["spa"]:
            return Reply(404)
        if request.method == "GET":
            return Reply(200, "text/html", b"<!doctype html><html><head><title>mlcycle</title></head>"
                                           b"<body><app-root></app-root></body></html>")
        return Reply(405, "text/html", b"<html><body><h1>405 Not Allowed</h1></body></html>")

    @staticmethod
    def _match(pattern, parts):
        if len(pattern) != len(parts):
            return None
        params = {}
        for want, have in zip(pattern, parts):
            if want[0] == "{":
                params[want[1:-1]] = have
            elif want != have.lower():
                return None
        return params

    @staticmethod
    def _check_case(request, pattern, parts):
        if any(w[0] != "{" and w != h for w, h in zip(pattern, parts)):
            request.violate("path-case", "path is not lower case")

    def handle(self, request):
        row, params = self.find(request)
        if params is None:
            return row
        request.operation = row[0]
        try:
            errors = self._bind(request, params)
            if row[3] == "json" and not self._is_json(request):
                request.violate("content-type", "JSON body as %r" % request.header("content-type"))
                return problem(415, request.trace)
            if errors:
                return invalid(errors, request.trace)
            self._body_rules(request, row[3])
            room, verb = row[0].split(".")
            call = getattr(self, room + "_" + verb, None)
            return call(request, params) if call else getattr(self, "named_" + verb)(request, params, room)
        except Invalid as r:
            return invalid(r.errors, request.trace)
        except Refused as r:
            if r.text is None:
                return problem(r.status, request.trace)
            return message(r.status, r.text, request.header("accept")) if r.text else Reply(r.status)

    def _bind(self, request, params):
        """Ids and numbers of the path; replaces the texts in params."""
        errors, query = {}, dict(request.query)
        for name in list(params):
            text = params[name]
            if name == "name":
                request.check_name()
            elif name == "number":
                if not re.fullmatch("0|[1-9][0-9]{0,9}", text) or int(text) >= 2**31:
                    request.violate("number", "step number %r" % text)
                if not re.fullmatch("[+-]?[0-9]+", text) or not -2**31 <= int(text) < 2**31:
                    errors[name] = ["The value '%s' is not valid." % text]
                else:
                    params[name] = int(text)
            else:
                params[name], canonical = wj.guid(text)
                if not canonical or text == wj.NIL:
                    request.violate("guid", "%s is %r" % (name, text))
                if params[name] is None:
                    errors[name] = ["The value '%s' is not valid." % text]
        initiator = query.pop("initiator", None) if request.operation == "jobs.trigger" else None
        if query:
            request.violate("query", "unexpected query %r" % sorted(query))
        params["initiator"] = 0
        if initiator is not None:
            found = INITIATORS.get(initiator.lower(), int(initiator) if initiator in ("0", "1", "2") else None)
            if found is None:
                request.violate("query", "initiator=%r" % initiator)
                errors["initiator"] = ["The value '%s' is not valid." % initiator]
            params["initiator"] = found
        if not errors and request.operation != "fragments.upload" and wj.NIL in params.values():
            raise Refused(400)
        return errors

    @staticmethod
    def _is_json(request):
        kind, params = multipart.parameters(request.header("content-type") or "")
        if params and params.get("charset", "utf-8").lower() != "utf-8":
            return False
        return bool(re.fullmatch(r"application/json|text/json|application/[^/]*\+json", kind.lower()))

    @staticmethod
    def _body_rules(request, kind):
        content_type = request.header("content-type")
        if kind == "json" and content_type.replace(" ", "").lower() not in (
                "application/json", "application/json;charset=utf-8"):
            request.violate("content-type", "JSON body as %r" % content_type)
        if kind in (None, "empty") and (request.body.length or content_type):
            request.violate("body", "%s with a body or a content type" % request.operation)

    def _json(self, request, want):
        """The parsed body; Refused via a validation reply when it is not of the wanted type."""
        data = request.body.read()
        if not data:
            raise Invalid({"": ["A non-empty request body is required."]})
        try:
            item = wj.load(data, lambda d: request.violate("json", d))
        except wj.JsonError as e:
            request.violate("json", str(e))
            raise Invalid({"": [str(e)]})
        if item is None:
            raise Invalid({"": ["A non-empty request body is required."]})
        if not isinstance(item, want):
            raise Invalid({"": ["Error converting value to the wanted type."]})
        return item

    # workers and projects -------------------------------------------------------------------------

    def named_get_all(self, request, params, room):
        return json_reply(self.store.named_list(room))

    def named_get_by_id(self, request, params, room):
        return json_reply(self.store.named_get(room, params["id"]))

    def named_add(self, request, params, room):
        return json_reply(self.store.named_put(room, params.get("id"), self._named_body(request, room)))

    named_update = named_add

    def named_delete(self, request, params, room):
        self.store.named_delete(room, params["id"])
        return Reply(200)

    def _named_body(self, request, room):
        wanted = ("name",) if room == "workers" else ("name", "gitRepository")
        item, errors = self._json(request, dict), {}
        found = self._members(request, item, wanted + ("id",), {"id"})
        if found.get("id") is not None:
            given, _ = wj.guid(str(found["id"]))
            if given is None:
                raise Invalid({"id": ["Error converting value to type 'System.Guid'."]})
            if given != wj.NIL:
                raise Refused(400)
        for name in wanted:
            text = self._text(found.get(name), name)
            if not text:
                errors[name[0].upper() + name[1:]] = ["The %s field is required." % (name[0].upper() + name[1:])]
            elif not text.strip():
                request.violate("body", "%s is only white space" % name)
            found[name] = text
        if errors:
            raise Invalid(errors)
        return {n: found[n] for n in wanted}

    @staticmethod
    def _members(request, item, known, unwanted=()):
        """The known members by their right names; complains of any other, of nulls and of wrong case."""
        found, lower = {}, {k.lower(): k for k in known}
        for name, content in item.items():
            right = lower.get(name.lower())
            if right is None or right in unwanted:
                request.violate("member", "unexpected member %r" % name)
            elif right != name:
                request.violate("member", "member %r should be %r" % (name, right))
            elif content is None:
                request.violate("member", "null member %r: absent members are omitted" % name)
            if right is not None:
                found[right] = content
        return found

    @staticmethod
    def _text(item, name):
        """Newtonsoft turns scalars into text and refuses the rest."""
        if isinstance(item, (dict, list)):
            raise Invalid({name: ["Unexpected character encountered while parsing value."]})
        return None if item is None else str(item)

    # jobs -----------------------------------------------------------------------------------------

    def jobs_get_all(self, request, params):
        body, framed = self.store.job_list()
        return Reply(200, JSON_TYPE, body, framed=framed)

    def jobs_get_by_id(self, request, params):
        return json_reply(self.store.job_get(params["id"]))

    def jobs_trigger(self, request, params):
        return json_reply(self.store.trigger(params["projectId"], params["initiator"], self.config["tz_min"]))

    def jobs_add_steps(self, request, params):
        items = self._json(request, list)
        if not items:
            request.violate("steps", "empty list of steps")
            raise Refused(400)
        steps = []
        for item in items:
            if item is None:
                request.violate("steps", "null step")
                raise Refused(500, "")
            if not isinstance(item, dict):
                raise Invalid({"[%d]" % len(steps): ["Error converting value to type 'Step'."]})
            steps.append(self._step_input(request, item))
        return json_reply(self.store.add_steps(params["id"], steps))

    def _step_input(self, request, item):
        found = self._members(request, item, ("name", "docker"))
        name, docker = self._text(found.get("name"), "name"), found.get("docker")
        if not name:
            request.violate("steps", "step without a name")
        if docker is None:
            request.violate("steps", "step without docker")
            return name, None
        docker = self._docker(request, docker)
        if not docker.get("image") and not docker.get("buildConfiguration", {}).get("dockerfile"):
            request.violate("steps", "neither image nor buildConfiguration.dockerfile in %r" % name)
        return name, docker

    def _docker(self, request, item, known=("image", "buildConfiguration", "command", "properties")):
        if not isinstance(item, dict):
            raise Invalid({"docker": ["Error converting value to an object."]})
        found, out = self._members(request, item, known), {}
        for name in known:
            content = found.get(name)
            if content is None:
                continue
            if name == "buildConfiguration":
                out[name] = self._docker(request, content, ("context", "dockerfile", "properties"))
            elif name == "properties":
                if not isinstance(content, dict):
                    raise Invalid({name: ["Error converting value to a map."]})
                self._keys(request, content)
                out[name] = {k: _stored(v) for k, v in content.items()}
            else:
                out[name] = self._text(content, name)
        return out

    @staticmethod
    def _keys(request, item):
        """Map keys that the database refuses (2.7)."""
        for key in item:
            if not key or "." in key or key.startswith("$") or "\0" in key:
                request.violate("map-key", "illegal key %r" % key)
                raise Refused(500, "")

    def jobs_add_metrics(self, request, params):
        item = self._json(request, dict)
        if not item:
            request.violate("metrics", "empty map")
            raise Refused(400)
        nested = [k for k, v in item.items() if isinstance(v, (dict, list))]
        if nested:
            request.violate("metrics", "nested value under %r poisons the job" % nested)
        for key, content in item.items():
            if isinstance(content, int) and not isinstance(content, bool) and not -2**63 <= content < 2**63:
                request.violate("metrics", "integer beyond int64 under %r" % key)
        self._keys(request, item)
        metrics = {k: _stored(v) for k, v in item.items()}
        return json_reply(self.store.add_metrics(params["id"], params["number"], metrics, bool(nested)))

    # scheduler ------------------------------------------------------------------------------------

    def scheduler_get_pending(self, request, params):
        return json_reply(self.store.pending(self.config["hold_ms"]))

    def scheduler_claim(self, request, params):
        self.store.claim(params["id"], params["number"])
        return Reply(200)

    def scheduler_complete(self, request, params):
        self.store.finish(params["id"], params["number"], False)
        return Reply(200)

    def scheduler_error(self, request, params):
        self.store.finish(params["id"], params["number"], True)
        return Reply(200)

    # fragments ------------------------------------------------------------------------------------

    def fragments_get_all_by_job(self, request, params):
        return json_reply(self.store.fragment_list(params["job"]))

    def fragments_get_all_by_step(self, request, params):
        return json_reply(self.store.fragment_list(params["job"], params["number"]))

    def fragments_get_by_id(self, request, params):
        return _download(self.store.fragment_get(params["id"]))

    def fragments_get_latest_by_job(self, request, params):
        return _download(self.store.fragment_latest(params["job"], params["name"]))

    def fragments_get_latest_by_project(self, request, params):
        return _download(self.store.fragment_latest_of_project(params["project"], params["name"]))

    def fragments_upload(self, request, params):
        try:
            form, part = self._form(request)
        except multipart.MultipartError as e:
            request.violate("multipart", str(e))
            raise Refused(500, "")
        kind, text = 0, form.get("type")
        if text is not None:
            kind = TYPES.get(text.lower(), int(text) if text in ("0", "1", "2") else None)
            if kind is None:
                raise Invalid({"Type": ["The value '%s' is not valid." % text]})
        for name, content in (("jobId", params["job"].replace(wj.NIL, "")), ("filename", form.get("filename")),
                              ("name", form.get("name"))):
            if not content:
                raise Refused(400, name + " not set")
        if re.search("[\x00-\x1f\x7f]", form["filename"]):
            request.violate("multipart", "control character in Filename %r" % form["filename"])
        self.store.upload_check(params["job"], params["number"], form["filename"])
        if part is None or not part.filename:
            request.violate("multipart", "BinaryData is missing or has no filename parameter")
            raise Refused(500, "")
        content = request.body.share(part.start, part.end - part.start)
        return json_reply(self.store.upload(params["job"], params["number"], form["name"], form["filename"], kind, content))

    def _form(self, request):
        complain = lambda d: request.violate("multipart", d)
        boundary = multipart.boundary_of(request.header("content-type") or "", complain)
        if boundary is None:
            request.violate("content-type", "upload as %r" % request.header("content-type"))
            raise Refused(500, "")
        form, file_part, seen = {}, None, set()
        with request.body.mapped() as data:
            for part in multipart.parse(data, boundary, complain):
                name = part.name.lower()
                if name not in ("name", "filename", "type", "binarydata") or name in seen:
                    complain("unexpected or repeated part %r" % part.name)
                seen.add(name)
                if part.filename:
                    file_part = part if name == "binarydata" else file_part
                    continue
                try:
                    form[name] = bytes(data[part.start:part.end]).decode("utf-8")
                except UnicodeDecodeError:
                    complain("part %r is not UTF-8" % part.name)
                    form[name] = bytes(data[part.start:part.end]).decode("utf-8", "replace")
        return form, file_part


def _stored(item):
    """Doubles go through the database as doubles."""
    return float(item) if isinstance(item, wj.Raw) else item


def _download(fragment):
    """Raw bytes with the headers of 1.4; no length is known."""
    name = fragment.filename
    dot = name.rfind(".")
    kind = MEDIA.get(name[dot:].lower() if dot >= 0 else "", "application/octet-stream")
    return Reply(200, kind, headers=[("Content-Disposition", disposition(name))], pieces=fragment.pieces())


def disposition(name):
    """attachment; filename=...; filename*=... as ASP.NET Core 2.2 writes it."""
    units = name.encode("utf-16-be", "surrogatepass")
    codes = [units[i] << 8 | units[i + 1] for i in range(0, len(units), 2)]
    plain = "".join(chr(c) if 0x20 <= c < 0x7f else "_" for c in codes)
    if not multipart.TOKEN.fullmatch(plain):
        plain = '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
    star = ""
    for code in codes:
        if code < 0x80 and re.fullmatch(r"[0-9A-Za-z!#$&+.^_`|~-]", chr(code)):
            star += chr(code)
        else:
            text = "\ufffd" if 0xd800 <= code < 0xe000 else chr(code)
            star += "".join("%%%02X" % b for b in text.encode("utf-8"))
    return "attachment; filename=%s; filename*=UTF-8''%s" % (plain, star)
