"""The host's folder as all booking programs open it: where it is, what of it cannot be used, bounds, remarks, local time.
Asked through `berth schedule list` and `berth book`."""
import json
import os
import re

import cli_case
from cli_case import peer, unittest

HEADER = "start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command\n"
DEPLOY = """volume_work_dir: /mnt/Users
volume_dataset_dir: /mnt/Dataset
volume_backup_dir: /mnt/Backup
users_config_yaml: cfg/users_config.yaml
capability_config_yaml: cfg/capability_config.yaml
images:
- lab/torch:2
"""
CAPABILITY = """max:
  cpus: 16
  ram: 48
  swap_size: 16
  gpus: 4
  shm_rate: ram / (ram + swap_size)
  memory: ram + swap_size
  backup_space: 200
  work_space: 500
allow_userIDs:
- m1
max_default_capability:
  cpus: max
  memory: max
  gpus: max
  backup_space: 50
  work_space: 200
"""
UNREADABLE = 5  # what `berth schedule` says of files; book and monitor say 3


def entry(user, port=10001):
    return ("%s:\n  password: 'secret'\n  forward_port: %d\n  image: null\n  extra_command: null\n  volume_work_dir: /w\n"
            "  volume_dataset_dir: /d\n  volume_backup_dir: /b\n\n" % (user, port))


def row(user="m1", start="2030-01-08 08:00:00", end="2030-01-08 09:00:00", gpus="[0]"):
    return '%s,%s,%s,1.0,1,"%s",10001,,\n' % (start, end, user, gpus)


class FolderCase(cli_case.Case):
    def setUp(self):
        self.folder = self.enterContext(peer.Folder())
        for name in ("host/cfg", "host/jobs"):
            os.makedirs(self.folder(name))
        self.folder.write("host/cfg/host_deploy.yaml", DEPLOY)
        self.folder.write("host/cfg/capability_config.yaml", CAPABILITY)
        self.users(entry("m1"))

    def users(self, text, mode=0o600):
        os.chmod(self.folder.write("host/cfg/users_config.yaml", text), mode)

    def write_rows(self, **files):
        for name, rows in files.items():
            self.folder.write("host/jobs/%s.csv" % name, HEADER + "".join(rows))

    def list(self, *options, config="host", now="2030-01-07 07:10", **more):
        where = ["--config", self.folder(config)] if config else []
        clock = ["--now", now] if now else []
        return self.run_berth(["schedule", "list", "--json", *where, *clock, *options], **more)

    def listed(self, *options, **more):
        result = self.assertDone(self.list(*options, **more))
        return [json.loads(line) for line in result.out.decode().splitlines()]

    def book(self, *answers, **more):
        return self.run_berth(["book", "--config", self.folder("host"), "--now", "2030-01-07 07:10", "-id", "m1"],
                              input="".join(a + "\n" for a in ("secret",) + answers), **more)


class Place(FolderCase):
    def test_ways_to_name_it(self):
        self.write_rows(booking=[row()])
        os.symlink("host", self.folder("link"))
        os.makedirs(self.folder("host/deeper"))
        for config in ("host", "host/", "host/.", "link", "host/deeper/.."):
            self.assertEqual(len(self.listed(config=config)), 1, config)
        self.assertEqual(len(self.listed(config=None, cwd=self.folder("host"))), 1)
        self.assertEqual(len(self.listed(config=None, env={"BERTH_CONFIG": self.folder("host")})), 1)
        self.assertDone(self.run_berth(["schedule", "list", "--config", ".", "--now", "2030-01-07 07:10"], cwd=self.folder("host")))

    def test_what_is_missing(self):
        self.assertFails(self.list(config="nowhere"), UNREADABLE,
                         "nowhere/cfg/host_deploy.yaml: no such file; --config names the folder that holds cfg/ and jobs/")
        os.rename(self.folder("host/jobs"), self.folder("host/other"))
        self.assertFails(self.list(), UNREADABLE, "host/jobs: no such folder; bookings are kept there")
        self.folder.write("host/jobs", "")
        self.assertFails(self.list(), UNREADABLE, "host/jobs: no such folder")
        os.unlink(self.folder("host/jobs"))
        os.rename(self.folder("host/other"), self.folder("host/jobs"))
        for name in ("capability_config", "users_config"):
            os.rename(self.folder("host/cfg/%s.yaml" % name), self.folder("away"))
            self.assertFails(self.list(), UNREADABLE, "cfg/%s.yaml: .*no such file or folder" % name)
            os.rename(self.folder("away"), self.folder("host/cfg/%s.yaml" % name))
        self.assertEqual(self.listed(), [])

    def test_paths_too_long(self):
        self.assertFails(self.list(config="x" * 1100), UNREADABLE, "the path is too long")

    def test_files_elsewhere(self):
        self.folder.write("host/cfg/host_deploy.yaml",
                          DEPLOY.replace("cfg/users_config.yaml", "people.yaml").replace("cfg/capability", "cfg/more/capability"))
        os.makedirs(self.folder("host/cfg/more"))
        os.rename(self.folder("host/cfg/users_config.yaml"), self.folder("host/people.yaml"))
        os.rename(self.folder("host/cfg/capability_config.yaml"), self.folder("host/cfg/more/capability_config.yaml"))
        self.assertEqual(self.listed(), [])

    @unittest.skipIf(os.geteuid() != 0, "needs another user")
    def test_reading_needs_no_leave_to_write(self):
        """Who may only read sees the schedule, and leaves nothing behind."""
        self.write_rows(booking=[row()])
        os.chmod(self.folder.path, 0o755)
        before = sorted(os.listdir(self.folder("host/jobs")))

        def nobody():
            os.setgid(65534)
            os.setuid(65534)

        for command, code in (("list", 0), ("show", 0), ("stats", 0), ("next --cpus 1 --memory 1 --gpus 1 --length 1-hour", UNREADABLE)):
            child = peer.start_berth(["schedule", *command.split(), "--config", self.folder("host"), "--now", "2030-01-07 07:10"],
                                     preexec_fn=nobody)
            out, err = child.communicate(timeout=30)
            self.assertEqual(child.returncode, code, (command, err))
            if code == 0:
                self.assertEqual(err, b"")
                self.assertIn(b"GPU 0" if command == "show" else b"m1", out)
            else:
                self.assertRegex(err, rb"users_config.yaml: cannot be opened: permission denied\n\Z")
        self.assertEqual(sorted(os.listdir(self.folder("host/jobs"))), before)


class Contents(FolderCase):
    def test_places_of_errors(self):
        self.folder.write("host/cfg/capability_config.yaml", CAPABILITY.replace("gpus: 4", "gpus: many"))
        text = self.assertFails(self.list(), UNREADABLE, r"cfg/capability_config.yaml:5:\d+: max.gpus: ")
        self.assertNotIn("//", text.replace("://", ""))
        self.folder.write("host/cfg/capability_config.yaml", CAPABILITY)
        self.users(entry("m1") + "m2:\n  passwort: x\n")
        self.assertFails(self.list(), UNREADABLE, r"cfg/users_config.yaml:11:\d+: ")
        self.users(entry("m1"))
        self.folder.write("host/cfg/host_deploy.yaml", b"images: \xff\n")
        self.assertFails(self.list(), UNREADABLE, r"cfg/host_deploy.yaml:1:")

    def test_more_than_fits(self):
        self.folder.write("host/cfg/host_deploy.yaml", DEPLOY + "# " + "x" * (300 << 10) + "\n")
        self.assertFails(self.list(), UNREADABLE, "host_deploy.yaml: larger than this program reads")
        self.folder.write("host/cfg/host_deploy.yaml", DEPLOY)
        self.users("".join(entry("u%04d" % i, 0).replace("forward_port: 0", "forward_port: null") for i in range(4096)))
        self.assertEqual(self.listed(), [])
        self.users("".join("u%04d: {}\n" % i for i in range(4097)))
        self.assertFails(self.list(), UNREADABLE, r"users_config.yaml: more entries than this program holds \(4096 of a kind\)")

    def test_as_many_rows_as_fit(self):
        def many(count, first=0):
            return [row("u%05d" % (first + i), gpus="[]") for i in range(count)]

        self.write_rows(booking=many(16000), using=many(384, 16000))
        self.assertEqual(len(self.listed()), 16384)
        self.write_rows(booking=many(16000), using=many(385, 16000))
        self.assertFails(self.list(), UNREADABLE, "host/jobs: more than 16384 rows in booking.csv and using.csv; take some away by hand")
        result = self.book("1 1 0", "1-day", "1-day")
        self.assertEqual(result.code, 3)
        self.assertEqual(len(self.folder.read("host/jobs/booking.csv").splitlines()), 16001)

    def test_a_row_at_two_stages_counts_once(self):
        """As a reader without the lock may see it: while it is moved, or after a crash."""
        self.write_rows(booking=[row("m1"), row("m2", gpus="[1]")], using=[row("M1")])
        found = self.listed()
        self.assertEqual(len(found), 2)
        self.assertEqual(sorted(r.get("user_id", r.get("user")) for r in found), ["m1", "m2"])
        self.write_rows(using=[row("m1", "2030-01-08 10:00:00", "2030-01-08 11:00:00")])
        self.assertEqual(len(self.listed()), 3)  # another start: another row

    def test_rows_of_nobody_known(self):
        self.write_rows(booking=[row("somebody"), row("u" * 200, gpus="[1]"), row("Ünal", gpus="[2]")])
        self.assertEqual(len(self.listed()), 3)

    def test_broken_files_name_their_line(self):
        for text, line, why in ((HEADER + row() + '"open\n\n', 3, "a quote is never closed"), ("start,end\n", 1, "the header lacks a column"),
                                (HEADER + "x" * 9000 + "\n", 2, "the row is too long"), (HEADER[:-1] + ",more\n", 1, "the header has")):
            self.folder.write("host/jobs/using.csv", text)
            self.assertFails(self.list(), UNREADABLE, "host/jobs/using.csv line %d: %s" % (line, why), out=None)

    def test_several_bad_rows(self):
        self.write_rows(booking=[row(), "a\n", "b\n"], using=["c\n"])
        self.assertFails(self.list(), UNREADABLE, r"jobs/booking.csv line 3: start is no date and time [^\n]* \(and 2 more rows\); mend", out=None)


class Remarks(FolderCase):
    def warnings(self, result):
        return re.findall(r"(?m)^berth: \w+(?: \w+)?: warning: (.*)$", result.err.decode())

    def test_a_users_file_that_others_can_read(self):
        path = self.folder("host/cfg/users_config.yaml")
        for mode in (0o644, 0o640, 0o604, 0o660):
            os.chmod(path, mode)
            result = self.list()
            self.assertEqual(result.code, 0)
            self.assertEqual(self.warnings(result), ["%s: others may read the passwords in it; chmod 600 %s" % (path, path)])
            self.assertEqual(self.list("--quiet").err, b"")
        os.chmod(path, 0o600)
        self.assertEqual(self.list().err, b"")

    def test_gpus_that_are_not_there(self):
        self.write_rows(booking=[row(gpus="[0, 4, 7]")], using=[row("m2", gpus="[63]")])
        result = self.list()
        self.assertEqual(result.code, 0)
        self.assertEqual(len(self.warnings(result)), 1)
        self.assertRegex(self.warnings(result)[0], r"jobs/booking.csv line 2: GPUs \[4, 7\] are not this host's; so it is in 2 rows")

    def test_keys_that_nobody_knows(self):
        self.folder.write("host/cfg/host_deploy.yaml", DEPLOY + "colour: blue\n")
        result = self.list()
        self.assertEqual(result.code, 0)
        self.assertRegex("\n".join(self.warnings(result)), r"host_deploy.yaml:8:1: ")


class Time(FolderCase):
    """The start of a booking for `now` tells what time the program takes it to be."""

    def now(self, **env):
        peer_env = dict(env)
        result = self.run_berth(["schedule", "next", "--json", "--config", self.folder("host"), "--cpus", "1", "--memory", "1", "--gpus", "0",
                                 "--length", "1-hour"], env=peer_env)
        self.assertEqual(result.code, 0, result)
        return json.loads(result.out)["start"], result.err.decode()

    def test_zones(self):
        import datetime

        def due(offset_h):
            local = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=offset_h)
            return local.replace(tzinfo=None)

        for zone, offset in (("UTC", 0), ("XYZ-9", 9), ("<-03>3", -3)):
            start, said = self.now(TZ=zone)
            self.assertEqual(said, "")
            start = datetime.datetime.strptime(start, "%Y-%m-%d %H:%M:%S")
            self.assertLess(abs((start - due(offset)).total_seconds()), 3700, zone)
        start, said = self.now(TZ="Nowhere/Land")
        self.assertRegex(said, r"warning: .*Nowhere/Land.*; local time is taken to be UTC\n\Z")

    def test_now(self):
        for given in ("2030-01-07", "2030-01-07 07:10", "2030-01-07T07:10:59"):
            self.assertEqual(self.list(now=given).code, 0)
        for given in ("", "now", "07:10", "2030-02-30", "2030-01-07 07:10:60"):
            result = self.run_berth(["schedule", "list", "--config", self.folder("host"), "--now=" + given])
            self.assertFails(result, cli_case.USAGE, "--now")


if __name__ == "__main__":
    unittest.main()
