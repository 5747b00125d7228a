"""berth worker and what is bounded: processor time, memory, requests, logs, the disk, and who reads its output."""
# runs once
import json
import os
import subprocess
import time
import unittest

from worker_case import DONE, ERROR, RUNNING, SCHEDULED, WorkerCase, peer


def cpu_s(pid):
    with open("/proc/%d/stat" % pid) as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Output(WorkerCase):
    def running(self, command, *options):
        job = self.trigger("p", self.pipeline(command))
        child = self.start(*options)
        self.until(lambda: self.states(job)[1:] == [RUNNING] and "running" in self.said(), what="the step")
        return job, child

    def test_step_that_closes_its_output_costs_nothing(self):
        job, child = self.running("sh -c 'exec >&- 2>&-; exec sleep 4'")
        time.sleep(0.5)
        before = cpu_s(child.pid)
        time.sleep(2)
        self.assertLess(cpu_s(child.pid) - before, 0.2)
        self.until(lambda: self.states(job) == [DONE, DONE], what="the end")
        self.stop(child)

    def test_quiet_step_costs_nothing(self):
        job, child = self.running("sleep 3")
        before = cpu_s(child.pid)
        time.sleep(2)
        self.assertLess(cpu_s(child.pid) - before, 0.1)
        self.stop(child)

    def test_idle_worker_costs_nothing(self):
        child = self.start()
        self.until(lambda: "waiting for work" in self.said(), what="the start")
        time.sleep(0.3)
        before = cpu_s(child.pid)
        time.sleep(2)
        self.assertLess(cpu_s(child.pid) - before, 0.1)
        self.stop(child)

    def test_flood_beside_other_steps(self):
        stop = self.folder("stop")
        flood = self.trigger("flood", self.pipeline("sh -c 'yes & while [ ! -e %s ]; do sleep 0.1; done; kill $!'" % stop, gpus="1"))
        child = self.start("--gpus", "2", "--log-limit", "1000000")
        self.until(lambda: self.states(flood)[1:] == [RUNNING], what="the flood")
        other = self.trigger("other", self.pipeline("echo calm", "echo calm", gpus="1"))
        self.until(lambda: self.states(other) == [DONE] * 3, what="the other job")
        self.folder.write("stop", "")
        self.until(lambda: self.states(flood) == [DONE, DONE], what="the flood's end")
        self.assertLess(len(self.log(flood, 1)), 1000200)
        self.stop(child)

    def test_big_log_is_cut_exactly(self):
        """64 MB through a limit of 8 MiB: what is there, and the mark, make up every byte."""
        size = 64000000
        job = self.trigger("p", self.pipeline("head -c %d /dev/zero" % size))
        child = self.start("--log-limit", 8 << 20)
        peak = 0
        while self.states(job) != [DONE, DONE]:
            with open("/proc/%d/status" % child.pid) as f:
                peak = max(peak, *[int(line.split()[1]) for line in f if line.startswith("VmRSS")])
            self.assertIsNone(child.poll())
            time.sleep(0.1)
        log = self.log(job, 1)
        mark = log[log.index(b"\n--- berth: "):]
        cut = int(mark.split()[2])
        self.assertEqual(log.count(b"\0") + cut, size)
        self.assertLess(len(log), (8 << 20) + 200)
        if "/san/" not in peer.program():
            self.assertLess(peak, 16384, "KiB of memory")
        self.stop(child)

    def test_cut_survives_a_crash(self):
        job, child = self.running("sh -c 'head -c 100000 /dev/zero; echo there > %s; sleep 60'" % self.folder("there"), "--log-limit", "8192")
        self.until(lambda: os.path.exists(self.folder("there")), what="the output")
        time.sleep(1.5)
        child.kill()
        child.wait()
        self.assertEqual(self.once("--log-limit", "8192").code, 0)
        log = self.log(job, 1)
        self.assertEqual(log.count(b"\0") + int(log[log.index(b"\n--- berth: "):].split()[2]), 100000)

    def test_what_a_step_leaves_in_a_session_of_its_own_ends_with_it(self):
        job = self.trigger("p", self.pipeline("sh -c 'setsid sleep 297 >/dev/null 2>&1 & sleep 0.3'"))
        self.once()
        self.assertEqual(self.states(job), [DONE, DONE])
        found = subprocess.run(["pgrep", "-f", "^sleep 297"], stdout=subprocess.PIPE).stdout
        self.assertEqual(found, b"")


class Telling(WorkerCase):
    def test_json_lines(self):
        job = self.trigger("p", self.pipeline("echo \\\"" + "ä\\\\" * 700 + "\\\""))
        result = self.once("--json")
        self.assertEqual((result.code, result.err), (0, b""))
        lines = [json.loads(line) for line in result.out.decode("utf-8").split("\n")[:-1]]
        self.assertEqual({tuple(sorted(set(line) - {"detail"})) for line in lines if "job" in line}, {("event", "job", "step")})
        self.assertEqual([line["event"] for line in lines if line.get("step") == 1],
                         ["claimed", "running", "ended", "reported as done"])
        self.assertEqual({line["job"] for line in lines if "job" in line}, {job})

    def test_quiet(self):
        self.trigger("p", self.pipeline("false"))
        result = self.once("--quiet")
        self.assertEqual((result.code, result.out, result.err), (0, b"", b""))

    def test_output_to_a_closed_pipe(self):
        job = self.trigger("p", self.pipeline("true"))
        reading, writing = os.pipe()
        os.close(reading)
        child = peer.start_berth(self.words("--once"), stdout=writing, env={"MLCYCLE_HOST": self.server.host})
        os.close(writing)
        child.communicate(timeout=30)
        self.assertEqual(self.states(job), [DONE, DONE])

    def test_output_that_nobody_reads(self):
        job = self.trigger("p", self.pipeline("true", "true"))
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        try:
            while True:
                os.write(writing, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(writing, True)
        child = peer.start_berth(self.words("--once"), stdout=writing, env={"MLCYCLE_HOST": self.server.host})
        self.workers.append(child)
        self.until(lambda: self.states(job) == [DONE] * 3, timeout=20, what="the job's end")
        os.close(reading)
        os.close(writing)
        child.communicate(timeout=10)


class Rates(WorkerCase):
    def polls(self):
        return [r for r in self.server.requests() if r["method"] == "GET" and r["target"].split("?")[0].endswith("/scheduler")]

    def test_step_that_nobody_can_run_does_not_make_a_busy_loop(self):
        big = self.trigger("big", self.pipeline("true", gpus="3"))
        child = self.start("--gpus", "2")
        self.until(lambda: self.states(big) == [DONE, SCHEDULED], what="the bootstrap")
        time.sleep(1.5)
        before = len(self.polls())
        time.sleep(3)
        self.assertLess(len(self.polls()) - before, 4)
        small = self.trigger("small", self.pipeline("true", gpus="1"))
        self.until(lambda: self.states(small) == [DONE, DONE], timeout=30, what="the other job's end")
        self.stop(child)

    def test_claims_that_fail_are_not_a_busy_loop(self):
        job = self.trigger("p", self.pipeline("true"))
        self.server.fault(method="POST", path="/claim$", status=400, body="{}", count=0)
        child = self.start()
        time.sleep(6)
        self.assertLess(len(self.polls()), 12)
        self.server.no_faults()
        self.until(lambda: self.states(job) == [DONE, DONE], timeout=90, what="the job's end")
        self.stop(child)

    def test_next_poll_comes_at_once(self):
        self.server.config(hold_ms=300)
        child = self.start()
        time.sleep(3)
        self.assertGreater(len(self.polls()), 5)
        self.stop(child)


class Disk(WorkerCase):
    def mounted(self, size):
        os.mkdir(self.folder("work"), 0o700)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700,size=%d" % size, "tmpfs", self.folder("work")], stderr=subprocess.PIPE)
        if made.returncode != 0:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder("work")])

    def test_disk_that_fills_up_while_a_step_writes(self):
        self.mounted(1 << 20)
        job = self.trigger("p", self.pipeline("sh -c 'echo first; head -c 3000000 /dev/zero; exit 7'", "true"))
        self.assertEqual(self.once().code, 0)
        self.assertEqual(self.states(job)[:2], [DONE, ERROR])
        other = self.trigger("q", self.pipeline("true"))
        self.assertEqual(self.once().code, 0)
        self.assertEqual(self.states(other), [DONE, DONE])
        log = self.log(job, 1)
        self.assertIn(b"\nfirst\n", log)
        self.assertRegex(log, rb"--- berth: the log could not be written from here on: [a-z ]+ ---\n\Z")

    def test_state_file_that_cannot_be_written(self):
        self.mounted(1 << 20)
        job = self.trigger("p", self.pipeline("true"))
        filler = os.open(self.folder("work/filler"), os.O_WRONLY | os.O_CREAT)
        with self.assertRaises(OSError):
            while True:
                os.write(filler, b"x" * 4096)
        os.close(filler)
        result = self.once(timeout=20)
        self.assertEqual(self.states(job), [SCHEDULED])
        self.assertEqual(result.code, 6, result)
        os.remove(self.folder("work/filler"))
        self.assertEqual(self.once().code, 0)
        self.assertEqual(self.states(job), [DONE, DONE])


if __name__ == "__main__":
    unittest.main()
