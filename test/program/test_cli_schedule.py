"""berth schedule: the vectors of the wire page, an independent reference, drawings, files that are wrong."""
import datetime
import json
import os
import random
import re
import unittest
import xml.dom.minidom

import cli_case
from cli_case import BAD_DATA, SPACE, USAGE, peer
from test_cli_terminal import Terminal, columns, plain

HEADER = "start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command\n"
NOW = "2030-01-07 07:10"
SEED = int(os.environ.get("BERTH_SEED") or random.randrange(1 << 32))
NANO = 1000000000

HOST = """volume_work_dir: /mnt/Users
volume_dataset_dir: /mnt/Dataset
volume_backup_dir: /mnt/Backup
users_config_yaml: cfg/users_config.yaml
capability_config_yaml: cfg/capability_config.yaml
images:
  - img:1
"""
CAPABILITY = """max:
  cpus: %(cpus)s
  ram: %(memory)d
  swap_size: 0
  gpus: %(gpus)d
  shm_rate: 1
  memory: ram + swap_size
  backup_space: 200
  work_space: 500
allow_userIDs: [%(nobody)s]
max_default_capability:
  cpus: max
  memory: max
  gpus: max
  backup_space: 50
  work_space: 200
max_custom_capability:
"""
USER = """%s:
  password: 'pass'
  forward_port: %d
  image: null
  extra_command: null
  volume_work_dir: /mnt/Users/%s
  volume_dataset_dir: /mnt/Dataset
  volume_backup_dir: /mnt/Backup/%s
"""


def moment(text):
    """"08:00", "01-21 08:30" or "now" of the vectors as a datetime."""
    if text == "now":
        return datetime.datetime(2030, 1, 7, 7)
    day, clock = text.split() if " " in text else ("01-07", text)
    return datetime.datetime.strptime("2030-%s %s" % (day, clock), "%Y-%m-%d %H:%M")


NOT_ALLOWED = b"berth: warning: --user is not in allow_userIDs, and cannot book\n"


class Case(cli_case.Case):
    def setUp(self):
        self.folder = self.enterContext(peer.Folder())
        self.host()

    def host(self, gpus=4, cpus="16", memory=64, users=(("m1", 10001),)):
        """A host's folder without bookings."""
        for name in ("cfg", "jobs"):
            os.makedirs(self.folder(name), exist_ok=True)
        self.write("cfg/host_deploy.yaml", HOST)
        self.write("cfg/capability_config.yaml", CAPABILITY.replace(" [%(nobody)s]", "") % {"cpus": cpus, "memory": memory, "gpus": gpus})
        self.write("cfg/users_config.yaml", "\n".join(USER % (u, p, u, u) for u, p in users) or "{}\n")
        os.chmod(self.folder("cfg/users_config.yaml"), 0o600)
        self.rows()

    def write(self, name, text):
        with open(self.folder(name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def rows(self, *rows):
        """Rows (stage, user, start, end, cpus, memory, gpus, port) into the files; stage b, u or d."""
        for stage, name in (("b", "booking"), ("u", "using"), ("d", "used")):
            lines = []
            for row_stage, user, start, end, cpus, memory, gpus, port in rows:
                if row_stage == stage:
                    held = str(list(gpus))
                    lines.append('%s,%s,%s,%s,%d,%s,%d,,secret-command\n' % (
                        start, end, user, cpus, memory, '"%s"' % held if "," in held else held, port))
            self.write("jobs/%s.csv" % name, HEADER + "".join(lines))

    def schedule(self, *words, now=NOW, **more):
        args = ["schedule"] + [str(w) for w in words] + ["--config", self.folder.path]
        return self.run_berth(args + (["--now", now] if now else []), **more)

    def ask(self, command, *words, **more):
        """(exit code, the JSON object that is printed)."""
        result = self.schedule(command, "--json", *words, **more)
        self.assertIn(result.err, (b"", NOT_ALLOWED), result)
        self.assertIn(result.code, (0, 1), result)
        self.assertEqual(len(result.lines), 1, result)
        return result.code, result.lines[0]

    def check(self, start, end, cpus, memory, gpus, *more):
        return self.ask("check", "--start", start, "--end", end, "--cpus", cpus, "--memory", memory, "--gpus", gpus, *more)


# Section 6 of the wire page: G, rows, request, verdict, GPUs with R = 0, with R = 672.
VECTORS = """
V01|4||08:00-12:00 4/16/1|OK|0|0
V02|4||08:00-12:00 4/16/4|OK|0,1,2,3|0,1,2,3
V03|4||08:00-12:00 4/16/0|OK||
V04|4||08:00-12:00 4/16/5|E_USERCAP
V05|4||08:00-12:00 17/16/1|E_USERCAP
V06|4|u a 06:00-08:00 8/32/0,1,2,3|08:00-09:00 16/64/4|OK|0,1,2,3|0,1,2,3
V07|4|b a 09:00-10:00 8/32/0,1,2,3|08:00-09:00 16/64/4|OK|0,1,2,3|0,1,2,3
V08|4|b a 08:00-10:00 2/8/0|08:00-09:00 2/8/1|OK|1|1
V09|2|b a 08:00-10:00 2/8/0;b b 10:00-12:00 2/8/1|08:00-12:00 2/8/1|E_GPUS
V10|2|b a 08:00-10:00 2/8/0;b b 10:00-12:00 2/8/1|08:00-10:00 2/8/1|OK|1|1
V11|3|b a 08:00-09:00 2/8/0;b b 08:00-08:30 2/8/1;b c 10:00-11:00 2/8/2|08:00-12:00 2/8/1|E_GPUS
V12|3|b a 08:00-09:00 2/8/0;b b 09:00-10:00 2/8/1|08:00-10:00 2/8/2|E_GPUS
V13|3|b a 08:00-09:00 2/8/0;b b 09:00-10:00 2/8/1|08:00-10:00 2/8/1|OK|2|2
V14|2|u a 08:00-12:00 2/8/0;b b 08:00-12:00 2/8/0|08:00-12:00 2/8/1|OK|1|1
V15|1|b a 10:10-10:50 2/8/0|10:30-11:00 2/8/1|E_GPUS
V16|1|b a 10:10-10:20 2/8/0|10:00-10:30 2/8/1|E_GPUS
V17|4|b a 08:00-12:00 14/8/0|08:00-09:00 4/8/1|E_CPUS
V18|4|b a 08:00-10:00 14/8/0;b b 10:00-12:00 14/8/1|09:00-11:00 2/8/1|OK|2|2
V19|4|b a 08:00-12:00 2/60/0|11:30-12:30 2/8/1|E_MEMORY
V20|4|b a 08:00-09:00 1/40/0;b b 09:00-10:00 1/40/1|08:00-10:00 1/24/1|OK|2|2
V21|4|b a 08:00-09:00 1.3/1/;b b 08:00-09:00 6.9/1/;b c 08:00-09:00 5.7/1/|08:00-09:00 2.1/1/0|OK||
V22|4|b m1 08:00-10:00 2/8/0|10:00-11:00 2/8/1|E_OVERLAP
V23|4|b m1 08:00-10:00 2/8/0|10:30-11:00 2/8/1|OK|0|1
V24|4|b a 08:00-12:00 2/8/0 10001|11:00-13:00 2/8/1|E_PORT
V25|4|b a 08:00-12:00 2/8/0 10001|12:00-13:00 2/8/1|OK|0|1
V26|4|b a 13:00-14:00 2/8/0|08:00-09:00 2/8/1|OK|0|1
V27|4|b a 13:00-14:00 2/8/0;b b 14:00-15:00 2/8/1|08:00-09:00 2/8/3|OK|0,1,2|0,2,3
V28|4|b a 01-21 08:30-01-21 09:30 2/8/0|08:00-09:00 2/8/1|OK|0|1
V29|4|b a 01-21 09:00-01-21 10:00 2/8/0|08:00-09:00 2/8/1|OK|0|0
V30|1|u a 05:00-07:00 2/8/0|now-08:00 2/8/1|E_GPUS
V31|1|u a 05:00-07:00 2/8/0|07:30-08:30 2/8/1|OK|0|0
V32|2|b a 08:00-12:00 2/8/5|08:00-12:00 2/8/2|OK|0,1|0,1
V33|4||01-21 07:00-01-21 08:00 1/1/1|OK|0|0
V34|4||01-21 07:30-01-21 08:00 1/1/1|E_WINDOW
V35|4||07:00-08:00 1/1/1|E_WINDOW
V36|4||08:00-01-21 08:00 1/1/1|OK|0|0
V37|4||08:00-01-21 08:30 1/1/1|E_WINDOW
"""
SPAN = r"((?:\d\d-\d\d )?\d\d:\d\d|now)-((?:\d\d-\d\d )?\d\d:\d\d)"


class Vectors(Case):
    def test_section_6(self):
        done = 0
        for line in VECTORS.strip().splitlines():
            name, gpus, rows, request, verdict, *ids = line.split("|")
            self.host(int(gpus))
            taken = []
            for row in filter(None, rows.split(";")):
                stage, user, start, end, cpus, memory, held, port = re.fullmatch(
                    r"([bu]) (\w+) %s ([\d.]+)/(\d+)/([\d,]*)(?: (\d+))?" % SPAN, row).groups()
                user = user if user == "m1" else user * 2
                taken.append((stage, user, moment(start), moment(end), cpus, int(memory),
                              [int(g) for g in held.split(",") if g], int(port or 10900)))
            self.rows(*taken)
            start, end, cpus, memory, count = re.fullmatch(r"%s ([\d.]+)/(\d+)/(\d+)" % SPAN, request).groups()
            start = "now" if start == "now" else str(moment(start))
            for index, neighbourhood in enumerate((0, None)):
                words = ["--user", "m1", "--port", "10001"] + ([] if neighbourhood is None else ["--neighbourhood", neighbourhood])
                result = self.schedule("check", "--json", "--start", start, "--end", moment(end), "--cpus", cpus,
                                       "--memory", memory, "--gpus", count, *words)
                told = result.lines[0]
                self.assertEqual((told["verdict"], result.code), (verdict, 0 if verdict == "OK" else 1), (name, result))
                if verdict == "OK":
                    want = [int(g) for g in ids[index].split(",") if g]
                    self.assertEqual(result.text, '{"verdict":"OK","gpus":[%s]}\n' % ",".join(map(str, want)), name)
                else:
                    self.assertRegex(told["at"], r"^2030-01-\d\d \d\d:\d\d:00$")
                if name != "V32":
                    self.assertIn(result.err, (b"", NOT_ALLOWED))
                done += 1
        self.assertEqual(done, 74)

    def test_what_is_said_of_a_refusal(self):
        self.rows(("b", "aa", "2030-01-07 09:00:00", "2030-01-07 12:00:00", "14", 60, [0, 1], 10777))
        for want, verdict, more in (((4, 1, 1), "E_CPUS", {"free_cpus": 2, "free_memory": 4}),
                                    ((1, 5, 1), "E_MEMORY", {"free_cpus": 2, "free_memory": 4}),
                                    ((1, 1, 3), "E_GPUS", {"free_gpus": [2, 3]})):
            code, told = self.check("2030-01-07 08:00", "2030-01-07 10:00", *want)
            at = "2030-01-07 08:00:00" if verdict == "E_GPUS" else "2030-01-07 09:00:00"
            self.assertEqual((code, told["verdict"], told["at"], told["next"]), (1, verdict, at, "2030-01-07 12:00:00"))
            self.assertEqual({k: told[k] for k in more}, more)
        code, told = self.check("2030-01-07 08:00", "2030-01-07 10:00", 1, 1, 1, "--port", 10777)
        self.assertEqual((code, told["verdict"], told["at"]), (1, "E_PORT", "2030-01-07 09:00:00"))
        self.assertEqual(told["row"], {"user_id": "aa", "start": "2030-01-07 09:00:00", "end": "2030-01-07 12:00:00", "gpus": [0, 1]})
        code, told = self.check("2030-01-07 08:00", "2030-01-07 10:00", 1, 1, 1, "--port", 10001)
        self.assertEqual((code, told["verdict"], told["next"]), (1, "E_PORT", None))  # m1's, for ever
        code, told = self.check("2030-01-07 08:00", "2030-01-07 09:00", 1, 1, 1, "--user", "AA")
        self.assertEqual((code, told["verdict"], told["next"]), (1, "E_OVERLAP", "2030-01-07 12:30:00"))

    def test_for_people(self):
        self.rows(("b", "aa", "2030-01-07 09:00:00", "2030-01-07 12:00:00", "14", 60, [0, 1], 10777))

        def said(gpus, *more):
            result = self.schedule("check", "--start", "2030-01-07 08:00", "--end", "2030-01-07 10:00", "--cpus", 1,
                                   "--memory", 1, "--gpus", gpus, *more)
            self.assertEqual(result.err, b"")
            return result.code, result.text

        self.assertEqual(said(1), (0, "OK  GPUs 2\n"))
        self.assertEqual(said(0), (0, "OK  GPUs none\n"))
        self.assertEqual(said(3), (1, "E_GPUS  too few GPUs are free for the whole time; free: 2,3\n"
                                      "earliest start that fits: 2030-01-07 12:00\n"))
        self.assertEqual(said(1, "--cpus", 3)[1].splitlines()[0], "E_CPUS  not enough CPUs at 2030-01-07 09:00; free then: 2.0")
        self.assertEqual(said(1, "--memory", 30)[1].splitlines()[0], "E_MEMORY  not enough memory at 2030-01-07 09:00; free then: 4 GB")
        self.assertEqual(said(1, "--port", "10777")[1].splitlines()[0],
                         "E_PORT  the port is another user's: 2030-01-07 09:00 to 2030-01-07 12:00 of aa")
        self.assertRegex(said(1, "--cpus", "17")[1], r"\AE_USERCAP  below 1 CPU or 1 GB, or above the user's limits: 16\.0 CPUs, \d+ GB, 4 GPUs\n\Z")
        answer = ["check", "--start", "12-day", "--end", "1-day", "--cpus", 1, "--memory", 1, "--gpus", 0, "--user"]
        self.assertEqual([self.schedule(*answer, user).err for user in ("stranger", "STRANGER")], [NOT_ALLOWED] * 2)
        self.assertEqual(self.schedule(*answer, "stranger", "-q").err, b"")


# ---- an independent reference of section 3.3 and 3.4, in half hours and whole numbers

def reference(rows, host, start, end, want, now, user, neighbourhood):
    """(verdict, ids): ROWS are (stage, user, start, end, cpus, memory, gpus); HOST and WANT (cpus, memory, gpus)."""
    def last(row):
        return now + 1 if row[0] == "u" and row[3] <= now else row[3]

    loading = [r for r in rows if r[2] < end and last(r) > start]
    if not now < start <= now + 672 or not start < end <= start + 672:
        return "E_WINDOW", None
    if want[0] < 1 or want[1] < 1 or any(w > h for w, h in zip(want, host)):
        return "E_USERCAP", None
    if any(r[1] == user and r[2] <= end and r[3] >= start for r in rows):
        return "E_OVERLAP", None
    for kind, verdict in ((0, "E_CPUS"), (1, "E_MEMORY")):
        for t in range(start, end):
            if want[kind] + sum(r[4 + kind] for r in loading if r[2] <= t < last(r)) > host[kind]:
                return verdict, None
    free = [g for g in range(host[2]) if not any(g in r[6] for r in loading)]
    if len(free) < want[2]:
        return "E_GPUS", None
    low, high = start - neighbourhood, end + neighbourhood
    usage = {g: sum(max(0, min(r[3], high) - max(r[2], low)) for r in rows if g in r[6]) for g in free}
    return "OK", sorted(sorted(free, key=lambda g: (usage[g], g))[:want[2]])


class Reference(Case):
    BASE = datetime.datetime(2030, 1, 7)

    def at(self, unit):
        return self.BASE + datetime.timedelta(minutes=30 * unit)

    def case(self, rng):
        gpus, now = rng.randint(0, 6), rng.randint(0, 6)
        rows = []
        for number in range(rng.randint(0, 10)):
            start, length = rng.randint(0, 20), rng.randint(1, 6)
            stage = "u" if start <= now and rng.random() < 0.8 else "b"
            rows.append((stage, rng.choice(["aa", "bb", "cc", "dd"]), start, start + length, rng.randint(0, 6), rng.randint(0, 6),
                         sorted(rng.sample(range(8), rng.randint(0, 2)))))
        return gpus, now, rows

    def test_check_and_next(self):
        rng = random.Random(SEED)
        seen = {}
        for number in range(25 if cli_case.SANITIZED else 60):
            gpus, now, rows = self.case(rng)
            host = (16, 16, gpus)
            self.host(gpus, "16", 16, users=())
            self.rows(*[(s, u, self.at(a), self.at(b), str(c), m, g, 10900) for s, u, a, b, c, m, g in rows])
            user, want = rng.choice(["aa", "zz"]), (rng.randint(1, 9), rng.randint(1, 9), rng.randint(0, min(3, gpus + 1)))
            start, length, near = rng.randint(0, 24), rng.randint(1, 8), rng.choice([0, 4, 672])
            label = "BERTH_SEED=%d, case %d" % (SEED, number)
            words = ["--cpus", want[0], "--memory", want[1], "--gpus", want[2], "--user", user, "--neighbourhood", near, "--json"]
            clock = str(self.at(now) + datetime.timedelta(minutes=rng.randint(0, 29)))
            result = self.schedule("check", "--start", self.at(start), "--end", self.at(start + length), *words, now=clock)
            verdict, ids = reference(rows, host, start, start + length, want, now, user, near)
            told = result.lines[0]
            self.assertEqual((told["verdict"], told.get("gpus")), (verdict, ids), label)
            seen[verdict] = seen.get(verdict, 0) + 1
            first = max(start, now + 1)
            result = self.schedule("next", "--start", self.at(first), "--length", "%d-minute" % (30 * length), *words, now=clock)
            answers = ((t,) + reference(rows, host, t, t + length, want, now, user, near) for t in range(first, now + 673))
            fits = next((a for a in answers if a[1] in ("OK", "E_USERCAP")), None)
            told = result.lines[0]
            if fits and fits[1] == "OK":
                self.assertEqual(told, {"verdict": "OK", "start": str(self.at(fits[0])), "end": str(self.at(fits[0] + length)),
                                        "gpus": fits[2]}, label)
            else:
                self.assertNotEqual(told["verdict"], "OK", label)
        self.assertGreaterEqual(len(seen), 4, seen)


class Words(Case):
    def test_times(self):
        for start, end, window in (("2030-01-07 08:00", "1-day", None), ("2030 01 07 08 00", "2030 1 8 8 0", None),
                                   ("2030-01-07T08:00", "2030-01-07 09:00:00", None), ("1-day", "1-week 2-day", None),
                                   ("now", "2030-01-07 07:30", None)):
            self.assertEqual(self.check(start, end, 1, 1, 1)[0], 0, (start, end))
        for start, end in (("2030-01-07 08:15", "1-day"), ("2030-01-07 07:00", "1-day"), ("2029-01-07 07:00", "1-day"),
                           ("2030-01-07 08:00", "2030-01-07 08:00"), ("2030-01-07 08:00", "2030-01-07 08:10")):
            code, told = self.check(start, end, 1, 1, 1)
            self.assertEqual((code, told["verdict"]), (1, "E_WINDOW"), (start, end))
        for start, end in (("2030-02-30 08:00", "1-day"), ("x", "1-day"), ("1day", "1-day"), ("2030-01-07 08:00", "now"),
                           ("", "1-day"), ("2030-01-07 08:00", "0-day"), ("2030-01-07 25:00", "1-day"), ("-1-day", "1-day")):
            words = ["--start=" + start, "--end=" + end, "--cpus", 1, "--memory", 1, "--gpus", 1]
            self.assertFails(self.schedule("check", *words), USAGE, "--(start|end)")

    def test_lengths(self):
        for length, end in (("1-day", "2030-01-08 08:00:00"), ("01:30", "2030-01-07 09:30:00"), ("36:00", "2030-01-08 20:00:00"),
                            ("1-day 12-hour", "2030-01-08 20:00:00"), ("2h", "2030-01-07 10:00:00"), ("90m", "2030-01-07 09:30:00"),
                            ("1-week", "2030-01-14 08:00:00")):
            told = self.ask("next", "--start", "2030-01-07 08:00", "--length", length, "--cpus", 1, "--memory", 1, "--gpus", 1)[1]
            self.assertEqual((told["start"], told["end"]), ("2030-01-07 08:00:00", end))
            code, _ = self.ask("check", "--start", "2030-01-07 08:00", "--length", length, "--cpus", 1, "--memory", 1, "--gpus", 1)
            self.assertEqual(code, 0)
        for length in ("", "0-day", "20m", "1", "-1-day", "1:5", "01:60", "x-day", "99999-week", "day", "1-day,1-day"):
            result = self.schedule("next", "--length=" + length, "--cpus", 1, "--memory", 1, "--gpus", 1)
            self.assertFails(result, USAGE, "--length: ")
        code, told = self.ask("next", "--length", "15-day", "--cpus", 1, "--memory", 1, "--gpus", 1)
        self.assertEqual((code, told["verdict"]), (1, "E_WINDOW"))

    def test_next_defaults_to_now(self):
        told = self.ask("next", "--length", "1-day", "--cpus", 1, "--memory", 1, "--gpus", 1)[1]
        self.assertEqual(told["start"], "2030-01-07 07:00:00")
        self.rows(("b", "aa", "2030-01-07 07:00:00", "2030-01-21 07:30:00", "1", 1, [0, 1, 2, 3], 10900))
        code, told = self.ask("next", "--length", "1-day", "--cpus", 1, "--memory", 1, "--gpus", 1)
        self.assertEqual((code, told["verdict"], told["at"]), (1, "E_GPUS", "2030-01-07 07:00:00"))
        result = self.schedule("next", "--length", "1-day", "--cpus", 1, "--memory", 1, "--gpus", 1)
        self.assertEqual(result.code, 1)

    def test_wrong_words(self):
        good = {"--start": "1-day", "--end": "1-day", "--cpus": "1", "--memory": "1", "--gpus": "1"}
        for option, text in (("--cpus", "x"), ("--cpus", "-1"), ("--cpus", "1e3"), ("--cpus", "nan"), ("--cpus", "1.0000000001"),
                             ("--memory", "1.5"), ("--memory", ""), ("--gpus", "-1"), ("--gpus", "1.0"), ("--port", "10000"),
                             ("--port", "11001"), ("--port", "x"), ("--neighbourhood", "-1"), ("--neighbourhood", "4294967296"),
                             ("--user", "a b"), ("--user", "now"), ("--user", "booking"), ("--user", "\u00e4\u00f6")):
            result = self.schedule("check", *["%s=%s" % w for w in {**good, option: text}.items()])
            self.assertFails(result, USAGE, option)
        for option in good:
            words = {k: v for k, v in good.items() if k != option}
            self.assertFails(self.schedule("check", *["%s=%s" % w for w in words.items()]), USAGE, "%s is needed" % option)
        result = self.schedule("check", "--length", "1-day", *["%s=%s" % w for w in good.items()])
        self.assertFails(result, USAGE, "--end is needed, or --length")
        self.assertFails(self.schedule("next", "--cpus", 1), USAGE, "--length is needed")
        for command in ("show", "list", "stats"):
            self.assertFails(self.schedule(command, "--from", "2-day", "--to", "2030-01-08 00:00"), USAGE, "span is empty")
            self.assertFails(self.schedule(command, "--from", "x"), USAGE, "--from: ")
        self.assertFails(self.schedule("show", "--width", "19"), USAGE, "--width is 20 to 1000")

    def test_user_limits(self):
        self.write("cfg/capability_config.yaml", (CAPABILITY.replace(" [%(nobody)s]", "") % {"cpus": "16", "memory": 64, "gpus": 4}).replace(
            "max_custom_capability:", "max_custom_capability:\n  m1:\n    gpus: 1"))
        self.assertEqual(self.check("1-day", "1-day", 1, 1, 2, "--user", "m1")[1]["verdict"], "E_USERCAP")
        self.assertEqual(self.check("1-day", "1-day", 1, 1, 2, "--user", "M1")[1]["verdict"], "E_USERCAP")
        self.assertEqual(self.check("1-day", "1-day", 1, 1, 1, "--user", "m1")[1]["verdict"], "OK")
        self.assertEqual(self.check("1-day", "1-day", 1, 1, 2, "--user", "m2")[1]["verdict"], "OK")


class Choice(Case):
    """The best-connected set that is free for the whole window, and other wishes."""

    def setUp(self):
        super().setUp()
        self.host(6)
        self.rows(("b", "aa", "2030-01-08 09:00:00", "2030-01-08 10:00:00", "1", 1, [1], 10900))
        links = [{"a": 0, "b": 1, "nvlink": 4}, {"a": 1, "b": 5, "nvlink": 3}, {"a": 2, "b": 4, "nvlink": 2}, {"a": 3, "b": 5, "pcie": "PIX"}]
        self.links = self.folder.write("links.json", json.dumps({"gpus": 6, "links": links}))

    def gpus(self, start, gpus, *more):
        code, told = self.check(start, "2030-01-08 12:00", 1, 1, gpus, *more)
        return told["gpus"] if code == 0 else told["verdict"]

    def test_topology(self):
        before, after = "2030-01-08 08:00", "2030-01-08 10:00"
        self.assertEqual(self.gpus(after, 2, "--links", self.links), [0, 1])
        self.assertEqual(self.gpus(before, 2, "--links", self.links), [2, 4])  # 1 is held for an hour of it
        self.assertEqual(self.gpus(before, 2, "--links", self.links, "--sick", "2"), [3, 5])
        self.assertEqual(self.gpus(before, 2, "--links", self.links, "--policy", "fewest", "--neighbourhood", 0), [0, 2])
        self.assertEqual(self.gpus(after, 2, "--links", self.links, "--require", "5"), [1, 5])
        self.assertEqual(self.gpus(before, 1, "--require", "1"), "E_GPUS")
        self.assertEqual(self.gpus(before, 5, "--sick", "0"), "E_GPUS")
        told = self.ask("next", "--length", "04:00", "--start", before, "--cpus", 1, "--memory", 1, "--gpus", 2, "--require", "1",
                        "--links", self.links)[1]
        self.assertEqual((told["start"], told["gpus"]), ("2030-01-08 10:00:00", [0, 1]))

    def test_sick_ones_are_told(self):
        told = self.check("2030-01-08 08:00", "2030-01-08 12:00", 1, 1, 1, "--sick", "0,1,9")[1]
        self.assertEqual(told, {"verdict": "OK", "gpus": [2], "skipped": [0]})
        result = self.schedule("check", "--start", "2030-01-08 08:00", "--end", "1-day", "--cpus", 1, "--memory", 1, "--gpus", 1, "--sick", "0")
        self.assertDone(result, "OK  GPUs 2; free but sick: 0\n")

    def test_wrong_wishes(self):
        words = ["--start", "1-day", "--end", "1-day", "--cpus", 1, "--memory", 1, "--gpus", 1]
        for more, code, reason in ((["--sick", "x"], USAGE, "--sick is a list"), (["--policy", "x"], USAGE, "--policy is"),
                                   (["--links", self.folder("none")], BAD_DATA, "no such file"),
                                   (["--links", self.folder("jobs/used.csv")], BAD_DATA, "used.csv:1:1: ")):
            self.assertFails(self.schedule("check", *words, *more), code, reason)
        self.host(7)
        self.assertFails(self.schedule("check", *words, "--links", self.links), USAGE, "says nothing of these GPUs: 6")


class Listing(Case):
    ROWS = (("b", "bb", "2030-01-08 08:00:00", "2030-01-09 08:00:00", "2.5", 8, [1, 2], 10901),
            ("b", "aa", "2030-01-08 08:00:00", "2030-01-08 10:00:00", "1", 4, [], 10902),
            ("u", "m1", "2030-01-07 06:00:00", "2030-01-07 12:00:00", "8", 32, [0], 10001),
            ("d", "aa", "2030-01-01 00:00:00", "2030-01-02 00:00:00", "1", 4, [3], 10902))

    def test_list(self):
        self.rows(*self.ROWS)
        rows = self.assertDone(self.schedule("list", "--json")).lines
        self.assertEqual([(r["start"], r["user_id"]) for r in rows],
                         [("2030-01-07 06:00:00", "m1"), ("2030-01-08 08:00:00", "aa"), ("2030-01-08 08:00:00", "bb")])
        self.assertEqual(rows[2], {"start": "2030-01-08 08:00:00", "end": "2030-01-09 08:00:00", "user_id": "bb", "cpus": 2.5, "memory": 8,
                                   "gpus": [1, 2], "forward_port": 10901, "image": None, "stage": "booking"})
        self.assertEqual(rows[0]["stage"], "using")
        text = self.assertDone(self.schedule("list")).text
        self.assertRegex(text, r"(?m)^2030-01-08 08:00  2030-01-09 08:00  bb +2\.5 +8  1,2 +10901  booking  -$")
        self.assertNotIn("secret", text)
        self.assertEqual(len(self.schedule("list", "--json", "--user", "aa").lines), 1)
        self.assertEqual(len(self.schedule("list", "--json", "--from", "2030-01-08 10:00").lines), 1)
        self.assertEqual(len(self.schedule("list", "--json", "--to", "2030-01-08 08:00").lines), 1)
        self.rows()
        self.assertDone(self.schedule("list"), "")

    def test_a_line_for_each_row(self):
        """On the usual terminal, whoever books."""
        self.rows(*self.ROWS)
        code, shown = Terminal(["schedule", "list", "--config", self.folder.path, "--now", NOW], env={"NO_COLOR": "1"}).end()
        self.assertEqual((code, [line.split()[-1:] for line in shown.splitlines()]), (0, [["IMAGE"]] + [["-"]] * 3), shown)

    def test_stats(self):
        self.rows(*self.ROWS)
        told = self.assertDone(self.schedule("stats", "--json", "--from", "2030-01-01 12:00", "--to", "2030-01-09 00:00")).lines[0]
        self.assertEqual(told["span_s"], 7.5 * 86400)
        self.assertEqual([g["booked_s"] for g in told["gpus"]], [6 * 3600, 16 * 3600, 16 * 3600, 12 * 3600])
        self.assertEqual(told["gpus"][3]["share"], 0.067)
        users = {u["user_id"]: u for u in told["users"]}
        self.assertEqual(users["aa"], {"user_id": "aa", "rows": 2, "held_s": 14 * 3600, "gpu_s": 12 * 3600, "share": 0.24})
        self.assertEqual(users["bb"]["gpu_s"], 32 * 3600)
        told = self.schedule("stats", "--json", "--user", "bb").lines[0]
        self.assertEqual([u["user_id"] for u in told["users"]], ["bb"])
        self.assertEqual((told["from"], told["to"]), ("2029-12-24 07:00:00", "2030-01-21 07:00:00"))
        text = self.assertDone(self.schedule("stats")).text
        self.assertRegex(text, r"(?m)^ +1 +24\.0 h +48\.0 h +\d+\.\d %  bb$")

    def test_rows_that_cannot_be_read(self):
        self.rows(*self.ROWS)
        good = self.schedule("list", "--json").out
        with open(self.folder("jobs/booking.csv"), "a") as f:
            f.write("never,2030-01-09 08:00:00,cc,1.0,1,[0],10903,,\n2030-01-08,2030-01-09,dd,1,1,[0\n")
        where = "booking.csv.*4"
        for command in ("check", "next"):
            words = ["--start", "1-day", "--cpus", 1, "--memory", 1, "--gpus", 1] + (["--end"] if command == "check" else ["--length"])
            self.assertFails(self.schedule(command, *words, "1-day"), BAD_DATA, where)
        for command in ("list", "show", "stats"):
            self.assertFails(self.schedule(command, "--json"), BAD_DATA, where, out=None)
        self.assertFails(self.schedule("list", "--json"), BAD_DATA, where, out=good)
        self.assertFails(self.schedule("show", "--svg", self.folder("a.svg")), BAD_DATA, where)
        self.assertTrue(os.path.exists(self.folder("a.svg")))
        self.rows(*self.ROWS)
        with open(self.folder("jobs/used.csv"), "a") as f:
            f.write("x\n")
        self.assertDone(self.schedule("list"))
        self.assertFails(self.schedule("stats"), BAD_DATA, "left out: .*used.csv", out=None)

    def test_files_that_cannot_be_read(self):
        words = ["check", "--start", "1-day", "--end", "1-day", "--cpus", 1, "--memory", 1, "--gpus", 1]
        for name, text in (("jobs/booking.csv", b"start,end\n"), ("jobs/using.csv", HEADER.encode() + b'"'),
                           ("cfg/capability_config.yaml", b"max: [1"), ("cfg/users_config.yaml", b"m1:\n  nonsense: 1\n"), ("cfg/host_deploy.yaml", b"- 1\n")):
            with open(self.folder(name), "rb") as f:
                before = f.read()
            self.write(name, text)
            for args in (words, ["list"], ["show"], ["stats"]):
                self.assertEqual(self.schedule(*args).code, BAD_DATA, (name, args))
            self.write(name, before)
        os.remove(self.folder("cfg/host_deploy.yaml"))
        self.assertEqual(self.schedule(*words).code, BAD_DATA)


class Drawing(Case):
    def seed(self, gpus=4):
        rng = random.Random(7)
        self.host(gpus, "64", 256)
        rows, until = [], [0] * gpus
        for number in range(60):
            lane = rng.randrange(gpus)
            start = until[lane] + rng.randint(0, 10)
            until[lane] = start + rng.choice([1, 2, 4, 16, 48])
            begin = datetime.datetime(2030, 1, 7) + datetime.timedelta(minutes=30 * start)
            rows.append(("u" if start <= 14 < until[lane] else "b", rng.choice(["aa", "bob", "carol.m", "d" * 40, "m1"]), begin,
                         begin + datetime.timedelta(minutes=30 * (until[lane] - start)), "1", 1, [lane], 10900))
        self.rows(*rows)

    def test_plain_exact(self):
        self.host(2)
        self.rows(("u", "m1", "2030-01-07 06:00:00", "2030-01-07 12:00:00", "8", 32, [0], 10001),
                  ("b", "alice", "2030-01-07 12:00:00", "2030-01-07 21:00:00", "1", 4, [0, 1], 10901),
                  ("b", "bb", "2030-01-07 20:00:00", "2030-01-07 22:00:00", "1", 4, [1], 10902),
                  ("b", "cc", "2030-01-07 09:00:00", "2030-01-07 09:30:00", "1", 4, [1], 10903),
                  ("b", "dd", "2030-01-07 09:00:00", "2030-01-07 10:00:00", "1", 4, [], 10903))
        result = self.schedule("show", "--width", 30, env={"LC_ALL": "C"})
        self.assertDone(result, "  Mon 01-07\n"
                                "  00 03 06 09 12 15 18 21\n"
                        "         v\n"
                        "0 :.....[m1==][alice--]...\n"
                        "1 :........|..[alice-]!|..\n"
                        "- booked   = running\n. free   ! held twice\n"
                        "without GPUs: 1\n"
                        "free now:\n  1 GPUs\n  8.0 CPUs\n  32 GB\n")

    def test_every_width(self):
        for gpus in (1, 4, 12):
            self.seed(gpus)
            for width in list(range(20, 60, 3)) + [79, 80, 81, 120, 199, 200, 1000]:
                for locale in ("C", "C.UTF-8"):
                    if locale == "C" and width % 2 or cli_case.SANITIZED and width % 5:
                        continue
                    text = self.assertDone(self.schedule("show", "--width", width, env={"LC_ALL": locale})).text
                    lines = text.splitlines()
                    self.assertLessEqual(max(columns(line) for line in lines), width, text)
                    lanes = [line for line in lines if re.match(r"(GPU)? *\d+ [^-]", line) and len(line) > 12]
                    self.assertGreaterEqual(len(lanes), gpus)
                    self.assertEqual(text.isascii(), locale == "C")

    def test_spans(self):
        self.seed()
        for words in (["--from", "2030-01-07 08:15", "--to", "2030-01-07 08:45"], ["--from", "0001-01-01", "--to", "9999-12-31"],
                      ["--from", "2031-01-01"], ["--to", "1-day"], ["--from", "2030-01-10 03:00"], ["--to", "2-week"]):
            for width in (20, 80):
                text = self.assertDone(self.schedule("show", "--width", width, *words)).text
                self.assertLessEqual(max(columns(line) for line in text.splitlines()), width)
            self.svg(*words)

    def test_terminal(self):
        self.seed()
        args = ["schedule", "show", "--config", self.folder.path, "--now", NOW]
        for width in (20, 40, 80, 200):
            code, shown = Terminal(args, width=width, env={"LC_ALL": "C.UTF-8"}).end()
            self.assertEqual(code, 0)
            self.assertIn("\x1b[36m", shown)
            self.assertLessEqual(max(columns(line) for line in plain(shown).splitlines()), width)
        code, shown = Terminal(args, env={"NO_COLOR": "1"}).end()
        self.assertNotIn("\x1b", shown)
        self.assertNotIn(b"\x1b", self.schedule("show").out)

    def test_json(self):
        self.rows(*Listing.ROWS)
        lanes = self.assertDone(self.schedule("show", "--json")).lines
        self.assertEqual([lane["gpu"] for lane in lanes], [0, 1, 2, 3])
        self.assertEqual(lanes[2]["bookings"], [{"user_id": "bb", "start": "2030-01-08 08:00:00", "end": "2030-01-09 08:00:00",
                                                 "stage": "booking"}])

    def test_no_gpus(self):
        self.host(0)
        self.rows(("b", "aa", "2030-01-07 12:00:00", "2030-01-07 21:00:00", "1", 4, [], 10901))
        self.assertIn("without GPUs: 1", self.assertDone(self.schedule("show")).text)
        self.svg()

    def svg(self, *words):
        """The picture, parsed; nothing stands outside the page."""
        result = self.assertDone(self.schedule("show", "--svg", "-", *words))
        page = xml.dom.minidom.parseString(result.out)
        width, height = (float(page.documentElement.getAttribute(a)) for a in ("width", "height"))
        for element in page.getElementsByTagName("rect") + page.getElementsByTagName("svg")[1:]:
            if element.getAttribute("x"):
                x, y, w, h = (float(element.getAttribute(a)) for a in ("x", "y", "width", "height"))
                self.assertTrue(0 <= x and x + w <= width and 0 <= y and y + h <= height and w > 0 and h > 0, element.toxml())
        return page

    def test_svg(self):
        self.rows(*Listing.ROWS)
        page = self.svg()
        texts = ["".join(c.data for c in t.childNodes if c.nodeType == c.TEXT_NODE) for t in page.getElementsByTagName("text")]
        for text in ("GPU schedule", "GPU 0", "GPU 3", "Mon 7 Jan", "Tue 8 Jan", "now 07:10", "m1", "bb"):
            self.assertIn(text, texts)
        tips = [t.firstChild.data for t in page.getElementsByTagName("title")]
        self.assertIn("bb: 2030-01-08 08:00 to 2030-01-09 08:00, GPUs 1,2, 2.5 CPUs, 8 GB", tips)
        self.assertEqual(len([t for t in tips if t.startswith("bb")]), 1)  # one box for GPUs side by side
        page = self.svg("--title", "<Lab & \"Co\">")
        self.assertIn("<Lab & \"Co\">", [t.firstChild.data for t in page.getElementsByTagName("text") if t.firstChild])

    def test_svg_of_a_double_booking(self):
        self.rows(("u", "aa", "2030-01-07 06:00:00", "2030-01-07 12:00:00", "1", 1, [0], 10001),
                  ("b", "bb", "2030-01-07 10:00:00", "2030-01-07 14:00:00", "1", 1, [0], 10901))
        page = self.svg()
        self.assertEqual([r.getAttribute("class") for r in page.getElementsByTagName("rect")].count("twice"), 1)

    def test_hostile_ids(self):
        names = ["<script>alert(1)</script>", "a&b", "\"'>", "x" * 4000, "\u202eevil", "\u4e2d\u6587\u5b57\u7b26", "esc\\x1b", "--", "]]>"]
        lines = []
        for number, name in enumerate(names):
            cell = '"%s"' % name.replace('"', '""')
            lines.append("2030-01-%02d 08:00:00,2030-01-%02d 20:00:00,%s,1.0,1,[%d],10900,,\n" % (8 + number % 5, 8 + number % 5, cell, number // 5))
        self.write("jobs/booking.csv", HEADER + "".join(lines))
        raw = self.schedule("show", "--svg", "-").out.decode()
        self.assertNotIn("<script", raw)
        self.svg()
        for width in (20, 80, 200):
            text = self.assertDone(self.schedule("show", "--width", width, env={"LC_ALL": "C.UTF-8"})).text
            self.assertLessEqual(max(columns(line) for line in text.splitlines()), width)
        listed = self.assertDone(self.schedule("list", "--json")).lines
        self.assertEqual(sorted(r["user_id"] for r in listed), sorted(n.lower() for n in names))
        self.assertEqual(len(self.assertDone(self.schedule("stats", "--json")).lines[0]["users"]), len(names))

    def test_svg_files(self):
        self.seed()
        self.assertDone(self.schedule("show", "--svg", self.folder("wall.svg")), "")
        with open(self.folder("wall.svg"), "rb") as f:
            self.assertEqual(f.read(), self.schedule("show", "--svg", "-").out)
        self.assertFails(self.schedule("show", "--svg", self.folder("no/such.svg")), BAD_DATA, "no such file")
        if os.path.exists("/dev/full"):
            self.assertFails(self.schedule("show", "--svg", "/dev/full"), SPACE, "no space")

    def test_many_rows_and_users(self):
        self.host(64, "9999", 99999)
        base = datetime.datetime(2030, 1, 7, 8)
        self.rows(*[("b", "user%d" % (n % 700), base + datetime.timedelta(minutes=30 * (n // 64)),
                     base + datetime.timedelta(minutes=30 * (n // 64 + 1)), "1", 1, [n % 64], 10900) for n in range(64 * 40)])
        page = self.svg()
        self.assertGreater(len(page.getElementsByTagName("svg")), 2000)
        self.assertEqual(len(self.assertDone(self.schedule("show", "--json")).lines), 64)


if __name__ == "__main__":
    unittest.main()
