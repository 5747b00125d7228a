"""berth worker: every request of its sequence meets every kind of trouble; the states that must come of it."""
# runs once
import os
import time
import unittest

from worker_case import DONE, ERROR, RUNNING, SCHEDULED, WorkerCase

# the requests of a step of job %s, in order: method and path
REQUESTS = {
    "claim": ("POST", "/%s/step/1/claim$"),
    "look": ("GET", "/jobs/%s$"),
    "metrics": ("POST", "/jobs/%s/step/1/metrics$"),
    "upload": ("POST", "/fragments/job/%s/step/1$"),
    "complete": ("POST", "/%s/step/1/complete$"),
}
TROUBLE = {
    "dropped before it is read": {"drop": "head"},
    "dropped after it was done": {"drop": "handle"},
    "reset after it was done": {"drop": "handle", "rst": True},
    "500, not done": {"status": 500, "body": ""},
    "500, done": {"status": 500, "body": "", "handle": True},
    "502": {"nginx": 502},
    "503": {"nginx": 503},
    "504, done": {"nginx": 504, "handle": True},
    "408": {"status": 408, "body": "", "headers": [["Connection", "close"]]},
    "cut": {"cut_after": 40},
    "body cut": {"truncate_body": 3},
    "slow": {"reply_delay_ms": 700},
    "dripping": {"bytes_per_s": 400},
    "wrong JSON": {"status": 200, "body": "[1,", "handle": True},
    "another shape": {"status": 200, "body": "{\"id\":\"x\"}", "handle": True},
    "a web page": {"html": True},
    "no length": {"framing": "close"},
}
# a claim whose answer is lost cannot be told from another worker's (wire 1.6): the step is left in progress, and said so
LOST_CLAIM = ("dropped after it was done", "reset after it was done", "500, done", "504, done", "cut")


class Jobs(WorkerCase):
    """Jobs of which step 1 writes a mark and a metric."""

    def check_server(self):
        """Broken replies are what this test orders."""

    def setUp(self):
        super().setUp()
        self.server.host = self.server.http
        self.marks = self.folder("marks")
        command = "sh -c 'echo $MLCYCLE_JOB >> %s; echo {\\\"n\\\":1} > $BERTH_METRICS'" % self.marks
        self.address = self.repository("p", self.pipeline(command))
        self.step = {"name": "a", "state": SCHEDULED, "docker": {"image": "a", "command": command.replace("\\\"", '\\"')}}

    def seed(self, steps):
        project = self.server.seed(projects=[{"name": "p", "gitRepository": self.address}])["projects"][0]
        return self.server.seed(jobs=[{"projectId": project, "state": RUNNING, "steps": steps}])["jobs"][0]

    def claimable(self):
        return self.seed([{"name": "Bootstrap", "state": DONE}, self.step])



class Faults(Jobs):
    """All jobs of a test go through one worker, each with the trouble that was ordered for its id."""

    def troubled(self, request, name, times):
        job = self.claimable()
        method, path = REQUESTS[request]
        self.server.fault(method=method, path=path % job, count=times, **TROUBLE[name])
        return job

    def check(self, jobs, result, but=()):
        """Every job is done, its step ran once, and it has its log and its metrics."""
        self.assertEqual(result.code, 0, result)
        ran = self.folder.read("marks").decode().split()
        state = self.server.state()
        found = {j["id"]: [s["state"] for s in j["steps"]] for j in state["jobs"]}
        metrics = {j["id"]: j["steps"][-1].get("metrics") for j in state["jobs"]}
        logs = [f["jobId"] for f in state["fragments"] if f["stepNumber"] == 1]
        for words, job in jobs.items():
            with self.subTest(trouble=words):
                if words in but:
                    self.assertEqual((found[job], ran.count(job)), ([DONE, RUNNING], 0), result.text)
                else:
                    self.assertEqual((found[job], ran.count(job), logs.count(job), metrics[job]),
                                     ([DONE, DONE], 1, 1, {"n": 1}), [t for t in result.text.split("\n") if job in t])
        self.assertEqual(self.left(), [])
        self.assertEqual([f for f in self.server.control("GET", "/faults") if f["seen"] == 0], [], "it did not meet these")

    def test_each_request_of_a_step(self):
        hidden, unlogged = self.claimable(), self.claimable()
        self.server.fault(method="GET", path="/jobs/%s$" % hidden, status=500, body="", count=0)
        self.server.fault(method="POST", path="/fragments/job/%s/" % unlogged, status=500, body="", count=0)
        jobs = {(request, name): self.troubled(request, name, 1 if request == "claim" else 2) for request in REQUESTS for name in TROUBLE}
        self.check(jobs, self.once("--gpus-per-step", "0", timeout=200), [("claim", name) for name in LOST_CLAIM])
        states = {job: self.states(job) for job in (hidden, unlogged)}
        self.assertEqual(states, {hidden: [DONE, ERROR], unlogged: [DONE, DONE]})
        self.assertIn(b"the job cannot be read", self.log(hidden, 1))

    def test_claims_of_a_sole_worker(self):
        jobs = {("claim", name): self.troubled("claim", name, 1) for name in LOST_CLAIM}
        self.check(jobs, self.once("--gpus-per-step", "0", "--sole-worker", timeout=100))

    def test_adding_steps(self):
        jobs = {}
        for name in TROUBLE:
            jobs["add_steps", name] = job = self.seed([{"name": "Bootstrap", "state": SCHEDULED}])
            self.server.fault(method="POST", path="/jobs/%s/steps$" % job, count=2, **TROUBLE[name])
        self.check(jobs, self.once("--gpus-per-step", "0", timeout=200))

    def test_polls(self):
        for name in ("dropped after it was done", "502", "cut", "body cut", "wrong JSON", "another shape", "a web page"):
            jobs = {("pending", name): self.claimable()}
            self.server.fault(method="GET", path="/scheduler$", count=2, **TROUBLE[name])
            self.check(jobs, self.once(timeout=60))


class Kills(Jobs):
    """kill -9 while each request of a step is under way: before the server has done it, and after."""

    def test_each_request(self):
        lost, run = (ERROR, 0), (DONE, 1)
        ended = {("claim", "delay_ms"): (lost, run), ("claim", "reply_delay_ms"): (lost,), ("look", "delay_ms"): (lost,), ("look", "reply_delay_ms"): (lost,)}
        for request, (method, path) in REQUESTS.items():
            for when in ("delay_ms", "reply_delay_ms"):
                with self.subTest(request=request, when=when):
                    states, runs = self.killed(self.claimable(), method, path, when)
                    self.assertIn((states[1], runs), ended.get((request, when), (run,)))

    def test_adding_steps(self):
        for when in ("delay_ms", "reply_delay_ms"):
            with self.subTest(when=when):
                states, runs = self.killed(self.seed([{"name": "Bootstrap", "state": SCHEDULED}]), "POST", "/jobs/%s/steps$", when)
                self.assertEqual((states[0], runs), (ERROR, 0))

    def killed(self, job, method, path, when):
        if os.path.exists(self.marks):
            os.remove(self.marks)
        self.server.forget_requests()
        self.server.fault(method=method, path=path % job, **{when: 800})
        child = self.start()
        end = path[path.index("%s") + 2:-1]
        self.until(lambda: any(r["method"] == method and r["target"].endswith(end) for r in self.server.requests()), what="the request")
        time.sleep(0.1)
        child.kill()
        child.wait()
        self.assertEqual(self.once().code, 0)
        self.assertEqual(self.left(), [])
        time.sleep(0.5)  # what was still under way on the server has been done now
        self.assertFalse({RUNNING, SCHEDULED} & set(self.states(job)), self.said())
        runs = self.folder.read("marks").decode().split().count(job) if os.path.exists(self.marks) else 0
        return self.states(job), runs


if __name__ == "__main__":
    unittest.main()
