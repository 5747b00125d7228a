"""berth monitor: what a tick does for each row, and what it does when something fails, against a docker that records its calls."""
import os
import pty
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
import unittest

import cli_case
from cli_case import USAGE, peer
from monitor_case import HASH, HEADER, HostCase, LABEL, NOW

FILES, DOCKER = 3, 4
ROW = "aivc.row=%s|2030-01-07 07:00:00"


class Starting(HostCase):
    def test_the_arguments_of_a_start(self):
        self.write_rows(booking=[self.row(cpus="24.5", memory=79, gpus="[2, 0]", command='"echo ""a b"" $HOME; ls"')])
        self.assertTick(self.monitor(env={"DISPLAY": ":0", "PASSWORD": "the monitor's own"}))
        inspect, run = self.calls()
        self.assertEqual(inspect["argv"], ["docker", "container", "inspect", "--format", LABEL, "m1"])
        self.assertEqual(run["argv"], [
            "docker", "run", "-dit", "--restart=always", "--label", ROW % "m1", "--cpus=24.5", "--memory=60G", "--memory-swap=79G",
            "--shm-size=19G", "--gpus", '"device=0,2"', "--name=m1", "-p", "10001:22", "-v", self.folder("Users/m1") + ":/root/Work",
            "-v", self.folder("Backup/m1") + ":/root/Backup", "-v", self.folder("Dataset") + ":/root/Dataset:ro", "-e", "DISPLAY",
            "-e", "LOGO=A I V C", "-e", "PASSWORD", "rober5566a/aivc-server:latest", "bash", "-c", 'echo "a b" $HOME; ls'])
        self.assertEqual(run["env"], {"DISPLAY": ":0", "PASSWORD": "pass word"})
        self.assertEqual(inspect["env"], {"DISPLAY": ":0"})
        self.assertRows(using=['2030-01-07 07:00:00,2030-01-07 09:00:00,m1,24.5,79,"[0, 2]",10001,,"echo ""a b"" $HOME; ls"\n'])
        self.assertEqual(self.events(), ["[INFO] m1: a folder is not there yet: its space is not checked", "[INFO] m1: the container is started",
                                         "[INFO] m1: the row of 2030-01-07 07:00:00 is in use"])

    def test_a_hashed_password_goes_to_chpasswd(self):
        self.write_rows(booking=[self.row("m2", gpus="[]", image="a/b:c")])
        self.assertTick(self.monitor())
        _, run, change, ssh = self.calls()
        self.assertEqual(run["argv"][-3:], ["-e", "LOGO=A I V C", "a/b:c"])
        self.assertIn('"device=none"', run["argv"])
        self.assertEqual(change["argv"], ["docker", "exec", "-i", "m2", "chpasswd", "-e"])
        self.assertEqual(change["stdin"], "root:%s\n" % HASH)
        self.assertEqual(ssh["argv"], ["docker", "exec", "m2", "service", "ssh", "start"])
        self.assertEqual([c["env"] for c in self.calls()], [{}] * 4)
        self.assertNotIn(HASH, "".join(sum((c["argv"] for c in self.calls()), [])) + self.log())

    def test_passwords_are_set_again_with_every_tick(self):
        self.write_rows(using=[self.row("m1", gpus="[]"), self.row("m2", gpus="[]")])
        self.containers(m1="m1|2030-01-07 07:00:00", m2="m2|2030-01-07 07:00:00")
        for _ in range(2):
            self.forget_calls()
            self.assertTick(self.monitor())
            self.assertEqual(self.verbs(), ["exec m2", "exec m2 service"])
        self.script({"words": ["chpasswd"], "status": 1, "stderr": "chpasswd: not found\n"})
        self.assertTick(self.monitor(), DOCKER)
        self.assertLogged(r"WARNING\] ContainerWarning, m2: its password was not set: chpasswd: not found")

    def test_no_password_at_all(self):
        self.write_rows(booking=[self.row("m3")])
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs(), ["run m3"])
        self.assertNotIn("PASSWORD", self.argvs()[0])

    def test_order_and_what_is_not_due(self):
        rows = [self.row("m3", start="2030-01-07 06:30:00", gpus="[2]"), self.row("m2", gpus="[1]"), self.row("m1"),
                self.row("new1", start="2030-01-07 07:30:00")]
        self.write_rows(booking=rows)
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs(), ["run m3", "run m1", "run m2", "exec m2", "exec m2 service"])
        self.assertRows(booking=[rows[3]], using=[rows[0], rows[2], rows[1]])
        self.forget_calls()
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs(), ["exec m2", "exec m2 service"])

    def test_start_and_end_are_reached_to_the_second(self):
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor(now="2030-01-07 06:59:59"))
        self.assertEqual(self.calls(), [])
        self.assertTick(self.monitor(now="2030-01-07 07:00:00"))
        self.assertEqual(self.verbs(), ["run m1"])
        self.assertTick(self.monitor(now="2030-01-07 08:59:59"))
        self.assertEqual(self.verbs(), ["run m1"])
        self.assertTick(self.monitor(now="2030-01-07 09:00:00"))
        self.assertEqual(self.users_in("used"), ["m1"])

    def test_what_holds_one_back_does_not_hold_others(self):
        self.folder.write("host/cfg/capability_config.yaml", self.folder.read("host/cfg/capability_config.yaml").decode().replace("- new1", "- new1\n  - gg"))
        rows = [self.row("gg", gpus="[3]"), self.row("m1", gpus="[0]"), self.row("m2", gpus="[1]"), self.row("m3", gpus="[2]")]
        using = [self.row("m1", start="2030-01-06 07:00:00", end="2030-01-07 08:00:00", gpus="[]"),
                 self.row("new1", start="2030-01-06 07:00:00", end="2030-01-07 08:00:00", gpus="[1, 3]")]
        self.write_rows(booking=rows, using=using)
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs(), ["run m3"])
        self.assertRows(booking=rows[:3], using=using + rows[3:])
        self.assertLogged(r"\[ERROR\] ContainerError, gg: not started: no entry in users_config.yaml")
        self.assertLogged(r"\[WARNING\] ContainerWarning, m1: not started: the container of their last booking is not closed")
        self.assertLogged(r"\[WARNING\] ContainerWarning, m2: not started: one of its GPUs is still used by: new1")
        self.assertEqual(len(self.events()), 6, self.log())

    def test_docker_refuses_one(self):
        self.script({"words": ["run", "--name=m1"], "status": 125, "stderr": "docker: no \x1b[31msuch\x00 image\nSee help.\n"})
        self.write_rows(booking=[self.row("m1"), self.row("m3", gpus="[1]")])
        self.assertTick(self.monitor(), DOCKER)
        self.assertRows(booking=[self.row("m1")], using=[self.row("m3", gpus="[1]")])
        self.assertLogged(r"\[ERROR\] ContainerError, m1: the container was not started: docker: no \?\[31msuch\? image$")
        self.script()
        self.assertTick(self.monitor())
        self.assertEqual(self.users_in("using"), ["m3", "m1"])

    def test_a_container_that_docker_made_and_could_not_start_goes(self):
        self.script({"words": ["run", "--name=m1"], "status": 125, "stderr": "port is already allocated\n", "acts": True, "times": 1},
                    {"words": ["container", "rm", "m1"], "status": 0, "acts": False, "stdout": "m1\n"})
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor(), DOCKER)
        self.assertEqual(self.verbs(), ["run m1", "container rm m1"])
        self.assertEqual(self.users_in("booking"), ["m1"])

    def test_docker_is_away(self):
        rows = [self.row("m1"), self.row("m2", end="2030-01-07 07:05:00", gpus="[1]")]
        self.script({"words": ["docker"], "status": 1, "stderr": "Cannot connect to the Docker daemon at unix:///x. Is it running?\n"})
        self.write_rows(booking=rows)
        self.assertTick(self.monitor(), DOCKER)
        self.assertRows(booking=rows)
        self.assertEqual(self.verbs(), [])  # an expired row is not dropped by guess either
        self.assertLogged("m2: docker does not tell whether there is a container: Cannot connect")
        os.unlink(self.folder("bin/docker"))
        self.assertTick(self.monitor(env={"PATH": self.folder("bin")}), DOCKER)
        self.assertRows(booking=rows)
        self.assertLogged("m1: .*docker cannot be started: no such program")

    def test_another_docker(self):
        os.rename(self.folder("bin/docker"), self.folder("bin/podman"))
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor("--docker", self.folder("bin/podman")))
        self.assertEqual([c["argv"][0] for c in self.calls()], ["podman", "podman"])

    def test_pid_host_when_configured(self):
        path = "host/cfg/host_deploy.yaml"
        self.folder.write(path, self.folder.read(path) + b"host_pids: true\n")
        self.write_rows(booking=[self.row()])
        self.monitor()
        self.assertEqual([a.index("--pid=host") for a in self.argvs()], [6])

    def test_values_that_docker_would_take_for_no_limit(self):
        rows = [self.row("m1", cpus="0.0"), self.row("m2", memory=0, gpus="[1]"), self.row("m3", port=0, gpus="[2]")]
        self.write_rows(booking=rows)
        self.assertTick(self.monitor(), DOCKER)
        self.assertEqual(self.verbs(), [])
        self.assertRows(booking=rows)
        for pattern in ("m1: not started: cpus", "m2: not started: memory", "m3: not started: there is no port"):
            self.assertLogged(pattern)


class Space(HostCase):
    def setUp(self):
        HostCase.setUp(self)
        for name in ("m1", "m3"):
            os.makedirs(self.folder("Users/" + name))
            os.makedirs(self.folder("Backup/" + name))

    def sizes(self, backup, work, **more):
        self.script(dict({"words": ["du", "-sk", self.folder("Backup/m1")], "stdout": "%s\t/x\n" % backup}, **more),
                    {"words": ["du", "-sk", self.folder("Users/m1")], "stdout": "%s\t/x\n" % work})

    def test_within_the_limits(self):
        self.sizes(1053818, 2 * 1048576)  # 1.00 and 2.00 GB when rounded
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor())
        self.assertEqual([c["argv"] for c in self.calls() if c["argv"][0] == "du"],
                         [["du", "-sk", self.folder("Backup/m1")], ["du", "-sk", self.folder("Users/m1")]])
        self.assertEqual(self.verbs(), ["run m1"])

    def test_over_the_limits(self):
        for backup, work, said in ((1053819, 0, "the backup folder by 0.01 GB"), (0, 3 * 1048576, "the work folder by 1 GB"),
                                   (2 * 1048576, 2621440, "the backup folder by 1 GB, the work folder by 0.5 GB")):
            self.sizes(backup, work)
            self.write_rows(booking=[self.row(), self.row("m3", gpus="[1]")], using=[])
            self.folder.write("docker/containers", "{}")
            self.forget_calls()
            self.assertTick(self.monitor())
            self.assertEqual(self.verbs(), ["run m3"])
            self.assertEqual(self.users_in("booking"), ["m1"])
            self.assertLogged(r"\[WARNING\] SpaceWarning, m1: not started, over the limit: %s$" % said)

    def test_own_limits(self):
        path = "host/cfg/capability_config.yaml"
        self.folder.write(path, self.folder.read(path) + b"max_custom_capability:\n  m1:\n    backup_space: 0.5\n")
        self.sizes(629146, 0)
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor())
        self.assertLogged(r"over the limit: the backup folder by 0.1 GB$")

    def test_what_cannot_be_measured_passes(self):
        for answer, said in (({"stdout": "du: oops\n"}, "du printed no size"), ({"stdout": "", "status": 1, "stderr": "du: cannot read\n"}, "du: cannot read"),
                             ({"delay": 20}, "it took longer than 0.5 s")):
            self.script(dict({"words": ["du"]}, **answer))
            self.write_rows(booking=[self.row()], using=[])
            self.folder.write("docker/containers", "{}")
            self.assertTick(self.monitor("--timeout", "0.5"))
            self.assertLogged(r"SpaceWarning, m1: the backup folder's size is not known, it passes: %s" % said)
            self.assertEqual(self.users_in("using"), ["m1"])

    def test_du_that_complains_and_counts(self):
        self.sizes(5 * 1048576, 0, status=1, stderr="du: cannot read directory 'x': Permission denied\n")
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor())
        self.assertLogged(r"over the limit: the backup folder by 4 GB$")


class Closing(HostCase):
    def setUp(self):
        HostCase.setUp(self)
        self.ended = self.row("m1", start="2030-01-07 05:00:00", end="2030-01-07 07:00:00")
        self.write_rows(using=[self.ended], booking=[])
        self.containers(m1="m1|2030-01-07 05:00:00")

    def test_backup_stop_remove(self):
        self.assertTick(self.monitor())
        self.assertEqual(self.argvs(), [["docker", "exec", "m1", "python3", "/root/Backup/.container_backup.py"],
                                        ["docker", "container", "stop", "m1"], ["docker", "container", "rm", "m1"]])
        self.assertRows(used=[self.ended])
        self.assertEqual(self.containers(), {})
        self.assertEqual(self.events(), ["[INFO] m1: the container is removed", "[INFO] m1: the row of 2030-01-07 05:00:00 is over"])

    def test_backup_and_stop_may_fail(self):
        self.script({"words": ["exec"], "status": 2, "stderr": "\n  Traceback\nmore\n"}, {"words": ["stop"], "status": 1, "acts": True, "stderr": ""})
        self.assertTick(self.monitor(), DOCKER)
        self.assertRows(used=[self.ended])
        self.assertLogged(r"\[WARNING\] ContainerWarning, m1: its backup failed: Traceback$")
        self.assertLogged(r"\[WARNING\] ContainerWarning, m1: the container was not stopped: exit status 1$")

    def test_remove_must_not(self):
        self.script({"words": ["rm"], "status": 1, "stderr": "WARNING: IPv4 forwarding is disabled\ndevice is busy\n", "times": 1})
        self.assertTick(self.monitor(), DOCKER)
        self.assertRows(using=[self.ended])
        self.assertLogged(r"\[ERROR\] ContainerError, m1: the container was not removed: device is busy$")
        self.assertTick(self.monitor(), DOCKER)  # the container is stopped by now, so that its backup fails
        self.assertRows(used=[self.ended])

    def test_no_such_container_is_removed(self):
        self.folder.write("docker/containers", "{}")
        self.assertTick(self.monitor(), DOCKER)
        self.assertRows(used=[self.ended])

    def test_a_success_with_complaints_is_a_success(self):
        self.script({"words": ["stop"], "status": 0, "stderr": "WARNING: old client\n", "stdout": "m1\n", "acts": True})
        self.assertTick(self.monitor())
        self.assertRows(used=[self.ended])

    def test_time_limits(self):
        for words in (["exec"], ["stop"]):
            self.script({"words": words, "delay": 30})
            self.write_rows(using=[self.ended], used=[])
            self.containers(m1="x")
            self.monitor("--timeout", "0.4")
            self.assertLogged(r"ContainerWarning, m1: .*: it took longer than 0.4 s$")
        self.assertRows(using=[self.ended])  # a container that runs is not removed by docker
        self.script({"words": ["rm"], "delay": 30, "deaf": True})
        begin = time.monotonic()
        self.assertTick(self.monitor("--timeout", "0.4"), DOCKER)
        self.assertLess(time.monotonic() - begin, 10)  # SIGTERM, 2 s, SIGKILL
        self.assertRows(using=[self.ended])
        self.assertLogged(r"ContainerError, m1: the container was not removed: it took longer than 0.4 s$")

    def test_much_output_does_not_block(self):
        self.script({"words": ["exec"], "stdout": "x" * 300000, "stderr": "y" * 300000, "status": 1})
        self.assertTick(self.monitor(), DOCKER)
        self.assertRows(used=[self.ended])

    def test_close_before_start_frees_the_place(self):
        follow = self.row("m2", gpus="[0]")
        self.write_rows(using=[self.ended], booking=[follow])
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs()[:4], ["exec m1 python3", "container stop m1", "container rm m1", "run m2"])
        self.assertRows(using=[follow], used=[self.ended])

    def test_order_of_several(self):
        rows = [self.row(user, start="2030-01-07 05:00:00", end="2030-01-07 0%d:00:00" % hour) for user, hour in (("m3", 7), ("m2", 7), ("m1", 6))]
        self.write_rows(using=rows)
        self.monitor()
        self.assertEqual(self.users_in("used"), ["m1", "m2", "m3"])

    def test_used_grows_at_its_end(self):
        old = self.row("m3", start="2029-01-07 05:00:00", end="2029-01-07 07:00:00", command="# old")
        self.write_rows(used=[old])
        self.assertTick(self.monitor())
        self.assertRows(used=[old, self.ended])


class Expiry(HostCase):
    def setUp(self):
        HostCase.setUp(self)
        self.over = self.row("m1", start="2030-01-07 05:00:00", end="2030-01-07 07:00:00")
        self.write_rows(booking=[self.over])

    def test_never_started(self):
        self.assertTick(self.monitor())
        self.assertRows(used=[self.over])
        self.assertEqual(len(self.calls()), 1)
        self.assertLogged(r"\[WARNING\] ContainerWarning, m1: its time passed before a container could be started$")

    def test_its_own_container_is_there(self):
        self.containers(m1="m1|2030-01-07 05:00:00")
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs(), ["exec m1 python3", "container stop m1", "container rm m1"])
        self.assertRows(used=[self.over])
        self.assertNotLogged("its time passed")

    def test_a_container_of_another_row(self):
        self.containers(m1="m1|2030-01-06 05:00:00")
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs(), [])
        self.assertRows(used=[self.over])
        self.assertIn("m1", self.containers())


class Recovery(HostCase):
    """What a monitor that was killed leaves behind."""

    def test_killed_between_run_and_commit(self):
        self.write_rows(booking=[self.row("m2", gpus="[]")])
        self.script({"words": ["run"], "kill": "after", "times": 1})
        self.assertEqual(self.monitor().code, -signal.SIGKILL)
        self.assertRows(booking=[self.row("m2", gpus="[]")])
        self.assertIn("m2", self.containers())
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs(), ["run m2", "container start m2", "exec m2", "exec m2 service"])  # never a second run
        self.assertRows(using=[self.row("m2", gpus="[]")])

    def test_killed_before_docker_had_done_it(self):
        self.write_rows(booking=[self.row()])
        self.script({"words": ["run"], "kill": "before", "times": 1})
        self.assertEqual(self.monitor().code, -signal.SIGKILL)
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs(), ["run m1", "run m1"])
        self.assertRows(using=[self.row()])

    def test_killed_while_closing(self):
        row = self.row(end="2030-01-07 07:00:00", start="2030-01-07 05:00:00")
        for words, when in ((["exec"], "before"), (["stop"], "after"), (["rm"], "before"), (["rm"], "after")):
            self.write_rows(using=[row], used=[], booking=[])
            self.containers(m1="m1|2030-01-07 05:00:00")
            self.script({"words": words, "kill": when, "times": 1})
            self.assertEqual(self.monitor().code, -signal.SIGKILL)
            self.assertRows(using=[row])
            self.monitor()
            self.assertRows(used=[row])
            self.assertEqual(self.containers(), {})

    def test_a_container_that_never_ran(self):
        self.write_rows(booking=[self.row()])
        self.containers(m1="m1|2030-01-07 07:00:00")
        self.script({"words": ["container", "start"], "status": 1, "stderr": "port is already allocated\n"},
                    {"words": ["container", "rm"], "status": 0})
        self.assertTick(self.monitor(), DOCKER)
        self.assertEqual(self.verbs(), ["container start m1", "container rm m1"])
        self.assertRows(booking=[self.row()])

    def test_a_container_of_somebody_else(self):
        self.containers(m1="")
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor(), DOCKER)
        self.assertEqual(self.verbs(), [])
        self.assertLogged(r"\[ERROR\] ContainerError, m1: not started: there is a container of that name that is not its own$")

    def test_an_interrupted_move(self):
        """The crash of wire page 4.7: the row stands in both files."""
        row = self.row()
        self.write_rows(booking=[row], using=[row])
        self.containers(m1="m1|2030-01-07 07:00:00")
        self.assertTick(self.monitor())
        self.assertRows(using=[row])
        self.assertEqual(self.verbs(), [])

    def test_a_commit_that_fails(self):
        """The file cannot be replaced: the container runs, the row stays where it was, the next tick takes the container over."""
        self.write_rows(booking=[self.row("m1"), self.row("m3", gpus="[1]")], using=[])
        self.script({"words": ["run", "--name=m1"], "delay": 1, "acts": True, "times": 1})
        child = self.start_monitor()
        self.wait_until(lambda: self.verbs() == ["run m1"])
        os.unlink(self.folder("host/jobs/using.csv"))
        os.mkdir(self.folder("host/jobs/using.csv"))
        child.communicate(timeout=20)
        self.assertEqual(child.returncode, FILES)
        self.assertLogged(r"\[ERROR\] UpdateError, m1: the row of 2030-01-07 07:00:00 stays where it was")
        self.assertEqual(self.users_in("booking"), ["m1", "m3"])
        os.rmdir(self.folder("host/jobs/using.csv"))
        self.forget_calls()
        self.assertTick(self.monitor())
        self.assertEqual(self.verbs(), ["container start m1", "container start m3"])
        self.assertEqual(self.users_in("using"), ["m1", "m3"])

    def test_using_csv_is_a_folder(self):
        self.write_rows(booking=[self.row()])
        os.mkdir(self.folder("host/jobs/using.csv"))
        self.assertEqual(self.monitor().code, FILES)
        self.assertEqual(self.verbs(), [])

    def test_interrupted(self):
        self.write_rows(booking=[self.row("m1"), self.row("m3", gpus="[1]")])
        self.script({"words": ["run", "--name=m1"], "delay": 30, "times": 1})
        child = self.start_monitor()
        self.wait_until(lambda: self.verbs() == ["run m1"])
        child.terminate()
        child.communicate(timeout=20)
        self.assertEqual(child.returncode, 128 + signal.SIGTERM)
        self.assertEqual(self.verbs(), ["run m1"])
        self.assertLogged("ContainerError, m1: the container was not started: interrupted")
        self.assertTick(self.monitor())
        self.assertEqual(self.users_in("using"), ["m1", "m3"])


class Files(HostCase):
    def test_bad_rows_are_left_alone(self):
        bad = "2030-01-07 07:00:00,yesterday,m2,1.0,1,[],10002,,\n"
        self.write_rows(booking=[bad, self.row("m1")], using=["x\n"])
        self.assertTick(self.monitor(), FILES)
        self.assertEqual((self.rows("booking"), self.rows("using")), ([bad], ["x\n", self.row("m1")]))
        self.assertLogged(r"\[ERROR\] UpdateError, .*jobs/booking.csv line 2: ")
        self.assertLogged(r"\[ERROR\] UpdateError, .*jobs/using.csv line 2: ")

    def test_broken_files(self):
        self.write_rows(booking=[self.row()])
        for name, text in (("jobs/using.csv", "a,b\n"), ("jobs/booking.csv", 'start\n"'), ("cfg/users_config.yaml", "m1: {"),
                           ("cfg/capability_config.yaml", "max: 1\n"), ("cfg/host_deploy.yaml", "- x\n")):
            before = self.folder.read("host/" + name) if os.path.exists(self.folder("host/" + name)) else None
            self.folder.write("host/" + name, text)
            result = self.monitor()
            self.assertEqual(result.code, FILES, result)
            self.assertIn(os.path.basename(name), result.err.decode() + self.log())
            self.assertEqual(self.folder.read("host/" + name).decode(), text)
            os.unlink(self.folder("host/" + name)) if before is None else self.folder.write("host/" + name, before)
        self.assertEqual(self.calls(), [])

    def test_no_folder(self):
        for name in ("cfg/host_deploy.yaml", "cfg/users_config.yaml", "cfg/capability_config.yaml", "jobs"):
            os.rename(self.folder("host/" + name), self.folder("host/" + name + ".away"))
            result = self.monitor()
            self.assertEqual(result.code, FILES, (name, result))
            self.assertNotEqual(result.err, b"")
            os.rename(self.folder("host/" + name + ".away"), self.folder("host/" + name))

    def test_the_log(self):
        self.write_rows(booking=[self.row("m1"), self.row("gg", gpus="[1]")])
        result = self.monitor(env={"NO_COLOR": ""})
        log = self.log().splitlines()
        self.assertTrue(all(line.startswith("20300107 07:10 [") for line in log))
        self.assertEqual(result.out.decode(), "".join(line + "\n\n" for line in log))

    def test_colours_on_a_terminal(self):
        colours = {"I": "32", "W": "33", "E": "31"}
        for plain in ("", "1"):
            self.write_rows(booking=[self.row("m1"), self.row("gg", gpus="[1]")], using=[self.row("m3", gpus="[2]"), self.row("m2", gpus="[2]")])
            self.containers(m2="x", m3="y")
            control, terminal = pty.openpty()
            child = peer.start_berth(["monitor", "--config", self.host, "--now", NOW], stdout=terminal,
                                     env=dict(self.env, NO_COLOR=plain, TERM="xterm"))
            os.close(terminal)
            seen = b""
            while True:
                try:
                    part = os.read(control, 4096)
                except OSError:
                    break
                if not part:
                    break
                seen += part
            child.communicate(timeout=20)
            os.close(control)
            log = self.log().splitlines()
            self.assertEqual(seen.decode().replace("\r\n", "\n"), "".join(
                "%s\n\n" % line if plain else "\x1b[%sm%s\x1b[0m\n\n" % (colours[line[16]], line) for line in log))
            self.assertEqual({line[16] for line in log}, set(colours))
            os.unlink(self.folder("host/jobs/monitor.log"))

    def test_the_log_is_no_link(self):
        self.folder.write("victim", "mine")
        os.symlink(self.folder("victim"), self.folder("host/jobs/monitor.log"))
        self.write_rows(booking=[self.row()])
        result = self.monitor()
        self.assertEqual((result.code, self.folder.read("victim")), (0, b"mine"))
        self.assertIn(b"monitor.log", result.err)
        self.assertEqual(self.users_in("using"), ["m1"])

    def test_shared_gpus(self):
        self.write_rows(using=[self.row("m3", gpus="[0, 1, 2]"), self.row("m1", gpus="[1]"), self.row("m2", gpus="[2, 1]"), self.row("new1", gpus="[7]")])
        self.monitor()
        self.assertEqual([e for e in self.events() if "GPU" in e],
                         ["[WARNING] GPUDuplicateWarning, GPU 1: in use by more than one row: m1, m2, m3",
                          "[WARNING] GPUDuplicateWarning, GPU 2: in use by more than one row: m2, m3"])

    def test_new_backup_folder(self):
        self.folder.write("host/cfg/templates/Backup/backup.yaml", "Dir:\n- - .default\n  - /opt/x\n")
        os.makedirs(self.folder("host/cfg/templates/Backup/.default/deep"))
        self.folder.write("host/cfg/templates/Backup/.default/deep/run", "#!x\n")
        os.chmod(self.folder("host/cfg/templates/Backup/.default/deep/run"), 0o755)
        os.symlink("deep/run", self.folder("host/cfg/templates/Backup/.default/link"))
        os.rmdir(self.folder("Backup"))  # folders above are made too
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor())
        self.assertEqual(self.folder.read("Backup/m1/.container_backup.py"), b"# script\n")
        self.assertEqual(os.readlink(self.folder("Backup/m1/.default/link")), "deep/run")
        self.assertEqual(stat.S_IMODE(os.stat(self.folder("Backup/m1/.default/deep/run")).st_mode), 0o755)
        self.assertEqual(os.listdir(self.folder("Backup")), ["m1"])
        self.assertNotIn("/opt/x", " ".join(self.argvs()[0]))  # as upstream: from the next start on

    def test_the_example_of_a_template(self):
        """What is shipped can be read by the monitor, and its script copies what is not there yet."""
        template = os.path.join(cli_case.ROOT, "examples/host/cfg/templates/Backup")
        shutil.rmtree(self.folder("host/cfg/templates/Backup"))
        shutil.copytree(template, self.folder("host/cfg/templates/Backup"))
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor())
        root = self.folder("inside")
        os.makedirs(root + "/tree/sub")
        self.folder.write("inside/tree/sub/file", "text")
        os.symlink("sub", root + "/tree/link")
        self.folder.write("inside/.zshrc", "new")
        self.folder.write("Backup/m1/backup.yaml", "Dir: # c\n  - - .default/tree\n    - %s/tree\n  - [absent, %s/absent]\nFile:\n- - a/.zshrc\n  - '%s/.zshrc'\n"
                          % (root, root, root))
        script = [sys.executable, self.folder("Backup/m1/.container_backup.py"), self.folder("Backup/m1")]
        subprocess.run(script, check=True)
        self.assertEqual(self.folder.read("Backup/m1/.default/tree/sub/file"), b"text")
        self.assertEqual(os.readlink(self.folder("Backup/m1/.default/tree/link")), "sub")
        self.folder.write("inside/.zshrc", "newer")
        subprocess.run(script, check=True)
        self.assertEqual(self.folder.read("Backup/m1/a/.zshrc"), b"new")
        self.folder.write("docker/containers", "{}")
        self.write_rows(booking=[self.row()], using=[])
        self.assertTick(self.monitor())
        self.assertIn(self.folder("Backup/m1/.default/tree") + ":" + root + "/tree", self.argvs()[-1])

    def test_no_template(self):
        for name in ("backup.yaml", ".container_backup.py"):
            os.unlink(self.folder("host/cfg/templates/Backup/" + name))
        os.rmdir(self.folder("host/cfg/templates/Backup"))
        self.write_rows(booking=[self.row()])
        self.assertTick(self.monitor(), FILES)
        self.assertEqual(os.listdir(self.folder("Backup")), [])
        self.assertLogged("ContainerError, m1: not started: the backup folder cannot be made from cfg/templates/Backup: no file")


class Modes(HostCase):
    def test_dry_run_changes_nothing_and_says_everything(self):
        os.makedirs(self.folder("Users/m2"))
        os.makedirs(self.folder("Backup/m2"))
        self.write_rows(booking=[self.row("m2", command="it's; 'x'"), self.row("m3", end="2030-01-07 07:05:00")],
                        using=[self.row("m1", end="2030-01-07 07:05:00")], used=[])
        self.containers(m1="m1|2030-01-07 07:00:00")
        before = {n: self.folder.read("host/jobs/" + n) for n in sorted(os.listdir(self.folder("host/jobs")))}
        shown = self.assertTick(self.monitor("--dry-run")).out.decode()
        self.assertEqual({n: self.folder.read("host/jobs/" + n) for n in sorted(os.listdir(self.folder("host/jobs")))}, before)
        self.assertEqual((self.calls(), os.listdir(self.folder("Backup"))), ([], ["m2"]))
        self.assertNotIn(HASH, shown)
        said = [shlex.split(line) for line in shown.splitlines() if not line.startswith("#")]
        self.assertTick(self.monitor())
        self.assertEqual(said, [c["argv"] for c in self.calls()])

    def test_dry_run_tells_what_holds_a_row(self):
        self.write_rows(booking=[self.row("m1")], using=[self.row("m3")])
        self.assertIn(b"# m1: not started: one of its GPUs", self.monitor("--dry-run").out)

    def test_wrong_usage(self):
        for options, why in ((["--once", "--watch"], "one of them"), (["--watch", "--dry-run"], "not with --watch"), (["--timeout", "x"], "seconds"),
                             (["--now", "tomorrow"], "not a time"), (["x"], "too many")):
            result = peer.run_berth(["monitor", "--config", self.host] + options, env=self.env)
            self.assertFails(result, USAGE, why)

    def test_the_current_folder(self):
        self.write_rows(booking=[self.row()])
        result = peer.run_berth(["monitor", "--once", "--now", NOW], env=self.env, cwd=self.host)
        self.assertTick(result)
        self.assertEqual(self.users_in("using"), ["m1"])

    def test_a_clock_that_jumps(self):
        self.write_rows(booking=[self.row()])
        for when in ("1970-01-01 00:00", "2030-01-07 06:59", NOW, "1999-12-31 23:59", "0001-01-01 00:00", NOW):
            self.assertTick(self.monitor(now=when))
        self.assertEqual(self.verbs(), ["run m1"])
        self.assertTick(self.monitor(now="9999-12-31 23:59"))
        self.assertRows(used=[self.row()])

    def test_a_second_one_ends_at_once(self):
        self.write_rows(booking=[self.row()])
        self.script({"words": ["run"], "delay": 2})
        child = self.start_monitor()
        self.wait_until(lambda: self.verbs() == ["run m1"])
        begin = time.monotonic()
        for _ in range(3):
            self.assertDone(self.monitor(), b"")
        self.assertLess(time.monotonic() - begin, 2)
        child.communicate(timeout=20)
        self.assertEqual((child.returncode, self.verbs()), (0, ["run m1"]))


class Watching(HostCase):
    def watch(self, *options):
        return self.start_monitor("--watch", *options)

    def stop(self, child):
        child.terminate()
        out, err = child.communicate(timeout=20)
        self.assertEqual((child.returncode, err), (128 + signal.SIGTERM, b""))
        return out

    def test_restart_and_now(self):
        self.write_rows(using=[self.row("m2", gpus="[1]"), self.row("m3", gpus="[2]")], booking=[self.row("m1")])
        self.containers(m2="x", m3="y")
        self.folder.write("host/jobs/monitor_exec", "m3\nnow\nm2\nm3\r\n\nnow\nM2\nnobody\n; rm -rf /\nnow x\nm1\n")
        child = self.watch()
        self.wait_until(lambda: self.users_in("using") == ["m2", "m3", "m1"])
        self.stop(child)
        self.assertEqual(self.verbs()[:5], ["restart m3", "restart m2", "exec m2", "exec m2 service", "run m1"])
        self.assertEqual(self.verbs().count("restart m3"), 1)
        self.assertEqual(self.folder.read("host/jobs/monitor_exec"), b"")
        for line in ("nobody", "; rm -rf /", "now x", "m1"):
            self.assertLogged(r"\[WARNING\] ContainerWarning, monitor_exec: .*: %s$" % line)
        self.assertLogged(r"\[INFO\] m3: the container is restarted")

    def test_from_berth_book_to_a_container(self):
        """`berth book` asks for a start at once and later for a restart; the watcher does both."""
        self.write_rows(booking=[], using=[])
        child = self.watch()
        book = ["book", "--config", self.host, "--now", NOW, "-id", "m1"]
        result = peer.run_berth(book, input="pass word\n2 8 1\nnow\n1-day\n", env=self.env)
        self.assertEqual(result.code, 0, result)
        self.wait_until(lambda: self.users_in("using") == ["m1"])
        result = peer.run_berth(book + ["-rst"], input="pass word\n", env=self.env)
        self.assertEqual(result.code, 0, result)
        self.wait_until(lambda: "restart m1" in self.verbs())
        self.stop(child)
        self.assertEqual(self.verbs(), ["run m1", "restart m1"])
        self.assertRows(using=["2030-01-07 07:00:00,2030-01-08 07:00:00,m1,2.0,8,[0],10001,,\n"])

    def test_a_restart_that_fails(self):
        self.write_rows(using=[self.row("m3")])
        self.folder.write("host/jobs/monitor_exec", "m3\n")
        child = self.watch()
        self.wait_until(lambda: "ContainerError" in self.log())
        self.stop(child)
        self.assertLogged(r"\[ERROR\] ContainerError, m3: the container was not restarted: .*No such container: m3")

    def test_now_while_another_tick_is_under_way(self):
        self.write_rows(booking=[self.row("m1"), self.row("m3", gpus="[1]", start="2030-01-07 07:30:00")])
        self.script({"words": ["run", "--name=m1"], "delay": 3})
        slow = self.start_monitor()
        self.wait_until(lambda: self.verbs() == ["run m1"])
        self.folder.write("host/jobs/monitor_exec", "now\n")
        child = self.start_monitor("--watch", now="2030-01-07 07:30")
        slow.communicate(timeout=20)
        self.wait_until(lambda: self.users_in("using") == ["m1", "m3"])
        self.stop(child)
        self.assertEqual(self.verbs(), ["run m1", "run m3"])

    def test_many_lines(self):
        self.write_rows(using=[self.row("m3")])
        self.containers(m3="x")
        self.folder.write("host/jobs/monitor_exec", "".join("x%d\n" % (i % 1000) for i in range(20000)) + "m3\n" * 1000)
        child = self.watch()
        self.wait_until(lambda: self.verbs() == ["restart m3"])
        self.stop(child)
        self.assertLess(len(self.events()), 25)

    def test_too_many_lines(self):
        self.write_rows(using=[self.row("m3")])
        self.containers(m3="x")
        self.folder.write("host/jobs/monitor_exec", "y" * (1 << 19))
        child = self.watch()
        self.wait_until(lambda: "its lines are dropped" in self.log())
        self.wait_until(lambda: self.folder.read("host/jobs/monitor_exec") == b"")
        self.stop(child)

    def test_lines_wait_while_the_configuration_is_broken(self):
        self.write_rows(booking=[self.row("m1")])
        capability = self.folder.read("host/cfg/capability_config.yaml").decode()
        self.folder.write("host/jobs/monitor_exec", "nobody\n")
        child = self.watch()
        self.wait_until(lambda: "nobody" in self.log())
        self.folder.write("host/cfg/capability_config.yaml", "max: [\n")
        self.folder.write("host/jobs/monitor_exec", "now\n")
        self.wait_until(lambda: "capability_config.yaml" in self.log())
        self.folder.write("host/cfg/capability_config.yaml", capability)
        self.wait_until(lambda: self.users_in("using") == ["m1"])
        self.stop(child)
        self.assertLess(self.log().count("capability_config.yaml"), 3)

    def test_an_idle_watcher_touches_nothing(self):
        self.write_rows(booking=[self.row()])
        child = self.watch()
        time.sleep(0.5)
        self.stop(child)
        self.assertEqual((self.calls(), self.log()), ([], ""))


if __name__ == "__main__":
    unittest.main()
