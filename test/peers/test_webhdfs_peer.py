"""The WebHDFS stand-in itself: the wire page's answers, and that it notices what a good client does not do."""
import http.client
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import webhdfs  # noqa: E402

GOOD = {"Accept": "*/*", "Accept-Encoding": "identity", "X-XSRF-HEADER": "x"}


class Peer(unittest.TestCase):
    def setUp(self):
        self.cluster = webhdfs.Cluster(namenodes=2, httpfs=True, gateway=True)
        self.addCleanup(self.cluster.close)
        self.cluster.put("/user/lee/f", b"0123456789")

    def ask(self, method, target, body=None, server=None, **fields):
        """(status, fields, body) of a raw request, interim answers skipped."""
        server = server or self.cluster.namenodes[0]
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        headers = dict(GOOD, **{k.replace("_", "-"): v for k, v in fields.items()})
        if method in ("PUT", "POST") and body is None:
            headers["Content-Length"] = "0"
        connection.request(method, target, body, headers)
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        return reply.status, reply.headers, data

    def exception(self, *words, **more):
        status, _, body = self.ask(*words, **more)
        return status, json.loads(body)["RemoteException"]["exception"]

    def test_two_steps(self):
        status, fields, body = self.ask("PUT", "/webhdfs/v1/user/lee/g?op=CREATE&user.name=lee&overwrite=true")
        self.assertEqual((status, body), (307, b""))
        where = fields["Location"]
        self.assertIn("namenoderpcaddress=", where)
        node = next(n for n in self.cluster.datanodes if ":%d/" % n.port in where)
        target = "/webhdfs/" + where.split("/webhdfs/", 1)[1]
        status, fields, _ = self.ask("PUT", target, b"data", node, Content_Type="application/octet-stream")
        self.assertEqual((status, fields["Connection"]), (201, "close"))
        self.assertEqual(self.cluster.data("/user/lee/g"), b"data")
        self.assertEqual(self.cluster.violations, [])

    def test_no_redirect(self):
        for self.cluster.old, status in ((False, 200), (True, 307)):
            self.assertEqual(self.ask("GET", "/webhdfs/v1/user/lee/f?op=OPEN&noredirect=true")[0], status)

    def test_answers(self):
        ask = lambda method, rest: self.exception(method, "/webhdfs/v1" + rest)
        self.assertEqual(ask("GET", "/none?op=GETFILESTATUS"), (404, "FileNotFoundException"))
        self.assertEqual(ask("GET", "/user?op=OPEN"), (404, "FileNotFoundException"))
        self.assertEqual(ask("GET", "/user/lee/f?op=OPEN&offset=10"), (403, "IOException"))
        self.assertEqual(ask("GET", "/?op=NONSENSE"), (400, "IllegalArgumentException"))
        self.assertEqual(ask("PUT", "/user/lee/f/x?op=MKDIRS"), (403, "ParentNotDirectoryException"))
        self.assertEqual(ask("DELETE", "/user?op=DELETE&recursive=false"), (403, "PathIsNotEmptyDirectoryException"))
        self.cluster.standby = {0}
        self.assertEqual(ask("GET", "/?op=GETFILESTATUS"), (403, "StandbyException"))

    def test_gateway(self):
        status, fields, _ = self.ask("GET", "/webhdfs/webhdfs/v1/user/lee/f?op=OPEN", server=self.cluster.gateway)
        self.assertEqual(status, 300)
        self.assertRegex(fields["Location"], r"^http://127\.0\.0\.1:\d+/a/[a-z0-9.]+:\d+/webhdfs/v1/user/lee/f\?op=OPEN")
        target = "/a/" + fields["Location"].split("/a/", 1)[1]
        self.assertEqual(self.ask("GET", target, server=self.cluster.gateway)[2], b"0123456789")

    def test_httpfs(self):
        server = self.cluster.httpfs
        self.assertEqual(self.ask("GET", "/webhdfs/v1/user/lee/f?op=OPEN&offset=8", server=server)[2], b"89")
        status, fields, _ = self.ask("PUT", "/webhdfs/v1/user/lee/h?op=CREATE", server=server)
        self.assertEqual((status, fields["Location"].endswith("data=true")), (307, True))
        status, _, _ = self.ask("PUT", "/webhdfs/v1/user/lee/h?op=CREATE&data=true", b"x", server, Content_Type="text/plain")
        self.assertEqual(status, 400)

    def test_violations(self):
        for words, fields, found in ((("GET", "/webhdfs/v1/a%3Db?op=GETFILESTATUS"), {}, "needless"),
                                     (("GET", "/webhdfs/v1/a;b?op=GETFILESTATUS"), {}, "percent-encoded"),
                                     (("GET", "/webhdfs/v1/?op=getfilestatus"), {}, "upper case"),
                                     (("GET", "/webhdfs/v1/?op=LISTSTATUS&user.name=a&delegation=b"), {}, "both"),
                                     (("GET", "/webhdfs/v1/?op=LISTSTATUS&x=1"), {}, "unknown parameter"),
                                     (("GET", "/webhdfs/v1/?op=LISTSTATUS"), {"Range": "bytes=1-"}, "Range"),
                                     (("GET", "/webhdfs/v1/?op=LISTSTATUS"), {"Accept_Encoding": "gzip"}, "Accept-Encoding"),
                                     (("PUT", "/webhdfs/v1/x?op=MKDIRS"), {"Expect": "100-continue"}, "Expect"),
                                     (("PUT", "/webhdfs/v1/?op=SETPERMISSION"), {}, "resets the mode"),
                                     (("PUT", "/webhdfs/v1/x?op=CREATE", b"data"), {}, "first step has a body"),
                                     (("GET", "/webhdfs/v1//x/?op=LISTSTATUS"), {}, "not normalised"),
                                     (("GET", "/webhdfs/v1/x?op=OPEN&excludedatanodes=dn%3A9864"), {}, "with a port")):
            self.cluster.violations.clear()
            self.cluster.put("/x", b"1")
            self.ask(*words, **fields)
            self.assertTrue(any(found in v for v in self.cluster.violations), (words, self.cluster.violations))
        self.cluster.violations.clear()
        self.ask("GET", "/webhdfs/v1/user/lee/f?op=OPEN", server=self.cluster.datanodes[0])
        self.assertIn("not a Location that was given out", self.cluster.violations[0])


if __name__ == "__main__":
    unittest.main()
