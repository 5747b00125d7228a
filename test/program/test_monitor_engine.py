"""berth monitor with a real dockerd: an image of one static program that stands for the shell, chpasswd and the rest.

Skipped, with a line that says why, where dockerd is not installed or cannot be started (it needs root)."""
# runs once
import os
import shutil
import subprocess
import unittest

from monitor_case import HASH, HostCase
from test_worker_engine import Engine

DOCKER = 4

# Writes what it is called as, with its arguments and input, to the user's backup folder; as the container's first process it stays.
TOOL = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void end(int number)
{
    (void)number;
    _exit(0);
}
int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    char line[300];
    FILE *log = fopen("/root/Backup/log", "a");
    if (log == NULL)
        return 9;
    fprintf(log, "%s", name);
    for (int i = 1; i < argc; i++)
        fprintf(log, "|%s", argv[i]);
    if (strcmp(name, "chpasswd") == 0 && fgets(line, sizeof line, stdin) != NULL)
        fprintf(log, "|%s", line);
    if (getpid() == 1)
        fprintf(log, "|PASSWORD=%s|LOGO=%s", getenv("PASSWORD") ? getenv("PASSWORD") : "", getenv("LOGO"));
    fprintf(log, "\n");
    fclose(log);
    if (strcmp(name, "python3") == 0)
        fputs("to stderr\n", stderr);
    signal(SIGTERM, end);
    while (getpid() == 1)
        pause();
    return 0;
}
"""


class RealEngine(HostCase):
    @classmethod
    def setUpClass(cls):
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        for program in ("dockerd", "docker", "runc", "cc"):
            if not shutil.which(program, path=path):
                raise unittest.SkipTest("no container engine: %s is not installed (apt-get install docker.io)" % program)
        if os.geteuid() != 0:
            raise unittest.SkipTest("no container engine: dockerd needs root")
        cls.engine = Engine()
        try:
            if not cls.engine.wait():
                raise unittest.SkipTest("no container engine: dockerd does not start here")
            cls.make_image()
        except BaseException:
            cls.engine.close()
            raise

    @classmethod
    def make_image(cls):
        root = os.path.join(cls.engine.folder, "root")
        os.makedirs(root + "/bin")
        source = os.path.join(cls.engine.folder, "tool.c")
        with open(source, "w") as f:
            f.write(TOOL)
        subprocess.run(["cc", "-O1", "-static", "-o", root + "/bin/bash", source], check=True)
        for name in ("python3", "chpasswd", "service", "sleeper"):
            os.link(root + "/bin/bash", root + "/bin/" + name)
        archive = subprocess.run(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE, check=True).stdout
        cls.engine.call("import", "--change", 'CMD ["/bin/sleeper"]', "--change", "ENV PATH=/bin", "-", "berth-host:1", input=archive)

    @classmethod
    def tearDownClass(cls):
        cls.engine.close()

    def setUp(self):
        HostCase.setUp(self)
        os.unlink(self.folder("bin/docker"))
        self.env.update(self.engine.env)
        # No machine of ours has NVIDIA's driver for docker: what asks for GPUs is taken out on the way.
        self.folder.write("bin/no-gpus", """#!/bin/sh
for word; do
  shift
  if [ "$word" = --gpus ]; then skip=1; elif [ "$skip" ]; then skip=; else set -- "$@" "$word"; fi
done
exec docker "$@"
""")
        os.chmod(self.folder("bin/no-gpus"), 0o755)

    def tearDown(self):
        for name in self.engine.lines("ps", "--all", "--quiet"):
            self.engine.call("rm", "--force", name)

    def said(self, user):
        with open(self.folder("Backup/%s/log" % user)) as f:
            return f.read().splitlines()

    def tick(self, **more):
        return self.monitor("--docker", self.folder("bin/no-gpus"), timeout=120, **more)

    def booked(self, *users, **more):
        for user in users:
            os.makedirs(self.folder("Users/" + user), exist_ok=True)
            os.makedirs(self.folder("Backup/" + user), exist_ok=True)
        self.write_rows(booking=[self.row(u, memory=1, cpus="1.0", gpus="[]", image="berth-host:1", port=12001 + i, **more) for i, u in enumerate(users)])

    def test_from_start_to_end(self):
        self.booked("m1", "m2", command="echo 'a b'")
        result = self.tick()
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.users_in("using"), ["m1", "m2"])
        self.assertEqual(sorted(self.engine.lines("ps", "--format", "{{.Names}}")), ["m1", "m2"])
        self.assertEqual(self.engine.call("inspect", "--format", '{{index .Config.Labels "aivc.row"}}', "m1").stdout, b"m1|2030-01-07 07:00:00\n")
        self.assertEqual(self.said("m1"), ["bash|-c|echo 'a b'|PASSWORD=pass word|LOGO=A I V C"])
        self.assertEqual([line for line in self.said("m2") if line], ["bash|-c|echo 'a b'|PASSWORD=|LOGO=A I V C", "chpasswd|-e|root:" + HASH, "service|ssh|start"])
        result = self.tick(now="2030-01-07 09:00")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.users_in("used"), ["m1", "m2"])
        self.assertEqual(self.engine.lines("ps", "--all", "--quiet"), [])
        self.assertEqual(self.said("m1")[1:], ["python3|/root/Backup/.container_backup.py"])

    def test_a_start_that_docker_gives_up_leaves_nothing(self):
        """Without the driver docker makes the container and cannot start it; left there it would be taken for a running one."""
        self.booked("m1")
        result = self.monitor(timeout=120)
        self.assertEqual(result.code, DOCKER, result)
        self.assertLogged(r"ContainerError, m1: the container was not started: .*could not select device driver")
        self.assertEqual(self.engine.lines("ps", "--all", "--quiet"), [])
        self.assertEqual(self.users_in("booking"), ["m1"])
        self.assertEqual(self.tick().code, 0)
        self.assertEqual(self.users_in("using"), ["m1"])

    def test_killed_after_run(self):
        self.booked("m1")
        self.folder.write("bin/killer", "#!/bin/sh\n%s \"$@\"\n[ \"$1\" = run ] && kill -9 $PPID\n" % self.folder("bin/no-gpus"))
        os.chmod(self.folder("bin/killer"), 0o755)
        self.assertEqual(self.monitor("--docker", self.folder("bin/killer"), timeout=120).code, -9)
        self.assertEqual(self.users_in("booking"), ["m1"])
        first = self.engine.lines("ps", "--quiet")
        self.assertEqual(self.tick().code, 0)
        self.assertEqual((self.users_in("using"), self.engine.lines("ps", "--all", "--quiet")), (["m1"], first))

    def test_a_container_that_is_gone_is_removed(self):
        self.booked("m1")
        self.tick()
        self.engine.call("rm", "--force", "m1")
        self.assertEqual(self.tick(now="2030-01-07 09:00").code, DOCKER)
        self.assertEqual(self.users_in("used"), ["m1"])

    def test_mounts_and_restart(self):
        self.booked("m3")
        os.makedirs(self.folder("Backup/m3/sub"))
        os.symlink("/etc", self.folder("Backup/m3/out"))
        self.folder.write("Backup/m3/backup.yaml", "Dir:\n- [sub, /mounted]\n- [out, /etc]\n")
        self.assertEqual(self.tick().code, 0)
        mounts = self.engine.lines("inspect", "--format", "{{range .Mounts}}{{.Source}}:{{.Destination}} {{end}}", "m3")
        self.assertIn(self.folder("Backup/m3/sub") + ":/mounted", mounts)
        self.assertEqual(len(mounts), 4)
        self.folder.write("host/jobs/monitor_exec", "m3\n")
        child = self.start_monitor("--watch", "--docker", self.folder("bin/no-gpus"))
        self.wait_until(lambda: "is restarted" in self.log(), 60)
        child.terminate()
        child.communicate(timeout=20)
        self.wait_until(lambda: len(self.said("m3")) == 2)  # its first process once more


if __name__ == "__main__":
    unittest.main()
