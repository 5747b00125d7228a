"""berth hdfs against the stand-in cluster: looking, changing, names, roots, tokens, errors, and the quirks of the wire page."""
import json
import os
import re
import socket
import threading
import unittest

import cli_case
from cli_case import BAD_DATA, CONFLICT, NETWORK, REFUSED, SPACE, USAGE, peer

import webhdfs

NO = 1
ODD_NAMES = ["gr\u00f6\u00dfe=XL", "a b", "100%", "a+b%c", "%2F", "a&b;c,d", "q?x#y", "\u4e2d\u6587\U0001f600", "'quote\"", "back\\slash",
             "{x}[y]|z^`<>", "~t@e!$()*", "...", ".hidden", "-dash", "x" * 255]


class HdfsCase(cli_case.Case):
    """A test against one cluster; whatever it calls improper fails the test."""

    OPTIONS = {}

    @classmethod
    def setUpClass(cls):
        cls.cluster = webhdfs.Cluster(**cls.OPTIONS)
        cls.addClassCleanup(cls.cluster.close)

    def setUp(self):
        c = self.cluster
        c.reset()
        c.old = c.old_standby = c.double_decode = c.need_token = c.ignore_options = c.batch_whole = False
        c.standby, c.tokens, c.page, c.redirect, c.datanode_host = set(), {}, 1000, 307, None
        c.chunk, c.throttle, c.prefix, c.need_authorization = 0, 0, "", None
        c.mkdir("/user/lee")
        self.folder = self.enterContext(peer.Folder())
        self.allowed = ()

    def tearDown(self):
        self.assertEqual([v for v in self.cluster.violations if not v.startswith(tuple(self.allowed) or ("\0",))], [])

    def hdfs(self, *words, root=None, user="lee", env=None, **more):
        roots = root or self.cluster.root()
        settings = {"BERTH_HDFS_ROOT": roots if isinstance(roots, str) else ",".join(roots)}
        if user:
            settings["HADOOP_USER_NAME"] = user
        settings.update(env or {})
        return self.run_berth(["hdfs"] + [str(w) for w in words], env=settings, **more)


class Look(HdfsCase):
    def test_list(self):
        c = self.cluster
        c.put("/user/lee/b.txt", b"x" * 12345, modified=1700000000456, mode="640")
        c.put("/user/lee/a", kind="DIRECTORY", mode="1777", modified=1700000100000)
        c.put("/user/lee/ln", kind="SYMLINK", target="/user/lee/t", mode="777", modified=1)
        text = self.assertDone(self.hdfs("ls", "/user/lee")).text
        self.assertEqual(text.splitlines(), [
            "MODE        OWNER     GROUP             SIZE  MODIFIED (UTC)       NAME",
            "drwxrwxrwt  lee       users                0  2023-11-14 22:15:00  a",
            "-rw-r-----  lee       users            12345  2023-11-14 22:13:20  b.txt",
            "lrwxrwxrwx  lee       users                0  1970-01-01 00:00:00  ln"])
        lines = self.assertDone(self.hdfs("ls", "--json", "/user/lee/")).lines
        self.assertEqual([(e["pathSuffix"], e["type"], e["length"]) for e in lines],
                         [("a", "DIRECTORY", 0), ("b.txt", "FILE", 12345), ("ln", "SYMLINK", 0)])
        self.assertEqual(lines[2]["symlink"], "/user/lee/t")

    def test_unknown_members_and_types(self):
        self.cluster.put("/user/lee/x", b"1", extra={"futureKey": {"a": [1, None]}, "type": "FIFO", "ecPolicy": "RS-6-3-1024k"})
        self.assertRegex(self.assertDone(self.hdfs("ls", "/user/lee")).text, r"\n\?rw-r--r-- .* x\n")
        self.assertEqual(self.assertDone(self.hdfs("ls", "--json", "/user/lee")).lines[0]["type"], "FIFO")

    def test_empty_directory(self):
        self.assertDone(self.hdfs("ls", "/user/lee"), "")
        self.assertDone(self.hdfs("ls", "--json", "/user/lee"), "")

    def test_pages(self):
        """The next page is asked for with the last name, whatever it holds (wire 6)."""
        names = sorted(ODD_NAMES + ["n%04d" % i for i in range(40)], key=lambda n: n.encode())
        for name in names:
            self.cluster.put("/user/lee/" + name, b"x")
        for page in (1, 7, 56, 1000):
            self.cluster.page = page
            self.cluster.requests.clear()
            lines = self.assertDone(self.hdfs("ls", "--json", "/user/lee")).lines
            self.assertEqual([e["pathSuffix"] for e in lines], names)
            self.assertEqual(len(self.cluster.requests), -(-len(names) // page))

    def test_a_server_without_pages(self):
        self.cluster.old = True
        self.cluster.put("/user/lee/x", b"x")
        self.assertIn(" x\n", self.assertDone(self.hdfs("ls", "/user/lee", "/user/lee")).text)
        self.assertEqual(self.cluster.ops(), ["LISTSTATUS_BATCH", "LISTSTATUS", "LISTSTATUS"])

    def test_a_gateway_that_does_not_know_pages(self):
        self.cluster.batch_whole, self.cluster.page = True, 2
        for i in range(10):
            self.cluster.put("/user/lee/%d" % i, b"")
        self.assertEqual(len(self.assertDone(self.hdfs("ls", "--json", "/user/lee")).lines), 10)

    def test_pages_that_never_end(self):
        c = self.cluster
        page = {"DirectoryListing": {"partialListing": {"FileStatuses": {"FileStatus": []}}, "remainingEntries": 5}}
        entry = {"accessTime": 0, "blockSize": 0, "group": "g", "length": 0, "modificationTime": 1, "owner": "o",
                 "pathSuffix": "same", "permission": "755", "replication": 0, "type": "DIRECTORY"}

        def answer(item):
            body = json.dumps(item).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        c.fault(op="LISTSTATUS_BATCH", raw=answer(page))
        self.assertFails(self.hdfs("ls", "/user/lee"), BAD_DATA, "an empty page, although entries remain")
        page["DirectoryListing"]["partialListing"]["FileStatuses"]["FileStatus"] = [entry]
        c.fault(op="LISTSTATUS_BATCH", raw=answer(page), count=0)
        self.assertFails(self.hdfs("ls", "/user/lee"), BAD_DATA, "repeats names", out=None)
        c.faults.clear()
        del page["DirectoryListing"]["remainingEntries"]
        c.fault(op="LISTSTATUS_BATCH", raw=answer(page))
        self.assertFails(self.hdfs("ls", "/user/lee"), BAD_DATA, "does not say how many", out=None)

    def test_a_file_is_no_directory(self):
        """W8: the listing of a file looks like a directory with one file."""
        self.cluster.put("/user/lee/f", b"x")
        self.cluster.put("/user/lee/d/d", b"x")
        self.assertFails(self.hdfs("ls", "/user/lee/f"), CONFLICT, "/user/lee/f: is not a directory")
        self.assertIn(" d\n", self.assertDone(self.hdfs("ls", "/user/lee/d")).text)

    def test_truncated_listing(self):
        """W5: 200, and the JSON stops anywhere: an error, never a short list."""
        c = self.cluster
        c.put("/user/lee/a", b"x")
        c.put("/user/lee/b", b"x")
        c.fault(op="LISTSTATUS_BATCH", truncate=400, count=0)
        self.assertFails(self.hdfs("ls", "/user/lee", "--retries", "0"), BAD_DATA, "cut off", out=None)
        c.faults.clear()
        c.old = True
        for cut in (0, 1, 30, 250, 300, 450):
            c.fault(op="LISTSTATUS", truncate=cut, count=0)
            self.assertFails(self.hdfs("ls", "/user/lee", "--retries", "0"), BAD_DATA, "cut off", out=None)
            c.faults.clear()

    def test_a_listing_goes_on_where_it_broke(self):
        c = self.cluster
        for i in range(30):
            c.put("/user/lee/%02d" % i, b"x")
        c.page = 10
        c.fault(op="LISTSTATUS_BATCH", skip=1, cut=1500)
        lines = self.assertDone(self.hdfs("ls", "--json", "/user/lee")).lines
        self.assertEqual([e["pathSuffix"] for e in lines], ["%02d" % i for i in range(30)])

    def test_hostile_names_on_the_screen(self):
        self.cluster.put("/user/lee/\x1b[31mred\x07\u202e", b"x")
        text = self.assertDone(self.hdfs("ls", "/user/lee")).text
        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f\u202e]")
        self.assertIn("?[31mred??", text)

    def test_stat(self):
        self.cluster.put("/user/lee/f", b"12345", modified=1700000000456, accessed=1700000000123)
        text = self.assertDone(self.hdfs("stat", "/user/lee/f")).text
        for line in ("path            /user/lee/f", "type            FILE", "mode            -rw-r--r--", "size            5",
                     "modified        2023-11-14 22:13:20", "accessed        2023-11-14 22:13:20", "replication     3"):
            self.assertIn(line + "\n", text)
        item = self.assertDone(self.hdfs("stat", "--json", "/user/lee/f")).lines[0]
        self.assertEqual((item["length"], item["permission"], item["type"], item["modificationTime"]), (5, "644", "FILE", 1700000000456))
        self.assertFails(self.hdfs("stat", "/user/lee/none"), REFUSED, "FileNotFoundException: File does not exist: /user/lee/none")

    def test_du(self):
        self.cluster.put("/user/lee/d/f", b"x" * 100)
        self.cluster.put("/user/lee/g", b"x" * 11)
        text = self.assertDone(self.hdfs("du", "/user")).text
        self.assertRegex(text, r"bytes +111\nwith replicas +333\nfiles +2\ndirectories +3\n")
        item = self.assertDone(self.hdfs("du", "--json", "/user/lee")).lines[0]
        self.assertEqual((item["length"], item["fileCount"], item["typeQuota"]), (111, 2, {"SSD": {"consumed": 10, "quota": 1000}}))

    def test_checksum_and_home(self):
        self.cluster.put("/user/lee/f", b"x")
        self.assertRegex(self.assertDone(self.hdfs("checksum", "/user/lee/f")).text, r"\AMD5-of-1MD5-of-512CRC32C [0-9a-f]{56}\n\Z")
        self.assertEqual(self.assertDone(self.hdfs("checksum", "--json", "/user/lee/f")).lines[0]["length"], 28)
        self.assertFails(self.hdfs("checksum", "/user/lee"), REFUSED, "Path is not a file")
        self.assertDone(self.hdfs("home"), "/user/lee\n")
        self.assertDone(self.hdfs("home", user=None), "/user/dr.who\n")
        self.assertEqual(self.assertDone(self.hdfs("home", "--json")).lines, [{"Path": "/user/lee"}])

    def test_odd_names_everywhere(self):
        for name in ODD_NAMES:
            path = "/user/lee/" + name
            with self.subTest(name):
                self.cluster.put(path, name.encode())
                self.assertDone(self.hdfs("cat", path), name)
                self.assertEqual(self.assertDone(self.hdfs("stat", "--json", path)).lines[0]["length"], len(name.encode()))
                if len(name) < 255:
                    self.assertDone(self.hdfs("mv", path, path + "+%&=\u00e9"))
                    self.assertIn(path + "+%&=\u00e9", self.cluster.nodes)

    def test_paths_that_cannot_be(self):
        for path in ("relative", "", "/a/../b", "/a/./b", "/a:b", "/a/.."):
            self.assertFails(self.hdfs("mkdir", path), USAGE)
        for words in (["ls"], ["stat"], ["du"], ["checksum"], ["ls", "/user/lee"], ["mkdir"], ["rm"], ["append", "/dev/null"]):
            self.assertFails(self.hdfs(*words, "relative"), USAGE, "relative: a path begins with /")
        self.assertFails(self.hdfs("mkdir", b"/\xff\xfe".decode("utf-8", "surrogateescape")), USAGE)
        self.assertEqual(self.cluster.requests, [])
        self.assertDone(self.hdfs("mkdir", "//user///lee//new//"))
        self.assertIn("/user/lee/new", self.cluster.nodes)
        self.assertFails(self.hdfs("stat", "/" + "x" * 3000), SPACE, "too long")


class Change(HdfsCase):
    def test_mkdir(self):
        self.assertDone(self.hdfs("mkdir", "/user/lee/a/b/c", "/user/lee/d"), "")
        self.assertEqual(self.cluster.paths("/user/lee/"), ["/user/lee/a", "/user/lee/a/b", "/user/lee/a/b/c", "/user/lee/d"])
        self.assertDone(self.hdfs("mkdir", "/user/lee/d"))
        self.assertDone(self.hdfs("mkdir", "--mode", "1777", "/user/lee/t"))
        self.assertEqual(self.cluster.nodes["/user/lee/t"].mode, "1777")
        self.assertFails(self.hdfs("mkdir", "--mode", "888", "/user/lee/u"), USAGE, "octal")
        self.cluster.put("/user/lee/f", b"")
        self.assertFails(self.hdfs("mkdir", "/user/lee/f"), CONFLICT, "FileAlreadyExistsException")
        self.assertFails(self.hdfs("mkdir", "/user/lee/f/g"), CONFLICT, "ParentNotDirectoryException")

    def test_rm(self):
        """W4: nothing there is an answer of 200."""
        c = self.cluster
        c.put("/user/lee/f", b"")
        c.put("/user/lee/d/g", b"")
        self.assertDone(self.hdfs("rm", "/user/lee/f"))
        self.assertFails(self.hdfs("rm", "/user/lee/f"), NO, "nothing to delete")
        self.assertFails(self.hdfs("rm", "/user/lee/d"), CONFLICT, "takes --recursive")
        self.assertDone(self.hdfs("rm", "-r", "/user/lee/d"))
        self.assertEqual(c.paths("/user/lee/"), [])
        c.put("/user/lee/last", b"")
        result = self.hdfs("rm", "/user/lee/none", "/user/lee/last")
        self.assertFails(result, NO, "none")
        self.assertEqual(c.paths("/user/lee/"), [])
        for path in ("/", "//"):
            self.assertFails(self.hdfs("rm", "-r", path), USAGE, "root")
        self.assertIn("/user", c.nodes)

    def test_mv(self):
        """W4, W9."""
        c = self.cluster
        c.put("/user/lee/a", b"1")
        c.put("/user/lee/b", b"2")
        c.mkdir("/user/lee/d")
        self.assertFails(self.hdfs("mv", "/user/lee/a", "/user/lee/b"), CONFLICT, "the name is taken")
        self.assertFails(self.hdfs("mv", "/user/lee/none", "/user/lee/c"), REFUSED, "no such file")
        self.assertFails(self.hdfs("mv", "/user/lee/a", "/user/none/c"), CONFLICT, "folder is missing")
        self.assertDone(self.hdfs("mv", "--overwrite", "/user/lee/a", "/user/lee/b"))
        self.assertEqual(c.data("/user/lee/b"), b"1")
        self.assertDone(self.hdfs("mv", "/user/lee/b", "/user/lee/d"))
        self.assertEqual(c.paths("/user/lee/"), ["/user/lee/d", "/user/lee/d/b"])
        self.assertFails(self.hdfs("mv", "/user/lee/d", "/user/lee/d/e"), CONFLICT)
        self.assertFails(self.hdfs("mv", "//", "/user/lee/d/e"), USAGE, "the root of the file system")

    def test_chmod_truncate_concat(self):
        """W10: a mode is always sent."""
        c = self.cluster
        c.put("/user/lee/a", b"x" * 2000)
        c.put("/user/lee/b", b"y" * 10)
        self.assertDone(self.hdfs("chmod", "0", "/user/lee/a"))
        self.assertEqual(c.nodes["/user/lee/a"].mode, "0")
        self.assertDone(self.hdfs("chmod", "0755", "/user/lee/a"))
        self.assertEqual(c.nodes["/user/lee/a"].mode, "755")
        for mode in ("", "9", "abc", "2000", "-1"):
            self.assertEqual(self.hdfs("chmod", "--", mode, "/user/lee/a").code, USAGE)
        self.assertDone(self.hdfs("truncate", "/user/lee/a", "1024"))
        result = self.hdfs("truncate", "/user/lee/a", "1000")
        self.assertEqual((result.code, len(c.data("/user/lee/a"))), (0, 1000))
        self.assertIn(b"recovers", result.err)
        self.assertFails(self.hdfs("truncate", "/user/lee/a", "5000"), REFUSED, "larger file size")
        self.assertDone(self.hdfs("concat", "/user/lee/a", "/user/lee/b"))
        self.assertEqual(c.data("/user/lee/a"), b"x" * 1000 + b"y" * 10)
        self.assertEqual(self.hdfs("concat", "/user/lee/a", "/user/lee/a,b").code, USAGE)
        for words in (("truncate", "/user/lee", "0"), ("concat", "/user/lee", "/user/lee/a"), ("append", self.folder.write("f", b"x"), "/user/lee")):
            self.assertFails(self.hdfs(*words), REFUSED, "Path is not a file")

    def test_changes_are_not_repeated(self):
        """A lost answer to what must not be done twice is told, not repeated."""
        self.cluster.put("/user/lee/a", b"1")
        for words, op in ((("mv", "/user/lee/a", "/user/lee/b"), "RENAME"), (("rm", "/user/lee/a"), "DELETE"),
                          (("truncate", "/user/lee/a", "0"), "TRUNCATE")):
            self.cluster.requests.clear()
            self.cluster.fault(op=op, drop="after")
            self.assertFails(self.hdfs(*words), NETWORK, "may have carried it out")
            self.assertEqual(self.cluster.ops().count(op), 1)
        self.cluster.fault(op="MKDIRS", drop="after")
        self.assertDone(self.hdfs("mkdir", "/user/lee/new"))


class Roots(HdfsCase):
    OPTIONS = {"namenodes": 3}

    def test_standby(self):
        """W3: 403 that means: ask the other one. It is kept then."""
        c = self.cluster
        c.put("/user/lee/f", b"data")
        for c.old_standby in (False, True):
            c.standby = {0, 1}
            c.requests.clear()
            roots = [c.root(i) for i in range(3)]
            self.assertDone(self.hdfs("cat", "/user/lee/f", "/user/lee/f", root=roots), b"datadata")
            self.assertEqual([r.role for r in c.requests].count("namenode"), 2 + 4)
            self.assertDone(self.hdfs("mv", "/user/lee/f", "/user/lee/g", root=roots))
            self.assertDone(self.hdfs("mv", "/user/lee/g", "/user/lee/f", root=roots))

    def test_root_options(self):
        words = ["stat", "/user/lee"]
        for i in range(3):
            words += ["--root", self.cluster.root(i) + "/"]
        self.cluster.standby = {0}
        self.assertDone(self.hdfs(*words, root="http://not.used"))

    def test_all_standby(self):
        self.cluster.standby = {0, 1, 2}
        self.assertFails(self.hdfs("stat", "/user/lee", "--retries", "1", root=[self.cluster.root(i) for i in range(3)]), NETWORK,
                         "StandbyException")
        self.assertEqual(len(self.cluster.requests), 6)

    def test_a_root_that_is_away(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            dead = "http://127.0.0.1:%d" % free.getsockname()[1]
        self.assertDone(self.hdfs("mkdir", "/user/lee/x", root=[dead, "http://no.such.host.invalid", self.cluster.root(1)]))
        self.assertFails(self.hdfs("mkdir", "/user/lee/x", "--retries", "0", root=[dead]), NETWORK, "refused")

    def test_not_yet(self):
        for exception in ("RetriableException", "SafeModeException"):
            self.cluster.fault(refuse=(exception, "starting up"))
            self.assertFails(self.hdfs("rm", "/user/lee/none"), NO)
        self.cluster.fault(html=503)
        self.assertDone(self.hdfs("stat", "/user/lee"))
        self.cluster.fault(html=502)
        self.assertFails(self.hdfs("rm", "/user/lee"), NETWORK, "HTTP 502")


class Errors(HdfsCase):
    def test_exceptions(self):
        """Wire 7: the exception counts, not the status."""
        for exception, code in (("IllegalArgumentException", REFUSED), ("UnsupportedOperationException", REFUSED),
                                ("SecurityException", REFUSED), ("AuthorizationException", REFUSED), ("InvalidToken", REFUSED),
                                ("AccessControlException", REFUSED), ("FileNotFoundException", REFUSED),
                                ("FileAlreadyExistsException", CONFLICT), ("PathIsNotEmptyDirectoryException", CONFLICT),
                                ("ParentNotDirectoryException", CONFLICT), ("NSQuotaExceededException", REFUSED),
                                ("DSQuotaExceededException", REFUSED), ("AlreadyBeingCreatedException", CONFLICT),
                                ("RecoveryInProgressException", CONFLICT), ("LeaseExpiredException", CONFLICT),
                                ("IOException", REFUSED), ("SomethingElseException", REFUSED), ("NullPointerException", REFUSED)):
            self.cluster.fault(op="MKDIRS", refuse=(exception, "why it is\n\tat a.b(C.java:1)\n\tat d.e(F.java:2)"))
            text = self.assertFails(self.hdfs("mkdir", "/user/lee/x"), code, exception + ": why it is \\(PUT")
            self.assertNotIn("java", text)

    def test_messages(self):
        """W11: null, very long, cut anywhere."""
        for message, words in ((None, "NullPointerException \\("), ("", "NullPointerException \\("),
                               ("line\n" + "\tat x.y(Z.java:1)\n" * 2000, "NullPointerException: line \\("),
                               ("\u00e9\ud83d\ude00" * 2000, "NullPointerException: \u00e9"),
                               ("\x1b[31m\x00\x07", "NullPointerException: ")):
            self.cluster.fault(op="MKDIRS", refuse=("NullPointerException", message))
            self.assertFails(self.hdfs("mkdir", "/user/lee/x"), REFUSED, words)

    def test_no_exception(self):
        for status, code in ((404, REFUSED), (403, REFUSED), (500, REFUSED), (401, REFUSED)):
            self.cluster.fault(op="MKDIRS", html=status)
            self.assertFails(self.hdfs("mkdir", "/user/lee/x"), code, "HTTP %d" % status)

    def test_a_web_page_is_no_answer(self):
        self.cluster.fault(op="GETFILESTATUS", html=200)
        self.assertFails(self.hdfs("stat", "/user/lee"), BAD_DATA, "a web page came")
        self.cluster.put("/user/lee/f", b"x")
        self.cluster.fault(op="OPEN", role="datanode", html=200)
        self.assertFails(self.hdfs("cat", "/user/lee/f"), BAD_DATA, "a web page came")
        self.cluster.fault(op="LISTSTATUS_BATCH", html=200)
        self.assertFails(self.hdfs("ls", "/user/lee"), BAD_DATA, "a web page came")

    def test_kerberos(self):
        self.cluster.need_token = True
        self.assertFails(self.hdfs("ls", "/user/lee"), REFUSED, "Kerberos.*delegation token")

    def test_wrong_arguments(self):
        self.assertFails(self.run_berth(["hdfs", "ls", "/"]), USAGE, "--root")
        for root in ("namenode:9870", "hdfs://nn:9000", "http://nn?x=1", "http://u:p@nn/", ""):
            self.assertEqual(self.run_berth(["hdfs", "ls", "/", "--root", root]).code, USAGE, root)
        self.assertFails(self.hdfs("ls", "/", user="no user!"), USAGE, "user's name")
        self.assertFails(self.hdfs("ls", "/", "--datanode", "nonsense"), USAGE, "FROM=URL")
        self.assertFails(self.hdfs("ls", "/", "--datanode", "dn=ftp://x"), USAGE, "FROM=http")
        self.assertFails(self.hdfs("cat", "/x", "--offset", "-1"), USAGE, "number of bytes")

    def test_small_answers_that_are_wrong(self):
        for body in (b"", b"{", b"[]", b"{}", b'{"boolean":1}', b'{"boolean":true} x', b"x" * 5000, b'{"Path":"/x"}'):
            self.cluster.fault(op="MKDIRS", raw=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                               % (len(body), body), count=0)
            result = self.hdfs("mkdir", "/user/lee/x", "--retries", "0")
            self.assertIn(result.code, (BAD_DATA, SPACE), body)
            self.assertFails(result, result.code)
            self.cluster.faults.clear()


class Tokens(HdfsCase):
    def test_get_renew_cancel(self):
        c = self.cluster
        token = self.assertDone(self.hdfs("token", "get", "--renewer", "yarn")).text.strip()
        self.assertIn(token, c.tokens)
        item = self.assertDone(self.hdfs("token", "get", "--json")).lines[0]
        self.assertIn(item["Token"]["urlString"], c.tokens)
        path = self.folder("token")
        self.assertDone(self.hdfs("token", "get", "-o", path), "")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertIn(self.folder.read("token").decode().strip(), c.tokens)
        by = ("--delegation-token-file", path)
        self.assertDone(self.hdfs("token", "renew", *by), "2023-11-15T22:13:20Z\n")
        self.assertEqual(self.assertDone(self.hdfs("token", "renew", "--json", *by)).lines, [{"long": 1700086400000}])
        c.need_token = True
        self.assertDone(self.hdfs("mkdir", "/user/lee/x", *by))
        self.assertEqual(c.nodes["/user/lee/x"].kind, "DIRECTORY")
        self.assertDone(self.hdfs("token", "cancel", *by), "")
        self.assertFails(self.hdfs("ls", "/user/lee", *by), REFUSED, "InvalidToken")
        self.assertFails(self.hdfs("token", "get", *by), USAGE)
        self.assertFails(self.hdfs("token", "renew"), USAGE, "--delegation-token-file")
        self.assertFails(self.hdfs("ls", "/", "--user", "x", *by), USAGE, "exclude")

    def test_tokens_stay_secret(self):
        self.cluster.tokens["SECRET-TOKEN"] = "lee"
        self.cluster.put("/user/lee/f", b"x" * 100)
        path = self.folder.write("t", "SECRET-TOKEN\n")
        for words in (("cat", "/user/lee/f"), ("stat", "/user/lee/none"), ("token", "renew"), ("put", path, "/user/lee/g")):
            result = self.hdfs(*words, "-v", "--delegation-token-file", path)
            self.assertNotIn(b"SECRET", result.err)
            self.assertIn(b"***", result.err)

    def test_a_token_that_expires_is_read_again(self):
        c = self.cluster
        c.need_token = True
        c.tokens["second"] = "lee"
        c.mkdir("/user/lee/d")
        path = self.folder.write("t", "first")
        self.assertFails(self.hdfs("ls", "/user/lee", "--delegation-token-file", path), REFUSED, "InvalidToken")
        # Somebody writes a new one while the command is under way.
        c.fault(op="MKDIRS", stall=1)
        threading.Timer(0.3, self.folder.write, ("t", "second")).start()
        self.assertDone(self.hdfs("mkdir", "/user/lee/e", "--delegation-token-file", path))
        self.assertIn("/user/lee/e", c.nodes)

    def test_do_as(self):
        self.assertDone(self.hdfs("mkdir", "/user/lee/x", "--do-as", "kim"))
        self.assertIn("doas=kim", self.cluster.requests[-1].target)


if __name__ == "__main__":
    unittest.main()
