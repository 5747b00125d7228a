"""berth worker --runner docker with a real engine: dockerd on a socket of its own, an image made of one static program.

Skipped, with a line that says why, where dockerd is not installed or cannot be started (it needs root)."""
# runs once
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from worker_case import DONE, ERROR, RUNNING, WorkerCase, peer

# The image's only content: a program that does what these tests ask of a step.
TOOL = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
extern char **environ;
static void copy(const char *path)
{
    char line[200];
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        fputs(line, stdout);
}
int main(int argc, char **argv)
{
    char folder[200];
    const char *verb = argc > 1 ? argv[1] : "default";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(verb, "show") == 0) {
        printf("in %s\n", getcwd(folder, sizeof folder));
        for (char **e = environ; *e != NULL; e++)
            puts(*e);
        fputs("to stderr\n", stderr);
        copy("readme");
    } else if (strcmp(verb, "metrics") == 0) {
        FILE *f = fopen(getenv("BERTH_METRICS"), "w");
        if (f == NULL || fputs("{\"loss\":0.25}", f) < 0)
            return 9;
        fclose(f);
    } else if (strcmp(verb, "exit") == 0) {
        return atoi(argv[2]);
    } else if (strcmp(verb, "wait") == 0) {
        puts("waiting");
        sleep(120);
    } else {
        printf("%s\n", verb);
        copy("/built");
    }
    return 0;
}
"""


class Engine:
    """A dockerd of our own, and everything that it needs to be gone without a trace."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="berth-engine-")
        self.socket = "unix://%s/d.sock" % self.folder
        self.env = {"DOCKER_HOST": self.socket, "DOCKER_CONFIG": self.folder, "DOCKER_BUILDKIT": "0"}
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.daemon = subprocess.Popen(
            [shutil.which("dockerd", path=path), "--bridge=none", "--iptables=false", "--ip-forward=false", "-H", self.socket,
             "--data-root", self.folder + "/data", "--exec-root", self.folder + "/exec", "-p", self.folder + "/pid"],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env=dict(os.environ, PATH=path), preexec_fn=peer.end_with_parent)

    def wait(self, seconds=25):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.daemon.poll() is None:
            if self.call("version", check=False).returncode == 0:
                return True
            time.sleep(0.3)
        return False

    def call(self, *words, check=True, **more):
        return subprocess.run(["docker"] + list(words), env=dict(os.environ, **self.env), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=check, **more)

    def lines(self, *words):
        return self.call(*words).stdout.decode().split()

    def make_image(self, name):
        root = os.path.join(self.folder, "root")
        os.mkdir(root)
        source = os.path.join(self.folder, "tool.c")
        with open(source, "w") as f:
            f.write(TOOL)
        subprocess.run(["cc", "-O1", "-static", "-o", root + "/tool", source], check=True)
        archive = subprocess.run(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE, check=True).stdout
        self.call("import", "--change", 'ENTRYPOINT ["/tool"]', "-", name, input=archive)

    def close(self):
        self.daemon.terminate()
        try:
            self.daemon.wait(30)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.log.close()
        with open("/proc/self/mounts") as f:
            mounts = [line.split()[1] for line in f if line.split()[1].startswith(self.folder)]
        for mount in sorted(mounts, reverse=True):
            subprocess.run(["umount", "-l", mount], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


class RealEngine(WorkerCase):
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
            cls.engine.make_image("berth-test:1")
        except BaseException:
            cls.engine.close()
            raise
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        cls.engine.close()
        super().tearDownClass()

    def tearDown(self):
        """Whatever happened, no container and no image of the worker's is left."""
        self.end_workers()
        self.assertEqual(self.engine.lines("ps", "--all", "--quiet"), [])
        self.assertEqual(self.engine.lines("images", "--format", "{{.Repository}}:{{.Tag}}"), ["berth-test:1"])

    @staticmethod
    def steps(*items):
        """A pipeline.yml: each item is a command for the image, or a dict of docker members."""
        text = "steps:\n"
        for item in items:
            docker = item if isinstance(item, dict) else {"image": "berth-test:1", "command": item}
            text += "- name: s\n  docker:\n"
            for key, value in docker.items():
                text += "    %s:%s\n" % (key, "".join("\n      %s: %s" % i for i in value.items()) if isinstance(value, dict) else " " + value)
        return text

    def work(self, *options):
        return self.once("--runner", "docker", *options, env=self.engine.env, timeout=90)

    def test_image(self):
        job = self.trigger("p", self.steps("show", "metrics", "exit 3"), {"readme": "hello from the clone\n"})
        result = self.work("--gpus", "1,3")
        self.assertEqual((result.code, self.states(job)), (0, [DONE, DONE, DONE, ERROR]), result)
        log = self.log(job, 1).decode()
        for line in ("in /app/repo", "MLCYCLE_JOB=" + job, "MLCYCLE_STEP=1", "MLCYCLE_HOST=" + self.server.host,
                     "NVIDIA_VISIBLE_DEVICES=1,3", "BERTH_METRICS=/app/metrics.json", "to stderr", "hello from the clone"):
            self.assertIn("\n%s\n" % line, log)
        self.assertNotIn("DOCKER_", log)
        self.assertEqual(self.server.job(job)["steps"][2]["metrics"], {"loss": 0.25})
        self.assertTrue(self.log(job, 3).endswith(b"berth: the command ended: exit status 3\n"))
        self.assertEqual(self.left(), [])

    def test_build(self):
        build = {"buildConfiguration": {"context": "./docker/", "dockerfile": "a.dockerfile"}, "command": "anything"}
        bad = {"buildConfiguration": {"dockerfile": "docker/bad.dockerfile"}}
        files = {"docker/a.dockerfile": "FROM berth-test:1\nCOPY text /built\n", "docker/text": "from the build context\n",
                 "docker/bad.dockerfile": "FROM berth-test:1\nCOPY absent /x\n"}
        job = self.trigger("p", self.steps(build, bad), files)
        self.work()
        self.assertEqual(self.states(job), [DONE, DONE, ERROR])
        self.assertIn(b"\nanything\nfrom the build context\nberth: the command ended: exit status 0\n", self.log(job, 1))
        self.assertIn(b"berth: the image cannot be built: exit status ", self.log(job, 2))

    def test_image_that_is_nowhere(self):
        job = self.trigger("p", self.steps({"image": "127.0.0.1:1/none", "command": "x"}))
        self.work()
        self.assertEqual(self.states(job), [DONE, ERROR])
        self.assertIn(b"127.0.0.1:1/none:latest", self.log(job, 1))

    def waiting(self):
        job = self.trigger("p", self.steps("wait", "show"))
        child = self.start("--runner", "docker", "--grace", "1", env=self.engine.env)
        self.until(lambda: self.states(job)[1:2] == [RUNNING] and self.engine.lines("ps", "--quiet"), what="the container")
        return job, child

    def test_term_ends_the_container(self):
        job, child = self.waiting()
        self.assertEqual(self.stop(child), 128 + signal.SIGTERM, self.said())
        self.assertEqual(self.states(job)[:2], [DONE, ERROR])
        self.assertIn(b"waiting\n", self.log(job, 1))
        self.assertEqual(self.left(), [])

    def test_next_life_removes_the_container_of_a_killed_one(self):
        job, child = self.waiting()
        child.kill()
        child.wait()
        self.assertNotEqual(self.engine.lines("ps", "--quiet"), [])
        self.assertEqual(self.work().code, 0)
        self.assertEqual(self.states(job)[:2], [DONE, ERROR])


if __name__ == "__main__":
    unittest.main()
