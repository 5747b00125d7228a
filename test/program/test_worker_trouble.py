"""berth worker when things go wrong: crashes, signals, an unreachable server, other workers."""
import os
import random
import signal
import time
import unittest

from worker_case import DONE, ERROR, RUNNING, SCHEDULED, WorkerCase, peer


class Crashes(WorkerCase):
    def test_kill_while_a_step_runs(self):
        marks = self.folder("marks")
        job = self.trigger("p", self.pipeline("sh -c 'echo x >> %s; sleep 300 & sleep 300'" % marks, "true"))
        child = self.start()
        self.until(lambda: os.path.exists(marks), what="the step's start")
        child.kill()
        child.wait()
        time.sleep(0.2)
        self.assertEqual(self.states(job)[1], RUNNING)
        result = self.once()
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.states(job), [DONE, ERROR, 0])
        self.assertIn(b"the worker ended while this step ran; it is not run again", self.log(job, 1))
        with open(marks) as f:
            self.assertEqual(f.read(), "x\n")
        self.assertEqual(self.left(), [])
        self.assertEqual(self.orphans(self.folder("work")), [])

    @staticmethod
    def orphans(folder):
        """Processes that still run a command of a step below this folder."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as f:
                    if b"BERTH_METRICS=" + folder.encode() in f.read() and int(pid) != os.getpid():
                        with open("/proc/%s/cmdline" % pid, "rb") as g:
                            found.append(g.read())
            except OSError:
                pass
        return [c for c in found if b"sleep" in c]

    def test_kill_at_any_moment(self):
        seed = int(os.environ.get("BERTH_SEED") or random.randrange(1 << 30))
        print("seed", seed)
        rng = random.Random(seed)
        marks = self.folder("marks")
        repository = self.repository("p", self.pipeline(*["sh -c 'echo $MLCYCLE_JOB/$MLCYCLE_STEP >> %s'" % marks] * 3, gpus="1"))
        jobs = []
        for i in range(6):
            jobs += [self.trigger("p%d%s" % (i, c), None, repository=repository) for c in "ab"]
            child = self.start("--gpus", "2")
            time.sleep(rng.uniform(0.05, 1.6))
            child.kill()
            child.wait()
        jobs.append(self.trigger("last", None, repository=repository))
        result = self.once("--gpus", "2", timeout=150)
        self.assertEqual(result.code, 0, result)
        for job in jobs:
            self.assertNotIn(RUNNING, self.states(job))
            self.assertNotIn(SCHEDULED, self.states(job))
        self.assertEqual(self.states(jobs[-1]), [DONE] * 4)
        with open(marks) as f:
            lines = f.read().split()
        self.assertEqual(len(lines), len(set(lines)), "a step ran twice")
        self.assertEqual(self.left(), [])

    def test_unreadable_state_file_is_not_thrown_away(self):
        os.mkdir(self.folder("work"))
        self.folder.write("work/worker.state", "[{")
        self.assertEqual(self.once().code, 5)
        self.assertEqual(self.folder.read("work/worker.state"), b"[{")


class Signals(WorkerCase):
    def test_term_reports_the_running_step(self):
        job = self.trigger("p", self.pipeline("sh -c 'echo up; sleep 300'"))
        child = self.start()
        self.until(lambda: self.states(job)[-1] == RUNNING and len(self.states(job)) == 2, what="the step")
        time.sleep(0.5)
        self.assertEqual(self.stop(child), 143, self.said())
        self.assertEqual(self.states(job), [DONE, ERROR])
        self.assertIn(b"up\nberth: the worker is being stopped\n", self.log(job, 1))
        self.assertEqual(self.left(), [])

    def test_term_while_idle(self):
        child = self.start()
        self.until(lambda: "waiting for work" in self.said(), what="the start")
        began = time.monotonic()
        self.assertEqual(self.stop(child), 143)
        self.assertLess(time.monotonic() - began, 5)

    def test_step_that_ignores_term_is_killed(self):
        job = self.trigger("p", self.pipeline("sh -c 'trap \"\" TERM; echo deaf; while true; do sleep 0.1; done'"))
        child = self.start("--grace", "0.5")
        self.until(lambda: self.states(job)[1:] == [RUNNING], what="the step")
        time.sleep(0.5)
        self.assertEqual(self.stop(child, signal.SIGINT), 130)
        self.assertEqual(self.states(job), [DONE, ERROR])

    def test_hang_up_is_a_request_to_stop_unless_it_is_ignored(self):
        child = self.start()
        self.until(lambda: "waiting for work" in self.said(), what="the start")
        self.assertEqual(self.stop(child, signal.SIGHUP), 129)
        job = self.trigger("p", self.pipeline("sleep 1"))
        child = self.start(before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.until(lambda: self.states(job)[1:] == [RUNNING], what="the step")
        child.send_signal(signal.SIGHUP)
        self.until(lambda: self.states(job) == [DONE, DONE], what="the job's end")
        self.stop(child)

    def stopped_while_the_server_is_away(self):
        """A worker that was told to stop when it wanted to report a success."""
        job = self.trigger("p", self.pipeline("true"))
        self.server.fault(method="POST", path="/step/1/complete$", nginx=503, count=0)
        child = self.start()
        self.until(lambda: "cannot be reported yet" in self.said(), what="the report")
        child.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        return job, child

    def test_second_signal_leaves_the_report_to_the_next_life(self):
        job, child = self.stopped_while_the_server_is_away()
        self.assertIsNone(child.poll())
        self.assertEqual(self.stop(child, timeout=15), 143, self.said())
        self.assertIn("the next worker in this folder will send them", self.said())
        self.assertEqual(self.states(job), [DONE, RUNNING])
        self.server.no_faults()
        self.assertEqual(self.once().code, 0)
        self.assertEqual(self.states(job), [DONE, DONE])
        self.assertEqual(self.left(), [])

    def test_report_that_comes_through_after_the_signal(self):
        job, child = self.stopped_while_the_server_is_away()
        self.server.no_faults()
        self.assertEqual(child.wait(30), 143)
        self.assertEqual((self.states(job), self.left()), ([DONE, DONE], []))

    def test_signal_while_a_container_is_removed_keeps_the_verdict(self):
        path = self.folder.write("docker", "#!/bin/sh\n[ $1 = rm ] && { echo removing > %s; sleep 1; echo removed >> %s; }\nexit 0\n" % ((self.folder("at"),) * 2))
        os.chmod(path, 0o755)
        job = self.trigger("p", self.pipeline("true", "true"))
        child = self.start("--runner", "docker", "--docker", path)
        self.until(lambda: os.path.exists(self.folder("at")), what="the removal")
        self.assertEqual(self.stop(child), 143)
        self.assertEqual(self.states(job)[:2], [DONE, DONE])
        self.assertEqual(self.folder.read("at"), b"removing\nremoved\n")

    def test_time_limit(self):
        job = self.trigger("p", self.pipeline("sleep 300"))
        self.assertEqual(self.once("--step-timeout", "0.7", "--grace", "1").code, 0)
        self.assertEqual(self.states(job), [DONE, ERROR])
        self.assertIn(b"the time limit is over", self.log(job, 1))

    def test_what_a_step_leaves_running_ends_with_it(self):
        job = self.trigger("p", self.pipeline("sh -c '(trap \"\" HUP; sleep 299) & echo started'"))
        began = time.monotonic()
        self.assertEqual(self.once().code, 0)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(self.states(job), [DONE, DONE])
        self.assertEqual([c for c in Crashes.orphans(self.folder("work")) if b"299" in c], [])


class Network(WorkerCase):
    def test_server_away_at_first(self):
        job = self.trigger("p", self.pipeline("true"))
        self.server.fault(method="GET", path="/scheduler$", nginx=503, count=4)
        child = self.start()
        self.until(lambda: self.states(job) == [DONE, DONE], timeout=50, what="the job's end")
        self.stop(child)

    def test_once_without_a_server(self):
        result = peer.run_berth(["worker", "--once", "--host", "http://127.0.0.1:1/api", "--workdir", self.folder("w")])
        self.assertEqual(result.code, 3, result)
        self.assertEqual((result.text + result.err.decode()).count("cannot be asked for work"), 1, result)

    def test_work_folder_several_levels_down(self):
        path = os.path.join(self.folder("w"), "a", "b//c", "")
        result = peer.run_berth(["worker", "--once", "--host", "http://127.0.0.1:1/api", "--workdir", path])
        self.assertEqual(result.code, 3, result)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o700)

    def test_once_ends_when_nothing_can_be_claimed(self):
        job = self.trigger("p", self.pipeline("true"))
        self.server.fault(method="POST", path="/claim$", status=400, body="{}", count=0)
        result = self.once()
        self.assertEqual((result.code, self.states(job)), (4, [SCHEDULED]), result)
        self.assertIn(b"steps that are pending cannot be claimed", result.err)

    def test_claim_of_which_nothing_can_be_found_out(self):
        """The server's own faults about one job: the others go on, and in the end it is let go."""
        bad = self.trigger("bad", self.pipeline("true"))
        self.server.fault(method="POST", path="/%s/step/0/claim$" % bad, status=500, body="", count=0)
        self.server.fault(method="GET", path="/jobs/%s$" % bad, status=500, body="", count=0)
        child = self.start("--gpus-per-step", "0")
        good = self.trigger("good", self.pipeline("true"))
        self.until(lambda: self.states(good) == [DONE, DONE], what="the good job's end")
        self.until(lambda: "cannot be found out" in self.said(), timeout=150, what="letting go")
        self.server.no_faults()
        self.until(lambda: self.states(bad) == [DONE, DONE], timeout=60, what="the bad job's end")
        self.stop(child)

    def test_finish_is_retried_and_never_wrong(self):
        for kind in ({"nginx": 502}, {"drop": "head"}, {"drop": "handle"}, {"status": 500, "body": ""}):
            job = self.trigger("p" + str(kind), self.pipeline("true"))
            self.server.fault(method="POST", path="/step/1/complete$", count=2, **kind)
            self.assertEqual(self.once().code, 0, kind)
            self.assertEqual(self.states(job), [DONE, DONE], kind)
            self.server.no_faults()

    def test_upload_trouble_does_not_change_the_verdict(self):
        job = self.trigger("p", self.pipeline("true"))
        self.server.fault(method="POST", path="/fragments/job/[^/]*/step/1$", nginx=413, count=0)
        self.assertEqual(self.once().code, 0)
        self.assertEqual(self.states(job), [DONE, DONE])

    def test_log_uploaded_although_the_answer_was_lost(self):
        job = self.trigger("p", self.pipeline("echo hello"))
        self.server.fault(method="POST", path="/fragments/job/[^/]*/step/1$", drop="handle")
        self.assertEqual(self.once().code, 0)
        self.assertEqual(self.states(job), [DONE, DONE])
        self.assertIn(b"hello", self.log(job, 1))

    def test_claim_whose_answer_was_lost(self):
        job = self.trigger("p", self.pipeline("true"))
        self.server.fault(method="POST", path="/step/0/claim$", drop="handle")
        result = self.once()
        self.assertEqual(self.states(job)[0], RUNNING, result)
        self.assertIn("it cannot be told whose", result.text)

    def test_sole_worker_takes_such_a_claim(self):
        job = self.trigger("p", self.pipeline("true"))
        self.server.fault(method="POST", path="/step/0/claim$", drop="handle")
        self.assertEqual(self.once("--sole-worker").code, 0)
        self.assertEqual(self.states(job), [DONE, DONE])

    def test_claim_that_did_not_arrive_is_made_again(self):
        job = self.trigger("p", self.pipeline("true"))
        self.server.fault(method="POST", path="/claim$", drop="head")
        self.assertEqual(self.once().code, 0)
        self.assertEqual(self.states(job), [DONE, DONE])


    def test_server_that_closes_idle_connections(self):
        job = self.trigger("p", self.pipeline("sleep 1", "sleep 1"))
        child = self.start()
        while self.states(job) != [DONE] * 3:
            self.server.close_idle()
            time.sleep(0.05)
            self.assertNotIn(ERROR, self.states(job))
        self.stop(child)

    def test_server_that_is_restarted(self):
        job = self.trigger("p", self.pipeline("true"))
        self.server.fault(connection=True, count=0, rst=True, drop="head")
        child = self.start()
        self.until(lambda: "the server cannot be asked for work" in self.said(), what="the outage")
        time.sleep(3)
        self.server.no_faults()
        self.until(lambda: self.states(job) == [DONE, DONE], timeout=60, what="the job's end")
        self.assertIn("the server answers again", self.said())
        self.stop(child)


class Others(WorkerCase):
    def test_two_workers_share_the_work(self):
        marks = self.folder("marks")
        jobs = [self.trigger("p%d" % i, self.pipeline(*["sh -c 'echo $MLCYCLE_JOB/$MLCYCLE_STEP >> %s'" % marks] * 2)) for i in range(5)]
        children = [self.start(workdir="w%d" % i) for i in range(3)]
        self.until(lambda: all(self.states(j) == [DONE] * 3 for j in jobs), timeout=60, what="the end of all jobs")
        for child in children:
            self.stop(child)
        with open(marks) as f:
            lines = f.read().split()
        self.assertEqual((len(lines), len(set(lines))), (10, 10))

    def test_one_worker_a_folder(self):
        child = self.start()
        self.until(lambda: "waiting for work" in self.said(), what="the start")
        result = self.once()
        self.assertEqual(result.code, 8, result)
        self.assertIn(b"another worker uses this folder", result.err)
        self.stop(child)


if __name__ == "__main__":
    unittest.main()
