"""berth pai job: lists, one job, its end, what it writes, on servers of all three generations."""
import json
import os
import signal
import threading
import time
import unittest

import pai_case
from cli_case import CONFLICT, NETWORK, REFUSED, TIMEOUT, USAGE, peer
from test_cli_terminal import Terminal, plain

EVENT = {"uid": "e1", "frameworkName": "f", "podUid": None, "taskroleName": "worker", "taskName": None, "taskIndex": 6, "type": "Warning",
         "reason": "FailedScheduling", "message": "no node fits: 3 short of memory", "firstTimestamp": "2023-11-14T22:13:20.000Z",
         "lastTimestamp": "2023-11-14T22:20:01.000Z", "count": 14, "sourceComponent": None, "sourceHost": None}


class Lists(pai_case.PaiCase):
    def setUp(self):
        super().setUp()
        self.jobs({"name": "a_1", "state": "FAILED", "tags": ["x", "\U0001f680"], "vc": "vision", "submitted": 1700000000000},
                  {"name": "b%1", "state": "STOPPED", "priority": "prod", "submitted": 1700000100000},
                  {"name": "c", "user": "mira.k", "gpu": 4, "submitted": 1700000200000})

    def names(self, *words):
        return [j["name"] for j in self.assertDone(self.pai("job", "list", "--json", *words)).lines]

    def test_table(self):
        rows = self.rows(self.assertDone(self.pai("job", "list")))
        self.assertEqual(rows, ["STATE\tSUBMITTED\t(UTC)\tTIME\tGPUS\tVC\tNAME", "STOPPED\t2023-11-14\t22:15\t0:00:57\t0\tdefault\tb%1",
                                "FAILED\t2023-11-14\t22:13\t0:00:57\t0\tvision\ta_1"])
        self.assertIn("RUNNING\t2023-11-14\t22:16", self.rows(self.assertDone(self.pai("job", "list", "--all-users")))[1])
        self.assertIn("default\tmira.k\tc", self.rows(self.assertDone(self.pai("job", "list", "--username", "mira.k")))[1])
        self.assertDone(self.pai("job", "list", "--name", "--all-users"), "mira.k~c\nb%1\na_1\n")
        self.assertDone(self.pai("job", "list", "--name", "mira.k~c"), "mira.k~c\n")
        self.assertFails(self.pai("job", "list", "--name", "nope"), REFUSED, "nope")

    def test_json(self):
        job = self.assertDone(self.pai("job", "list", "--json", "--state", "FAILED")).lines[0]
        self.assertEqual((job["name"], job["state"], job["tags"], job["appExitCode"], job["virtualCluster"]),
                         ("a_1", "FAILED", ["x", "\U0001f680"], 220, "vision"))
        self.assertNotIn("retryDelayTime", job)  # null members are left out

    def test_filters(self):
        self.assertEqual(self.names(), ["b%1", "a_1"])
        self.assertEqual(self.names("--username", "mira.k"), ["c"])
        self.assertEqual(self.names("--username", "mira.k,lee", "--order", "jobName,ASC"), ["a_1", "b%1", "c"])
        self.assertEqual(self.names("--state", "FAILED", "--state", "STOPPED", "--order", "jobName,ASC"), ["a_1", "b%1"])
        self.assertEqual(self.names("--vc", "vision"), ["a_1"])
        self.assertEqual(self.names("--tag", "x"), ["a_1"])
        self.assertEqual(self.names("--no-tag", "x"), ["b%1"])
        self.assertEqual(self.names("--priority", "prod"), ["b%1"])
        self.assertEqual(self.names("--keyword", "_1", "--limit", "1"), ["b%1"])
        self.assertEqual(self.names("--offset", "1"), ["a_1"])
        self.assertEqual(self.names("--keyword", "nothing"), [])

    def test_wrong(self):
        self.assertFails(self.pai("job", "list", "--order", "nope,ASC"), USAGE, "--order")
        self.assertFails(self.pai("job", "list", "--limit", "-1"), USAGE, "limit")
        self.assertFails(self.pai("job", "list", "--limit", "0"), USAGE, "--limit")
        self.assertFails(self.pai("job", "list", "--state", ""), USAGE, "state")
        self.assertFails(self.pai("job", "list", "a", "nope"), USAGE, "config or ssh")
        self.assertFails(self.pai("job", "list", "a/b"), USAGE, ".")
        self.assertFails(self.pai("job", "list", "nope"), REFUSED, "HTTP 404")

    def test_unknown_words_are_kept(self):
        self.server.set(job="lee~a_1", forced={"state": "PONDERING", "appExitCode": None, "completedTime": None})
        self.assertIn("PONDERING", self.assertDone(self.pai("job", "list")).text)
        self.assertIn('"state":"PONDERING"', self.assertDone(self.pai("job", "list", "--json")).text)

    def test_many(self):
        """Pages, with the border between jobs that come in another order each time (Q41)."""
        self.server.seed(many={"count": 6000, "user": "lee", "step_ms": 50})
        self.server.config(shuffle=True)
        result = self.pai("job", "list", "--name")
        self.assertEqual((result.code, result.err[:1000]), (0, b""))
        names = result.text.split()
        self.assertEqual((len(names), len(set(names))), (6002, 6002))


class Detail(pai_case.PaiCase):
    def setUp(self):
        super().setUp()
        self.jobs({"name": "train", "roles": {"PS_Server": 1, "worker": 2}, "tags": ["nightly"], "events": [EVENT, dict(EVENT, uid="e2", type="Normal")],
                   "config": {"protocolVersion": 2, "name": "train", "secrets": "******"}}, {"name": "bad", "state": "FAILED", "retries": 1})

    def test_job(self):
        text = self.assertDone(self.pai("job", "list", "train")).text
        for piece in ("psserver", "10.20.30.41:20001", "gpu-node-001", "JOB             train", "STATE           RUNNING", "TAGS            nightly"):
            self.assertIn(piece, text)
        text = self.assertDone(self.pai("job", "list", "bad")).text
        self.assertIn("EXIT            220 UserCommandExitWithError: user command exited", text)
        self.assertIn("DIAGNOSTICS     line one\n                line two", text)

    def test_json_is_one_object(self):
        result = self.assertDone(self.pai("job", "list", "train", "--json"))
        self.assertEqual(result.out.count(b"\n"), 1)
        job = result.lines[0]
        self.assertEqual({r: len(v["taskStatuses"]) for r, v in job["taskRoles"].items()}, {"psserver": 1, "worker": 2})
        self.assertEqual((job["name"], job["jobStatus"]["state"], job["taskRoles"]["worker"]["taskRoleStatus"]), ("train", "RUNNING", {"name": "worker"}))
        self.server.config(wait_ms=60000)
        self.jobs({"name": "fresh", "state": "WAITING"})
        self.assertEqual(self.assertDone(self.pai("job", "list", "fresh", "--json")).lines[0]["taskRoles"], {})

    def test_config(self):
        self.assertDone(self.pai("job", "list", "train", "config", "--json"), '{"protocolVersion":2,"name":"train","secrets":"******"}\n')
        self.assertDone(self.pai("job", "list", "train", "config"), '{\n    "protocolVersion": 2,\n    "name": "train",\n    "secrets": "******"\n}\n')

    def test_ssh(self):
        """Q8: from the tasks."""
        self.assertEqual(self.assertDone(self.pai("job", "list", "train", "ssh", "--json")).lines[2],
                         {"taskRole": "worker", "taskIndex": 1, "sshIp": "10.20.30.41", "sshPort": "20001"})
        self.assertIn("ssh -p 20000 root@10.20.30.40", self.assertDone(self.pai("job", "list", "train", "ssh")).text)

    def test_events(self):
        self.assertEqual(len(self.assertDone(self.pai("job", "events", "train", "--json")).lines), 2)
        row = self.rows(self.assertDone(self.pai("job", "events", "train", "--type", "Warning")))[1]
        self.assertEqual(row, "2023-11-14\t22:20\tWarning\t14\tworker/6\tFailedScheduling\tno\tnode\tfits:\t3\tshort\tof\tmemory")
        self.assertFails(self.pai("job", "events", "train", "--type", "warning"), USAGE, "Warning or Normal")

    def test_attempts(self):
        self.assertEqual([a["attemptIndex"] for a in self.assertDone(self.pai("job", "attempts", "bad", "--json")).lines], [1, 0])
        self.assertEqual(len(self.assertDone(self.pai("job", "attempts", "bad", "--attempt", "0", "--json")).lines), 1)
        self.assertFails(self.pai("job", "attempts", "bad", "--attempt", "7"), REFUSED, "404")
        line = self.assertDone(self.pai("job", "attempts", "train", "-t", "PS_Server", "--json")).lines[0]  # Q5
        self.assertEqual((line["attemptId"], line["containerIp"]), (0, "10.20.30.40"))

    def test_tags(self):
        self.assertDone(self.pai("job", "tag", "add", "train", "b c"), "")
        self.assertDone(self.pai("job", "tag", "add", "train", "b c"), "")
        self.assertEqual(self.server.job("train")["tags"], ["nightly", "b c"])
        self.assertDone(self.pai("job", "tag", "remove", "train", "b c"), "")
        self.assertFails(self.pai("job", "tag", "remove", "train", "b c"), REFUSED, "404")
        self.assertFails(self.pai("job", "tag", "add", "train", "a,b"), USAGE, "comma")
        self.assertFails(self.pai("job", "tag", "add", "mira.k~train", "a"), REFUSED, "404")


class Ends(pai_case.PaiCase):
    def test_stop(self):
        self.jobs({"name": "j", "still": False}, {"name": "done", "state": "SUCCEEDED"})
        self.assertDone(self.pai("job", "stop", "j"), "")
        stopped = self.pai("job", "stop", "done")
        self.assertEqual((stopped.code, stopped.err), (0, b"done: has already finished\n"))
        self.assertFails(self.pai("job", "start", "done"), CONFLICT, "finished")
        self.assertFails(self.pai("job", "stop", "nope"), REFUSED, "404")
        both = self.pai("job", "stop", "nope", "done")
        self.assertEqual(both.code, REFUSED)
        self.assertIn(b"done: has already finished", both.err)

    def test_wait(self):
        self.jobs({"name": "ok", "state": "SUCCEEDED"}, {"name": "no", "state": "FAILED"}, {"name": "stopped", "state": "STOPPED"}, {"name": "runs"})
        self.assertDone(self.pai("job", "wait", "ok"), "ok SUCCEEDED\n")
        for name in ("no", "stopped"):
            self.assertEqual(self.pai("job", "wait", name).code, 1)
        both = self.pai("job", "wait", "ok", "no", "--json")
        self.assertEqual((both.code, [(j["name"], j["state"], j["appExitCode"]) for j in both.lines]),
                         (1, [("ok", "SUCCEEDED", 0), ("no", "FAILED", 220)]))
        self.assertFails(self.pai("job", "wait", "runs", "--wait", "0.3", "--interval", "0.1"), TIMEOUT, "time is over")
        self.assertFails(self.pai("job", "wait", "nope", "--interval", "x"), USAGE, "--interval")

    def test_wait_for_the_end(self):
        self.jobs({"name": "runs", "state": "WAITING"})
        child = self.home.start(["job", "wait", "runs", "--interval", "0.1", "--json"])
        self.assertEqual(json.loads(child.stdout.readline())["state"], "WAITING")
        self.server.set(job="lee~runs", state="RUNNING")
        self.assertEqual(json.loads(child.stdout.readline())["state"], "RUNNING")
        self.server.set(job="lee~runs", state="SUCCEEDED")
        out, err = child.communicate(timeout=20)
        self.assertEqual((json.loads(out)["state"], err, child.returncode), ("SUCCEEDED", b"", 0))

    def test_wait_for_a_job_that_cannot_be_seen_yet(self):
        """2.7: a moment after its submission."""
        self.server.config(hidden_gets=3, run_ms=100)
        self.assertDone(self.pai("job", "fast", "-j", "soon", "-i", "x", "true"))
        self.server.config(hidden_gets=2)
        self.jobs({"name": "later", "state": "SUCCEEDED"})
        self.assertDone(self.pai("job", "wait", "soon", "later", "--interval", "0.1"))

    def test_wait_survives_429(self):
        self.jobs({"name": "runs"})
        self.server.config(calls_per_min=5, retry_after_s=1)
        threading.Timer(1.5, lambda: self.server.set(job="lee~runs", state="SUCCEEDED")).start()
        self.assertDone(self.pai("job", "wait", "runs", "--interval", "0.1", "--retries", "0"), "runs SUCCEEDED\n")
        self.assertIn(429, [r["status"] for r in self.logged()])

    def test_wait_survives_a_server_that_is_away(self):
        """4.9: but not one that never answered."""
        self.jobs({"name": "runs"})
        child = self.home.start(["job", "wait", "runs", "--interval", "0.1", "--retries", "0", "--json"])
        self.assertEqual(json.loads(child.stdout.readline())["state"], "RUNNING")
        for fault in ({"nginx": 502}, {"nginx": 503}, {"drop": "read"}, {"status": 429, "headers": [["Content-Type", "text/html"]], "body": "Slow down"}):
            self.server.fault(path="/api/v2/jobs/lee~runs", count=0, **fault)
            time.sleep(0.4)
            self.assertIsNone(child.poll(), fault)
            self.server.no_faults()
        self.server.set(job="lee~runs", state="SUCCEEDED")
        out, err = child.communicate(timeout=20)
        self.assertEqual((json.loads(out)["state"], err, child.returncode), ("SUCCEEDED", b"", 0))
        self.server.fault(path="/api/v2/jobs/lee~runs", nginx=502, count=0)
        self.assertFails(self.pai("job", "wait", "runs", "--interval", "0.1", "--retries", "0"), NETWORK, "HTTP 502")
        self.server.no_faults()

    def test_wait_on_a_terminal(self):
        self.jobs({"name": "runs"})
        terminal = Terminal(["pai", "job", "wait", "runs", "--interval", "0.2"], width=40, env={"HOME": self.home("home")})
        terminal.read(rb"runs RUNNING, 1/1 tasks run, 0:00:0[1-9]")
        terminal.type(b"\x03")
        code, text = terminal.end()
        self.assertEqual(code, 130)
        self.assertTrue(text.endswith("\r\x1b[K"), repr(text[-40:]))


class Logs(pai_case.PaiCase):
    def setUp(self):
        super().setUp()
        self.jobs({"name": "j", "roles": {"Main_1": 2}, "logs": {"main1/0": {"stdout": "zero\n", "stderr": "err\n", "all": "zero\nerr\n"},
                                                                  "main1/1": {"stdout": "x" * 20000 + "end\n"}}})

    def test_logs(self):
        self.assertDone(self.pai("job", "logs", "j"), "zero\n")
        self.assertDone(self.pai("job", "logs", "j", "--stream", "stderr", "--task-role-name", "Main_1"), "err\n")
        self.assertDone(self.pai("job", "logs", "j", "--index", "1"), "x" * 20000 + "end\n")
        self.assertDone(self.pai("job", "logs", "j", "--index", "1", "--tail"), ("x" * 20000 + "end\n")[-16384:])
        self.assertEqual(sorted(self.assertDone(self.pai("job", "logs", "j", "--stream", "?")).text.split()), ["all", "stderr", "stdout"])
        self.assertNotIn("uri", self.assertDone(self.pai("job", "logs", "j", "--stream", "?", "--json")).text)
        self.assertFails(self.pai("job", "logs", "j", "--stream", "nope"), REFUSED, ".")
        self.assertFails(self.pai("job", "logs", "j", "--index", "7"), REFUSED, "no such task")
        self.assertFails(self.pai("job", "logs", "j", "--follow", "--tail"), USAGE, "--tail")

    def test_output(self):
        self.assertDone(self.pai("job", "logs", "j", "-o", "log"), "")
        self.assertEqual(self.work("log"), "zero\n")
        self.assertFails(self.pai("job", "logs", "j", "--stream", "nope", "-o", "other"), REFUSED, ".")
        self.assertFalse(os.path.exists(self.home("work/other")))

    def test_peek(self):
        self.assertDone(self.pai("output", "peek", "-j", "j"), "zero\n")
        for form in ("--stderr", "--stdin"):  # open point 2
            self.assertDone(self.pai("output", "peek", "-j", "j", form), "err\n")
        self.assertDone(self.pai("output", "peek", "j", "--index", "1"), ("x" * 20000 + "end\n")[-16384:])
        self.assertDone(self.pai("output", "peek", "j", "--index", "1", "--save", "all"), "")
        self.assertEqual(len(self.work("all")), 20004)

    def test_link_forms(self):
        for form in ("log-manager", "blob", "rest-server"):
            self.server.config(link_form=form)
            self.assertDone(self.pai("job", "logs", "j"), "zero\n")

    def test_follow(self):
        child = self.home.start(["job", "logs", "j", "--follow", "--interval", "0.1"])
        self.assertEqual(child.stdout.readline(), b"zero\n")
        for k in range(3):
            self.server.log("lee~j", "line %d\n" % k, role="main1")
            self.assertEqual(child.stdout.readline(), b"line %d\n" % k)
        self.server.log("lee~j", "last\n", role="main1")
        self.server.set(job="lee~j", state="SUCCEEDED")
        out, err = child.communicate(timeout=20)
        self.assertEqual((out, err, child.returncode), (b"last\n", b"", 0))

    def test_follow_from_before_the_start(self):
        self.jobs({"name": "late", "state": "WAITING"})
        child = self.home.start(["job", "logs", "late", "-f", "--interval", "0.1"])
        time.sleep(0.5)
        self.server.set(job="lee~late", state="RUNNING", logs={"main/0": {"stdout": "first\n"}})
        self.assertEqual(child.stdout.readline(), b"first\n")
        child.send_signal(signal.SIGINT)
        self.assertEqual((child.communicate(timeout=20)[1], child.returncode), (b"", 130))

    def test_pipe_closed_early(self):
        child = self.home.start(["job", "logs", "j", "--index", "1", "--follow", "--interval", "0.1"])
        child.stdout.read(10)
        child.stdout.close()
        time.sleep(0.2)
        self.server.log("lee~j", "y" * 100000, role="main1", index=1)
        child.stdin.close()
        self.assertEqual(child.wait(20), 141)
        self.assertEqual(child.stderr.read(), b"")
        child.stderr.close()

    def test_expired_links(self):
        """Each address lives for seconds; a long follow asks for new ones."""
        self.server.config(link_s=1)
        child = self.home.start(["job", "logs", "j", "-f", "--interval", "0.1"])
        self.assertEqual(child.stdout.readline(), b"zero\n")
        time.sleep(1.3)
        self.server.log("lee~j", "later\n", role="main1")
        self.assertEqual(child.stdout.readline(), b"later\n")
        child.kill()
        child.communicate()


class First(pai_case.PaiCase):
    SETTINGS = {"generation": "G1", "version": "0.10.0", "launcher": "yarn"}

    def test_all(self):
        self.jobs({"name": "a", "roles": {"PS_1": 1}, "logs": {"PS_1/0": {"stdout": "a<b & c\n"}}}, {"name": "b", "state": "STOPPED"}, {"name": "c", "user": "mira.k"})
        self.assertFails(self.pai("job", "list", "--order", "jobName,ASC"), REFUSED, "newest first")
        self.assertEqual(sorted(self.assertDone(self.pai("job", "list", "--name")).text.split()), ["a", "b"])
        self.assertEqual([j["name"] for j in self.assertDone(self.pai("job", "list", "--json", "--state", "STOPPED")).lines], ["b"])
        self.assertDone(self.pai("job", "list", "--name", "--username", "mira.k"), "mira.k~c\n")
        self.assertEqual(self.assertDone(self.pai("job", "list", "a", "--json")).lines[0]["taskRoles"]["PS_1"]["taskStatuses"][0]["taskState"], "RUNNING")
        self.assertDone(self.pai("job", "logs", "a"), "a<b & c\n")
        self.assertEqual(self.assertDone(self.pai("job", "list", "a", "ssh", "--json")).lines[0]["sshPort"], "20511")
        self.assertIn("PRIVATE KEY", self.assertDone(self.pai("job", "list", "a", "ssh")).text)
        self.assertEqual(self.pai("job", "wait", "b").code, 1)
        for words in (["job", "events", "a"], ["job", "tag", "add", "a", "t"], ["token", "list"], ["groups", "list"], ["storages", "list"]):
            self.assertFails(self.pai(*words), REFUSED, "only servers since OpenPAI")
        self.assertEqual(self.assertDone(self.pai("cluster", "info", "--json")).lines[0]["generation"], 1)
        self.assertIn("16.7/20.7", self.assertDone(self.pai("vc", "list")).text)


class Second(pai_case.PaiCase):
    SETTINGS = {"generation": "G2", "version": "1.0.1", "launcher": "k8s"}

    def test_all(self):
        self.jobs({"name": "a", "roles": {"PS_1": 1}, "logs": {"ps1/0": {"stdout": "text\n"}}}, {"name": "b", "state": "STOPPED"})
        self.assertEqual([j["name"] for j in self.assertDone(self.pai("job", "list", "--json", "--state", "STOPPED")).lines], ["b"])
        self.assertDone(self.pai("job", "logs", "a"), "text\n")
        self.assertEqual(self.assertDone(self.pai("job", "list", "a", "ssh", "--json")).lines[0]["sshPort"], "20000")
        self.assertFails(self.pai("job", "events", "a"), REFUSED, "1.3")
        self.assertDone(self.pai("cluster", "info", "--generation", "2"))


class WithoutUser(pai_case.PaiCase):
    SETTINGS = {"generation": "G1", "version": "0.8.0", "launcher": "yarn"}

    def test_legacy(self):
        """6.4: jobs from before there were users."""
        self.jobs({"user": "", "name": "oldtimer", "state": "SUCCEEDED", "forced": {"legacy": True, "username": "root"}})
        self.assertDone(self.pai("job", "list", "--all-users", "--name"), "~oldtimer\n")
        self.assertRegex(self.assertDone(self.pai("job", "list", "~oldtimer")).text, r"STATE           SUCCEEDED\n(.*\n)*SUBMITTED \(UTC\) 20")
        self.assertDone(self.pai("job", "wait", "~oldtimer"), "oldtimer SUCCEEDED\n")


@unittest.skipIf("/san/" in peer.program(), "a sanitizer has memory of its own")
class Memory(pai_case.PaiCase):
    def resident(self, count):
        """The program's largest resident set in KB while it lists so many jobs."""
        self.server.reset()
        self.server.seed(many={"count": count, "user": "lee"})
        with open(self.home("work/names"), "wb") as out:
            child = self.home.start(["job", "list", "--name"], stdout=out)
            most = 0
            while child.poll() is None:
                try:
                    with open("/proc/%d/status" % child.pid) as f:
                        most = max([most] + [int(line.split()[1]) for line in f if line.startswith("VmHWM:")])
                except OSError:
                    pass
                time.sleep(0.002)
        child.communicate()
        self.assertEqual((child.returncode, self.work("names").count("\n")), (0, count))
        return most

    def test_fifty_thousand_jobs(self):
        """But for the 16 bytes by which each is remembered, a list of any length takes the same."""
        few, many = self.resident(5000), self.resident(50000)
        self.assertLess(many - few, 1200, (few, many))
        self.assertLess(many, 6000)


class Narrow(pai_case.PaiCase):
    def test_widths(self):
        self.jobs({"name": "a_rather_long_name_for_a_job_of_mine_0123456789", "roles": {"worker": 2}, "events": [EVENT]})
        name = "a_rather_long_name_for_a_job_of_mine_0123456789"
        for width in (80, 40):
            for words in (["job", "list"], ["job", "list", name], ["job", "events", name], ["vc", "list"], ["users", "list"], ["token", "list"]):
                terminal = Terminal(["pai"] + words, width=width, env={"HOME": self.home("home")})
                code, text = terminal.end()
                self.assertEqual(code, 0, text)
                for line in plain(text).splitlines():
                    self.assertLessEqual(len(line), max(width, len(name) + 4), (width, words, line))


if __name__ == "__main__":
    unittest.main()
