"""The backend's memory: workers, projects, jobs, fragments and the scheduler's state machine (wire page 1.3, 2.2)."""
import random
import re
import threading
import time
import uuid

import wirejson as wj

CREATED, RUNNING, DONE, SCHEDULED, ERROR = 0, 1, 2, 21, 31
CHUNK = 16384  # bytes of one chunk of a long JSON reply


class Refused(Exception):
    """The backend answers with this status; text None means a problem body, '' an empty one."""

    def __init__(self, status, text=None):
        Exception.__init__(self, "%d %s" % (status, text))
        self.status, self.text = status, text


class Step:
    __slots__ = ("number", "name", "state", "start", "end", "docker", "metrics")

    def __init__(self, number, name, state, docker=None):
        self.number, self.name, self.state, self.docker = number, name, state, docker
        self.start = self.end = self.metrics = None

    def view(self, fragments=()):
        """The step inside a JobView."""
        out = []
        if self.name is not None:
            out.append('"name":' + wj.quote(self.name))
        out.append('"number":%d' % self.number)
        self._times(out)
        out.append('"state":%d' % self.state)
        self._maps(out)
        if fragments:
            out.append('"fragments":[' + ",".join(f.view() for f in fragments) + "]")
        return "{" + ",".join(out) + "}"

    def raw(self):
        """The step inside a JobRaw."""
        out = ['"number":%d' % self.number]
        if self.name is not None:
            out.append('"name":' + wj.quote(self.name))
        out.append('"state":%d' % self.state)
        self._times(out)
        self._maps(out)
        return "{" + ",".join(out) + "}"

    def pending(self):
        out = ['"number":%d' % self.number]
        if self.name is not None:
            out.append('"name":' + wj.quote(self.name))
        if self.docker is not None:
            out.append('"docker":' + wj.value(self.docker))
        return "{" + ",".join(out) + "}"

    def _times(self, out):
        if self.start is not None:
            out.append('"start":"%s"' % wj.date(self.start))
        if self.end is not None:
            out.append('"end":"%s"' % wj.date(self.end))

    def _maps(self, out):
        if self.docker is not None:
            out.append('"docker":' + wj.value(self.docker))
        if self.metrics is not None:
            out.append('"metrics":' + wj.value(self.metrics))


class Job:
    __slots__ = ("id", "project", "created", "finished", "state", "initiator", "steps", "poisoned", "cached")

    def __init__(self, job_id, project, created, initiator):
        self.id, self.project, self.created, self.initiator = job_id, project, created, initiator
        self.finished, self.state, self.steps, self.poisoned, self.cached = None, CREATED, [], False, None

    def raw(self, created=None):
        out = ['"projectId":"%s","created":"%s"' % (self.project, created or wj.date(self.created))]
        if self.finished is not None:
            out.append('"finished":"%s"' % wj.date(self.finished))
        out.append('"initiator":%d,"state":%d' % (self.initiator, self.state))
        out.append('"steps":[' + ",".join(s.raw() for s in self.steps) + "]")
        out.append('"id":"%s"' % self.id)
        return "{" + ",".join(out) + "}"


class Fragment:
    """A stored file. content is bytes, or a (spooled file, offset, length) triple."""

    def __init__(self, fragment_id, job, step, created, name, filename, kind, content):
        self.id, self.job, self.step, self.created = fragment_id, job, step, created
        self.name, self.filename, self.type, self.content = name, filename, kind, content

    def full(self, created=None):
        return '{"jobId":"%s","stepNumber":%d,"created":"%s","name":%s,"filename":%s,"type":%d,"id":"%s"}' % (
            self.job, self.step, wj.date(created or self.created), wj.quote(self.name), wj.quote(self.filename),
            self.type, self.id)

    def view(self):
        return '{"id":"%s","created":"%s","name":%s,"filename":%s,"type":%d}' % (
            self.id, wj.date(self.created), wj.quote(self.name), wj.quote(self.filename), self.type)

    def size(self):
        return len(self.content) if isinstance(self.content, bytes) else self.content[2]

    def pieces(self, limit=65536):
        """The content in pieces of at most limit bytes."""
        if isinstance(self.content, bytes):
            for at in range(0, len(self.content), limit):
                yield self.content[at:at + limit]
            return
        spool, offset, length = self.content
        while length:
            with spool.lock:
                spool.file.seek(offset)
                piece = spool.file.read(min(limit, length))
            offset, length = offset + len(piece), length - len(piece)
            yield piece


class Store:
    """Everything the server remembers. Every method takes the lock; replies are JSON text."""

    def __init__(self, seed=None):
        self.lock = threading.RLock()
        self.wake = threading.Condition(self.lock)
        self.random = random.Random(seed)
        self.clear()

    def clear(self):
        with self.lock:
            self.named = {"workers": {}, "projects": {}}
            self.jobs, self.fragments, self.by_job = {}, {}, {}
            self.waiters, self.list_cache, self.lose_wakeups = [], None, 0
            self.created_last = 0

    def new_id(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    # workers and projects -------------------------------------------------------------------------

    def named_text(self, room, item):
        if room == "workers":
            return '{"name":%s,"id":"%s"}' % (wj.quote(item["name"]), item["id"])
        return '{"name":%s,"gitRepository":%s,"id":"%s"}' % (
            wj.quote(item["name"]), wj.quote(item["gitRepository"]), item["id"])

    def named_list(self, room):
        with self.lock:
            return "[" + ",".join(self.named_text(room, i) for i in self.named[room].values()) + "]"

    def named_get(self, room, item_id):
        with self.lock:
            if item_id not in self.named[room]:
                raise Refused(404)
            return self.named_text(room, self.named[room][item_id])

    def named_put(self, room, item_id, item):
        """item_id None adds. An unknown id is echoed and nothing is stored."""
        with self.lock:
            item = dict(item, id=item_id or self.new_id())
            if item_id is None or item_id in self.named[room]:
                self.named[room][item["id"]] = item
                self._forget(item["id"])
            return self.named_text(room, item)

    def named_delete(self, room, item_id):
        with self.lock:
            if self.named[room].pop(item_id, None):
                self._forget(item_id)

    def _forget(self, project):
        """A project's text is part of its jobs' text."""
        for job in self.jobs.values():
            if job.project == project:
                job.cached = None
        self.list_cache = None

    # jobs -----------------------------------------------------------------------------------------

    def _job(self, job_id, text=None):
        job = self.jobs.get(job_id)
        if job is None:
            raise Refused(404, text)
        if job.poisoned:
            raise Refused(500, "")
        return job

    def _step(self, job, number):
        if not 0 <= number < len(job.steps):
            raise Refused(404, "Step not found")
        return job.steps[number]

    def _changed(self, job):
        job.cached = self.list_cache = None

    def _view(self, job, with_fragments):
        if not with_fragments and job.cached:
            return job.cached
        out = ['"id":"%s","created":"%s"' % (job.id, wj.date(job.created))]
        if job.finished is not None:
            out.append('"finished":"%s"' % wj.date(job.finished))
        out.append('"state":%d,"initiator":%d' % (job.state, job.initiator))
        if job.project in self.named["projects"]:
            out.append('"project":' + self.named_text("projects", self.named["projects"][job.project]))
        files = self.by_job.get(job.id, ()) if with_fragments else ()
        out.append('"steps":[' + ",".join(
            s.view([f for f in files if f.step == s.number]) for s in job.steps) + "]")
        text = "{" + ",".join(out) + "}"
        if not with_fragments:
            job.cached = text
        return text

    def job_list(self):
        """The whole list as a ready chunked body: (bytes of JSON length, framed bytes)."""
        with self.lock:
            if any(j.poisoned for j in self.jobs.values()):
                raise Refused(500, "")
            if self.list_cache is None:
                body = wj.utf8("[" + ",".join(self._view(j, False) for j in self.jobs.values()) + "]")
                self.list_cache = (body, frame(body))
            return self.list_cache

    def job_get(self, job_id):
        with self.lock:
            return self._view(self._job(job_id), True)

    def trigger(self, project, initiator, offset_min):
        with self.lock:
            if project not in self.named["projects"]:
                raise Refused(404)
            if any(j.project == project and j.state not in (DONE, ERROR) for j in self.jobs.values()):
                raise Refused(503)
            ticks = wj.now_ticks()
            job = Job(self.new_id(), project, max(wj.to_ms(ticks), self.created_last), initiator)
            self.created_last = job.created
            job.steps.append(Step(0, "Bootstrap", SCHEDULED))
            self.jobs[job.id] = job
            self._changed(job)
            self._scheduled()
            return job.raw(wj.date(job.created + ticks % 10000, offset_min))

    def add_steps(self, job_id, steps):
        """steps: list of (name, docker)."""
        with self.lock:
            job = self._job(job_id)
            if job.state != RUNNING:
                raise Refused(406, "Job is not in progress")
            for name, docker in steps:
                job.steps.append(Step(len(job.steps), name, CREATED, docker))
            self._changed(job)
            return job.raw()

    def add_metrics(self, job_id, number, metrics, poisonous):
        with self.lock:
            job = self._job(job_id)
            step = self._step(job, number)
            if step.state != RUNNING:
                raise Refused(406, "Step is not in progress")
            step.metrics = dict(step.metrics or {}, **metrics)
            text = job.raw()
            step.metrics = {k: _retype(v) for k, v in step.metrics.items()}
            job.poisoned = job.poisoned or poisonous
            self._changed(job)
            return text

    # scheduler ------------------------------------------------------------------------------------

    def _pending(self):
        if any(j.poisoned for j in self.jobs.values()):
            raise Refused(500, "")
        out = []
        for job in sorted(self.jobs.values(), key=lambda j: j.created):
            for step in job.steps:
                if step.state == SCHEDULED:
                    out.append('{"projectId":"%s","jobId":"%s","created":"%s","initiator":%d,"step":%s}' % (
                        job.project, job.id, wj.date(job.created), job.initiator, step.pending()))
        return out

    def _scheduled(self):
        """Wakes every parked poller with one and the same list, unless told to lose it as the real server can."""
        if self.lose_wakeups:
            self.lose_wakeups -= 1
            return
        try:
            text = "[" + ",".join(self._pending()) + "]"
        except Refused:
            return  # a poisoned job: nobody learns of new work
        for waiter in self.waiters:
            waiter.append(text)
        self.waiters = []
        self.wake.notify_all()

    def wake_all(self):
        with self.lock:
            count = len(self.waiters)
            self._scheduled()
            return count

    def pending(self, hold_ms):
        """The pending list, at once or after a wake-up; Refused(408) when the hold ends."""
        with self.lock:
            found = self._pending()
            if found:
                return "[" + ",".join(found) + "]"
            mine, end = [], time.monotonic() + hold_ms / 1000.0
            self.waiters.append(mine)
            while not mine:
                left = end - time.monotonic()
                if left <= 0:
                    self.waiters = [w for w in self.waiters if w is not mine]
                    raise Refused(408)
                self.wake.wait(left)
            return mine[0]

    def _locate(self, job_id, number):
        job = self._job(job_id, "Job not found")
        return job, self._step(job, number)

    def claim(self, job_id, number):
        with self.lock:
            job, step = self._locate(job_id, number)
            if step.state != SCHEDULED:
                raise Refused(406, "Step is not scheduled")
            step.state = job.state = RUNNING
            step.start = wj.to_ms(wj.now_ticks())
            self._changed(job)

    def finish(self, job_id, number, failed):
        with self.lock:
            job, step = self._locate(job_id, number)
            if step.state != RUNNING:
                raise Refused(406, "Step is not in progress")
            step.state, step.end = (ERROR if failed else DONE), wj.to_ms(wj.now_ticks())
            self._changed(job)
            if failed or number + 1 == len(job.steps):
                job.state, job.finished = step.state, step.end
            else:
                job.steps[number + 1].state = SCHEDULED
                self._scheduled()

    # fragments ------------------------------------------------------------------------------------

    def fragment_list(self, job_id, number=None):
        with self.lock:
            return "[" + ",".join(f.full() for f in self.by_job.get(job_id, ())
                                  if number is None or f.step == number) + "]"

    def fragment_get(self, fragment_id):
        with self.lock:
            if fragment_id not in self.fragments:
                raise Refused(404)
            return self._sound(self.fragments[fragment_id])

    def _sound(self, fragment):
        if fragment.content is None or re.search("[\x00-\x1f\x7f]", fragment.filename):
            raise Refused(500, "")
        return fragment

    def fragment_latest(self, job_id, name):
        with self.lock:
            for fragment in self.by_job.get(job_id, ()):
                if fragment.filename.lower() == name.lower():
                    return self._sound(fragment)
            raise Refused(404)

    def fragment_latest_of_project(self, project, name):
        with self.lock:
            done = [j for j in self.jobs.values() if j.project == project and j.state == DONE]
            if not done:
                raise Refused(404)
            return self.fragment_latest(max(done, key=lambda j: j.created).id, name)

    def upload_check(self, job_id, number, filename):
        with self.lock:
            job, step = self._locate(job_id, number)
            if step.state != RUNNING:
                raise Refused(406, "Step is not in progress")
            if any(f.filename.lower() == filename.lower() for f in self.by_job.get(job.id, ())):
                raise Refused(409, "Filename already exists")

    def upload(self, job_id, number, name, filename, kind, content):
        with self.lock:
            self.upload_check(job_id, number, filename)
            ticks = wj.now_ticks()
            fragment = self.put_fragment(job_id, number, name, filename, kind, content, wj.to_ms(ticks))
            return fragment.full(ticks)

    def put_fragment(self, job_id, number, name, filename, kind, content, created, fragment_id=None):
        """Stores a file without any of the checks of an upload."""
        with self.lock:
            fragment = Fragment(fragment_id or self.new_id(), job_id, number, created, name, filename, kind, content)
            self.fragments[fragment.id] = fragment
            self.by_job.setdefault(job_id, []).append(fragment)
            return fragment


def _retype(item):
    """The database turns texts that look like dates into dates (2.7)."""
    if not isinstance(item, str):
        return item
    ticks = wj.parse_date(item)
    return item if ticks is None else wj.date(wj.to_ms(ticks))


def frame(body, chunk=CHUNK):
    """A body in chunked framing."""
    out = []
    for at in range(0, len(body), chunk):
        piece = body[at:at + chunk]
        out += [b"%x\r\n" % len(piece), piece, b"\r\n"]
    out.append(b"0\r\n\r\n")
    return b"".join(out)
