"""berth pai: clusters, defaults, tokens and the files that the old SDK shares with it."""
import json
import os
import stat
import unittest

import pai_case
from cli_case import BAD_DATA, NETWORK, REFUSED, USAGE, peer
from openpai_peer import Home
from test_cli_terminal import Terminal

CLUSTERS = {"prod-cluster": {"pai_uri": "https://pai.example.test", "user": "mira.k", "passwd": "s3cret-pw",
                             "hdfs_web_uri": "http://hdfs.example.test:50070"},
            "labor-k\u00f6ln": {"pai_uri": "http://10.1.2.3:8080", "user": "lee", "passwd": "pw-pw-pw"}}  # 6.18


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Files(pai_case.cli_case.Case):
    """No server at all."""

    def setUp(self):
        self.home = self.enterContext(Home(None, None))

    def pai(self, *words, **more):
        return self.home.berth(words, **more)

    def stored(self):
        return self.home.json("home/.openpai/clusters.json")

    def test_nothing_there(self):
        self.assertDone(self.pai("cluster", "list"), "")
        self.assertDone(self.pai("cluster", "list", "--json"), "")
        self.assertDone(self.pai("default", "list"), "")
        self.assertDone(self.pai("default", "list", "--json"), "{}\n")
        self.assertFails(self.pai("job", "list"), USAGE, "no cluster is defined")
        self.assertFalse(os.path.exists(self.home("home/.openpai")))

    def test_add(self):
        self.assertDone(self.pai("cluster", "add", "--cluster-alias", "a b", "--pai-uri", "https://pai.example.test", "--user", "lee",
                                 "--passwd-file", "-", input="p\"w\\ \u00e9\nsecond\n"), "")
        self.assertEqual(self.stored(), {"a b": {"pai_uri": "https://pai.example.test", "user": "lee", "passwd": "p\"w\\ \u00e9"}})
        self.assertEqual((mode(self.home("home/.openpai")), mode(self.home("home/.openpai/clusters.json"))), (0o700, 0o600))
        self.assertDone(self.pai("cluster", "add", "-a", "a b", "--pai-uri", "pai.example.test:8080/", "--user", "kim",
                                 env={"BERTH_PAI_PASSWORD": "other-pw"}), "")
        self.assertEqual(self.stored()["a b"], {"pai_uri": "pai.example.test:8080/", "user": "kim", "passwd": "other-pw"})
        warned = self.pai("cluster", "add", "-a", "c", "--pai-uri", "http://x", "--user", "u", "--passwd", "seen-pw")
        self.assertEqual(warned.code, 0)
        self.assertRegex(warned.err, rb"\Aberth: warning: [^\n]*--passwd[^\n]*\n\Z")
        self.assertNotIn(b"seen-pw", warned.err)
        self.assertDone(self.pai("cluster", "add", "-a", "d", "--pai-uri", "http://x", "--user", "u", "--passwd", "seen-pw", "-q"), "")
        self.assertEqual(sorted(self.stored()), ["a b", "c", "d"])

    def test_add_wrong(self):
        add = ("cluster", "add", "-a", "x", "--user", "u", "--pai-uri")
        self.assertFails(self.pai(*add, "ftp://x", "--passwd-file", "-", input="pw\n"), USAGE, "ftp")
        self.assertFails(self.pai(*add, "http://x", "--passwd-file", "-", input=""), USAGE, "empty")
        self.assertFails(self.pai(*add, "http://x", "--passwd-file", "nowhere"), BAD_DATA, "nowhere")
        self.assertFails(self.pai(*add, "http://x"), USAGE, "passwd-file")
        self.assertFails(self.pai("cluster", "add", "-a", "x", "--user", "u"), USAGE, "--pai-uri")
        self.assertFails(self.pai("cluster", "add", "--pai-uri", "http://x", "--user", "u"), USAGE, "--cluster-alias")
        self.assertFails(self.pai("cluster", "add", "-a", "x", "--pai-uri", "http://x"), USAGE, "--user")
        self.assertFalse(os.path.exists(self.home("home/.openpai")))

    def test_password_is_asked_for(self):
        terminal = Terminal(["pai", "cluster", "add", "-a", "x", "--pai-uri", "http://x", "--user", "u"], env={"HOME": self.home("home")})
        terminal.read(b"password: ")
        terminal.type(b"hidden-pw\n")
        code, text = terminal.end()
        self.assertEqual((code, "hidden-pw" in text), (0, False))
        self.assertEqual(self.stored()["x"]["passwd"], "hidden-pw")

    def test_interrupted_question(self):
        terminal = Terminal(["pai", "cluster", "add", "-a", "x", "--pai-uri", "http://x", "--user", "u"], env={"HOME": self.home("home")})
        terminal.read(b"password: ")
        terminal.type(b"half\x03")
        self.assertEqual(terminal.end()[0], 130)
        self.assertFalse(os.path.exists(self.home("home/.openpai/clusters.json")))

    def test_list(self):
        self.home.clusters(CLUSTERS)
        table = self.assertDone(self.pai("cluster", "list"))
        self.assertNotIn("s3cret-pw", table.text)
        self.assertIn("labor-k\u00f6ln", table.text)
        self.assertDone(self.pai("cluster", "list", "--name"), "prod-cluster\nlabor-k\u00f6ln\n")
        lines = self.assertDone(self.pai("cluster", "list", "--json", "-a", "prod-cluster")).lines
        self.assertEqual(lines, [dict(CLUSTERS["prod-cluster"], passwd="******", cluster_alias="prod-cluster")])
        self.assertFails(self.pai("cluster", "list", "-a", "nope"), USAGE, "known: prod-cluster, labor-k\u00f6ln")

    def test_no_secret_is_listed(self):
        """However it is written, and how often."""
        os.makedirs(self.home("home/.openpai"))
        self.home.write("home/.openpai/clusters.json", '{"x": {"pai_uri": "http://x", "user": "u", "passwd": "seen1", "p\\u0061sswd": "seen2", '
                        '"passwd": "seen3", "password": "seen4", "t\\u006fken": "seen5", "token": "seen6"}}')
        for words in ((), ("--json",)):
            listed = self.assertDone(self.pai("cluster", "list", *words))
            self.assertIn("******", listed.text)
            self.assertNotIn("seen", listed.text)

    def test_select_and_delete(self):
        self.home.clusters(dict(CLUSTERS, extra={"pai_uri": "http://y", "user": "u", "token": "secret-token", "note": [1, {"a": None}]}))
        self.assertFails(self.pai("job", "list"), USAGE, "which cluster.*known: prod-cluster, labor-k\u00f6ln, extra")
        self.assertFails(self.pai("cluster", "select", "nope"), USAGE, "known")
        self.assertDone(self.pai("cluster", "select", "extra"), "")
        self.assertEqual(self.home.json("work/.openpai/defaults.json"), {"cluster-alias": "extra"})
        self.assertIn("yes", next(r for r in self.pai("cluster", "list").text.splitlines() if r.startswith("extra")))
        self.assertNotIn("secret-token", self.pai("cluster", "list", "--json").text)
        self.assertDone(self.pai("cluster", "add", "-a", "extra", "--pai-uri", "http://z", "--user", "v", "--passwd-file", "-", input="pw\n"))
        self.assertEqual(self.stored()["extra"], {"pai_uri": "http://z", "user": "v", "token": "secret-token", "note": [1, {"a": None}], "passwd": "pw"})
        self.assertDone(self.pai("cluster", "delete", "extra"), "")
        self.assertEqual(self.stored(), CLUSTERS)
        self.assertFails(self.pai("cluster", "delete", "extra"), USAGE, "there is no cluster extra")

    def test_later_form(self):
        """An array of objects that know their alias (4.1)."""
        later = [{"cluster_alias": "one", "pai_uri": "http://x", "user": "u", "password": "pw", "storages": [], "more": 1.50},
                 {"alias": "two", "pai_uri": "http://y", "user": "v", "token": "tk"}]
        self.home.clusters(later)
        self.assertDone(self.pai("cluster", "list", "--name"), "one\ntwo\n")
        self.assertNotIn("pw", self.pai("cluster", "list", "--json").text)
        self.assertDone(self.pai("cluster", "add", "-a", "three", "--pai-uri", "http://z", "--user", "w", "--passwd-file", "-", input="pw3\n"))
        self.assertDone(self.pai("cluster", "delete", "two"), "")
        self.assertEqual(self.stored(), [later[0], {"cluster_alias": "three", "pai_uri": "http://z", "user": "w", "passwd": "pw3"}])

    def test_yaml(self):
        """Of still later SDKs; read only."""
        os.makedirs(self.home("home/.openpai"))
        self.home.write("home/.openpai/clusters.yaml", "- cluster_alias: one\n  pai_uri: http://x\n  user: u\n  password: \"pw\"\n")
        self.assertDone(self.pai("cluster", "list", "--name"), "one\n")
        self.assertFails(self.pai("cluster", "delete", "one"), USAGE, "to-json")
        self.home.write("home/.openpai/clusters.yaml", "- a: [\n")
        self.assertFails(self.pai("cluster", "list"), BAD_DATA, r"clusters.yaml:\d+:\d+")

    def test_a_jobs_environment_is_not_stored(self):
        env = {"PAI_SDK_CLIENT_PAI_URI": "http://x", "PAI_SDK_CLIENT_USER": "u", "PAI_SDK_CLIENT_TOKEN": "tk"}
        self.assertDone(self.pai("cluster", "list", "--name", env=env), "environment\n")
        self.assertDone(self.pai("cluster", "add", "-a", "y", "--pai-uri", "http://y", "--user", "v", "--passwd-file", "-", input="pw\n", env=env))
        self.assertEqual(list(self.stored()), ["y"])

    def test_broken_files(self):
        for text, reason in (("{", r"1:2|1:1"), ("[1,\n x]", "2:2"), ("3", "object is due"), ("\xff", "UTF-8|clusters.json")):
            os.makedirs(self.home("home/.openpai"), exist_ok=True)
            self.home.write("home/.openpai/clusters.json", text.encode("latin-1"))
            self.assertFails(self.pai("cluster", "list"), BAD_DATA, reason)
            self.assertFails(self.pai("cluster", "add", "-a", "x", "--pai-uri", "http://x", "--user", "u", "--passwd-file", "-", input="pw\n"),
                             BAD_DATA, "clusters.json")
            self.assertEqual(self.home.read("home/.openpai/clusters.json"), text.encode("latin-1"))
        self.assertFails(self.pai("cluster", "list", env={"HOME": ""}), USAGE, "HOME is not set")

    def test_defaults(self):
        """Q22: split at the first =."""
        self.assertDone(self.pai("default", "add", "image=a=b", "cpu=2", "x=", "k\u00f6=\u00fc"), "")
        self.assertEqual(self.home.json("work/.openpai/defaults.json"), {"image": "a=b", "cpu": "2", "x": "", "k\u00f6": "\u00fc"})
        self.assertDone(self.pai("default", "list", "--json"), '{"image":"a=b","cpu":"2","x":"","k\u00f6":"\u00fc"}\n')
        self.assertFails(self.pai("default", "remove", "cpu", "nope"), 1, "nope")
        self.assertDone(self.pai("default", "remove", "cpu", "x"), "")
        self.assertDone(self.pai("default", "unset", "k\u00f6"), "")
        self.assertEqual(self.home.json("work/.openpai/defaults.json"), {"image": "a=b"})
        self.assertFails(self.pai("default", "add", "image"), USAGE, "VARIABLE=VALUE")
        self.assertFails(self.pai("default", "add", "=x"), USAGE, "VARIABLE=VALUE")
        self.assertEqual(mode(self.home("work/.openpai/defaults.json")), 0o600)


class Tokens(pai_case.PaiCase):
    def kept(self):
        return self.home.json("home/.openpai/tokens.json")

    def test_one_login(self):
        """Q29: a token is kept until it ends, and only its owner can read it."""
        for _ in range(3):
            self.assertDone(self.pai("job", "list"), "")
        self.assertEqual(len(self.logged("login")), 1)
        entry = self.kept()["test"]
        self.assertEqual((entry["pai_uri"], entry["user"]), (self.server.uri, "lee"))
        self.assertEqual(mode(self.home("home/.openpai/tokens.json")), 0o600)

    def test_token_of_another_server_or_user(self):
        self.assertDone(self.pai("job", "list"))
        kept = self.kept()
        for change in ({"user": "mira.k"}, {"pai_uri": "http://elsewhere.test"}):
            self.server.forget_requests()
            self.home.write("home/.openpai/tokens.json", json.dumps({"test": dict(kept["test"], **change)}))
            self.assertDone(self.pai("job", "list"))
            self.assertEqual(len(self.logged("login")), 1)

    def test_expired_and_revoked(self):
        self.server.config(token_s=30)  # within the last minute it counts as expired
        for _ in range(2):
            self.assertDone(self.pai("job", "list"))
        self.assertEqual(len(self.logged("login")), 2)
        self.server.config(token_s=604800)
        self.assertDone(self.pai("job", "list"))
        token = self.kept()["test"]["token"]
        self.assertDone(self.pai("token", "revoke", "-", input=token + "\n"), "")
        self.assertEqual(self.kept(), {})
        self.assertDone(self.pai("job", "list"))
        self.server.reset()  # forgets all tokens
        self.assertDone(self.pai("job", "list"))
        self.assertEqual([r["status"] for r in self.logged("list")], [401, 200])

    def test_application_token(self):
        made = self.assertDone(self.pai("token", "create", "--json")).lines[0]
        self.assertEqual(made["application"], True)
        lines = self.assertDone(self.pai("token", "list", "--json")).lines
        self.assertEqual([t["application"] for t in lines], [False, True])
        self.assertEqual(sorted(set(lines[0]) - set(lines[1])), ["exp"])
        self.home.clusters({"test": {"pai_uri": self.server.uri, "user": "lee"}})
        os.unlink(self.home("home/.openpai/tokens.json"))
        self.assertFails(self.pai("job", "list"), REFUSED, "BERTH_PAI_PASSWORD")
        self.assertDone(self.pai("job", "list", env={"BERTH_PAI_TOKEN": made["token"]}), "")
        self.assertFails(self.pai("token", "list", env={"BERTH_PAI_TOKEN": made["token"]}), REFUSED, "HTTP 403")
        self.assertFails(self.pai("token", "revoke", "a/b", env={"BERTH_PAI_TOKEN": made["token"]}), USAGE, "no server takes")
        self.assertDone(self.pai("cluster", "add", "-a", "test", "--pai-uri", self.server.uri, "--user", "lee", "--token-file", "-",
                                 input=made["token"] + "\n"), "")
        self.assertDone(self.pai("job", "list"), "")
        self.assertEqual(self.home.json("home/.openpai/clusters.json"), {"test": {"pai_uri": self.server.uri, "user": "lee"}})
        self.assertDone(self.pai("cluster", "delete", "test"))
        self.assertEqual(self.kept(), {})

    def test_many_at_once(self):
        """Each may log in; the file stays whole."""
        children = [self.home.start(["job", "list", "--name"]) for _ in range(6)]
        for child in children:
            self.assertEqual((child.communicate(timeout=60), child.returncode), ((b"", b""), 0))
        self.assertEqual(list(self.kept()), ["test"])
        self.server.forget_requests()
        self.assertDone(self.pai("job", "list"))
        self.assertEqual(self.logged("login"), [])

    def test_wrong_password(self):
        self.home.clusters({"test": {"pai_uri": self.server.uri, "user": "lee", "passwd": "wrong-pw"}})
        text = self.assertFails(self.pai("job", "list"), REFUSED, "Password is incorrect")
        self.assertNotIn("wrong-pw", text)
        self.assertEqual(len(self.logged("login")), 1)

    def test_secrets_stay_out_of_the_trace(self):
        traced = self.pai("job", "list", "-v")
        self.assertEqual(traced.code, 0)
        token = self.kept()["test"]["token"]
        for secret in (b"pw-pw-pw", token.encode(), b"PAT-IN-CLEAR"):
            self.assertNotIn(secret, traced.err)

    def test_asked_for_when_needed(self):
        self.home.clusters({"test": {"pai_uri": self.server.uri, "user": "lee"}})
        terminal = Terminal(["pai", "job", "list"], env={"HOME": self.home("home")})
        terminal.read(b"password of lee at test: ")
        terminal.type(b"pw-pw-pw\n")
        code, text = terminal.end()
        self.assertEqual((code, "pw-pw-pw" in text), (0, False))

    def test_oidc(self):
        self.server.config(authn="OIDC")
        self.assertFails(self.pai("job", "list"), REFUSED, "(?i)token")


class Registry(pai_case.PaiCase):
    def test_info(self):
        self.assertEqual(self.assertDone(self.pai("cluster", "info", "--json")).lines, [
            {"cluster_alias": "test", "pai_uri": self.server.uri, "user": "lee", "generation": 3, "version": "1.8",
             "launcherType": "k8s", "authnMethod": "basic"}])
        self.assertIn("3 (1.1 and later)", self.assertDone(self.pai("cluster", "info", "test")).text)

    def test_vcs(self):
        self.assertEqual(self.rows(self.assertDone(self.pai("vc", "list")))[1], "default\t12.5\t16/20\t72/96\t327680/393216")
        self.assertEqual([v["name"] for v in self.assertDone(self.pai("vc", "list", "--json")).lines], ["default", "vision", "cpuonly"])
        self.assertEqual(self.assertDone(self.pai("vc", "list", "vision", "--json")).lines[0]["resourcesTotal"]["gpu"], 8)
        self.assertFails(self.pai("vc", "list", "nope"), REFUSED, "HTTP 404")
        self.assertEqual(self.assertDone(self.pai("vc", "list", "--nodes", "--json")).lines,
                         [{"name": "gpu-node-041", "gpuUsed": 3, "gpuAvailable": 1, "gpuTotal": 4}])
        self.assertEqual([s["name"] for s in self.assertDone(self.pai("vc", "list", "--skus", "--json")).lines], ["V100", "CPU8"])
        self.assertFails(self.pai("vc", "list", "default", "--nodes"), USAGE, "--nodes")

    def test_people(self):
        users = self.assertDone(self.pai("users", "list", "--json"))
        self.assertEqual([u["username"] for u in users.lines], ["lee", "mira.k", "root"])
        self.assertNotIn("PAT-IN-CLEAR", users.text)  # 2.8: secrets
        self.assertEqual(self.assertDone(self.pai("users", "get", "root", "--json")).lines[0]["admin"], True)
        self.assertFails(self.pai("users", "get", "nobody"), REFUSED, "HTTP 400")  # Q10
        self.assertEqual([g["groupname"] for g in self.assertDone(self.pai("groups", "list", "--json")).lines], ["default", "vision"])
        self.assertIn("everybody", self.assertDone(self.pai("groups", "get", "default")).text)
        self.assertFails(self.pai("groups", "get", "nobody"), REFUSED, "HTTP 400")

    def test_storages(self):
        self.assertEqual([s["name"] for s in self.assertDone(self.pai("storages", "list", "--json")).lines], ["teamnfs", "scratch", "pending"])
        self.assertEqual([s["name"] for s in self.assertDone(self.pai("storages", "list", "--json", "--default")).lines], ["teamnfs"])
        self.assertIn("10.9.8.7:/export/team", self.assertDone(self.pai("storages", "get", "teamnfs")).text)
        for form in ((), ("--json",)):
            self.assertNotIn("STORAGE-KEY", self.assertDone(self.pai("storages", "get", "scratch", *form)).text)
        self.assertFails(self.pai("storages", "get", "nope"), REFUSED, "HTTP 404")

    def test_no_server(self):
        self.home.clusters({"test": {"pai_uri": "http://127.0.0.1:1", "user": "lee", "passwd": "pw-pw-pw"}})
        self.assertFails(self.pai("job", "list"), NETWORK, "127.0.0.1")

    def test_environment_of_a_job(self):
        """4.6: the client from the environment when there is no file."""
        os.unlink(self.home("home/.openpai/clusters.json"))
        env = {"PAI_SDK_CLIENT_PAI_URI": self.server.uri, "PAI_SDK_CLIENT_USER": "lee"}
        self.assertDone(self.pai("job", "list", env=dict(env, BERTH_PAI_PASSWORD="pw-pw-pw")), "")
        token = self.home.json("home/.openpai/tokens.json")["environment"]["token"]
        os.unlink(self.home("home/.openpai/tokens.json"))
        self.assertDone(self.pai("job", "list", env=dict(env, PAI_SDK_CLIENT_TOKEN=token)), "")


if __name__ == "__main__":
    unittest.main()
