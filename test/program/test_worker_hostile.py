"""berth worker against jobs that misbehave: in what they ask for, what they write, what they would like to know."""
import os
import stat
import subprocess
import unittest

from worker_case import DONE, ERROR, WorkerCase


class Wishes(WorkerCase):
    def test_gpus_that_cannot_be_read(self):
        for value in ("two", "-1", "1.5", "65", "true"):
            job = self.trigger("p" + value, self.pipeline("echo ran", gpus=value))
            self.assertEqual(self.once("--gpus", "2").code, 0)
            self.assertEqual(self.states(job), [DONE, ERROR], value)
            log = self.log(job, 1)
            self.assertIn(b"properties.gpus", log)
            self.assertNotIn(b"ran\n", log)

    def test_gpus_in_every_spelling(self):
        for value, seen in (("1", b"GPU=0="), ('"2"', b"GPU=0,1="), ("all", b"GPU=0,1,2="), ("0", b"GPU=void=")):
            job = self.trigger("p" + value, self.pipeline("sh -c 'echo GPU=$NVIDIA_VISIBLE_DEVICES='", gpus=value))
            self.assertEqual(self.once("--gpus", "3").code, 0)
            self.assertIn(seen, self.log(job, 1), value)

    def test_gpus_as_json(self):
        address = self.repository("json", None)
        seen = {}
        for value in (1, 2.0, None, "1", 1.5, [1], True, 1e300, -0.5):
            project = self.server.seed(projects=[{"name": "p", "gitRepository": address}])["projects"][0]
            docker = {"image": "a", "command": "sh -c 'echo GPU=$NVIDIA_VISIBLE_DEVICES='", "properties": {"other": {"gpus": 9}, "gpus": value}}
            job = self.server.seed(jobs=[{"projectId": project, "state": 1, "steps": [
                {"name": "Bootstrap", "state": DONE}, {"name": "a", "state": 21, "docker": docker}]}])["jobs"][0]
            self.assertEqual(self.once("--gpus", "3").code, 0)
            log = self.log(job, 1)
            seen[str(value)] = log.split(b"\nGPU=")[1].split(b"=")[0].decode() if b"\nGPU=" in log else self.states(job)[1]
        self.assertEqual(seen, {"1": "0", "2.0": "0,1", "None": "0,1,2", "1.5": ERROR, "[1]": ERROR, "True": ERROR,
                                "1e+300": ERROR, "-0.5": ERROR})

    def test_all_gpus_where_their_numbers_are_not_known(self):
        commands = ["sh -c 'echo GPU=$NVIDIA_VISIBLE_DEVICES= CUDA=${CUDA_VISIBLE_DEVICES-unset}='"]
        for wish, seen in (("2", b"GPU=all= CUDA=unset="), ("0", b"GPU=void= CUDA=="), ("all", b"GPU=all= CUDA=unset=")):
            job = self.trigger("p" + wish, self.pipeline(*commands, gpus=wish))
            self.assertEqual(self.once(env={"MLCYCLE_VISIBLE_GPUS": "all"}).code, 0)
            self.assertIn(seen, self.log(job, 1), wish)

    def test_command_that_is_too_long(self):
        job = self.trigger("p", self.pipeline("echo " + "x" * 5000))
        self.once()
        self.assertEqual(self.states(job), [DONE, ERROR])
        self.assertIn(b"the step's command is longer than", self.log(job, 1))

    def test_many_words(self):
        job = self.trigger("p", self.pipeline("sh -c 'echo $#' " + " ".join("w" for _ in range(600))))
        self.once()
        self.assertEqual(self.states(job), [DONE, DONE])
        self.assertIn(b"\n599\n", self.log(job, 1))

    def test_image_that_looks_like_an_option(self):
        path = self.folder.write("docker", "#!/bin/sh\necho \"$@\" >> %s\n" % self.folder("calls"))
        os.chmod(path, 0o755)
        job = self.trigger("p", "steps:\n- name: a\n  docker:\n    image: \"--volume=/:/host\"\n    command: busybox cat /host/etc/shadow\n")
        self.once("--runner", "docker", "--docker", path)
        self.assertEqual(self.states(job), [DONE, ERROR])
        self.assertIn(b"must not begin with '-'", self.log(job, 1))
        self.assertFalse(os.path.exists(self.folder("calls")) and "run" in open(self.folder("calls")).read())


class Files(WorkerCase):
    def test_metrics_that_are_not_a_file(self):
        secret = self.folder.write("secret.json", '{"secret": 1}')
        for name, make in (("fifo", "mkfifo $BERTH_METRICS"), ("link", "ln -s %s $BERTH_METRICS" % secret), ("folder", "mkdir $BERTH_METRICS"),
                           ("device", "ln -s /dev/zero $BERTH_METRICS")):
            job = self.trigger(name, self.pipeline("sh -c '%s'" % make))
            self.assertEqual(self.once(timeout=20).code, 0, name)
            self.assertEqual(self.states(job), [DONE, DONE], name)
            self.assertIn(b"the metrics were not sent", self.log(job, 1), name)
            self.assertNotIn("metrics", self.server.job(job)["steps"][1], name)

    def test_large_metrics_file(self):
        job = self.trigger("p", self.pipeline("sh -c 'head -c 100000 /dev/zero > $BERTH_METRICS'"))
        self.once()
        self.assertIn(b"the metrics were not sent: the file is longer than 65536 bytes", self.log(job, 1))

    def linked(self, name, target, pipeline):
        path = self.folder(name + ".git")
        os.mkdir(path)
        os.symlink(target, os.path.join(path, "pipeline.yml" if pipeline is None else "context"))
        if pipeline is not None:
            with open(os.path.join(path, "pipeline.yml"), "w") as f:
                f.write(pipeline)
        git = ["git", "-C", path, "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "Test"]):
            subprocess.run(git + words, check=True)
        return self.trigger(name, None, repository="file://" + path)

    def test_pipeline_that_is_a_link_out_of_the_repository(self):
        outside = self.folder.write("outside.yml", self.pipeline("true"))
        os.mkfifo(self.folder("pipe"))
        for name, target in (("out", outside), ("fifo", self.folder("pipe")), ("zero", "/dev/zero")):
            job = self.linked(name, target, None)
            self.assertEqual(self.once(timeout=20).code, 0, name)
            self.assertEqual(self.states(job), [ERROR], name)
            self.assertIn(b"pipeline.yml", self.log(job, 0))

    def test_build_context_that_is_a_link_out_of_the_repository(self):
        path = self.folder.write("docker", "#!/bin/sh\necho called: \"$@\"\n")
        os.chmod(path, 0o755)
        job = self.linked("p", "/etc", "steps:\n- name: a\n  docker:\n    buildConfiguration:\n      context: context\n"
                                       "      dockerfile: hostname\n")
        self.once("--runner", "docker", "--docker", path)
        self.assertEqual(self.states(job), [DONE, ERROR])
        self.assertIn(b"must lie inside the repository", self.log(job, 1))
        self.assertNotIn(b"called: build", self.log(job, 1))

    def test_step_cannot_reach_the_worker_s_own_files(self):
        """What is mounted in a container holds neither the log nor anything else that the worker reads back."""
        path = self.folder.write("docker", "#!/bin/sh\nif [ $1 = run ]; then for w; do case $w in *:/app) ls -a ${w%:/app};; esac; done; fi\n")
        os.chmod(path, 0o755)
        job = self.trigger("p", self.pipeline("true"))
        self.once("--runner", "docker", "--docker", path)
        self.assertRegex(self.log(job, 1), rb"\n\.\n\.\.\nrepo\nberth: the command ended")

    def test_log_that_was_swapped_for_a_link(self):
        victim = self.folder.write("victim", "untouched\n")
        script = "sh -c 'cd ../..; rm -f console.*; ln -s %s console.log; echo more'" % victim
        job = self.trigger("p", self.pipeline(script))
        self.once()
        self.assertEqual(self.states(job), [DONE, DONE])
        self.assertEqual(self.folder.read("victim"), b"untouched\n")
        self.assertEqual([f for f in self.server.state()["fragments"] if f["stepNumber"] == 1 and
                          b"untouched" in self.server.content(f["id"])], [])

    def test_work_folder_removed_under_a_step(self):
        job = self.trigger("p", self.pipeline("sh -c 'echo here; rm -rf ../../*'", "true"))
        other = self.trigger("q", self.pipeline("true"))
        self.assertEqual(self.once().code, 0)
        self.assertEqual((self.states(job), self.states(other)), ([DONE] * 3, [DONE] * 2))

    def test_work_folder_of_somebody_else(self):
        os.mkdir(self.folder("work"))
        os.chmod(self.folder("work"), 0o777)
        result = self.once()
        self.assertEqual(result.code, 2, result)
        self.assertIn(b"can be written by others", result.err)

    def test_permissions(self):
        job = self.trigger("p", self.pipeline("sh -c 'stat -c %%a,%%n ../../../* ../.. ../../console.log > %s'" % self.folder("modes")))
        self.once()
        self.assertEqual(self.states(job), [DONE, DONE])
        modes = dict(reversed(line.split(",", 1)) for line in self.folder.read("modes").decode().split())
        self.assertEqual({os.path.basename(n)[:6]: m for n, m in modes.items()},
                         {"worker": "600", "..": "700", job[:6]: "700", "consol": "600"}, modes)
        self.assertEqual(stat.S_IMODE(os.stat(self.folder("work")).st_mode), 0o700)


class Environment(WorkerCase):
    def test_operator_s_secrets_stay_with_the_operator(self):
        job = self.trigger("p", self.pipeline("env"))
        self.once(env={"AWS_SECRET_ACCESS_KEY": "hush", "GIT_DIR": "/nowhere", "LC_ALL": "C", "WANTED": "this"}, *["--pass-env", "WANTED,ABSENT"])
        self.assertEqual(self.states(job), [DONE, DONE])
        log = self.log(job, 1)
        self.assertNotIn(b"hush", log)
        self.assertIn(b"\nLC_ALL=C\n", log)
        self.assertIn(b"\nWANTED=this\n", log)
        self.assertIn(b"\nPATH=", log)

    def test_git_keeps_the_operator_s_settings(self):
        fake = self.folder.write("git", "#!/bin/sh\nenv | grep ^GIT_ >&2\nexit 1\n")
        os.chmod(fake, 0o755)
        job = self.trigger("p", self.pipeline("true"))
        self.once(env={"PATH": self.folder("") + ":" + os.environ["PATH"], "GIT_SSH_COMMAND": "ssh -i key", "GIT_SSL_CAINFO": "/ca", "GIT_DIR": "/x"})
        log = self.log(job, 0)
        self.assertIn(b"GIT_SSH_COMMAND=ssh -i key\n", log)
        self.assertIn(b"GIT_SSL_CAINFO=/ca\n", log)
        self.assertIn(b"GIT_TERMINAL_PROMPT=0\n", log)
        self.assertNotIn(b"GIT_DIR", log)


if __name__ == "__main__":
    unittest.main()
