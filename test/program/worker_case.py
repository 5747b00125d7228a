"""What the worker's tests share: a stand-in server, git repositories with pipelines, workers in folders of their own."""
import os
import signal
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "peers"))
import peer  # noqa: E402

CREATED, RUNNING, DONE, SCHEDULED, ERROR = 0, 1, 2, 21, 31


class WorkerCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peer.Certificates(["server"])

    @classmethod
    def tearDownClass(cls):
        cls.certs.close()

    def setUp(self):
        self.folder = peer.Folder()
        self.folder.__enter__()
        self.addCleanup(self.folder.__exit__)
        self.server = peer.Mlcycle(self.certs, hold_ms=150)
        self.addCleanup(self.server.close)
        self.addCleanup(self.check_server)
        self.workers = []
        self.addCleanup(self.end_workers)

    def check_server(self):
        self.server.assert_clean()

    def end_workers(self):
        for child in self.workers:
            if child.poll() is None:
                child.kill()
            child.communicate()

    # ---- projects ----

    def repository(self, name, pipeline, files=None):
        """A git repository with this pipeline.yml (None: without one); its address."""
        path = self.folder(name + ".git")
        os.mkdir(path)
        content = dict(files or {})
        if pipeline is not None:
            content["pipeline.yml"] = pipeline
        content.setdefault("readme", "test\n")
        for file, text in content.items():
            os.makedirs(os.path.dirname(os.path.join(path, file)), exist_ok=True)
            with open(os.path.join(path, file), "w") as f:
                f.write(text)
        git = ["git", "-C", path, "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "Test"]):
            subprocess.run(git + words, check=True)
        return "file://" + path

    def trigger(self, name, pipeline, files=None, repository=None):
        """A project with a job that has just been started; the job's id."""
        address = repository or self.repository(name, pipeline, files)
        project = self.server.seed(projects=[{"name": name, "gitRepository": address}])["projects"][0]
        result = self.server.berth(["mlcycle", "--json", "jobs", "trigger", project])
        self.assertEqual(result.code, 0, result)
        return result.lines[0]["id"]

    @staticmethod
    def pipeline(*commands, **properties):
        """A pipeline.yml with one step for each command."""
        text = "steps:\n"
        for i, command in enumerate(commands):
            text += "- name: step %d\n  docker:\n    image: test:1\n    command: >-\n      %s\n" % (i + 1, command)
            if properties:
                text += "    properties:\n" + "".join("      %s: %s\n" % p for p in properties.items())
        return text

    # ---- workers ----

    def words(self, *options, workdir="work"):
        return ["worker", "--cacert", self.certs.ca, "--workdir", self.folder(workdir)] + [str(o) for o in options]

    def once(self, *options, workdir="work", env=None, timeout=60):
        return peer.run_berth(self.words("--once", *options, workdir=workdir), timeout=timeout,
                              env=dict({"MLCYCLE_HOST": self.server.host}, **(env or {})))

    def start(self, *options, workdir="work", env=None, before=None):
        out = open(self.folder(workdir + ".out"), "ab")
        child = peer.start_berth(self.words(*options, workdir=workdir), stdout=out, stderr=out,
                                 env=dict({"MLCYCLE_HOST": self.server.host}, **(env or {})), **({"preexec_fn": before} if before else {}))
        out.close()
        self.workers.append(child)
        return child

    def said(self, workdir="work"):
        return self.folder.read(workdir + ".out").decode("utf-8", "replace")

    def stop(self, child, number=signal.SIGTERM, timeout=40):
        child.send_signal(number)
        return child.wait(timeout)

    # ---- looking ----

    def states(self, job):
        return [s["state"] for s in self.server.job(job)["steps"]]

    def until(self, condition, timeout=30, what="it"):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.05)
        self.fail("%s did not happen in %s s\n%s" % (what, timeout, self.said() if os.path.exists(
            self.folder("work.out")) else ""))

    def log(self, job, step):
        """The uploaded console log of a step."""
        found = [f for f in self.server.state()["fragments"] if f["jobId"] == job and f["stepNumber"] == step]
        self.assertEqual([f["filename"] for f in found], ["%d_console.log" % step])
        self.assertEqual((found[0]["name"], found[0]["type"]), ("Console Log", 1))
        return self.server.content(found[0]["id"])

    def left(self, workdir="work"):
        """What is in the work folder beside the worker's own two files."""
        return sorted(set(os.listdir(self.folder(workdir))) - {"worker.lock", "worker.state"})
