"""berth worker: pipelines run to their end, and what is reported of them."""
import json
import os
import stat
import unittest

from worker_case import CREATED, DONE, ERROR, RUNNING, SCHEDULED, WorkerCase


class Pipelines(WorkerCase):
    def test_whole_pipeline(self):
        job = self.trigger("whole", self.pipeline("cat readme", "sh -c 'pwd; env; echo out; echo err >&2'"))
        result = self.once("--gpus", "0,2-3")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.states(job), [DONE, DONE, DONE])
        self.assertIn(b"test\n", self.log(job, 1))
        log = self.log(job, 2).decode()
        self.assertIn("out\n", log)
        self.assertIn("err\n", log)
        self.assertRegex(log, r"berth: commit [0-9a-f]{40}\n")
        self.assertIn("MLCYCLE_JOB=%s\n" % job, log)
        self.assertIn("MLCYCLE_STEP=2\n", log)
        self.assertIn("MLCYCLE_HOST=%s\n" % self.server.host, log)
        self.assertIn("NVIDIA_VISIBLE_DEVICES=0,2,3\n", log)
        self.assertRegex(log, r"(?m)^/.*/repo$")
        self.assertEqual(self.left(), [])

    def test_nothing_pending(self):
        result = self.once()
        self.assertEqual((result.code, result.err), (1, b""), result)

    def test_failing_step_ends_the_job(self):
        job = self.trigger("fails", self.pipeline("sh -c 'echo doomed; exit 3'", "true"))
        self.assertEqual(self.once().code, 0)
        self.assertEqual(self.states(job), [DONE, ERROR, CREATED])
        self.assertIn(b"doomed\nberth: the command ended: exit status 3\n", self.log(job, 1))

    def test_killed_step(self):
        job = self.trigger("killed", self.pipeline("sh -c 'kill -9 $$'"))
        self.once()
        self.assertEqual(self.states(job), [DONE, ERROR])
        self.assertIn(b"signal 9", self.log(job, 1))

    def test_metrics(self):
        script = "sh -c 'printf \"{\\\"loss\\\":0.5,\\\"n\\\":3,\\\"tag\\\":\\\"x\\\"}\" > \"$BERTH_METRICS\"'"
        job = self.trigger("metrics", self.pipeline(script))
        self.once()
        self.assertEqual(self.states(job), [DONE, DONE])
        self.assertEqual(self.server.job(job)["steps"][1]["metrics"], {"loss": 0.5, "n": 3, "tag": "x"})

    def test_bad_metrics_do_not_change_the_verdict(self):
        for name, text in (("nested", '{\\"a\\":[1]}'), ("dot", '{\\"a.b\\":1}'), ("cut", '{\\"a\\":'), ("list", "[1]")):
            job = self.trigger(name, self.pipeline("sh -c 'printf \"%s\" > \"$BERTH_METRICS\"'" % text))
            self.once()
            self.assertEqual(self.states(job), [DONE, DONE], name)
            self.assertIn(b"berth: the metrics were not sent", self.log(job, 1), name)

    def test_log_is_bytes(self):
        job = self.trigger("bytes", self.pipeline("sh -c 'printf \"a\\377\\000b\\303\"'"))
        self.once()
        self.assertEqual(self.states(job), [DONE, DONE])
        self.assertIn(b"a\xff\0b\xc3", self.log(job, 1))

    def test_long_log_is_cut_with_a_mark(self):
        job = self.trigger("long", self.pipeline("sh -c 'seq 1 20000; echo the end'"))
        self.once("--log-limit", 16384)
        log = self.log(job, 1)
        self.assertLess(len(log), 16384 + 200)
        self.assertIn(b"\n1\n2\n3\n", log)
        self.assertIn(b"\nthe end\n", log)
        self.assertRegex(log, rb"\n--- berth: \d+ bytes were cut out here; the limit is 16384 bytes")

    def test_bad_pipelines(self):
        cases = {
            "none": (None, b"pipeline.yml at the repository's root cannot be read"),
            "empty": ("", b"pipeline.yml"),
            "no-steps": ("name: x\n", b"steps"),
            "no-image": ("steps:\n- name: a\n  docker:\n    command: x\n", b"image"),
            "tab": ("steps:\n\t- name: a\n", b"line 2"),
            "list-command": ("steps:\n- name: a\n  docker:\n    image: x\n    command: [a, b]\n", b"command"),
        }
        jobs = {name: self.trigger(name, pipeline) for name, (pipeline, _) in cases.items()}
        self.assertEqual(self.once().code, 0)
        for name, (_, words) in cases.items():
            self.assertEqual(self.states(jobs[name]), [ERROR], name)
            self.assertIn(words, self.log(jobs[name], 0), name)

    def test_bad_commands(self):
        cases = {"quote": ("echo 'x", b"open quote"), "absent": ("/no/such/program", b"no such program")}
        jobs = {name: self.trigger(name, self.pipeline(command)) for name, (command, _) in cases.items()}
        self.once()
        for name, (_, words) in cases.items():
            self.assertEqual(self.states(jobs[name]), [DONE, ERROR], name)
            self.assertIn(words, self.log(jobs[name], 1), name)

    def test_no_such_repository(self):
        job = self.trigger("gone", None, repository="file://" + self.folder("nowhere.git"))
        other = self.trigger("good", self.pipeline("true"))
        self.assertEqual(self.once().code, 0)
        self.assertEqual((self.states(job), self.states(other)), ([ERROR], [DONE, DONE]))
        self.assertIn(b"git clone failed", self.log(job, 0))

    def test_repository_that_looks_like_an_option(self):
        job = self.trigger("option", None, repository="--upload-pack=touch /tmp/owned")
        self.once()
        self.assertEqual(self.states(job), [ERROR])

    def test_deleted_project(self):
        job = self.trigger("deleted", self.pipeline("true"))
        project = self.server.job(job).get("projectId") or self.server.state()["projects"][0]["id"]
        self.assertEqual(self.server.berth(["mlcycle", "projects", "delete", project]).code, 0)
        self.once()
        self.assertEqual(self.states(job), [ERROR])
        self.assertIn(b"the project was deleted", self.log(job, 0))

    def test_step_without_docker(self):
        address = self.repository("bare", self.pipeline("true"))
        project = self.server.seed(projects=[{"name": "p", "gitRepository": address}])["projects"][0]
        job = self.server.seed(jobs=[{"projectId": project, "state": RUNNING, "steps": [
            {"name": "Bootstrap", "state": DONE}, {"name": "odd", "state": SCHEDULED}]}])["jobs"][0]
        self.once()
        self.assertEqual(self.states(job), [DONE, ERROR])
        self.assertIn(b"no docker configuration", self.log(job, 1))


class Gpus(WorkerCase):
    def test_side_by_side_on_different_gpus(self):
        command = "sh -c 'echo GPU=$NVIDIA_VISIBLE_DEVICES=; date +%s%N; sleep 1; date +%s%N'"
        jobs = [self.trigger("p%d" % i, self.pipeline(command, gpus="1")) for i in range(2)]
        self.assertEqual(self.once("--gpus", "2").code, 0)
        spans, gpus = [], []
        for job in jobs:
            self.assertEqual(self.states(job), [DONE, DONE])
            lines = self.log(job, 1).decode().split("\n")
            at = next(i for i, line in enumerate(lines) if line.startswith("GPU="))
            gpus.append(lines[at])
            spans.append((int(lines[at + 1]), int(lines[at + 2])))
        self.assertEqual(sorted(gpus), ["GPU=0=", "GPU=1="])
        self.assertLess(max(s[0] for s in spans), min(s[1] for s in spans), "they did not run at the same time")

    def test_all_gpus_to_one_step_at_a_time(self):
        command = "sh -c 'echo GPU=$NVIDIA_VISIBLE_DEVICES=; date +%s%N; sleep 0.5; date +%s%N'"
        jobs = [self.trigger("p%d" % i, self.pipeline(command)) for i in range(2)]
        self.once("--gpus", "2")
        spans = []
        for job in jobs:
            lines = self.log(job, 1).decode().split("\n")
            at = lines.index("GPU=0,1=")
            spans.append((int(lines[at + 1]), int(lines[at + 2])))
        first, second = sorted(spans)
        self.assertLess(first[1], second[0], "they shared the GPUs")

    def test_per_step_default(self):
        job = self.trigger("p", self.pipeline("sh -c 'echo GPU=$NVIDIA_VISIBLE_DEVICES='"))
        self.once("--gpus", "4-7", "--gpus-per-step", "2")
        self.assertIn(b"GPU=4,5=", self.log(job, 1))

    def test_more_than_there_are_is_left_to_others(self):
        job = self.trigger("big", self.pipeline("true", gpus="3"))
        small = self.trigger("small", self.pipeline("true", gpus="2"))
        self.once("--gpus", "2")
        self.assertEqual((self.states(job), self.states(small)), ([DONE, SCHEDULED], [DONE, DONE]))

    def test_visible_gpus_from_the_environment_is_a_list(self):
        job = self.trigger("p", self.pipeline("sh -c 'echo GPU=$NVIDIA_VISIBLE_DEVICES='"))
        self.once(env={"MLCYCLE_VISIBLE_GPUS": "5"})
        self.assertIn(b"GPU=5=", self.log(job, 1))

    def test_wrong_options(self):
        for words in (["--gpus", "x"], ["--gpus", "3-1"], ["--gpus", "64,65"], ["--gpus-per-step", "-1"], ["--runner", "vm"],
                      ["--grace", "soon"], ["--log-limit", "much"], ["--docker", "x", "--runner", "pod"]):
            self.assertEqual(self.once(*words).code, 2, words)


FAKE_DOCKER = """#!/usr/bin/env python3
import json, os, subprocess, sys
with open(os.environ["FAKE_DOCKER_LOG"], "a") as f:
    f.write(json.dumps(sys.argv[1:]) + "\\n")
words = sys.argv[1:]
if words[0] == "run":
    volume = words[words.index("--volume") + 1].rsplit(":/app", 1)[0]
    env = dict(os.environ)
    for i, word in enumerate(words):
        if word == "--env":
            name, value = words[i + 1].split("=", 1)
            env[name] = value.replace("/app/", volume + "/")
    at = words.index("--") + 1
    print("image " + words[at], flush=True)
    sys.exit(subprocess.call(words[at + 1:] or ["true"], env=env, cwd=volume + "/repo"))
sys.exit(0)
"""


class Docker(WorkerCase):
    def run_docker(self, pipeline, *options, files=None, code=0):
        path = self.folder.write("docker", FAKE_DOCKER)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        job = self.trigger("d", pipeline, files)
        log = self.folder("docker.log")
        result = self.once("--runner", "docker", "--docker", path, *options, env={"FAKE_DOCKER_LOG": log})
        self.assertEqual(result.code, code, result)
        with open(log) as f:
            return job, [json.loads(line) for line in f]

    def test_image(self):
        job, calls = self.run_docker(self.pipeline("sh -c 'echo $MLCYCLE_STEP $NVIDIA_VISIBLE_DEVICES; echo {\\\"a\\\":1} > "
                                                   "$BERTH_METRICS'"), "--gpus", "2", "--runtime", "nvidia")
        self.assertEqual(self.states(job), [DONE, DONE])
        self.assertEqual([c[0] for c in calls], ["run", "rm"])
        run = calls[0]
        self.assertEqual(run[run.index("--workdir") + 1], "/app/repo")
        self.assertEqual(run[run.index("--runtime") + 1], "nvidia")
        self.assertIn("NVIDIA_VISIBLE_DEVICES=0,1", run)
        self.assertIn("MLCYCLE_JOB=" + job, run)
        self.assertIn("BERTH_METRICS=/app/metrics.json", run)
        self.assertIn("test:1", run)
        self.assertNotIn("--rm", run)
        self.assertEqual(calls[1][-1], run[run.index("--name") + 1])
        self.assertIn(b"1 0,1\n", self.log(job, 1))
        self.assertEqual(self.server.job(job)["steps"][1]["metrics"], {"a": 1})

    def test_image_without_tag_is_latest(self):
        _, calls = self.run_docker("steps:\n- name: a\n  docker:\n    image: host:5000/team/py\n    command: true\n")
        self.assertIn("host:5000/team/py:latest", calls[0])

    def test_build(self):
        pipeline = ("steps:\n- name: a\n  docker:\n    buildConfiguration:\n      context: ./docker/\n"
                    "      dockerfile: fit.dockerfile\n    command: echo built\n")
        job, calls = self.run_docker(pipeline, files={"docker/fit.dockerfile": "FROM scratch\n"})
        self.assertEqual([c[0] for c in calls], ["build", "run", "rm", "rmi"])
        build = calls[0]
        self.assertTrue(build[-1].endswith("/repo/./docker/"), build)
        self.assertTrue(build[build.index("--file") + 1].endswith("/docker//fit.dockerfile"), build)
        self.assertIn(build[build.index("--tag") + 1], calls[1])
        self.assertEqual(self.states(job), [DONE, DONE])

    def test_build_outside_the_repository_is_refused(self):
        pipeline = ("steps:\n- name: a\n  docker:\n    buildConfiguration:\n      context: ../../etc\n"
                    "      dockerfile: x\n")
        path = self.folder.write("docker", "#!/bin/sh\nexit 1\n")
        os.chmod(path, 0o755)
        job = self.trigger("d", pipeline)
        self.once("--runner", "docker", "--docker", path)
        self.assertEqual(self.states(job), [DONE, ERROR])
        self.assertIn(b"must lie inside the repository", self.log(job, 1))

    def test_volume(self):
        pipeline = self.pipeline("true")
        path = self.folder.write("docker", "#!/bin/sh\necho \"$@\"\n")
        os.chmod(path, 0o755)
        job = self.trigger("d", pipeline)
        self.once("--runner", "docker", "--docker", path, env={"MLCYCLE_VOLUME": "worker_workdir"})
        self.assertRegex(self.log(job, 1).decode(), r"--volume worker_workdir:/app --workdir /app/%s-1-[0-9a-f]+/app/repo" % job)


if __name__ == "__main__":
    unittest.main()
