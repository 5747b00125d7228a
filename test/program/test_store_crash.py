"""The programs on one folder, all at once and killed at any moment: the schedule never promises what the host has not,
and no booking that was accepted is lost. Then disks and folders that refuse, files that change, a clock that jumps."""
# runs once: it is about processes, locks and files, and takes its time.
import datetime
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import time

import monitor_case
from book_case import ENDED
from cli_case import peer, unittest

DAY = datetime.datetime(2030, 1, 7)
USERS = ["u%02d" % i for i in range(14)]
HOST = {"cpus": 16, "memory": 64, "gpus": 4}
LIFE_S = 6
FILES_CODE = 3


def text(moment):
    return moment.strftime("%Y-%m-%d %H:%M")


def parse(cell):
    return datetime.datetime.strptime(cell, "%Y-%m-%d %H:%M:%S")


class Row:
    def __init__(self, line, stage):
        cells = line.rstrip("\n").replace('"', "").replace(", ", " ").split(",")
        self.start, self.end, self.user, self.stage = parse(cells[0]), parse(cells[1]), cells[2], stage
        self.cpus, self.memory = float(cells[3]), int(cells[4])
        self.gpus = {int(g) for g in cells[5].strip("[]").split()}


class Crash(monitor_case.HostCase):
    def setUp(self):
        super().setUp()
        seed = os.environ.get("BERTH_SEED") or str(random.SystemRandom().randrange(2**32))
        print("%s: BERTH_SEED=%s" % (self.id(), seed), file=sys.stderr)
        self.random = random.Random(seed)
        capability = self.folder.read("host/cfg/capability_config.yaml").decode()
        capability = capability.replace("  - m1\n  - m2\n  - m3\n  - new1\n", "".join("  - %s\n" % u for u in USERS))
        capability = capability.replace("  cpus: 8\n  memory: 32\n  gpus: 2\n", "  cpus: 12\n  memory: 48\n  gpus: 3\n")
        self.folder.write("host/cfg/capability_config.yaml", capability)
        users = "".join("%s:\n  password: 'secret %s'\n  forward_port: %d\n  image: null\n  extra_command: null\n  volume_work_dir: %s\n"
                        "  volume_dataset_dir: %s\n  volume_backup_dir: %s\n\n"
                        % (u, u, 10001 + i, self.folder("Users/" + u), self.folder("Dataset"), self.folder("Backup/" + u))
                        for i, u in enumerate(USERS))
        self.folder.write("host/cfg/users_config.yaml", users)
        os.chmod(self.folder("host/cfg/users_config.yaml"), 0o600)

    # ---- one booking ----

    def question(self, rng, now):
        """What a person answers: the text, and the window."""
        start = now.replace(minute=now.minute // 30 * 30, second=0) + datetime.timedelta(minutes=30 * rng.randrange(1, 24))
        end = start + datetime.timedelta(minutes=30 * rng.randrange(1, 5))
        want = "%s %d %d" % (rng.choice(["1", "2.5", "4", "6.25", "8"]), rng.randrange(1, 24), rng.choice([0, 1, 1, 2, 3]))
        return [want, start.strftime("%Y %m %d %H %M"), end.strftime("%Y %m %d %H %M")], start

    def book(self, rng, user, now, kill_after=None):
        """One dialogue with one request. The start when it was accepted, None when not, False when it was killed."""
        answers, start = self.question(rng, now)
        child = peer.start_berth(["book", "--config", self.host, "--now", text(now), "-id", user], env=self.env)
        if kill_after is not None:
            threading.Timer(kill_after, child.kill).start()
        out, err = child.communicate("".join(a + "\n" for a in ["secret " + user] + answers).encode(), timeout=60)
        if b"Booking successful!" in out:
            return start
        if child.returncode == -signal.SIGKILL:
            return False
        if child.returncode != 1 or err not in (b"", ENDED):
            raise AssertionError("%s: %s %s" % (child.returncode, out.decode(), err.decode()))
        return None

    # ---- what came of it ----

    def all_rows(self):
        return [Row(line, name) for name in ("booking", "using", "used") for line in self.rows(name)]

    def assertPromises(self, rows):
        """Property 1 and 10 of the wire page, counted the plain way."""
        for moment in sorted({r.start for r in rows}):
            held = [r for r in rows if r.start <= moment < r.end]
            self.assertLessEqual(sum(r.cpus for r in held), HOST["cpus"])
            self.assertLessEqual(sum(r.memory for r in held), HOST["memory"])
            gpus = [g for r in held for g in r.gpus]
            self.assertEqual(len(gpus), len(set(gpus)), [(r.user, r.start, r.gpus) for r in held])
            self.assertTrue(set(gpus) <= set(range(HOST["gpus"])))
        for user in USERS:
            own = sorted((r.start, r.end) for r in rows if r.user == user)
            for (_, end), (start, _) in zip(own, own[1:]):
                self.assertLess(end, start, user)

    def assertAllThere(self, rows, accepted):
        names = [(r.user, r.start) for r in rows]
        self.assertEqual(len(names), len(set(names)), "a row is there twice")
        self.assertEqual(set(accepted) - set(names), set(), "an accepted booking is lost")
        self.assertEqual(len(accepted), len(set(accepted)))

    def assertTidy(self):
        left = [n for n in os.listdir(self.folder("host/jobs")) + os.listdir(self.folder("host/cfg")) if n.endswith(".new")]
        self.assertEqual(left, [])

    def close_all(self, after):
        """Ticks far ahead bring every row to its end."""
        for _ in range(2):
            self.monitor(now=text(after), timeout=120)
        return self.all_rows()

    # ---- the race ----

    def race(self, bookers, kill):
        """BOOKERS people who book and a monitor that ticks, for LIFE_S; one hour passes. KILL: the chance of SIGKILL."""
        began, accepted, problems, lock = time.monotonic(), [], [], threading.Lock()
        self.asked = 0

        def now():
            return DAY + datetime.timedelta(hours=8, seconds=int((time.monotonic() - began) * 3600 / LIFE_S))

        def one_booker(rng):
            while time.monotonic() - began < LIFE_S:
                user = rng.choice(USERS)
                start = self.book(rng, user, now(), rng.uniform(0, 0.15) if rng.random() < kill else None)
                with lock:
                    self.asked += 1
                    if start:
                        accepted.append((user, start))

        def one_monitor(rng):
            while time.monotonic() - began < LIFE_S:
                child = self.start_monitor(now=text(now()))
                if rng.random() < kill:
                    threading.Timer(rng.uniform(0, 0.3), child.kill).start()
                _, err = child.communicate(timeout=120)
                if child.returncode not in (0, -signal.SIGKILL):
                    raise AssertionError("monitor: %s %s\n%s" % (child.returncode, err.decode(), self.log()))

        def guarded(work, rng):
            try:
                work(rng)
            except Exception as error:
                problems.append(error)

        threads = [threading.Thread(target=guarded, args=(one_booker if i else one_monitor, random.Random(self.random.random())))
                   for i in range(bookers + 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        return accepted, now()

    def check_race(self, bookers, kill):
        accepted, end = self.race(bookers, kill)
        rows = self.all_rows() if kill == 0 else self.close_all(end)
        print("%d asked, %d accepted, %d rows" % (self.asked, len(accepted), len(rows)), file=sys.stderr)
        self.assertGreater(len(accepted), 5)
        self.assertAllThere(rows, accepted)
        self.assertPromises(rows)
        if kill == 0:
            self.assertEqual(len(rows), len(accepted))
        rows = self.close_all(DAY + datetime.timedelta(days=3))
        self.assertEqual({r.stage for r in rows}, {"used"}, self.log())
        self.assertAllThere(rows, accepted)
        self.assertEqual(self.containers(), {})
        self.assertTidy()

    def test_eight_people_and_a_monitor(self):
        self.check_race(8, 0)

    def test_killed_at_any_moment(self):
        self.check_race(4, 0.4)

    def test_two_people_want_the_same(self):
        """All GPUs for the same hour: one gets them."""
        answers = ["4 16 3", "2030 01 07 09 00", "2030 01 07 10 00"]
        children = []
        for user in USERS[:8]:
            child = peer.start_berth(["book", "--config", self.host, "--now", text(DAY), "-id", user], env=self.env)
            child.stdin.write(("secret " + user + "\n").encode())
            child.stdin.flush()
            children.append(child)
        for child in children:  # each has read the files before the first commits
            child.stdin.write("".join(a + "\n" for a in answers).encode())
            child.stdin.close()
        told = [child.stdout.read() + child.stderr.read() for child in children]
        codes = sorted(child.wait(timeout=60) for child in children)
        for child in children:
            child.stdout.close()
            child.stderr.close()
        self.assertEqual(codes, [0] + [1] * 7, told)
        self.assertEqual(sum(b"Booking successful!" in t for t in told), 1)
        self.assertEqual(sum(b"There is not enough computing power" in t for t in told), 7)
        self.assertEqual(len(self.rows("booking")), 1)

    # ---- a clock that jumps ----

    def test_a_clock_that_jumps(self):
        """Whatever the programs take for the time, what is promised can be kept, and each row is once there."""
        accepted = []
        for _ in range(40):
            now = DAY + datetime.timedelta(minutes=self.random.randrange(-600, 600))
            user = self.random.choice(USERS)
            start = self.book(self.random, user, now)
            if start:
                accepted.append((user, start))
        self.assertPromises(self.all_rows())
        for _ in range(6):
            self.monitor(now=text(DAY + datetime.timedelta(minutes=self.random.randrange(-600, 1200))), timeout=120)
            self.assertAllThere(self.all_rows(), accepted)
        rows = self.close_all(DAY + datetime.timedelta(days=2))
        self.assertAllThere(rows, accepted)
        self.assertEqual({r.stage for r in rows}, {"used"})

    # ---- what refuses ----

    def run_limited(self, preexec, *options):
        answers = ["secret u01", "2 8 1", "2030 01 07 09 00", "2030 01 07 10 00"]
        return subprocess.run([peer.program(), "book", "--config", self.host, "--now", text(DAY), "-id", "u01"] + list(options),
                              input="".join(a + "\n" for a in answers).encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=peer.clean_environment(self.env), preexec_fn=preexec, restore_signals=False, timeout=60)

    def assertRefused(self, done, pattern):
        self.assertEqual(done.returncode, FILES_CODE, done)
        self.assertRegex(done.stderr.decode(), r"\Aberth: book: [^\n]*%s[^\n]*\n\Z" % pattern)
        self.assertNotIn(b"Booking successful!", done.stdout)

    def test_a_full_disk(self):
        self.write_rows(booking=[self.row("u02", "2030-01-08 08:00:00", "2030-01-08 09:00:00")])
        before = self.folder.read("host/jobs/booking.csv")

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, len(before) + 10))

        self.assertRefused(self.run_limited(limit), "booking.csv: .*file too large")
        self.assertEqual(self.folder.read("host/jobs/booking.csv"), before)
        self.assertTidy()
        self.assertEqual(self.run_limited(None).returncode, 0)  # room again
        self.assertEqual(self.users_in("booking"), ["u02", "u01"])

    @unittest.skipIf(os.geteuid() != 0, "needs another user")
    def test_a_folder_that_may_not_be_written(self):
        os.chmod(self.folder.path, 0o755)
        os.chown(self.folder("host/cfg/users_config.yaml"), 65534, 65534)
        self.write_rows(booking=[self.row("u02", "2030-01-08 08:00:00", "2030-01-08 09:00:00")])

        def nobody():
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)

        self.assertRefused(self.run_limited(nobody), r"jobs/\.lock: cannot be locked: permission denied")
        self.assertEqual(self.users_in("booking"), ["u02"])
        os.chmod(self.folder("host/jobs"), 0o777)
        os.chmod(self.folder("host/jobs/booking.csv"), 0o640)
        os.chown(self.folder("host/jobs/booking.csv"), 0, 65534)
        self.assertEqual(self.run_limited(nobody).returncode, 0)
        info = os.stat(self.folder("host/jobs/booking.csv"))
        self.assertEqual((info.st_gid, stat.S_IMODE(info.st_mode)), (65534, 0o640))  # as it was

    def test_a_lock_that_is_held(self):
        import fcntl
        with open(self.folder("host/jobs/.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            began = time.monotonic()
            self.assertRefused(self.run_limited(None), r"\.lock: held by another program for too long; try again")
            self.assertGreater(time.monotonic() - began, 9)
            self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(self.run_limited(None).returncode, 0)

    # ---- what others do to the files ----

    def test_a_file_replaced_during_the_dialogue(self):
        """An editor saves another booking.csv between the questions and the commit: that one counts."""
        child = peer.start_berth(["book", "--config", self.host, "--now", text(DAY), "-id", "u01"], env=self.env)
        child.stdin.write(b"secret u01\n4 16 3\n2030 01 07 09 00\n")
        child.stdin.flush()
        seen = b""
        while b"end time" not in seen:
            seen += os.read(child.stdout.fileno(), 4096)
        self.write_rows(booking=[self.row("u02", "2030-01-07 09:00:00", "2030-01-07 10:00:00", gpus="[0, 1]")])
        out, err = child.communicate(b"2030 01 07 10 00\n", timeout=60)
        self.assertIn(b"There is not enough computing power", out)
        self.assertEqual((child.returncode, err), (1, ENDED))
        self.assertEqual(self.users_in("booking"), ["u02"])

    def test_bad_rows_stop_bookings_but_not_the_monitor(self):
        bad = "2030-01-07 07:00:00,never,u03,1.0,1,[0],10003,,\r\n"
        due = self.row("u02", "2030-01-07 07:00:00", "2030-01-07 09:00:00", gpus="[1]")
        self.write_rows(booking=[bad, due])
        self.assertRefused(self.run_limited(None), r"jobs/booking.csv line 2: end is no date and time .*; mend the row by hand")
        self.monitor(now="2030-01-07 07:10")
        self.assertEqual(self.rows("using"), [due])
        self.assertEqual(self.rows("booking"), [bad.replace("\r", "")])
        self.assertLogged("booking.csv line 2: end is no date and time")

    def test_links(self):
        """Files and folders behind links stay where they are."""
        for name in ("booking.csv", "using.csv"):
            self.folder.write("real-" + name, monitor_case.HEADER)
            os.symlink(self.folder("real-" + name), self.folder("host/jobs/" + name))
        os.rename(self.folder("host/cfg/users_config.yaml"), self.folder("real-users"))
        os.symlink("../../real-users", self.folder("host/cfg/users_config.yaml"))
        self.assertEqual(self.run_limited(None).returncode, 0)
        self.assertTrue(os.path.islink(self.folder("host/jobs/booking.csv")))
        self.assertIn(b",u01,", self.folder.read("real-booking.csv"))
        os.unlink(self.folder("real-using.csv"))  # a link that leads nowhere is not an empty schedule
        self.assertRefused(self.run_limited(None), "using.csv: cannot be opened")


if __name__ == "__main__":
    unittest.main()
