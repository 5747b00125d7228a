"""The OpenPAI stand-in's own tests: each rule of the wire page that it enforces, over raw sockets."""
# runs once
import base64
import json
import socket
import time
import unittest

import openpai_documents as documents
from openpai_peer import Openpai

YAML = ('protocolVersion: 2\nname: "demo"\ntype: "job"\nprerequisites: [{"name":"img","type":"dockerimage","uri":"x"}]\n'
        'taskRoles: {"main":{"instances":1,"dockerImage":"img","resourcePerInstance":{"cpu":1,"memoryMB":1,"gpu":0},"commands":["true"]}}\n')
V1 = {"jobName": "old", "image": "x", "taskRoles": [{"name": "main", "command": "true"}]}


class Reply:
    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in lines[1:])}

    @property
    def json(self):
        return json.loads(self.body)


class Case(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Openpai(check=False, **cls.SETTINGS)
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.server.reset()
        self.token = None

    def ask(self, method, path, body=None, kind="application/json", headers=(), token=True, base="/rest-server"):
        data = b"" if body is None else body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        lines = ["%s %s%s HTTP/1.1" % (method, base, path), "Host: 127.0.0.1:%d" % self.server.ports["http"], "Accept: */*",
                 "Accept-Encoding: identity", "Connection: close"]
        if token is True and self.token or isinstance(token, str):
            lines.append("Authorization: Bearer " + (self.token if token is True else token))
        if body is not None or method in ("POST", "PUT"):
            lines += ["Content-Length: %d" % len(data)] + (["Content-Type: " + kind] if data and kind else [])
        lines += ["%s: %s" % h for h in headers]
        with socket.create_connection(("127.0.0.1", self.server.ports["http"]), timeout=10) as sock:
            sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
            got = b""
            while True:
                piece = sock.recv(65536)
                if not piece:
                    return Reply(got)
                got += piece

    def log_in(self, user="lee", password="pw-pw-pw", path="/api/v1/token"):
        reply = self.ask("POST", path, "username=%s&password=%s" % (user, password), "application/x-www-form-urlencoded", token=False)
        self.assertEqual(reply.status, 200, reply.body)
        self.token = reply.json["token"]
        return reply.json

    def refused(self, reply, status, code):
        self.assertEqual((reply.status, reply.json.get("code")), (status, code), reply.body)

    def kinds(self):
        found = {v["kind"] for v in self.server.violations()}
        self.server.forget_violations()
        return found


class Tokens(Case):
    def test_login(self):
        for path in ("/api/v1/token", "/api/v2/tokens", "/api/v1/authn/basic/login", "/api/v2/authn/basic/login"):
            self.assertEqual(sorted(self.log_in(path=path)), ["admin", "hasGitHubPAT", "token", "user"])
        good = {"username": "lee", "password": "pw-pw-pw", "expiration": 3600}
        self.assertEqual(self.ask("POST", "/api/v1/token", good, token=False).status, 200)
        self.refused(self.ask("POST", "/api/v1/token", dict(good, x=1), token=False), 400, "InvalidParametersError")
        self.refused(self.ask("POST", "/api/v1/token", dict(good, expiration=59), token=False), 400, "InvalidParametersError")
        self.refused(self.ask("POST", "/api/v1/token", dict(good, username="no"), token=False), 400, "NoUserError")
        self.refused(self.ask("POST", "/api/v1/token", dict(good, password="wrong-pw"), token=False), 400, "IncorrectPasswordError")
        self.refused(self.ask("POST", "/api/v1/token", dict(good, password="short"), token=False), 400, "InvalidParametersError")
        self.assertEqual(self.kinds(), {"member"})

    def test_payload_and_expiry(self):
        token = self.log_in()["token"]
        part = token.split(".")[1]
        payload = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        self.assertEqual(payload["exp"] - payload["iat"], 604800)
        self.assertEqual(self.log_in()["token"] == token, payload["iat"] == int(time.time()))
        self.server.config(token_s=1)
        self.log_in()
        self.assertEqual(self.ask("GET", "/api/v2/jobs").status, 200)
        time.sleep(2.1)
        self.refused(self.ask("GET", "/api/v2/jobs"), 401, "UnauthorizedUserError")

    def test_application_tokens(self):
        self.assertEqual(self.ask("GET", "/api/v2/tokens").status, 401)
        self.log_in()
        mine = self.token
        self.assertEqual(self.ask("GET", "/api/v2/tokens").json, {"tokens": [mine]})
        made = self.ask("POST", "/api/v2/tokens/application").json
        self.assertEqual(made["application"], True)
        self.assertEqual(self.ask("GET", "/api/v2/jobs", token=made["token"]).status, 200)
        self.refused(self.ask("GET", "/api/v2/tokens", token=made["token"]), 403, "ForbiddenUserError")
        pair = base64.b64encode(("lee:" + made["token"]).encode()).decode()
        self.assertEqual(self.ask("GET", "/api/v2/jobs", token=False, headers=[("Authorization", "Basic " + pair)]).status, 200)
        pair = base64.b64encode(("lee:" + mine).encode()).decode()
        self.assertEqual(self.ask("GET", "/api/v2/jobs", token=False, headers=[("Authorization", "Basic " + pair)]).status, 401)
        self.assertEqual(self.ask("DELETE", "/api/v2/tokens/" + made["token"]).status, 200)
        self.assertEqual(self.ask("GET", "/api/v2/jobs", token=made["token"]).status, 401)
        self.refused(self.ask("DELETE", "/api/v2/tokens/garbage"), 500, "UnknownError")
        self.assertEqual(self.ask("DELETE", "/api/v2/tokens/" + mine).status, 200)
        self.assertEqual(self.kinds(), set())


class Jobs(Case):
    def setUp(self):
        super().setUp()
        self.log_in()

    def submit(self, text=YAML, kind="text/yaml"):
        return self.ask("POST", "/api/v2/jobs", text, kind)

    def test_submit(self):
        self.assertEqual(self.submit().json["status"], 202)
        self.refused(self.submit(), 409, "ConflictJobError")
        self.assertEqual(self.ask("GET", "/api/v2/jobs/lee~demo").json["jobStatus"]["state"], "RUNNING")
        self.assertEqual(self.ask("GET", "/api/v2/jobs/lee%7Edemo/config").headers["content-type"], "text/yaml; charset=utf-8")
        self.refused(self.submit(YAML.replace("demo", "a.b")), 400, "InvalidProtocolError")
        message = self.submit(YAML.replace("demo", "a.b") + "x: 1\n").json["message"]
        self.assertEqual([v["keyword"] for v in json.loads(message)], ["additionalProperties", "pattern"])
        self.assertEqual(self.submit(YAML.replace("demo", "b").replace('"instances":1,', "")).status, 500)
        self.refused(self.submit(YAML.replace("demo", "c") + 'extras: {"storages":[{"name":"none"}]}\n'), 404, "NoStorageError")
        self.refused(self.submit(YAML.replace("demo", "c") + 'defaults: {"virtualCluster":"none"}\n'), 403, "ForbiddenUserError")
        self.assertEqual(self.kinds(), set())
        self.refused(self.submit(kind="application/json"), 400, "InvalidProtocolError")
        self.assertEqual(self.kinds(), {"content-type"})
        self.assertEqual(self.submit(YAML + "name: twice\n").status, 500)
        self.assertEqual(self.kinds(), {"yaml"})
        self.assertEqual(self.submit(YAML + "#" * 102400).status, 413)

    def test_secrets(self):
        secret = 'secrets: {"pw":"p@ss: #1 \\u00e9"}\n'
        shown = YAML.replace("taskRoles", secret + "taskRoles")
        self.assertEqual(self.submit(shown).status, 202)
        self.assertEqual(self.ask("GET", "/api/v2/jobs/lee~demo/config").json["secrets"], "******")
        self.assertEqual(self.kinds(), set())
        quoted = json.dumps(dict(documents.load(shown), name="other"))
        self.assertEqual(self.submit(quoted).status, 202)
        self.assertEqual(self.kinds(), {"secrets"})
        self.assertIn("p@ss", self.ask("GET", "/api/v2/jobs/lee~other/config").json["secrets"]["pw"])

    def test_stop_and_start(self):
        self.server.config(stop_ms=300)
        self.submit()
        put = lambda value, kind="application/json": self.ask("PUT", "/api/v2/jobs/lee~demo/executionType", json.dumps({"value": value}), kind)
        self.refused(put("NOPE"), 400, "InvalidParametersError")
        self.assertEqual(put("STOP").status, 202)
        self.assertEqual(self.ask("GET", "/api/v2/jobs/lee~demo").json["jobStatus"]["state"], "STOPPING")
        time.sleep(0.4)
        self.assertEqual(self.ask("GET", "/api/v2/jobs/lee~demo").json["jobStatus"]["appExitCode"], -210)
        self.assertEqual(self.kinds(), set())
        self.refused(put("START"), 500, "UnknownError")
        self.assertEqual(self.kinds(), {"finished"})

    def test_list(self):
        self.server.seed(jobs=[{"user": "mira.k", "name": "a_1", "state": "FAILED", "tags": ["x"], "vc": "vision"},
                               {"name": "b%1", "state": "STOPPED", "priority": "prod"}], many={"count": 30})
        names = lambda q: [j["name"] for j in self.ask("GET", "/api/v2/jobs?" + q).json]
        self.assertEqual(len(self.ask("GET", "/api/v2/jobs").json), 32)
        self.assertEqual(names("state=FAILED,STOPPED&order=jobName,ASC"), ["a_1", "b%1"])
        self.assertEqual(names("vc=vision"), ["a_1"])
        self.assertEqual(names("tagsContain=x"), ["a_1"])
        self.assertEqual(names("username=lee"), ["b%1"])
        self.assertEqual(names("keyword=b%25&order=jobName,ASC&limit=1"), ["b%1"])
        self.assertEqual(names("jobPriority=prod"), ["b%1"])
        page = self.ask("GET", "/api/v2/jobs?username=mira.k&limit=10&offset=28&withTotalCount=true").json
        self.assertEqual((page["totalCount"], len(page["data"])), (31, 3))
        self.assertEqual(self.kinds(), set())
        self.assertEqual(self.ask("GET", "/api/v2/jobs?limit=50001").status, 400)
        self.assertEqual(self.ask("GET", "/api/v2/jobs?offset=-1").status, 500)
        self.assertEqual(self.ask("GET", "/api/v2/jobs?state=a&state=b").status, 500)
        self.assertEqual(self.ask("GET", "/api/v2/jobs?state=").json, [])
        self.assertEqual(self.kinds(), {"query"})

    def test_logs(self):
        self.server.seed(jobs=[{"name": "j", "roles": {"Main_1": 2}, "logs": {"main1/1": {"stdout": "x" * 20000, "stderr": ""}}}])
        links = lambda more="": self.ask("GET", "/api/v2/jobs/lee~j/attempts/0/taskRoles/main1/taskIndex/1/attempts/0/logs" + more)
        uris = {i["name"]: i["uri"] for i in links().json["locations"]}
        self.assertEqual(len(self.ask("GET", uris["stdout"], base="", token=False).body), 20000)
        part = self.ask("GET", uris["stdout"], base="", token=False, headers=[("Range", "bytes=19990-")])
        self.assertEqual((part.status, part.body, part.headers["content-range"]), (206, b"x" * 10, "bytes 19990-19999/20000"))
        tail = {i["name"]: i["uri"] for i in links("?tail-mode=true").json["locations"]}
        self.assertEqual(len(self.ask("GET", tail["stdout"], base="", token=False).body), 16384)
        self.assertEqual(self.kinds(), set())
        self.assertEqual(self.ask("GET", uris["stdout"], base="").status, 200)
        self.assertEqual(self.kinds(), {"auth"})
        self.server.config(link_s=0)
        self.assertEqual(self.ask("GET", links().json["locations"][0]["uri"], base="", token=False).status, 403)
        self.refused(self.ask("GET", "/api/v2/jobs/lee~j/attempts/0/taskRoles/main1/taskIndex/2/attempts/0/logs"), 404, "NoTaskLogError")

    def test_what_else_there_is(self):
        self.server.seed(jobs=[{"name": "j", "events": [{"type": "Warning"}, {"type": "Normal"}]}])
        self.assertEqual(self.ask("GET", "/api/v2/jobs/lee~j/events?type=Warning").json["totalCount"], 1)
        self.assertEqual(self.ask("PUT", "/api/v2/jobs/lee~j/tag", {"value": "t"}).status, 200)
        self.assertEqual(self.ask("DELETE", "/api/v2/jobs/lee~j/tag", {"value": "t"}).status, 200)
        self.refused(self.ask("DELETE", "/api/v2/jobs/lee~j/tag", {"value": "t"}), 404, "NoTagError")
        self.refused(self.ask("GET", "/api/v2/jobs/lee~j/ssh"), 404, "NoJobSshInfoError")
        self.assertEqual(self.ask("GET", "/api/v2/jobs/lee~no/job-attempts").body, b"null")
        self.refused(self.ask("GET", "/api/v2/users/nobody"), 400, "NoUserError")
        self.refused(self.ask("GET", "/api/v2/groups/nobody"), 400, "NoGroupError")
        self.refused(self.ask("GET", "/api/v2/virtual-clusters/nobody"), 404, "NoVirtualClusterError")
        self.assertEqual(sorted(self.ask("GET", "/api/v2/virtual-clusters?nodes").json), ["gpu-node-041"])
        self.assertEqual(len(self.ask("GET", "/api/v2/storages?default=true").json["storages"]), 1)
        self.refused(self.ask("GET", "/api/v1/jobs"), 404, "NoApiError")
        tag = self.ask("GET", "/api/v2/info", token=False).headers["etag"]
        again = self.ask("GET", "/api/v2/info", token=False, headers=[("If-None-Match", tag)])
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(self.kinds(), set())

    def test_limits(self):
        self.server.config(lists_per_min=2, retry_after_s=1)
        for _ in range(2):
            self.assertEqual(self.ask("GET", "/api/v2/jobs").status, 200)
        full = self.ask("GET", "/api/v2/jobs")
        self.assertEqual((full.status, full.headers["retry-after"], full.headers["content-type"]), (429, "1", "text/html; charset=utf-8"))
        time.sleep(1.1)
        self.assertEqual(self.ask("GET", "/api/v2/jobs").status, 200)

    def test_soon(self):
        self.server.config(hidden_gets=2, submit_404=True)
        self.refused(self.submit(), 404, "NoJobError")
        self.assertEqual([self.ask("GET", "/api/v2/jobs/lee~demo").status for _ in range(3)], [404, 404, 200])


class First(Case):
    SETTINGS = {"generation": "G1", "version": "0.10.0", "launcher": "yarn"}

    def test_first_generation(self):
        self.assertIn("text/html", self.ask("GET", "/api/v1/").headers["content-type"])
        self.refused(self.ask("GET", "/api/v2/info"), 404, "NoApiError")
        self.log_in()
        self.assertEqual(self.ask("POST", "/api/v1/user/lee/jobs", V1).json, {"message": "update job old successfully"})
        self.token = None
        jobs = self.ask("GET", "/api/v1/user/lee/jobs").json
        self.assertNotIn("debugId", jobs[0])
        self.assertEqual(self.ask("GET", "/api/v1/user/lee/jobs/old").json["name"], "lee~old")
        self.assertEqual(self.ask("GET", "/api/v1/user/lee/jobs/old/config").json, V1)
        self.assertEqual(len(self.ask("GET", "/api/v1/user/lee/jobs/old/ssh").json["containers"]), 1)
        self.assertIsInstance(self.ask("GET", "/api/v1/virtual-clusters").json["default"]["resourcesTotal"]["GPUs"], float)
        self.assertEqual(self.kinds(), set())

    def test_log_page(self):
        self.server.seed(jobs=[{"name": "j", "logs": {"main/0": {"stdout": "a<b & c\n"}}}])
        where = self.ask("GET", "/api/v1/user/lee/jobs/j").json["taskRoles"]["main"]["taskStatuses"][0]["containerLog"]
        page = self.ask("GET", where.split(str(self.server.ports["http"]))[1] + "user.pai.stdout/?start=0", base="")
        self.assertIn(b"<pre>a&lt;b &amp; c\n</pre>", page.body)


class Second(Case):
    SETTINGS = {"generation": "G2", "version": "1.0.1", "launcher": "k8s"}

    def test_second_generation(self):
        self.refused(self.ask("GET", "/api/v1/jobs"), 401, "UnauthorizedUserError")
        self.log_in()
        self.assertEqual(self.ask("POST", "/api/v1/user/lee/jobs", YAML, "text/yaml").status, 202)
        self.assertIn("debugId", self.ask("GET", "/api/v1/user/lee/jobs").json[0])
        self.assertIsInstance(self.ask("GET", "/api/v2/jobs?withTotalCount=true").json, list)
        self.refused(self.ask("PUT", "/api/v2/jobs/lee~demo/tag", {"value": "t"}), 404, "NoApiError")
        self.kinds()


if __name__ == "__main__":
    unittest.main()
