"""berth run-container: a maintainer's container, against a docker that records its calls."""
import os
import pty
import select
import shutil
import subprocess
import time
import unittest

import cli_case
import test_cli_usage
from cli_case import USAGE, peer
from monitor_case import HASH, HostCase, NOW

REFUSED, FILES, DOCKER = 1, 3, 4


class RunContainer(HostCase):
    def run_container(self, *options, input="", env=None, id="m1", pw="secret", fp="10500"):
        words = ["run-container", "--config", self.host, "--now", NOW]
        for name, value in (("-id", id), ("-pw", pw), ("-fp", fp)):
            words += [name, value] if value is not None else []
        return peer.run_berth(words + list(options), input=input, env=dict(self.env, **(env or {})))

    def assertStarted(self, result):
        self.assertEqual((result.code, result.out), (0, b"The container m1 is started.\n"), result)
        return self.argvs()[0]

    def assertRefused(self, result, code, pattern):
        """One line of error, after the remark on -pw."""
        self.assertEqual(result.code, code, result)
        self.assertRegex(result.err.decode().splitlines()[-1], pattern)
        self.assertEqual(self.argvs(), [])

    def test_defaults(self):
        argv = self.assertStarted(self.run_container())
        self.assertEqual(argv, [
            "docker", "run", "-dit", "--restart=always", "--label", "aivc.row=m1|manual", "--cpus=8.0", "--memory=24G",
            "--memory-swap=32G", "--shm-size=8G", "--gpus", '"device=none"', "--name=m1", "-p", "10500:22",
            "-v", self.folder("Users/m1") + ":/root/Work", "-v", self.folder("Backup/m1") + ":/root/Backup",
            "-v", self.folder("Dataset") + ":/root/Dataset:ro", "-e", "LOGO=A I V C", "-e", "PASSWORD", "rober5566a/aivc-server:latest"])
        self.assertEqual(self.calls()[0]["env"], {"PASSWORD": "secret"})
        self.assertEqual(self.folder.read("Backup/m1/backup.yaml"), b"Dir:\nFile:\n")
        self.assertEqual(sorted(os.listdir(self.folder("host/jobs"))), [])  # nothing is written to the schedule

    def test_every_option(self):
        argv = self.assertStarted(self.run_container("-cpus", "0.5", "-mem", "10", "-gpus", "0,2", "-im", "x/y:z", "-e-cmd", "sleep 1; 'x'"))
        self.assertEqual(argv[6:10], ["--cpus=0.5", "--memory=8G", "--memory-swap=10G", "--shm-size=2G"])
        self.assertEqual(argv[argv.index("--gpus") + 1], '"device=0,2"')
        self.assertEqual(argv[-4:], ["x/y:z", "bash", "-c", "sleep 1; 'x'"])

    def test_other_spellings(self):
        for gpus, device in (("2", "0,1"), ("2-2", "2"), ("1-3", "1,2,3"), ("4", "0,1,2,3"), ("0", "none")):
            self.folder.write("docker/containers", "{}")
            self.forget_calls()
            argv = self.assertStarted(self.run_container("--user-id=M1", "--forward-port=7", "--password=x", "--memory=1", "--cpus=1", "--gpus=" + gpus,
                                                         "--image=a:b", "--extra-command=c", id=None, fp=None, pw=None))
            self.assertEqual(argv[argv.index("--gpus") + 1], '"device=%s"' % device)
            self.assertIn("7:22", argv)

    def test_a_password_on_the_command_line_is_warned_of(self):
        self.assertIn(b"-pw can be seen by others", self.run_container().err)

    def test_questions_on_a_pipe(self):
        result = self.run_container(input="M1\nsecret\n10500\n", id=None, pw=None, fp=None)
        self.assertEqual((result.code, result.err), (0, b""), result)
        self.assertEqual(result.out, b"User id: Please enter the password: Forward port: The container m1 is started.\n")
        self.assertEqual(self.calls()[0]["env"], {"PASSWORD": "secret"})

    def test_end_of_input(self):
        for input in ("", "m1\n", "m1\npw\n"):
            self.assertRefused(self.run_container(input=input, id=None, pw=None, fp=None), REFUSED, "no answer, nothing was started")
        self.assertRefused(self.run_container(input="m1\n\n1\n", id=None, pw=None, fp=None), REFUSED, "password is empty")

    def test_questions_on_a_terminal(self):
        control, terminal = pty.openpty()
        child = peer.start_berth(["run-container", "--config", self.host, "--now", NOW], env=self.env, stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        seen, answers = b"", [(b"User id: ", b"m1\n"), (b"password: ", b"hidden secret\n"), (b"port: ", b"10500\n")]
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if select.select([control], [], [], 0.1)[0]:
                try:
                    seen += os.read(control, 4096)
                except OSError:
                    break
            if answers and answers[0][0] in seen:
                time.sleep(0.1)
                os.write(control, answers.pop(0)[1])
        child.communicate(timeout=20)
        os.close(control)
        self.assertEqual(child.returncode, 0, seen)
        self.assertNotIn(b"hidden", seen)
        self.assertEqual(self.calls()[0]["env"], {"PASSWORD": "hidden secret"})

    def test_a_hash_for_a_password(self):
        self.assertStarted(self.run_container(pw=HASH))
        self.assertEqual(self.verbs(), ["run m1", "exec m1", "exec m1 service"])
        self.assertEqual(self.calls()[1]["stdin"], "root:%s\n" % HASH)
        self.assertNotIn("PASSWORD", self.argvs()[0])

    def test_host_limits(self):
        for options, why in ((["-cpus", "16.5"], "more CPUs"), (["-mem", "65"], "more memory"), (["-gpus", "5"], "a GPU that the host does not have"),
                             (["-gpus", "4-4"], "a GPU that"), (["-gpus", "64"], "a GPU that")):
            self.assertRefused(self.run_container(*options), REFUSED, why)
        self.assertStarted(self.run_container("-cpus", "16", "-mem", "64", "-gpus", "4"))  # more than a user's own limits

    def test_what_docker_would_take_for_something_else(self):
        """Refused before anything is made for it."""
        for options, why in ((["-cpus", "0"], "cpus"), (["-mem", "0"], "memory"), (["-im", "-v"], "image")):
            self.assertRefused(self.run_container(*options), REFUSED, why)
        self.assertRefused(self.run_container(pw="x" * 513), REFUSED, "password is too long")
        self.assertFalse(os.path.exists(self.folder("Backup/m1")))

    def test_held_gpus(self):
        self.write_rows(using=[self.row("m2", gpus="[1, 3]")], booking=[self.row("m3", gpus="[0]")])
        self.assertRefused(self.run_container("-gpus", "2"), REFUSED, "a GPU is in use .*m2$")
        self.assertStarted(self.run_container("-gpus", "0,2"))  # booked, not in use: the schedule does not bind a maintainer
        self.folder.write("docker/containers", "{}")
        self.forget_calls()
        self.assertStarted(self.run_container("-gpus", "2", "--force"))

    def test_half_a_schedule_is_none(self):
        self.write_rows(using=["x\n"])
        self.assertRefused(self.run_container("-gpus", "1"), FILES, "using.csv line 2")
        self.assertStarted(self.run_container("-gpus", "1", "--force"))

    def test_users(self):
        for user in ("stranger", "-x", "../m1", "a b", "now", "x"):
            self.assertRefused(self.run_container(id=user), REFUSED, "user")
        result = self.run_container(id="new1")  # allowed, without an entry yet
        self.assertEqual(result.code, 0, result)
        self.assertIn(self.folder("Users/new1") + ":/root/Work", self.argvs()[0])
        self.assertIn(self.folder("Backup/new1") + ":/root/Backup", self.argvs()[0])

    def test_wrong_usage(self):
        for options, why in ((["-cpus", "x"], "--cpus"), (["-mem", "1.5"], "--memory"), (["-gpus", "x"], "--gpus"), (["-cpus", "-1"], "--cpus"),
                             (["-gpus", "0,"], "--gpus"), (["extra"], "too many"), (["-zz"], "unknown option -zz"), (["--once"], "means nothing")):
            self.assertRefused(self.run_container(*options), USAGE, why)
        for port in ("0", "65536", "x", "-1"):
            self.assertRefused(self.run_container(fp=port), USAGE, "--forward-port")

    def test_docker_refuses(self):
        self.containers(m1="m1|2030-01-07 07:00:00")
        result = self.run_container()
        self.assertEqual(result.code, DOCKER, result)
        self.assertIn(b"Conflict. The container name", result.err)
        self.assertIn("m1", self.containers())  # it is somebody's: it stays
        self.assertEqual(self.verbs(), ["run m1"])

    def test_time_limit(self):
        self.script({"words": ["run"], "delay": 30})
        result = self.run_container("--timeout", "0.3")
        self.assertEqual(result.code, DOCKER, result)
        self.assertIn(b"it took longer than 0.3 s", result.err)

    def test_no_configuration(self):
        os.unlink(self.folder("host/cfg/host_deploy.yaml"))
        self.assertRefused(self.run_container(), FILES, "host_deploy.yaml")

    def test_hostile_mounts(self):
        os.makedirs(self.folder("Backup/m1"))
        os.symlink("/etc", self.folder("Backup/m1/link"))
        self.folder.write("Backup/m1/backup.yaml", "File:\n- [link, /etc]\n- [../m2, /m2]\n")
        result = self.run_container()
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.argvs()[0].count("-v"), 3)
        self.assertEqual(result.err.count(b"is left out"), 2)


class Spellings(cli_case.Case):
    """Long options with one dash, as the old programs had them, beside those with two."""

    def test_help_and_manual(self):
        text = peer.run_berth(["help", "run-container"], env={"COLUMNS": "100"}).out.decode()
        for line in ("-id, --user-id ID", "-pw, --password TEXT", "-fp, --forward-port PORT", "-cpus, --cpus N", "-mem, --memory GB",
                     "-gpus, --gpus N|LIST", "-im, --image NAME:TAG", "-e-cmd, --extra-command TEXT"):
            self.assertIn("\n  %s " % line, text.replace("\n          ", " "))
        page = peer.run_berth(["man"]).out.decode()
        self.assertIn(".TP\n\\fB\\-e\\-cmd\\fR, \\fB\\-\\-extra\\-command\\fR \\fITEXT\\fR\n", page)

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash_completes_them(self):
        complete = lambda line: test_cli_usage.Completion.complete(self, line)  # noqa: E731
        offered = complete("berth run-container -")
        for option in ("-id", "--user-id", "-e-cmd", "--extra-command", "-gpus", "--gpus", "--force", "--docker"):
            self.assertIn(option, offered)
        self.assertEqual(complete("berth run-container -i"), ["-id", "-im"])
        self.assertEqual(complete("berth run-container -id x -fo"), [])
        self.assertEqual(complete("berth run-container -id "), [])
        self.assertEqual(complete("berth run-container --force --do"), ["--docker"])
        self.assertEqual(complete("berth monitor --config "), ["some file.json"])

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish_completes_them(self):
        with peer.Folder() as folder:
            path = folder.write("berth.fish", peer.run_berth(["completion", "fish"]).out)
            for line, offered in (("berth run-container --us", "--user-id"), ("berth run-container -i", "-id"), ("berth monitor --wa", "--watch")):
                done = subprocess.run(["fish", "-c", "source %s; complete -C '%s'" % (path, line)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      env=dict(os.environ, HOME=folder.path), timeout=30)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertIn(offered, [w.split("\t")[0] for w in done.stdout.decode().split("\n")])

    def test_what_they_are_not(self):
        for words, why in ((["run-container", "-ids", "x"], "unknown option -ids"), (["run-container", "-id=x"], "unknown option -id=x"),
                           (["run-container", "--user-idd", "x"], "did you mean --user-id"), (["run-container", "-gpus"], "--gpus needs a value"),
                           (["monitor", "-id", "x"], "--user-id means nothing here"), (["run-container", "--force=1"], "takes no value"),
                           (["version", "-fp", "1"], "--forward-port means nothing here")):
            self.assertFails(peer.run_berth(words), USAGE, why)


if __name__ == "__main__":
    unittest.main()
