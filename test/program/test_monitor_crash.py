"""Monitors that are killed at any moment, and monitors that meet: each row is found once, each container runs once."""
# runs once: what is tried here is the order of system calls, which no build changes.
import fcntl
import os
import random
import signal
import time
import unittest

from monitor_case import HostCase, NOW

FILES = 3


class Killed(HostCase):
    def everywhere(self):
        """User ids of all rows in all files."""
        return sorted(self.users_in("booking") + self.users_in("using") + self.users_in("used"))

    def test_at_any_moment(self):
        seed = int(os.environ.get("BERTH_SEED") or time.time_ns() % 1000000)
        print("kill -9: BERTH_SEED=%d" % seed)
        chance = random.Random(seed)
        for _ in range(3):
            self.write_rows(booking=[self.row("m1"), self.row("m2", gpus="[1]"), self.row("new1", end="2030-01-07 07:05:00", gpus="[3]")],
                            using=[self.row("m3", start="2030-01-07 05:00:00", end="2030-01-07 07:00:00", gpus="[2]")], used=[])
            self.containers(m3="m3|2030-01-07 05:00:00")
            self.script({"words": ["docker"], "delay": 0.02})
            self.forget_calls()
            kills = 0
            while True:
                child = self.start_monitor()
                end = time.monotonic() + chance.random() * 0.6 if kills < 12 else time.monotonic() + 30
                while child.poll() is None and time.monotonic() < end:
                    time.sleep(0.002)
                done = child.poll() is not None
                self.end(child)
                self.assertEqual(sorted(set(self.everywhere())), ["m1", "m2", "m3", "new1"], (seed, kills, self.log()))
                kills += not done
                if done and self.users_in("booking") == []:
                    break
                time.sleep(0.05)  # a docker that the dead monitor had started comes to its end
            self.assertEqual(self.everywhere(), ["m1", "m2", "m3", "new1"], (seed, self.log()))
            self.assertEqual((sorted(self.users_in("using")), sorted(self.users_in("used"))), (["m1", "m2"], ["m3", "new1"]), (seed, self.log()))
            self.assertEqual(sorted(self.containers()), ["m1", "m2"], seed)
            self.assertEqual([n for n in os.listdir(self.folder("Backup")) if n.endswith(".berth-new")], [], seed)
            self.calls()  # none of them under the data lock

    def test_before_and_after_each_of_dockers_commands(self):
        steps = [["run", "--name=m1"], ["run", "--name=m2"], ["inspect", "m1"], ["chpasswd"], ["ssh"], ["exec", "m3"], ["stop"], ["rm"]]
        for words in steps:
            for when in ("before", "after"):
                with self.subTest(words=words, when=when):
                    self.write_rows(booking=[self.row("m1"), self.row("m2", gpus="[1]")],
                                    using=[self.row("m3", start="2030-01-07 05:00:00", end="2030-01-07 07:00:00", gpus="[2]")], used=[])
                    self.containers(m3="m3|2030-01-07 05:00:00")
                    self.script({"words": words, "kill": when, "times": 1})
                    self.assertEqual(self.monitor().code, -signal.SIGKILL)
                    self.assertEqual(sorted(set(self.everywhere())), ["m1", "m2", "m3"])
                    self.monitor()
                    self.assertRows(using=[self.row("m1"), self.row("m2", gpus="[1]")],
                                    used=[self.row("m3", start="2030-01-07 05:00:00", end="2030-01-07 07:00:00", gpus="[2]")])
                    self.assertEqual(sorted(self.containers()), ["m1", "m2"])


class Together(HostCase):
    def test_ticks_do_not_stack(self):
        """cron starts one after the other while the first one is slow; when it is over, the next one works."""
        self.write_rows(booking=[self.row("m1"), self.row("m3", gpus="[1]")])
        self.script({"words": ["run"], "delay": 0.5})
        children = []
        for _ in range(8):
            children.append(self.start_monitor())
            time.sleep(0.02)
        for child in children:
            child.communicate(timeout=30)
        self.assertEqual([c.returncode for c in children], [0] * 8)
        self.assertEqual(self.verbs(), ["run m1", "run m3"])
        self.assertEqual(self.users_in("using"), ["m1", "m3"])

    def test_a_booking_made_while_docker_runs_is_kept(self):
        """upstream writes its old image of the file back."""
        self.write_rows(booking=[self.row("m1")], using=[])
        self.script({"words": ["run"], "delay": 1})
        child = self.start_monitor()
        self.wait_until(lambda: self.verbs() == ["run m1"])
        later = self.row("m3", start="2030-01-08 07:00:00", end="2030-01-08 09:00:00")
        with open(self.folder("host/jobs/booking.csv"), "a") as f:
            f.write(later)
        child.communicate(timeout=20)
        self.assertRows(booking=[later], using=[self.row("m1")])

    def test_two_watchers(self):
        self.write_rows(using=[self.row("m3")])
        self.containers(m3="x")
        children = [self.start_monitor("--watch") for _ in range(2)]
        self.folder.write("host/jobs/monitor_exec", "m3\n")
        self.wait_until(lambda: self.verbs() == ["restart m3"])
        time.sleep(0.5)
        for child in children:
            child.terminate()
            child.communicate(timeout=20)
        self.assertEqual(self.verbs(), ["restart m3"])

    def test_somebody_holds_the_data_lock(self):
        self.write_rows(booking=[self.row()])
        with open(self.folder("host/jobs/.lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fcntl.lockf(lock, fcntl.LOCK_EX)
            begin = time.monotonic()
            result = self.monitor()
            self.assertEqual(result.code, FILES, result)
            self.assertGreater(time.monotonic() - begin, 9)
        self.assertEqual(self.calls(), [])
        self.assertEqual(self.monitor(now=NOW).code, 0)


if __name__ == "__main__":
    unittest.main()
