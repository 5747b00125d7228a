"""berth hdfs on a terminal: progress of transfers, widths, colours, Ctrl-C, closed pipes."""
import os
import signal
import time
import unittest

from cli_case import peer
from test_cli_hdfs import HdfsCase
from test_cli_terminal import Terminal, columns, plain


class OnTerminal(HdfsCase):
    def env(self):
        return {"BERTH_HDFS_ROOT": self.cluster.root(), "HADOOP_USER_NAME": "lee", "LC_ALL": "C.UTF-8"}

    def show(self, *words, width=80, **more):
        return Terminal(["hdfs"] + [str(w) for w in words], width, self.env(), **more)

    def test_progress(self):
        c = self.cluster
        c.throttle = 8000000
        c.put("/user/lee/f", b"x" * 8000000)
        path = self.folder.write("f", b"y" * 16000000)
        for words, verb in ((("get", "/user/lee/f", self.folder("out")), "download"), (("put", path, "/user/lee/g"), "upload")):
            code, text = self.show(*words).end()
            self.assertEqual(code, 0, text)
            self.assertRegex(text, verb + r" [0-9.]+ [KM]iB of (7\.6|15\.2) MiB, \d+%, [0-9.]+ [KM]iB/s")
            self.assertTrue(text.endswith("\r\x1b[K"), text)
            self.assertNotIn("\n", text)
        c.throttle = 0
        code, text = self.show("get", "-q", "-f", "/user/lee/f", self.folder("out")).end()
        self.assertEqual((code, text), (0, ""))

    def test_ctrl_c_in_a_download(self):
        c = self.cluster
        c.throttle = 100000
        c.put("/user/lee/f", b"x" * 400000)
        child = self.show("get", "/user/lee/f", self.folder("out"))
        child.read(b"download")
        child.type(b"\x03")
        code, _ = child.end()
        self.assertEqual(code, 130)
        self.assertEqual(os.listdir(self.folder.path), [])

    def test_widths(self):
        names = ["short", "\u4e2d\u6587" * 20, "word " * 30, "\x1b[2J"]
        for name in names:
            self.cluster.put("/user/lee/" + name, b"1")
        for width in (30, 40, 80, 200):
            code, text = self.show("ls", "/user/lee", width=width).end()
            self.assertEqual(code, 0)
            self.assertNotIn("\x1b[2J", text)
            if width >= 80:
                self.assertLessEqual(max(columns(line) for line in plain(text).splitlines()), width)

    def test_directories_are_bold(self):
        self.cluster.mkdir("/user/lee/d")
        _, text = self.show("ls", "/user/lee").end()
        self.assertIn("\x1b[1mdrwxr-xr-x", text)
        _, text = self.show("ls", "/user/lee/d").end()
        self.assertEqual(text, "(none)\r\n")

    def test_cat_to_the_terminal(self):
        self.cluster.put("/user/lee/f", b"line\n")
        self.assertEqual(self.show("cat", "/user/lee/f").end(), (0, "line\r\n"))

    def test_a_closed_pipe(self):
        """Nobody reads any more: 141, and no word about it."""
        self.cluster.put("/user/lee/f", b"x" * 3000000)
        for i in range(3000):
            self.cluster.put("/user/lee/d/%04d" % i, b"")
        for words in (("cat", "/user/lee/f"), ("ls", "/user/lee/d")):
            child = peer.start_berth(["hdfs"] + list(words), self.env())
            child.stdout.read(10)
            child.stdout.close()
            self.assertEqual(child.stderr.read(), b"")
            self.assertEqual(child.wait(20), 141)
            child.stderr.close()
            child.stdin.close()

    def test_sigterm(self):
        self.cluster.throttle = 100000
        self.cluster.put("/user/lee/f", b"x" * 400000)
        child = peer.start_berth(["hdfs", "get", "/user/lee/f", self.folder("out")], self.env())
        time.sleep(0.5)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.communicate(timeout=20), (b"", b""))
        self.assertEqual(child.returncode, 143)
        self.assertEqual(os.listdir(self.folder.path), [])


if __name__ == "__main__":
    unittest.main()
