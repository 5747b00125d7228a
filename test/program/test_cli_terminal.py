"""berth on a terminal: widths, colours, progress, Ctrl-C; and its outputs closed, full or broken."""
import copy
import ctypes
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata
import unittest

import cli_case
from cli_case import FRAGMENT, JOB, NOBODY, PROJECT, RUNNING, SPACE, peer

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def plain(text):
    return COLOUR.sub("", text).replace("\r\n", "\n")


def columns(line):
    """How wide a terminal shows it."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Terminal:
    """A pseudo terminal with berth on it; stdout or stderr may be elsewhere."""

    def __init__(self, args, width=80, env=None, **streams):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))

        def become_foreground():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

        streams = dict({"stdin": slave, "stdout": slave, "stderr": slave}, **streams)
        self.process = subprocess.Popen([peer.program()] + [str(a) for a in args], start_new_session=True, preexec_fn=become_foreground,
                                        env=peer.clean_environment(dict({"TERM": "xterm"}, **(env or {}))), **streams)
        os.close(slave)
        self.master, self.seen = master, b""

    def read(self, until=None, timeout=20):
        """Reads until UNTIL (a bytes pattern) was shown, or to the end."""
        end = time.monotonic() + timeout
        while until is None or not re.search(until, self.seen):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                self.process.kill()
                raise AssertionError("waited too long; seen: %r" % self.seen)
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            if not data:
                break
            self.seen += data
        return self.seen.decode("utf-8", "replace")

    def type(self, keys):
        os.write(self.master, keys)

    def end(self):
        """(exit code, everything shown)."""
        text = self.read()
        if self.process.stdout:
            self.process.stdout.close()
        os.close(self.master)
        return self.process.wait(20), text


class TerminalCase(cli_case.ServerCase):
    def words(self, *words):
        return ["mlcycle", "--cacert", self.certs.ca, "--host", self.server.host] + list(words)

    def show(self, *words, width=80, env=None):
        code, text = Terminal(self.words(*words), width, env).end()
        self.assertEqual(code, 0, text)
        return text


class Tables(TerminalCase):
    def setUp(self):
        super().setUp()
        job = copy.deepcopy(RUNNING)
        job["project"]["name"] = "forecast of the weather in the far north"
        job["steps"][1]["name"] = "Gr\u00f6\u00dfe lernen \u4e2d\u6587\u5b57"
        job["steps"][1]["docker"]["command"] = "python fit.py --learning-rate 1e-3 --epochs 12 --batch-size 256 --output /app/model.h5"
        job["steps"][1]["metrics"] = {"m%d" % i: i / 2 for i in range(30)}
        self.server.seed(jobs=[job, dict(copy.deepcopy(job), id=NOBODY, state=31, steps=[{"name": "b", "state": 31}])],
                         workers=[{"name": "a rather long name of a worker, \u4e2d\u6587 and more of it"}])

    LISTS = (["projects", "list"], ["workers", "list"], ["jobs", "list"], ["jobs", "get", JOB], ["fragments", "list", JOB])

    def test_nothing_is_wider_than_the_terminal(self):
        for width in (200, 80, 40, 20):
            for words in self.LISTS:
                for line in plain(self.show(*words, width=width)).split("\n"):
                    # ids and other single words are not broken in a table's row
                    if len(line.split()) > 1 and not re.fullmatch(r".*[0-9a-f-]{36}.*| {13}\(.*\)|    file .*", line):
                        self.assertLessEqual(columns(line), width, (width, words, line))
                    self.assertEqual(line.rstrip(" "), line)

    def test_the_same_words_at_every_width(self):
        for words in self.LISTS[:3]:
            wide = re.sub(r"\s", "", plain(self.show(*words, width=500)).split("\n", 1)[1])
            for width in (80, 60, 20):
                text = plain(self.show(*words, width=width))
                narrow = re.sub(r"\s", "", text.split("\n", 1)[1] if width == 80 and words[0] == "workers" else text)
                for word in re.findall(r"[0-9a-f-]{36}|forecast|https", wide):
                    self.assertIn(word, narrow)

    def test_aligned(self):
        lines = plain(self.show("jobs", "list", width=200)).split("\n")
        for title in ("STATE", "CREATED", "PROJECT"):
            at = lines[0].index(title)
            for line in lines[1:3]:
                self.assertEqual(line[at - 2:at], "  ")
                self.assertNotEqual(line[at], " ")

    def test_colours(self):
        self.assertRegex(self.show("jobs", "list"), r"\x1b\[33mInProgress\x1b\[0m(.|\n)*\x1b\[31mError\x1b\[0m")
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}):
            self.assertNotIn("\x1b", self.show("jobs", "list", env=env))
        self.assertRegex(self.show("jobs", "list", env={"NO_COLOR": ""}), r"\x1b\[33m")
        self.assertNotIn(b"\x1b", self.mlcycle("jobs", "list", env={"TERM": "xterm"}).out)
        self.assertNotIn("\x1b", self.show("jobs", "list", "--json"))

    def test_colour_is_always_switched_off_again(self):
        for words in self.LISTS:
            on = False
            for code in re.findall(r"\x1b\[([0-9]+)m", self.show(*words)):
                on = code != "0"
            self.assertFalse(on)

    def test_help_follows_the_width(self):
        for width in (40, 80):
            code, text = Terminal(["help", "worker"], width).end()
            self.assertEqual(code, 0)
            self.assertTrue(all(len(line) <= width for line in plain(text).split("\n")))

    def test_nothing_in_a_pipe_is_wrapped(self):
        self.assertEqual(len(self.mlcycle("projects", "list", env={"COLUMNS": "20"}).text.splitlines()), 2)


class Quiet(TerminalCase):
    def test_an_empty_list_says_so_to_people_alone(self):
        self.assertEqual(self.show("workers", "list").strip(), "(none)")
        for more in ("--json", "--quiet"):
            self.assertEqual(self.show("workers", "list", more), "")
        self.assertDone(self.mlcycle("workers", "list"), "")

    def test_a_folded_command_ends_without_a_mark(self):
        job = copy.deepcopy(RUNNING)
        job["steps"][1]["docker"]["command"] = "python fit.py --lr 1e-3\n"
        self.server.seed(jobs=[job])
        self.assertRegex(self.mlcycle("jobs", "get", JOB).text, r"python fit[.]py --lr 1e-3\n")


class Hostile(TerminalCase):
    def test_escape_sequences_in_names(self):
        evil = "evil\x1b]0;title\x07\x1b[31mred\u009b1m\u202eright\u2066iso\x00\x08\x7f\u0085end\r\n\tx"
        job = copy.deepcopy(RUNNING)
        job["project"].update(name=evil, gitRepository=evil)
        job["steps"][1].update(name=evil, docker={"image": evil, "command": evil}, metrics={"m" + evil.replace("\x00", ""): evil})
        job["steps"][0]["fragments"][0].update(name=evil, filename="f" + evil)
        self.server.seed(jobs=[job], workers=[{"name": evil}])
        for words in (["projects", "list"], ["workers", "list"], ["jobs", "list"], ["jobs", "get", JOB], ["fragments", "list", JOB]):
            for text in (plain(self.show(*words, width=300)), self.mlcycle(*words).text):
                self.assertIn("evil?]0;title", text, words)
                self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", words)
            lines = self.assertDone(self.mlcycle(*words, "--json")).text
            self.assertNotRegex(lines, "[\x00-\x09\x0b-\x1f]", words)

    def test_the_servers_error_words(self):
        self.server.fault(status=404, headers=[["Content-Type", "text/plain"]], body="\x1b[2Jgone\x07")
        code, text = Terminal(self.words("jobs", "get", JOB)).end()
        self.assertEqual(code, 4)
        self.assertNotIn("\x1b", text)
        self.assertEqual(text.count("\n"), 1)


class Progress(TerminalCase):
    def setUp(self):
        super().setUp()
        self.seed_running()

    def test_upload(self):
        with open(self.folder("big"), "wb") as f:
            f.truncate(30000000)
        self.server.fault(method="POST", read_bytes_per_s=12000000)
        code, text = Terminal(self.words("fragments", "upload", JOB, "1", self.folder("big"), "--name", "n")).end()
        self.assertEqual(code, 0, text)
        self.assertRegex(text, r"\rupload [0-9.]+ MiB of 28\.6 MiB, [0-9]+%, [0-9.]+ [KM]iB/s, [0-9]+ s left\x1b\[K")
        last = text[text.rindex("\r\x1b[K"):]
        self.assertNotIn("MiB", last)
        self.assertTrue(all(len(line) < 80 for line in re.split(r"\r|\n", text)))

    def slow(self):
        self.server.seed(fragments=[{"jobId": JOB, "stepNumber": 1, "filename": "big", "size": 3000000}])
        self.server.fault(path="/name/big", bytes_per_s=4000000)
        return self.words("fragments", "latest", "big", "--job", JOB, "-o", self.folder("got"))

    def test_download(self):
        code, text = Terminal(self.slow()).end()
        self.assertEqual(code, 0, text)
        self.assertRegex(text, r"\rdownload [0-9.]+ ([KM]i)?B, [0-9.]+ ([KM]i)?B/s\x1b\[K")
        self.assertTrue(text.endswith("\r\x1b[K"), text[-60:])
        self.assertEqual(os.path.getsize(self.folder("got")), 3000000)

    def test_a_narrow_terminal_keeps_it_on_one_line(self):
        code, text = Terminal(self.slow(), 20).end()
        self.assertEqual(code, 0)
        for piece in text.split("\r"):
            self.assertLess(len(piece.replace("\x1b[K", "")), 20)

    def test_quiet_or_no_terminal(self):
        self.assertEqual(Terminal(self.slow() + ["--quiet"]).end(), (0, ""))
        self.assertDone(self.mlcycle(*self.slow()[5:]), "")

    def test_ctrl_c(self):
        self.folder.write("got", "old")
        words = self.slow()
        self.server.no_faults()
        self.server.fault(path="/name/big", bytes_per_s=300000)
        terminal = Terminal(words)
        terminal.read(rb"download")
        terminal.type(b"\x03")
        code, text = terminal.end()
        self.assertEqual(code, 130)
        self.assertEqual((os.listdir(self.folder.path), self.folder.read("got")), (["got"], b"old"))
        self.assertNotIn("berth:", text)
        self.assertIn("\r\x1b[K", text[text.rindex("iB/s"):])

    def test_ctrl_c_while_waiting(self):
        self.server.config(hold_ms=60000)
        try:
            terminal = Terminal(self.words("scheduler", "pending"))
            while not self.server.state()["waiters"]:
                time.sleep(0.02)
            start = time.monotonic()
            terminal.type(b"\x03")
            code, text = terminal.end()
        finally:
            self.server.config(hold_ms=200)
            self.server.wake()
        self.assertEqual(code, 130, text)
        self.assertLess(time.monotonic() - start, 3)

    def test_no_work_is_said_on_a_terminal(self):
        code, text = Terminal(self.words("scheduler", "pending")).end()
        self.assertEqual(code, 1)
        self.assertIn("no step is due", text)
        self.assertEqual(Terminal(self.words("scheduler", "pending", "--quiet")).end(), (1, ""))

    def test_a_binary_file_to_a_pipe_with_progress(self):
        """Standard error is the terminal, standard output is not."""
        self.slow()
        self.server.no_faults()
        self.server.fault(path="/name/big", bytes_per_s=4000000)
        with open(self.folder("got"), "wb") as out:
            terminal = Terminal(self.words("fragments", "latest", "big", "--job", JOB, "-o", "-"), stdout=out)
            code, text = terminal.end()
        self.assertEqual(code, 0)
        self.assertIn("download", text)
        self.assertEqual(os.path.getsize(self.folder("got")), 3000000)


class Outputs(cli_case.ServerCase):
    def start(self, *words, **more):
        return peer.start_berth(["mlcycle", "--cacert", self.certs.ca] + list(words), {"MLCYCLE_HOST": self.server.host}, **more)

    def test_a_reader_that_leaves_is_no_error_to_talk_about(self):
        self.server.seed(many={"jobs": 2000, "steps": 5})
        for words in (["jobs", "list"], ["jobs", "list", "--json"]):
            child = self.start(*words)
            first = child.stdout.readline()
            child.stdout.close()
            child.stdin.close()
            err = child.stderr.read()
            child.stderr.close()
            self.assertTrue(first)
            self.assertEqual((child.wait(20), err), (141, b""))

    def test_a_reader_that_was_never_there(self):
        read, write = os.pipe()
        os.close(read)
        for words in (["help"], ["man"], ["version", "--json"], ["completion", "bash"]):
            child = peer.start_berth(words, stdout=write)
            _, err = child.communicate(timeout=20)
            self.assertIn(child.returncode, (141, -signal.SIGPIPE))
            self.assertEqual(err, b"", words)
        os.close(write)

    def test_full_disk(self):
        self.server.seed(jobs=[RUNNING], many={"jobs": 50, "steps": 5}, fragments=[
            {"jobId": JOB, "stepNumber": 1, "filename": "big", "size": 3000000}])
        for words in (["jobs", "list"], ["jobs", "list", "--json"], ["jobs", "get", JOB], ["fragments", "latest", "big", "--job", JOB, "-o", "-"]):
            with open("/dev/full", "wb") as full:
                child = self.start(*words, stdout=full)
                _, err = child.communicate(timeout=20)
            self.assertFails(peer.Result(child.returncode, b"", err), SPACE, "standard output: no space left on device")

    def test_a_download_larger_than_the_disk(self):
        """A file size limit stands for the full disk: same code, nothing left behind, the old file untouched."""
        self.server.seed(jobs=[RUNNING], fragments=[{"jobId": JOB, "stepNumber": 1, "filename": "big", "size": 3000000}])
        path = self.folder.write("got", "old")
        done = subprocess.run(["sh", "-c", 'ulimit -f 1000; exec "$@"', "sh", peer.program(), "mlcycle", "--cacert", self.certs.ca, "--host", self.server.host,
                               "fragments", "latest", "big", "--job", JOB, "-o", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30,
                              env=peer.clean_environment())
        self.assertFails(peer.Result(done.returncode, done.stdout, done.stderr), SPACE, "got: |file too large|space")
        self.assertEqual((os.listdir(self.folder.path), self.folder.read("got")), (["got"], b"old"))

    def test_a_real_full_disk(self):
        mount = self.folder("small")
        os.mkdir(mount)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("cannot mount")
        try:
            self.server.seed(jobs=[RUNNING], fragments=[{"jobId": JOB, "stepNumber": 1, "filename": "big", "size": 3000000}])
            self.assertFails(self.mlcycle("fragments", "latest", "big", "--job", JOB, "-o", mount + "/got"), SPACE, "no space left")
            self.assertEqual(os.listdir(mount), [])
        finally:
            subprocess.run(["umount", mount], check=True)

    def test_standard_error_closed(self):
        done = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", peer.program(), "nonsense"], stdout=subprocess.PIPE, timeout=20)
        self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_an_empty_environment(self):
        done = subprocess.run([peer.program(), "version"], env={}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main()
