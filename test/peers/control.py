"""The control interface: a separate listener, JSON in and out, for tests to seed, break and look into the server."""
import base64
import hashlib
import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import wirejson as wj
from store import DONE, Job, Step

HELP = {
    "GET /ready": "the ports",
    "GET /state[?jobs=0]": "everything stored, as JSON; fragments with size and sha256",
    "GET /content?id=F": "the bytes of a fragment",
    "GET /requests": "every request seen", "DELETE /requests": "forget them",
    "GET /violations": "what a good client would not have done", "DELETE /violations": "forget them",
    "GET /events": "connections cut, TLS handshakes failed ...",
    "GET /faults": "the fault rules left", "POST /faults": "one rule or a list of them", "DELETE /faults": "no more faults",
    "POST /seed": "{workers, projects, jobs (JobView form), fragments, many: {jobs, steps, metrics, state, project}}",
    "POST /set": "{job, state, step, step_state}: any of them changed by force",
    "POST /config": "changes settings (hold_ms, tz_min, hosts, allow, redirect_https, spa ...); answers all of them",
    "POST /wake": "wakes all parked polls as a race would: with whatever is pending, also []",
    "POST /lose-wakeups": "{count}: the next ones reach no parked poll, as the server's race loses them (B6)",
    "POST /close-idle": "closes the idle connections: the client's next request meets a stale one",
    "POST /reset": "empties the store, the logs and the faults", "POST /stop": "ends the server",
}


def seed(store, wish):
    """Puts things into the store without the API's checks. Answers the new ids."""
    made = {"workers": [], "projects": [], "jobs": [], "fragments": []}
    with store.lock:
        for room in ("workers", "projects"):
            for item in wish.get(room, ()):
                item = dict({"name": "n", "gitRepository": "https://git.example/x.git"}, **item)
                item["id"] = item.get("id") or store.new_id()
                store.named[room][item["id"]] = item
                made[room].append(item["id"])
        for view in wish.get("jobs", ()):
            job = _job(store, view)
            store.jobs[job.id] = job
            made["jobs"].append(job.id)
        for item in wish.get("fragments", ()):
            made["fragments"].append(_fragment(store, item).id)
        if wish.get("many"):
            made["jobs"].append(_many(store, wish["many"]))
        store.list_cache = None
        for job in store.jobs.values():
            job.cached = None
        if store._pending():
            store._scheduled()
        if wish.get("many"):
            store.job_list()  # so that the first reader does not wait for it
    return made


def _ticks(view, name):
    return wj.parse_date(view[name]) if view.get(name) else None


def _job(store, view):
    project = view.get("projectId") or (view.get("project") or {}).get("id") or wj.NIL
    if view.get("project"):
        store.named["projects"].setdefault(project, dict(view["project"]))
    job = Job(view.get("id") or store.new_id(), project, _ticks(view, "created") or wj.to_ms(wj.now_ticks()),
              view.get("initiator", 0))
    job.finished, job.state = _ticks(view, "finished"), view.get("state", 0)
    for number, given in enumerate(view.get("steps") or [{"name": "Bootstrap", "state": 21}]):
        step = Step(number, given.get("name"), given.get("state", 0), given.get("docker"))
        step.start, step.end, step.metrics = _ticks(given, "start"), _ticks(given, "end"), given.get("metrics")
        job.steps.append(step)
        for item in given.get("fragments", ()):
            _fragment(store, dict(item, jobId=job.id, stepNumber=number))
    return job


def _fragment(store, item):
    content = item.get("content", "").encode("utf-8")
    if "content_base64" in item:
        content = base64.b64decode(item["content_base64"])
    elif "size" in item:
        block = hashlib.sha256(b"berth").digest() * 32
        content = (block * (item["size"] // len(block) + 1))[:item["size"]]
    return store.put_fragment(item["jobId"], item.get("stepNumber", 0), item.get("name", "n"), item["filename"],
                              item.get("type", 0), content, _ticks(item, "created") or wj.to_ms(wj.now_ticks()),
                              item.get("id"))


def _many(store, wish):
    """A long job list of realistic jobs, about 1.6 KB each with five steps."""
    project = wish.get("project") or store.new_id()
    store.named["projects"].setdefault(project, {
        "id": project, "name": "forecast", "gitRepository": "https://git.example/team/forecast-pipeline.git"})
    start = wj.parse_date("2021-03-04T05:06:07Z")
    for count in range(wish["jobs"]):
        job = Job(store.new_id(), project, start + count * 600 * wj.TICKS + count % 1000 * 10000, count % 3)
        job.state = wish.get("state", DONE)
        job.finished = job.created + 3000 * wj.TICKS if job.state in (2, 31) else None
        for number in range(wish.get("steps", 5)):
            job.steps.append(_plain_step(job, number, wish.get("metrics", True)))
        store.jobs[job.id] = job
    return project


def _plain_step(job, number, metrics):
    step = Step(number, "Bootstrap" if number == 0 else "Train stage %d" % number, job.state)
    step.start = job.created + number * 300 * wj.TICKS + 1230000
    step.end = step.start + 250 * wj.TICKS + 4560000
    if number:
        step.docker = {"buildConfiguration": {"context": "./docker/stage/", "dockerfile": "train-%d.dockerfile" % number},
                       "command": "python train.py --stage %d --learning-rate 1e-3" % number}
        if metrics:
            step.metrics = {"RMSE": 0.125 + number / 7.0, "epoch": 12 * number}
    return step


def dump(store, with_jobs=True):
    """Everything stored, as plain JSON values."""
    with store.lock:
        files = [dict(json.loads(f.full()), size=f.size(), sha256=_digest(f)) for f in store.fragments.values()]
        jobs = [dict(json.loads(store._view(j, True)), projectId=j.project, poisoned=j.poisoned)
                for j in store.jobs.values()] if with_jobs else []
        return {"workers": list(store.named["workers"].values()), "projects": list(store.named["projects"].values()),
                "jobs": jobs, "job_count": len(store.jobs), "fragments": files, "waiters": len(store.waiters)}


def _digest(fragment):
    digest = hashlib.sha256()
    for piece in fragment.pieces():
        digest.update(piece)
    return digest.hexdigest()


def _set(store, wish):
    with store.lock:
        job = store.jobs[wish["job"]]
        job.state = wish.get("state", job.state)
        if "step" in wish:
            step = job.steps[wish["step"]]
            step.state = wish.get("step_state", step.state)
        store._changed(job)
        if store._pending():
            store._scheduled()
    return {}


class Control:
    """Serves the control interface of one server."""

    def __init__(self, server, address="127.0.0.1", port=0):
        control, self.server = self, server

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def answer(self):
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    status, item = 200, control.call(self.command, self.path, json.loads(data) if data else {})
                except KeyError as e:
                    status, item = 404, {"error": "unknown: %s" % e, "help": HELP}
                except (ValueError, TypeError) as e:
                    status, item = 400, {"error": str(e)}
                text = item if isinstance(item, bytes) else json.dumps(item).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = answer

        self.http = http.server.ThreadingHTTPServer((address, port), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def call(self, method, path, wish):
        s, parts = self.server, urlsplit(path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        return {
            "GET /": lambda: HELP,
            "GET /ready": s.ready,
            "GET /state": lambda: dump(s.store, query.get("jobs") != "0"),
            "GET /content": lambda: b"".join(s.store.fragments[query["id"]].pieces()),
            "GET /requests": lambda: list(s.requests), "DELETE /requests": lambda: s.requests.clear() or {},
            "GET /violations": lambda: list(s.violations), "DELETE /violations": lambda: s.violations.clear() or {},
            "GET /events": lambda: list(s.events), "DELETE /events": lambda: s.events.clear() or {},
            "GET /faults": s.faults.dump, "DELETE /faults": lambda: s.faults.clear() or {},
            "POST /faults": lambda: [s.faults.add(r) for r in (wish if isinstance(wish, list) else [wish])],
            "POST /seed": lambda: seed(s.store, wish),
            "POST /set": lambda: _set(s.store, wish),
            "POST /config": lambda: s.configure(wish),
            "POST /wake": lambda: {"woken": s.store.wake_all()},
            "POST /lose-wakeups": lambda: setattr(s.store, "lose_wakeups", wish["count"]) or {},
            "POST /close-idle": lambda: {"closed": s.close_idle()},
            "POST /reset": s.reset,
            "POST /stop": s.stop,
        }["%s %s" % (method, parts.path)]()
