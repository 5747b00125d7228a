"""berth book on a real terminal: what is shown and what never is, colours, Ctrl-C, Ctrl-D, Ctrl-Z, signals, tmux."""
import os
import re
import shutil
import signal
import subprocess
import termios
import time
import unittest

import book_case
from book_case import (DEFAULT_IMAGE, S1, S2, S3, S4, S5, S7, S8, S9, S10, S11, S12, S13, S14, S15, S16, S17, S18, T1, T2, T3, T5, T9, entry, opens, row)
from cli_case import peer
from test_cli_terminal import Terminal, plain

SECRET = "pass word"
STEPS = [(S1, SECRET), (S5, "4 16 1"), (S8, "2030 01 07 08 00"), (S9, "1-day"), (S12 % 10001, "10777"), (S13 % DEFAULT_IMAGE, "lab/torch:2"),
         (S14, "echo hi"), (S15, "y"), (S16, "fresh one"), (S17, "fresh one"), (T9, "y")]
HIDDEN = (S1, S2, S16, S17)
NEVER = (b"pass word", b"fresh one", b"wrong one")


class TerminalCase(book_case.BookCase):
    def open(self, *options, env=None, **streams):
        self.terminal = Terminal(self.arguments(*options), env=env, **streams)
        self.addCleanup(self.terminal.process.wait)
        self.addCleanup(self.terminal.process.kill)
        return self.terminal

    def echoes(self):
        return bool(termios.tcgetattr(self.terminal.master)[3] & termios.ECHO)

    def answer(self, question, text, end=b"\r"):
        """Waits for the QUESTION, sees whether the terminal echoes, and types TEXT."""
        self.terminal.read(re.escape(question.encode()) + rb"\Z")
        self.assertEqual(self.echoes(), question not in HIDDEN, question)
        self.terminal.type(text.encode() + end)
        self.terminal.seen += b"|"  # so that the next wait does not see this question again

    def shown(self):
        code, _ = self.terminal.end()
        for secret in NEVER:
            self.assertNotIn(secret, self.terminal.seen)
        return code, self.terminal.seen.decode().replace("|", "").replace("\r\n", "\n")


class Dialogue(TerminalCase):
    def test_the_whole(self):
        self.open("-use-opt")
        self.answer(T1, "m1")
        for question, text in STEPS:
            self.answer(question, text)
        code, text = self.shown()
        self.assertEqual(code, 0)
        want = T1 + "m1\n" + S1 + "\n" + S4 + S5 + "4 16 1\n" + S8 + "2030 01 07 08 00\n" + S9 + "1-day\n" + S12 % 10001 + "10777\n"
        want += "\x1b[32m%s\x1b[0m\n\x1b[32mlab/torch:2\x1b[0m\n" % DEFAULT_IMAGE + S13 % DEFAULT_IMAGE + "lab/torch:2\n" + S14 + "echo hi\n"
        want += S15 + "y\n" + S16 + "\n" + S17 + "\n" + T9 + "y\n" + "\x1b[32m" + S10[:-1] + "\x1b[0m\n"
        self.assertEqual(text, want)
        self.assertTrue(opens(self.stored_password("m1"), "fresh one"))

    def test_colours(self):
        def talk(env):
            self.write_rows(booking=[row("01-07 08:00", "01-10 08:00", "m3", "[0, 1, 2, 3]")])
            self.open(env=env)
            self.answer(T1, "m1")
            self.answer(S1, "wrong one")
            self.answer(S2, SECRET)
            self.answer(S5, "nothing")
            self.answer(S5, "1 1 1")
            self.answer(S8, "1-day")
            self.answer(S9, "1-day")
            self.answer(S5, "", b"\x04")
            return self.shown()

        code, text = talk(None)
        self.assertEqual(code, 1)
        self.assertIn("\x1b[31m" + S7[:-1] + "\x1b[0m\n", text)
        self.assertIn("\x1b[31m" + S11[:-1] + "\x1b[0m\nThere is room for it from 2030-01-10 08:00 on.\n", text)
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            code, bare = talk(env)
            self.assertNotIn("\x1b", bare)
            self.assertEqual(plain(text), bare)
        self.open("-id", "nobody")
        self.assertEqual(self.shown(), (1, "\x1b[31m" + T2[:-1] + "\x1b[0m\n"))
        self.open("-id", "m1", "-rst")
        self.answer(S1, SECRET)
        self.assertTrue(self.shown()[1].endswith("\x1b[31m" + T5[:-1] + "\x1b[0m\n"))

    def test_a_first_visit(self):
        self.open("-id", "m2")
        self.answer(S16, "fresh one")
        self.answer(S17, "wrong one")
        self.answer(S16, "fresh one")
        self.answer(S17, "fresh one")
        self.answer(S5, "", b"\x04")
        code, text = self.shown()
        self.assertEqual(code, 1)
        self.assertTrue(text.startswith("\x1b[33m" + T3[:-1] + "\x1b[0m\n" + S16 + "\n" + S17 + "\n\x1b[31m" + S18[:-1] + "\x1b[0m\n" + S16), text)

    def test_three_wrong_passwords(self):
        self.open("-id", "m1")
        for question in (S1, S2, S2):
            self.answer(question, "wrong one")
        self.assertEqual(self.shown(), (1, S1 + "\n" + S2 + "\n" + S2 + "\n" + S3))

    def test_standard_output_elsewhere(self):
        """The questions go to the file, and what is typed is hidden all the same."""
        with open(self.folder("out"), "wb") as out:
            self.open("-id", "m1", stdout=out)
            time.sleep(0.3)
            for _ in range(100):
                if not self.echoes():
                    break
                time.sleep(0.05)
            self.assertFalse(self.echoes())
            self.terminal.type(b"pass word\r")
            while not self.folder.read("out").decode().endswith(S5):
                time.sleep(0.02)
            self.terminal.type(b"\x04")
            self.assertEqual(self.shown(), (1, "\n"))
        self.assertEqual(self.folder.read("out").decode(), S1 + S4 + S5)

    def test_typed_ahead(self):
        """What comes before its question is not lost."""
        self.open("-id", "m1")
        self.terminal.read(re.escape(S1.encode()))
        self.terminal.type(b"pass word\r4 16 1\r2030 01 07 08 00\r1-day\r")
        code, text = self.terminal.end()
        self.assertEqual(code, 0, text)
        self.assertIn(S10.strip(), text)


class Interrupted(TerminalCase):
    def end_at(self, count, how):
        """Runs the dialogue up to question COUNT and ends it there."""
        self.open("-id", "m1", "-use-opt")
        for question, text in STEPS[:count]:
            self.answer(question, text)
        question = STEPS[count][0]
        self.terminal.read(re.escape(question.encode()) + rb"\Z")
        self.assertEqual(self.echoes(), question not in HIDDEN)
        how()
        self.terminal.read()
        self.assertTrue(self.echoes())
        code, text = self.shown()
        self.assertEqual((code, text.endswith("\n")), (1, True), text)

    def test_at_every_question(self):
        before = self.state()
        for count in range(len(STEPS)):
            for how in (lambda: self.terminal.type(b"\x03"), lambda: self.terminal.type(b"\x04"), lambda: self.terminal.type(b"half\x03")):
                self.end_at(count, how)
                if count == len(STEPS) - 1:
                    self.assertTrue(opens(self.stored_password("m1"), "fresh one"))  # stored at once
                    self.setUp()
                else:
                    self.assertEqual(self.state(), before)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT):
            for count in (0, 1):
                self.end_at(count, lambda number=number: self.terminal.process.send_signal(number))
        self.assertEqual(self.rows(), "")

    def test_the_terminal_goes_away(self):
        self.open("-id", "m1")
        self.terminal.read(re.escape(S1.encode()))
        os.close(self.terminal.master)
        self.assertEqual(self.terminal.process.wait(20), 1)
        self.assertEqual(self.rows(), "")

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_stopped_and_continued(self):
        """Ctrl-Z at a hidden question: the shell's terminal echoes, and after fg nothing is shown again."""
        arguments = " ".join("'%s'" % a for a in [peer.program()] + self.arguments("-id", "m1"))
        saved = os.environ.get("BERTH")
        os.environ["BERTH"] = shutil.which("bash")
        try:
            terminal = self.terminal = Terminal(["--norc", "--noediting", "-i"], env={"PS1": "ready> ", "HISTFILE": ""})
        finally:
            os.environ.pop("BERTH")
            if saved:
                os.environ["BERTH"] = saved
        self.addCleanup(terminal.process.wait)
        self.addCleanup(terminal.process.kill)
        terminal.read(rb"ready> \Z")
        terminal.type(arguments.encode() + b"\n")
        terminal.read(re.escape(S1.encode()) + rb"\Z")
        self.assertFalse(self.echoes())
        terminal.type(b"\x1a")
        terminal.read(rb"Stopped(.|\n)*ready> \Z")
        self.assertTrue(self.echoes())
        terminal.type(b"fg\n")
        terminal.read(rb"fg\r\n(.|\n)*" + re.escape(S1.encode()) + rb"\Z")
        self.assertFalse(self.echoes())
        terminal.type(b"pass word\n")
        terminal.read(re.escape(S5.encode()) + rb"\Z")
        self.assertTrue(self.echoes())
        terminal.type(b"\x03")
        terminal.read(rb"ready> \Z")
        terminal.type(b"echo code=$?; exit\n")
        terminal.read(rb"code=1")
        self.assertNotIn(b"pass word", terminal.seen)
        terminal.end()


@unittest.skipUnless(shutil.which("tmux"), "no tmux")
class Tmux(TerminalCase):
    """An 80 x 24 screen as a person sees it."""

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.folder("socket"), "-f", "/dev/null"] + list(words), stdout=subprocess.PIPE, check=True,
                              env=peer.clean_environment({"TERM": "xterm", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"})).stdout.decode()

    def wait_for(self, text):
        end = time.monotonic() + 20
        while True:
            screen = self.tmux("capture-pane", "-p", "-J")
            if text in screen:
                return screen
            self.assertLess(time.monotonic(), end, screen)
            time.sleep(0.05)

    def test_a_booking(self):
        arguments = " ".join("'%s'" % a for a in [peer.program()] + self.arguments())
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", arguments + "; echo over=$?; sleep 60")
        self.addCleanup(self.tmux, "kill-server")
        for question, keys in [(T1.rstrip(), "m1"), (S1.rstrip(), "pass word"), (S5.rstrip(), "4 16 1"), (S8.rstrip(), "1-day"), (S9.rstrip(), "2-day")]:
            self.wait_for(question)
            time.sleep(0.1)
            self.tmux("send-keys", "-l", keys)
            self.tmux("send-keys", "Enter")
        screen = self.wait_for("over=0")
        self.assertNotIn("pass word", screen)
        self.assertIn(S10, screen)
        self.assertEqual(self.rows(), "2030-01-08 07:00:00,2030-01-10 07:00:00,m1,4.0,16,[0],10001,,\n")


if __name__ == "__main__":
    unittest.main()
