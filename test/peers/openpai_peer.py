"""For tests: starts the OpenPAI stand-in and a home folder whose cluster file names it, runs `berth pai`.

    with Openpai() as server, server.home(user="lee") as home:
        home.berth(["job", "list", "--json"])
Settings of openpai.py are keywords: Openpai(generation="G1", version="0.10.0", launcher="yarn").
"""
import json
import os

import peer


class Openpai(peer.Mlcycle):
    """A running stand-in; its control calls are those of the other one."""

    def __init__(self, certs=None, check=True, host=(), proxied=False, allow=(), **settings):
        self.certs, self.check = certs, check
        words = [peer.PYTHON, os.path.join(peer.HERE, "openpai.py"), "--until-eof", "--http", "0"]
        if certs:
            words += ["--https", "0", "--cert", certs("server"), "--key", certs.key("server")]
        words += [w for h in host for w in ("--host", h)] + ["--proxied"] * proxied + [w for a in allow for w in ("--allow", a)]
        words += [w for n, v in settings.items() for w in ("--set", "%s=%s" % (n, json.dumps(v)))]
        self.child = peer.Child(words)
        self.ports = self.child.ready
        self.http = "http://127.0.0.1:%d" % self.ports["http"]
        self.https = "https://localhost:%d" % self.ports["https"] if certs else None
        self.uri = self.https or self.http
        self.opener = peer.urllib.request.build_opener(peer.urllib.request.ProxyHandler({}))

    def job(self, framework):
        user, _, name = framework.rpartition("~")
        return next(j for j in self.state()["jobs"] if j["name"].rpartition("~")[2] == name
                    and j["jobStatus"]["username"] == (user or "lee"))

    def set(self, **wish):
        return self.control("POST", "/set", wish)

    def log(self, job, text, **more):
        return self.control("POST", "/log", dict(more, job=job, text=text))

    def home(self, **cluster):
        return Home(self, cluster)


class Home(peer.Folder):
    """A home and working folder with a cluster file; cluster: members beside pai_uri."""

    def __init__(self, server, cluster):
        self.server, self.cluster = server, cluster

    def __enter__(self):
        super().__enter__()
        os.mkdir(self("home"))
        os.mkdir(self("work"))
        if self.cluster is not None and self.server is not None:
            entry = dict({"pai_uri": self.server.uri, "user": "lee", "passwd": "pw-pw-pw"}, **self.cluster)
            self.clusters({"test": {k: v for k, v in entry.items() if v is not None}})
        return self

    def clusters(self, item):
        os.makedirs(self("home/.openpai"), mode=0o700, exist_ok=True)
        self.write("home/.openpai/clusters.json", json.dumps(item))
        os.chmod(self("home/.openpai/clusters.json"), 0o600)

    def environment(self, extra=None):
        return dict({"HOME": self("home")}, **(extra or {}))

    def berth(self, args, input=b"", env=None, timeout=30, cwd=None, room="pai"):
        words = [room] + [str(a) for a in args]
        if self.server is not None and self.server.certs and "--cacert" not in words:
            words[1:1] = ["--cacert", self.server.certs.ca]
        return peer.run_berth(words, input, self.environment(env), timeout, cwd or self("work"))

    def start(self, args, env=None, **more):
        return peer.start_berth(["pai"] + [str(a) for a in args], self.environment(env), self("work"), **more)

    def json(self, name):
        return json.loads(self.read(name))
