"""What the tests of monitor and run-container share: a host's folder with users, a stand-in docker, what came of it."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import cli_case
from cli_case import peer

HEADER = "start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command\n"
HASH = "$6$abcdefgh$" + "x" * 86
NOW = "2030-01-07 07:10"
LABEL = "{{index .Config.Labels \"aivc.row\"}}"

CAPABILITY = """max:
  cpus: 16
  ram: 48
  swap_size: 16
  gpus: 4
  shm_rate: ram / (ram + swap_size)
  memory: ram + swap_size
  backup_space: 1
  work_space: 2
allow_userIDs:
  - m1
  - m2
  - m3
  - new1
max_default_capability: {}
"""


class HostCase(cli_case.Case):
    def setUp(self):
        self.folder = self.enterContext(peer.Folder())
        for name in ("host/cfg/templates/Backup", "host/jobs", "Users", "Backup", "Dataset", "bin", "docker"):
            os.makedirs(self.folder(name))
        self.host = self.folder("host")
        self.folder.write("host/cfg/host_deploy.yaml",
                          "volume_work_dir: %s\nvolume_dataset_dir: %s\nvolume_backup_dir: %s\nusers_config_yaml: cfg/users_config.yaml\n"
                          "capability_config_yaml: cfg/capability_config.yaml\nimages:\n  - a/b:c\n"
                          % tuple(self.folder(n) for n in ("Users", "Dataset", "Backup")))
        self.folder.write("host/cfg/capability_config.yaml", CAPABILITY.replace(
            "max_default_capability: {}", "max_default_capability:\n  cpus: 8\n  memory: 32\n  gpus: 2\n  backup_space: 1\n  work_space: 2"))
        self.folder.write("host/cfg/templates/Backup/backup.yaml", "Dir:\nFile:\n")
        self.folder.write("host/cfg/templates/Backup/.container_backup.py", "# script\n")
        self.write_users()
        for name in ("docker", "du"):
            os.symlink(os.path.join(cli_case.ROOT, "test/peers/fake_docker.py"), self.folder("bin/" + name))
        self.env = {"FAKE_DOCKER": self.folder("docker"), "FAKE_JOBS": self.folder("host/jobs"), "NO_COLOR": "1",
                    "PATH": self.folder("bin") + ":" + os.environ.get("PATH", "/usr/bin:/bin")}

    # ---- the host ----

    def write_users(self, **passwords):
        """users_config.yaml with m1 (plain password), m2 (hashed), m3 (none); PASSWORDS replace these."""
        text = ""
        for i, (name, password) in enumerate(sorted(dict({"m1": "pass word", "m2": HASH, "m3": None}, **passwords).items())):
            text += ("%s:\n  password: %s\n  forward_port: %d\n  image: null\n  extra_command: null\n  volume_work_dir: %s\n"
                     "  volume_dataset_dir: %s\n  volume_backup_dir: %s\n\n"
                     % (name, "null" if password is None else "'%s'" % password.replace("'", "''"), 10001 + i,
                        self.folder("Users/" + name), self.folder("Dataset"), self.folder("Backup/" + name)))
        self.folder.write("host/cfg/users_config.yaml", text)
        os.chmod(self.folder("host/cfg/users_config.yaml"), 0o600)

    @staticmethod
    def row(user="m1", start="2030-01-07 07:00:00", end="2030-01-07 09:00:00", cpus="8.0", memory=32, gpus="[0]", port=10001, image="", command=""):
        if "," in gpus:
            gpus = '"%s"' % gpus
        return "%s,%s,%s,%s,%s,%s,%s,%s,%s\n" % (start, end, user, cpus, memory, gpus, port, image, command)

    def write_rows(self, **files):
        """booking=[...], using=[...], used=[...]"""
        for name, rows in files.items():
            self.folder.write("host/jobs/%s.csv" % name, HEADER + "".join(rows))

    def rows(self, name):
        try:
            text = self.folder.read("host/jobs/%s.csv" % name).decode()
        except FileNotFoundError:
            return []
        self.assertTrue(text.startswith(HEADER) or text == "", text)
        return text.splitlines(True)[1:]

    def users_in(self, name):
        return [row.split(",")[2] for row in self.rows(name)]

    def assertRows(self, booking=(), using=(), used=()):
        self.assertEqual((self.rows("booking"), self.rows("using"), self.rows("used")), (list(booking), list(using), list(used)), self.log())

    # ---- docker ----

    def script(self, *rules):
        self.folder.write("docker/script", json.dumps(list(rules)))

    def containers(self, **labels):
        """Sets the containers that run, by name and label; without any: those that there are."""
        if labels:
            self.folder.write("docker/containers", json.dumps({n: {"label": v, "running": True} for n, v in labels.items()}))
        try:
            return json.loads(self.folder.read("docker/containers"))
        except FileNotFoundError:
            return {}

    def calls(self):
        try:
            lines = self.folder.read("docker/calls").decode().splitlines()
        except FileNotFoundError:
            return []
        calls = [json.loads(line) for line in lines]
        self.assertEqual([c["argv"] for c in calls if c["locked"]], [], "called under the data lock")
        return calls

    def argvs(self, but=("inspect", "du")):
        """The calls' arguments, without the questions."""
        return [c["argv"] for c in self.calls() if not set(c["argv"]) & set(but)]

    def verbs(self):
        """'run m1', 'container stop m1' ... in their order."""
        found = []
        for argv in self.argvs():
            if argv[1] == "run":
                found.append("run " + next(a for a in argv if a.startswith("--name="))[7:])
            elif argv[1] == "exec":
                found.append("exec " + " ".join(a for a in argv[2:4] if a != "-i") if argv[2] == "-i" else "exec %s %s" % (argv[2], argv[3]))
            else:
                found.append(" ".join(argv[1:]))
        return found

    def forget_calls(self):
        if os.path.exists(self.folder("docker/calls")):
            os.unlink(self.folder("docker/calls"))

    # ---- the monitor ----

    def monitor(self, *options, now=NOW, env=None, timeout=60):
        return peer.run_berth(["monitor", "--config", self.host, "--now", now] + list(options), env=dict(self.env, **(env or {})), timeout=timeout)

    def start_monitor(self, *options, now=NOW, env=None):
        child = peer.start_berth(["monitor", "--config", self.host, "--now", now] + list(options), env=dict(self.env, **(env or {})),
                                 stdin=subprocess.DEVNULL)
        self.addCleanup(self.end, child)
        return child

    @staticmethod
    def end(child):
        if child.poll() is None:
            child.kill()
        child.communicate()

    def assertTick(self, result, code=0):
        """A tick that ended so, whose standard output is what the log says, and with nothing on standard error."""
        self.assertEqual((result.code, result.err), (code, b""), result)
        return result

    def log(self):
        try:
            return self.folder.read("host/jobs/monitor.log").decode()
        except FileNotFoundError:
            return ""

    def events(self):
        """The log's lines without their time: "[INFO] ...". """
        found = []
        for line in self.log().splitlines():
            m = re.fullmatch(r"\d{8} \d\d:\d\d (\[(?:INFO\] |(?:WARNING|ERROR)\] (?:SpaceWarning|GPUDuplicateWarning|ContainerWarning|ContainerError|UpdateError), ).+)", line)
            self.assertIsNotNone(m, line)
            found.append(m.group(1))
        return found

    def assertLogged(self, pattern):
        self.assertTrue(any(re.search(pattern, e) for e in self.events()), "%s\nis not in\n%s" % (pattern, self.log()))

    def assertNotLogged(self, pattern):
        self.assertFalse(any(re.search(pattern, e) for e in self.events()), self.log())

    def wait_until(self, what, seconds=20):
        end = time.monotonic() + seconds
        while not what():
            self.assertLess(time.monotonic(), end, self.log())
            time.sleep(0.02)
