"""The small C program on WebHDFS, examples/hdfs_list.c: directories of 100,000 and a million entries in fixed memory."""
# runs once: the example is a program of its own.
import os
import re
import resource
import socket
import subprocess
import sys
import threading
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test", "peers"))
import peer  # noqa: E402
import webhdfs  # noqa: E402

PROGRAM = os.path.join(ROOT, "build", "examples", "hdfs_list")
ENTRY = '{"accessTime":1700000000123,"blockSize":134217728,"childrenNum":0,"fileId":%d,"group":"users","length":%d,' \
        '"modificationTime":1700000000456,"owner":"lee","pathSuffix":"n%07d-\u00e9","permission":"640","replication":3,' \
        '"storagePolicy":0,"type":"FILE"}'


class Endless:
    """A server whose one directory is made while it is sent: all at once, or in pages."""

    def __init__(self, count, page=None):
        self.count, self.page = count, page
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            with sock:
                self.one(sock)

    def one(self, sock):
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                piece = sock.recv(65536)
                if not piece:
                    return
                data += piece
            head, _, data = data.partition(b"\r\n\r\n")
            if self.page is None and b"LISTSTATUS_BATCH" in head:
                body = b'{"RemoteException":{"exception":"IllegalArgumentException","message":"no such op"}}'
                sock.sendall(b"HTTP/1.1 400 X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                continue
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            after = re.search(rb"startAfter=n(\d+)", head)
            start = int(after.group(1)) + 1 if after else 0
            end = min(self.count, start + self.page) if self.page else self.count
            self.send(sock, '{"DirectoryListing":{"partialListing":{"FileStatuses":{"FileStatus":[' if self.page
                      else '{"FileStatuses":{"FileStatus":[')
            for at in range(start, end, 500):
                piece = ",".join(ENTRY % (i, i, i) for i in range(at, min(end, at + 500)))
                self.send(sock, ("," if at > start else "") + piece)
            self.send(sock, ']}},"remainingEntries":%d}}' % (self.count - end) if self.page else "]}}")
            sock.sendall(b"0\r\n\r\n")

    @staticmethod
    def send(sock, text):
        data = text.encode()
        sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.listener.close()


def run(*words):
    return subprocess.run([PROGRAM, *words], env=peer.clean_environment(), capture_output=True, text=True, timeout=120,
                          preexec_fn=peer.die_with_parent)


class List(unittest.TestCase):
    def test_a_directory(self):
        with webhdfs.Cluster() as cluster:
            cluster.put("/user/lee/a b", b"12345")
            cluster.mkdir("/user/lee/d")
            done = run(cluster.root(), "lee", "/user/lee")
            self.assertEqual((done.returncode, done.stderr, done.stdout),
                             (0, "", "FILE 5 a b\nDIRECTORY 0 d\n2 entries\n"))
            done = run(cluster.root(), "lee", "/none")
            self.assertEqual(done.returncode, 1)
            self.assertIn("FileNotFoundException", done.stderr)
            self.assertEqual(cluster.violations, [])

    def test_endless_directories(self):
        for count, page in ((100000, None), (100000, 1000), (1000000, 100000)):
            with Endless(count, page) as server:
                command = subprocess.Popen([PROGRAM, server.url, "lee", "/x"], env=peer.clean_environment(),
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit_memory)
                lines, last = 0, b""
                for last in command.stdout:
                    lines += 1
                err = command.stderr.read()
                self.assertEqual((command.wait(60), err, last, lines), (0, b"", b"%d entries\n" % count, count + 1))
                command.stdout.close()
                command.stderr.close()


def limit_memory():
    """So little that a listing could not be held."""
    peer.die_with_parent()
    resource.setrlimit(resource.RLIMIT_DATA, (16 << 20, 16 << 20))


if __name__ == "__main__":
    unittest.main()
