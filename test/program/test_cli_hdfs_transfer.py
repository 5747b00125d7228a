"""berth hdfs get, put, cat, tail, append: whole files or none, trees, breaks half-way, every kind of server."""
import hashlib
import os
import signal
import threading
import time
import unittest

import cli_case
from cli_case import BAD_DATA, CONFLICT, NETWORK, REFUSED, USAGE, peer
from test_cli_hdfs import HdfsCase, ODD_NAMES

import webhdfs
from webhdfs_front import Front


def content(size):
    """Bytes that are different everywhere."""
    block = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(1024))
    return (block * (size // len(block) + 1))[:size]


class TransferCase(HdfsCase):
    def put(self, *words, **more):
        return self.hdfs("put", *words, **more)

    def get(self, *words, **more):
        return self.hdfs("get", *words, **more)

    def names(self):
        """What is on the server below /user/lee: no temporary name may be left."""
        return [p[len("/user/lee/"):] for p in self.cluster.paths("/user/lee/")]

    def local(self, below=""):
        top = os.path.join(self.folder.path, below)
        return sorted(os.path.relpath(os.path.join(d, n), top) for d, folders, files in os.walk(top) for n in folders + files)

    def tree(self, top="src"):
        files = {"a.txt": b"1", "empty": b"", "d/b.bin": content(70000), "d/e/f/deep": b"deep", "z/%d+ %%x" % 7: b"odd"}
        for name, data in files.items():
            path = os.path.join(self.folder.path, top, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)
        os.makedirs(os.path.join(self.folder.path, top, "d/nothing"))
        return files


class Upload(TransferCase):
    def test_a_file(self):
        c = self.cluster
        for size in (0, 1, 32768, 300001):
            path = self.folder.write("f%d" % size, content(size))
            self.assertDone(self.put(path, "/user/lee/f%d" % size), "")
            self.assertEqual(c.data("/user/lee/f%d" % size), content(size))
        self.assertEqual(self.names(), ["f0", "f1", "f300001", "f32768"])
        item = self.assertDone(self.put("--json", path, "/user/lee/g")).lines[0]
        self.assertEqual(item, {"target": "/user/lee/g", "files": 1, "directories": 0, "bytes": 300001, "skipped": 0})

    def test_into_a_directory_and_over_a_file(self):
        c = self.cluster
        path = self.folder.write("f", b"new")
        self.assertDone(self.put(path, "/user/lee"))
        self.assertEqual(self.names(), ["f"])
        c.requests.clear()
        for target in ("/user/lee", "/user/lee/f"):
            self.assertFails(self.put(path, target), CONFLICT, "/user/lee/f: it exists already")
        self.assertNotIn("CREATE", c.ops())  # before any data moves
        c.put("/user/lee/f", b"old content")
        self.assertDone(self.put("--overwrite", path, "/user/lee"))
        self.assertEqual(c.data("/user/lee/f"), b"new")
        c.put("/user/lee/d/f/x", b"")
        self.assertFails(self.put("-f", path, "/user/lee/d"), CONFLICT, "is a directory")
        self.assertDone(self.put(path, "/user/lee/new/deep/g"))
        self.assertEqual(self.names(), ["d", "d/f", "d/f/x", "f", "new", "new/deep", "new/deep/g"])

    def test_servers_that_do_not_replace(self):
        path = self.folder.write("f", b"new")
        for kind in ("old", "ignore_options"):
            setattr(self.cluster, kind, True)
            self.cluster.put("/user/lee/f", b"old content")
            self.assertDone(self.put("-f", path, "/user/lee/f"))
            self.assertEqual((self.cluster.data("/user/lee/f"), self.names()), (b"new", ["f"]))
            setattr(self.cluster, kind, False)

    def test_the_new_file_is_kept_when_the_old_one_is_gone(self):
        c = self.cluster
        c.ignore_options = True
        c.put("/user/lee/f", b"old content")
        c.fault(op="RENAME", skip=1, refuse=("IOException", "no"), count=0)
        text = self.assertFails(self.put("-f", self.folder.write("f", b"new"), "/user/lee/f"), REFUSED, "the new file is here, whole")
        self.assertEqual(len(self.names()), 1)
        self.assertIn("/user/lee/" + self.names()[0], text)
        self.assertEqual(c.data("/user/lee/" + self.names()[0]), b"new")

    def test_the_new_file_is_kept_when_the_old_one_may_be_gone(self):
        """The answer to the delete is lost; or the delete is done, the rename is not, and all is tried once more."""
        c = self.cluster
        c.old = True
        path = self.folder.write("f", b"new")
        c.put("/user/lee/f", b"old content")
        c.fault(op="DELETE", cut=0)  # done, but nobody hears of it
        self.assertDone(self.put("-f", path, "/user/lee/f"))
        self.assertEqual((c.data("/user/lee/f"), self.names()), (b"new", ["f"]))
        for lost in ({"drop": "after"}, {"cut": 0}):
            c.put("/user/lee/f", b"old content")
            c.fault(op="DELETE", **lost)
            c.fault(op="RENAME", skip=1, refuse=("IOException", "no"), count=0)
            self.assertFails(self.put("-f", path, "/user/lee/f"), REFUSED, "the new file is here, whole")
            kept = [n for n in self.names() if ".tmp-" in n]
            self.assertEqual([c.data("/user/lee/" + n) for n in kept], [b"new"])
            c.faults.clear()
            c.nodes.pop("/user/lee/" + kept[0])
        c.put("/user/lee/f", b"old content")
        c.fault(op="RENAME", skip=1, drop="after")
        c.fault(op="RENAME", skip=1, refuse=("UnsupportedOperationException", "no options"))  # so it is deleted again
        c.fault(op="RENAME", skip=1, refuse=("IOException", "no"), count=0)
        self.assertFails(self.put("-f", path, "/user/lee/f"), REFUSED, "the new file is here, whole")
        self.assertEqual([c.data("/user/lee/" + n) for n in self.names()], [b"new"])

    def test_interrupted_while_the_old_one_goes(self):
        """Ctrl-C between the question and its answer: what the server does then must not cost both files."""
        c = self.cluster
        c.old = True
        c.put("/user/lee/f", b"old content")
        stall = c.fault(op="DELETE", stall=1)
        child = peer.start_berth(["hdfs", "put", "-f", self.folder.write("f", b"new"), "/user/lee/f"],
                                 {"BERTH_HDFS_ROOT": c.root(), "HADOOP_USER_NAME": "lee"})
        wait_for(lambda: stall.seen)
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=20)
        self.assertEqual(child.returncode, 130)
        wait_for(lambda: "/user/lee/f" not in c.nodes)
        self.assertEqual([c.data("/user/lee/" + n) for n in self.names()], [b"new"])

    def test_local_errors(self):
        self.assertFails(self.put(self.folder("none"), "/user/lee/x"), BAD_DATA, "none: no such file")
        self.assertFails(self.put(self.folder.path, "/user/lee/x"), CONFLICT, "is a folder: that takes recursion")
        os.symlink(self.folder.write("f", b"1"), self.folder("link"))
        self.assertDone(self.put(self.folder("link"), "/user/lee/x"))  # what was named is followed
        self.assertFails(self.put(self.folder.write("a:b", b""), "/user/lee"), USAGE, "HDFS takes no such name")
        self.assertEqual(self.names(), ["x"])

    def test_standard_input_and_pipes(self):
        data = content(200000)
        self.assertDone(self.put("-", "/user/lee/in", input=data))
        self.assertEqual(self.cluster.data("/user/lee/in"), data)
        self.assertFails(self.put("-", "/user/lee", input=b"x"), USAGE, "is a directory: name what")
        os.mkfifo(self.folder("pipe"))
        threading.Thread(target=self.folder.write, args=("pipe", data), daemon=True).start()
        self.assertDone(self.put(self.folder("pipe"), "/user/lee/pipe"))
        self.assertEqual(self.cluster.data("/user/lee/pipe"), data)

    def test_redirects(self):
        """Wire 4.1: 307, 300, 301, 302, 308; and the address as JSON."""
        path = self.folder.write("f", content(50000))
        for self.cluster.redirect in (307, 300, 301, 302, 308):
            self.assertDone(self.put("-f", path, "/user/lee/f"))
            self.assertDone(self.hdfs("cat", "/user/lee/f"), content(50000))
            self.assertDone(self.hdfs("append", path, "/user/lee/f"))
            self.assertEqual(self.cluster.data("/user/lee/f"), content(50000) * 2)

    def test_raw_bytes_in_a_location(self):
        c = self.cluster
        c.put("/user/lee/f", b"x")
        c.fault(op="OPEN", role="namenode", headers={"Location": "/webhdfs/v1/user/lee/\u00c3\u00a9?op=GETFILESTATUS"}, refuse=("X", "y", 307))
        result = self.hdfs("cat", "/user/lee/f", "-v")
        self.assertIn(b"/webhdfs/v1/user/lee/%C3%A9?op=", result.err)

    def test_redirects_that_are_refused(self):
        c = self.cluster
        c.put("/user/lee/f", b"x")

        def answer(where):
            return b"HTTP/1.1 307 X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % where
        for where, words in ((b"ftp://x/", "no URL"), (b"", "no URL"), (b"/webhdfs/v1/user/lee/loop?op=OPEN&x=1", "too many"),
                             (b"http://h/" + b"x" * 3000, "no URL|too long")):
            c.fault(op="OPEN", raw=answer(where), count=0)
            self.assertFails(self.hdfs("cat", "/user/lee/f"), REFUSED, words)
            c.faults.clear()
            c.violations.clear()

    def test_a_datanode_that_breaks_off(self):
        """W2: the truncated file must not be seen under its name; it is done again elsewhere."""
        c = self.cluster
        data = content(400000)
        path = self.folder.write("f", data)
        for what in ({"take": 100000}, {"drop": True}, {"reset": True}, {"lose": True}):
            c.fault(role="datanode", op="CREATE", **what)
            self.assertDone(self.put("-f", path, "/user/lee/f"))
            self.assertEqual((c.data("/user/lee/f"), self.names()), (data, ["f"]))
        asked = [r.target for r in c.requests if r.role == "namenode" and r.op == "CREATE"]
        self.assertTrue(any("excludedatanodes=" in t for t in asked))
        c.fault(role="datanode", op="CREATE", take=100000, count=0)
        self.assertFails(self.put("-f", path, "/user/lee/f", "--retries", "1"), NETWORK)
        self.assertEqual((c.data("/user/lee/f"), self.names()), (data, ["f"]))

    def test_what_cannot_be_read_again(self):
        c = self.cluster
        c.fault(role="datanode", op="CREATE", take=100000)
        self.assertFails(self.put("-", "/user/lee/in", input=content(400000)), NETWORK)
        self.assertEqual(self.names(), [])

    def test_refused_at_the_datanode(self):
        """After its 100 Continue, and while data is still coming."""
        c = self.cluster
        c.fault(role="datanode", op="CREATE", refuse=("DSQuotaExceededException", "the quota is over"))
        self.assertFails(self.put(self.folder.write("f", content(3000000)), "/user/lee/f"), REFUSED, "DSQuotaExceededException: the quota is over")
        self.assertEqual(self.names(), [])

    def test_a_lost_answer_to_the_rename(self):
        c = self.cluster
        path = self.folder.write("f", b"data")
        for words in ((), ("-f",)):
            c.fault(op="RENAME", drop="after")  # it was not done
            self.assertDone(self.put(*words, path, "/user/lee/f"))
            self.assertEqual((c.data("/user/lee/f"), self.names()), (b"data", ["f"]))
            c.nodes.pop("/user/lee/f")
            c.fault(op="RENAME", cut=0)  # it was
            self.assertDone(self.put(*words, path, "/user/lee/f"))
            self.assertEqual((c.data("/user/lee/f"), self.names()), (b"data", ["f"]))

    def test_taken_meanwhile(self):
        """W9: a rename into a directory that appeared nests; it is noticed and taken back."""
        c = self.cluster
        path = self.folder.write("f", b"data")
        for kind, words in (("DIRECTORY", ()), ("FILE", ()), ("DIRECTORY", ("-f",))):
            c.ignore_options = words == ("-f",)
            stall = c.fault(op="RENAME", stall=0.6)
            timer = threading.Timer(0.3, lambda k=kind: c.put("/user/lee/f", b"theirs" if k == "FILE" else b"", kind=k))
            waiting = threading.Thread(target=lambda: (wait_for(lambda: stall.seen), timer.start()))
            waiting.start()
            self.assertFails(self.put(*words, path, "/user/lee/f"), CONFLICT, "meanwhile")
            waiting.join()
            self.assertEqual(self.names(), ["f"])
            c.nodes.pop("/user/lee/f")

    def test_another_length(self):
        c = self.cluster
        c.fault(role="namenode", op="GETFILESTATUS", skip=1, raw=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Connection: close\r\n\r\n" + b'{"FileStatus":{"length":3,"modificationTime":1,"pathSuffix":"","permission":"644","type":"FILE"}}')
        self.assertFails(self.put(self.folder.write("f", b"data"), "/user/lee/f"), BAD_DATA, "another length")
        self.assertEqual(self.names(), [])

    def test_names_that_are_decoded_twice(self):
        """W15: reported, and the stray file is removed."""
        self.cluster.double_decode = True
        path = self.folder.write("f", b"data")
        for name in ("a+b", "100%25"):
            self.assertFails(self.put(path, "/user/lee/" + name), BAD_DATA, "HDFS-14423")
            self.assertEqual(self.names(), [])
        self.assertDone(self.put(path, "/user/lee/plain"))

    def test_interrupted(self):
        """Ctrl-C leaves nothing behind."""
        with webhdfs.Cluster(throttle=200000) as c:
            c.mkdir("/user/lee")
            path = self.folder.write("f", content(2000000))
            child = peer.start_berth(["hdfs", "put", path, "/user/lee/f"], {"BERTH_HDFS_ROOT": c.root(), "HADOOP_USER_NAME": "lee"})
            wait_for(lambda: "CREATE" in c.ops("datanode"))
            time.sleep(0.3)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=20)
            self.assertEqual((child.returncode, out, err), (130, b"", b""))
            self.assertEqual(c.ops("namenode")[-1], "DELETE")
            self.assertNotIn("/user/lee/f", c.nodes)

    def test_a_tree(self):
        files = self.tree()
        os.symlink("/etc/passwd", self.folder("src/link"))
        os.symlink(".", self.folder("src/d/loop"))
        os.mkfifo(self.folder("src/d/pipe"))
        result = self.put("-r", "--json", self.folder("src"), "/user/lee/up")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.lines[0], {"target": "/user/lee/up", "files": len(files), "directories": 6,
                                           "bytes": sum(map(len, files.values())), "skipped": 3})
        self.assertEqual(result.err.count(b"left out"), 3)
        for name, data in files.items():
            self.assertEqual(self.cluster.data("/user/lee/up/" + name), data)
        self.assertIn("/user/lee/up/d/nothing", self.cluster.nodes)
        self.assertFalse([n for n in self.names() if ".tmp-" in n or "link" in n or "loop" in n or "pipe" in n])
        self.assertFails(self.put("-r", self.folder("src"), "/user/lee/up/a.txt"), CONFLICT, "no directory")
        self.assertEqual(self.put("-r", "-q", self.folder("src"), "/user/lee/up").code, 0)  # into it, as src
        self.assertIn("/user/lee/up/src/d/e/f/deep", self.cluster.nodes)
        self.assertFails(self.put("-r", self.folder("src"), "/user/lee/up"), CONFLICT, "exists already")
        self.folder.write("src/a.txt", b"changed")
        self.assertEqual(self.put("-r", "-f", "-q", self.folder("src"), "/user/lee/up").code, 0)
        self.assertEqual(self.cluster.data("/user/lee/up/src/a.txt"), b"changed")

    def test_a_big_folder(self):
        """More names than fit the memory for them."""
        os.mkdir(self.folder("src"))
        names = ["%04d-%s" % (i, "n" * 240) for i in range(1000)]
        for name in names:
            self.folder.write("src/" + name, b"")
        result = self.put("-r", "--json", self.folder("src"), "/user/lee/up", timeout=120)
        self.assertEqual((result.code, result.lines[0]["files"]), (0, 1000), result)
        self.assertEqual(self.names(), ["up"] + ["up/" + n for n in names])


class Download(TransferCase):
    def test_a_file(self):
        for size in (0, 1, 32768, 300001):
            self.cluster.put("/user/lee/f", content(size))
            self.assertDone(self.get("-f", "/user/lee/f", self.folder("out")), "")
            self.assertEqual(self.folder.read("out"), content(size))
        self.assertDone(self.get("/user/lee/f", cwd=self.folder.path))
        self.assertEqual(self.local(), ["f", "out"])
        item = self.assertDone(self.get("--json", "/user/lee/f", self.folder("three"))).lines[0]
        self.assertEqual(item["target"], self.folder("three"))

    def test_targets(self):
        self.cluster.put("/user/lee/f", b"new")
        self.folder.write("there", b"old")
        self.assertFails(self.get("/user/lee/f", self.folder("there")), CONFLICT, "there: it exists already")
        self.assertEqual(self.folder.read("there"), b"old")
        self.assertDone(self.get("-f", "/user/lee/f", self.folder("there")))
        self.assertEqual(self.folder.read("there"), b"new")
        self.assertFails(self.get("/user/lee/f", self.folder("no/such/folder")), BAD_DATA, "no such file or folder")
        self.assertFails(self.get("/user/lee/none", self.folder("x")), REFUSED, "FileNotFoundException")
        self.assertFails(self.get("/user/lee", self.folder("x")), CONFLICT, "is a directory")
        self.cluster.put("/user/lee/ln", kind="SYMLINK", target="/etc/passwd")
        self.assertFails(self.get("/user/lee/ln", self.folder("x")), CONFLICT, "neither file nor directory")
        self.assertDone(self.get("/user/lee/f", "-"), "new")
        self.assertDone(self.get("/user/lee/f", "/dev/null"))
        self.assertEqual(self.local(), ["there"])

    def test_ranges(self):
        data = content(100000)
        self.cluster.put("/user/lee/f", data)
        self.cluster.put("/user/lee/empty", b"")
        for words, part in (((), data), (("--offset", "99990"), data[99990:]), (("--offset", "64K", "--length", "10"), data[65536:65546]),
                            (("--offset", "1M"), b""), (("--length", "0"), b""), (("--offset", "100000"), b"")):
            self.assertDone(self.hdfs("cat", *words, "/user/lee/f"), part)
        self.assertDone(self.hdfs("tail", "/user/lee/f"), data[-16384:])
        self.assertDone(self.hdfs("tail", "-c", "7", "/user/lee/f"), data[-7:])
        self.assertDone(self.hdfs("tail", "--bytes", "1G", "/user/lee/f"), data)
        self.cluster.requests.clear()
        self.assertDone(self.hdfs("tail", "/user/lee/empty"), b"")
        self.assertDone(self.hdfs("cat", "/user/lee/empty"), b"")
        self.assertNotIn("OPEN", self.cluster.ops())
        self.assertFails(self.hdfs("cat", "/user/lee"), CONFLICT, "is a directory")

    def test_a_datanode_that_breaks_off(self):
        """It is gone on with where it broke, at another DataNode."""
        c = self.cluster
        data = content(500000)
        c.put("/user/lee/f", data)
        for what in ({"cut": 200000}, {"drop": True}, {"reset": True}, {"cut": 0}):
            c.requests.clear()
            c.fault(role="datanode", op="OPEN", **what)
            self.assertDone(self.get("-f", "/user/lee/f", self.folder("out")))
            self.assertEqual(self.folder.read("out"), data)
        c.fault(role="datanode", op="OPEN", cut=200000, count=2)
        c.requests.clear()
        self.assertDone(self.hdfs("cat", "--offset", "50000", "/user/lee/f"), data[50000:])
        opens = [r.target for r in c.requests if r.role == "namenode" and r.op == "OPEN"]
        self.assertEqual(["offset=50000" in opens[0], "offset=250000" in opens[1], "offset=450000" in opens[2]], [True] * 3)
        self.assertIn("excludedatanodes=", opens[1])
        c.fault(role="datanode", op="OPEN", cut=0, count=0)
        self.assertFails(self.get("-f", "/user/lee/f", self.folder("new"), "--retries", "1"), BAD_DATA)
        self.assertEqual(self.local(), ["out"])

    def test_a_file_that_changes_meanwhile(self):
        c = self.cluster
        for words, code in (("get", 0), ("cat", CONFLICT)):
            c.put("/user/lee/f", content(300000), modified=1)
            c.fault(role="datanode", op="OPEN", cut=100000)
            stall = c.fault(role="namenode", op="GETFILESTATUS", skip=1, stall=0.4)
            changer = threading.Thread(target=lambda: (wait_for(lambda: stall.seen), c.put("/user/lee/f", b"new content", modified=2)))
            changer.start()
            result = self.hdfs(words, "/user/lee/f", *([self.folder("out")] if words == "get" else []))
            changer.join()
            self.assertEqual(result.code, code, result)
        self.assertEqual(self.folder.read("out"), b"new content")

    def test_a_file_that_grows(self):
        """What it had at the beginning, exactly."""
        c = self.cluster
        c.put("/user/lee/f", content(1000))
        stall = c.fault(role="namenode", op="OPEN", stall=0.4)
        threading.Thread(target=lambda: (wait_for(lambda: stall.seen), c.put("/user/lee/f", content(5000)))).start()
        self.assertDone(self.hdfs("cat", "/user/lee/f"), content(1000))

    def test_wrong_lengths(self):
        c = self.cluster
        c.put("/user/lee/f", b"12345", length=10)
        self.assertFails(self.get("/user/lee/f", self.folder("x"), "--retries", "1"), BAD_DATA, "less than it has")
        c.put("/user/lee/f", b"1234567890")
        c.fault(role="datanode", op="OPEN", raw=b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 11\r\n\r\n12345678901")
        self.assertFails(self.get("/user/lee/f", self.folder("x")), BAD_DATA, "more than was asked for")
        self.assertEqual(self.local(), [])

    def test_datanode_names(self):
        """W12: names of the cluster's own."""
        c = self.cluster
        c.put("/user/lee/f", b"data")
        c.datanode_host = "dn-07.cluster.invalid"
        self.assertFails(self.hdfs("cat", "/user/lee/f"), NETWORK, "DataNode's name has no address here.*dn-07.cluster.invalid")
        places = ["--datanode", "dn-07.cluster.invalid:%d=http://127.0.0.1:%d" % (c.datanodes[0].port, c.datanodes[0].port),
                  "--datanode", "dn-07.cluster.invalid=http://127.0.0.1:%d" % c.datanodes[1].port]
        self.assertDone(self.hdfs("cat", "/user/lee/f", "/user/lee/f", *places), "datadata")
        self.assertDone(self.hdfs("cat", "/user/lee/f", "--datanode", "*=http://127.0.0.1:{port}"), "data")
        self.assertDone(self.put(self.folder.write("x", b"x"), "/user/lee/x", "--datanode", "*=http://127.0.0.1:{port}/"))

    def test_a_tree(self):
        c = self.cluster
        files = {"a": b"1", "empty": b"", "d/e/f": content(70000), "d/g": b"2"}
        for i, name in enumerate(ODD_NAMES):
            if name not in ("back\\slash",):
                files["odd/" + name] = b"%d" % i
        for name, data in files.items():
            c.put("/user/lee/src/" + name, data)
        c.mkdir("/user/lee/src/d/nothing")
        c.put("/user/lee/src/ln", kind="SYMLINK", target="/etc")
        self.assertFails(self.get("/user/lee/src", self.folder("x")), CONFLICT, "takes recursion")
        result = self.get("-r", "--json", "/user/lee/src", self.folder("new"))
        self.assertEqual((result.code, result.lines[0]["files"], result.lines[0]["skipped"]), (0, len(files), 1), result)
        self.assertRegex(result.err.decode(), r"\Aberth: left out, neither file nor directory: .*ln\n\Z")
        for name, data in files.items():
            self.assertEqual(self.folder.read("new/" + name), data)
        self.assertTrue(os.path.isdir(self.folder("new/d/nothing")))
        self.assertEqual(self.get("-r", "-q", "/user/lee/src", self.folder("new")).code, 0)  # into it
        self.assertEqual(self.local("new/src"), [n for n in self.local("new") if not n.startswith("src")])
        self.assertFails(self.get("-r", "/user/lee/src", self.folder("new")), CONFLICT, "exists already")
        self.assertEqual(self.get("-r", "-f", "-q", "/user/lee/src", self.folder("new")).code, 0)

    def test_a_tree_that_does_not_fit_the_memory(self):
        """Pages of every kind, more names than the memory takes, directories on the way."""
        c = self.cluster
        names = ["%04d-%s" % (i, "n" * 240) for i in range(1000)]
        for i, name in enumerate(names):
            c.put("/user/lee/src/" + (name + "/x" if i % 100 == 7 else name), b"")
        for kind in ("pages", "whole"):
            c.page = 300
            c.batch_whole = kind == "whole"
            result = self.get("-r", "--json", "/user/lee/src", self.folder(kind), timeout=120)
            self.assertEqual((result.code, result.lines[0]["files"]), (0, 1000), result)
            self.assertEqual(self.local(kind), sorted(names + [n + "/x" for n in names[7::100]]))

    def test_deep(self):
        c = self.cluster
        c.put("/user/lee/src/" + "d/" * 64 + "f", b"1")
        self.assertDone(self.get("-r", "/user/lee/src", self.folder("ok")))
        c.put("/user/lee/src/" + "d/" * 65 + "f", b"1")
        self.assertFails(self.get("-r", "/user/lee/src", self.folder("no")), BAD_DATA, "too deep")

    def test_hostile_names(self):
        """Nothing outside the folder, nothing under another name."""
        c = self.cluster
        entry = '{"length":1,"modificationTime":1,"pathSuffix":"%s","permission":"644","type":"%s"}'
        for name in ("..", ".", "", "../x", "/etc/x", "a/b", "a\\\\b", "a\\u0000b", "x\\n", "\\u001b[31m", "n" * 300):
            for kind in ("FILE", "DIRECTORY"):
                page = ('{"DirectoryListing":{"partialListing":{"FileStatuses":{"FileStatus":[%s]}},"remainingEntries":0}}'
                        % (entry % (name, kind))).encode()
                c.fault(op="LISTSTATUS_BATCH", raw=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(page), page))
                c.mkdir("/user/lee/src")
                self.assertFails(self.get("-r", "-f", "/user/lee/src", self.folder("new")), BAD_DATA, "cannot be a file's here")
        self.assertEqual(self.local(), ["new", "new/src"])

    def test_local_links_are_not_followed(self):
        c = self.cluster
        c.put("/user/lee/src/d/f", b"1")
        os.makedirs(self.folder("out/src"))
        os.mkdir(self.folder("elsewhere"))
        os.symlink(self.folder("elsewhere"), self.folder("out/src/d"))
        self.assertFails(self.get("-r", "-f", "/user/lee/src", self.folder("out")), CONFLICT, "exists already")
        self.assertEqual(os.listdir(self.folder("elsewhere")), [])
        os.remove(self.folder("out/src/d"))
        os.mkdir(self.folder("out/src/d"))
        os.symlink(self.folder("elsewhere/f"), self.folder("out/src/d/f"))
        self.assertEqual(self.get("-r", "-f", "/user/lee/src", self.folder("out")).code, 0)  # the link is replaced
        self.assertEqual(os.listdir(self.folder("elsewhere")), [])
        self.assertEqual(self.folder.read("out/src/d/f"), b"1")


class Trouble(TransferCase):
    def test_a_datanode_that_is_dead(self):
        """Its connection is refused: the NameNode is asked for another, for every operation; nothing was sent yet."""
        with webhdfs.Cluster(datanodes=2) as c:
            c.put("/user/lee/f", content(1000))
            c.datanodes[0].close()
            path = self.folder.write("f", b"more")
            for _ in range(2):
                self.assertDone(self.hdfs("cat", "/user/lee/f", root=c.root()), content(1000))
                self.assertDone(self.put("-f", path, "/user/lee/g", root=c.root()))
                self.assertDone(self.hdfs("append", path, "/user/lee/g", root=c.root()))
                self.assertEqual(c.data("/user/lee/g"), b"moremore")
                self.assertDone(self.hdfs("checksum", "/user/lee/f", root=c.root()))
            self.assertEqual(c.violations, [])
            self.assertTrue(any("excludedatanodes=localhost" in r.target for r in c.requests))
            c.datanodes[1].close()
            self.assertFails(self.hdfs("cat", "/user/lee/f", root=c.root()), REFUSED, "Failed to find datanode")

    def test_a_server_that_stalls(self):
        c = self.cluster
        c.put("/user/lee/f", content(1000))
        path = self.folder.write("f", b"x")
        for role, op, words in (("namenode", "GETFILESTATUS", ("stat", "/user/lee/f")), ("datanode", "OPEN", ("get", "/user/lee/f", self.folder("out"))),
                                ("datanode", "CREATE", ("put", path, "/user/lee/g"))):
            c.fault(role=role, op=op, stall=2)
            begin = time.monotonic()
            self.assertFails(self.hdfs(*words, "--timeout", "0.7"), cli_case.TIMEOUT, "deadline")
            self.assertLess(time.monotonic() - begin, 8)
        self.assertEqual(self.local(), ["f"])
        wait_for(lambda: self.names() == ["f"])
        time.sleep(1.5)  # the DataNode that was stalled may only now write what it has
        self.assertLessEqual(len([n for n in self.names() if n != "f"]), 1)

    def test_a_full_disk(self):
        """Nothing is left of what did not fit."""
        self.cluster.put("/user/lee/f", content(3000000))
        result = self.get("/user/lee/f", "/dev/full")
        self.assertFails(result, cli_case.SPACE, "no space left")

    def test_names_that_are_no_utf8(self):
        os.mkdir(self.folder("src"))
        with open(os.path.join(os.fsencode(self.folder("src")), b"\xff\xfe"), "wb"):
            pass
        self.assertFails(self.put("-r", self.folder("src"), "/user/lee/up"), USAGE, "HDFS takes no such name")


class Append(TransferCase):
    def test_append(self):
        c = self.cluster
        path = self.folder.write("f", b"more")
        self.assertFails(self.hdfs("append", path, "/user/lee/f"), REFUSED, "FileNotFoundException")
        c.put("/user/lee/f", b"one ")
        self.assertDone(self.hdfs("append", path, "/user/lee/f"))
        self.assertDone(self.hdfs("append", "-", "/user/lee/f", input=b"!"))
        self.assertEqual(c.data("/user/lee/f"), b"one more!")

    def test_never_twice(self):
        c = self.cluster
        c.put("/user/lee/f", b"")
        path = self.folder.write("f", b"more")
        c.fault(role="datanode", op="APPEND", lose=True)
        self.assertFails(self.hdfs("append", path, "/user/lee/f"), NETWORK, "may have carried it out")
        self.assertEqual(c.data("/user/lee/f"), b"more")
        c.fault(role="namenode", op="APPEND", drop=True)  # nothing was sent yet: that is asked again
        self.assertDone(self.hdfs("append", path, "/user/lee/f"))
        c.fault(role="datanode", op="APPEND", refuse=("AlreadyBeingCreatedException", "held by another"))
        self.assertFails(self.hdfs("append", path, "/user/lee/f"), CONFLICT, "AlreadyBeingCreatedException")
        self.assertEqual(c.data("/user/lee/f"), b"moremore")


class Tokens(TransferCase):
    def test_a_token_that_expires_mid_way(self):
        """A download goes on with the new one; an upload begins again."""
        c = self.cluster
        c.put("/user/lee/f", content(300000))
        c.tokens = {"first": "lee", "second": "lee"}
        path = self.folder.write("t", "first")
        for words in (("get", "-f", "/user/lee/f", self.folder("out")), ("put", "-f", self.folder("out"), "/user/lee/g")):
            c.tokens["first"] = "lee"
            self.folder.write("t", "first")
            fault = c.fault(role="datanode", op="OPEN" if words[0] == "get" else "CREATE", stall=0.5,
                            **({"cut": 100000} if words[0] == "get" else {"take": 100000}))
            change = threading.Thread(target=lambda: (wait_for(lambda: fault.seen), self.folder.write("t", "second"), c.tokens.pop("first")))
            change.start()
            self.assertDone(self.hdfs(*words, "--delegation-token-file", path))
            change.join()
        self.assertEqual((self.folder.read("out"), c.data("/user/lee/g")), (content(300000),) * 2)


class Gateways(TransferCase):
    OPTIONS = {"httpfs": True, "gateway": True}

    def everything(self, root, **more):
        c = self.cluster
        data = content(300000)
        path = self.folder.write("f", data)
        c.put("/user/lee/there", b"old")
        self.assertDone(self.put(path, "/user/lee/a b%+=.bin", root=root, **more))
        self.assertDone(self.put("-f", path, "/user/lee/there", root=root, **more))
        self.assertDone(self.hdfs("cat", "/user/lee/a b%+=.bin", root=root, **more), data)
        self.assertDone(self.hdfs("append", "-", "/user/lee/there", root=root, input=b"!", **more))
        self.assertEqual((c.data("/user/lee/a b%+=.bin"), c.data("/user/lee/there")), (data, data + b"!"))
        self.assertDone(self.hdfs("mkdir", "/user/lee/d", root=root, **more))
        self.assertDone(self.hdfs("checksum", "/user/lee/there", root=root, **more))
        self.assertEqual(len(self.assertDone(self.hdfs("ls", "--json", "/user/lee", root=root, **more)).lines), 3)
        self.assertFails(self.hdfs("ls", "/user/lee/there", root=root, **more), CONFLICT, "not a directory")
        self.assertFails(self.put(path, "/user/lee/there", root=root, **more), CONFLICT)
        self.assertEqual(self.put("-r", "-q", self.folder.path, "/user/lee/d/t", root=root, **more).code, 0)
        self.assertEqual(self.get("-r", "-q", "/user/lee/d/t", self.folder("back"), root=root, **more).code, 0)
        self.assertEqual(self.folder.read("back/f"), data)
        self.assertDone(self.hdfs("rm", "-r", "/user/lee/d", root=root, **more))
        self.assertEqual(self.names(), ["a b%+=.bin", "there"])

    def test_httpfs(self):
        self.cluster.ignore_options = True
        self.everything(self.cluster.httpfs.url)

    def test_httpfs_without_pages(self):
        self.cluster.ignore_options, self.cluster.batch_whole = True, True
        self.everything(self.cluster.httpfs.url)

    def test_pai_gateway(self):
        """W6: 300 in place of 307."""
        self.everything(self.cluster.gateway.url)

    def test_knox(self):
        """A prefix before /webhdfs/v1."""
        self.cluster.prefix = "/gateway/default"
        self.everything(self.cluster.root() + "/gateway/default/")

    def test_an_old_release(self):
        self.cluster.old = True
        self.everything(self.cluster.root())

    def test_a_real_nginx(self):
        """In front of the cluster, for NameNode and DataNodes, over TLS."""
        if not Front.available():
            self.skipTest("nginx is not installed")
        with peer.Certificates(only=["server"]) as certs, Front(self.cluster, certs) as front:
            self.everything(front.root, extra=["--cacert", certs.ca, "--datanode", front.datanode])

    def hdfs(self, *words, extra=(), **more):
        return super().hdfs(*words, *extra, **more)


class Tls(TransferCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peer.Certificates(only=["server"])
        cls.addClassCleanup(cls.certs.close)
        cls.OPTIONS = {"certs": cls.certs}
        super().setUpClass()

    def test_over_tls(self):
        self.cluster.put("/user/lee/f", content(300000))
        ca = ("--cacert", self.certs.ca)
        self.assertDone(self.get("/user/lee/f", self.folder("out"), *ca))
        self.assertDone(self.put(self.folder("out"), "/user/lee/g", *ca))
        self.assertEqual(self.cluster.data("/user/lee/g"), content(300000))
        self.assertFails(self.hdfs("ls", "/user/lee"), NETWORK, "certificate|issuer")

    def test_no_way_back_to_http(self):
        """A redirect from https to http would show the token."""
        self.cluster.put("/user/lee/f", b"1")
        self.cluster.fault(op="OPEN", raw=b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:9/webhdfs/v1/x?op=OPEN\r\nContent-Length: 0\r\n\r\n")
        self.assertFails(self.hdfs("cat", "/user/lee/f", "--cacert", self.certs.ca), REFUSED, "from https to http")


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.01)


if __name__ == "__main__":
    unittest.main()
