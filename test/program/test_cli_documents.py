"""berth json and berth yaml: what is accepted, what comes out, and where a refusal points to."""
import glob
import json
import os
import random
import subprocess
import threading
import time
import unittest

import cli_case
from cli_case import BAD_DATA, SPACE, USAGE, peer

try:
    import yaml
except ImportError:
    yaml = None

FIXTURES = sorted(glob.glob(os.path.join(cli_case.ROOT, "test/wire/yaml/*.yaml")))


def berth(*args, **more):
    return peer.run_berth(list(args), **more)


class Files(cli_case.Case):
    """What all four commands do with what they are given as FILE."""

    COMMANDS = (["json", "check", "%s"], ["json", "get", "%s", "a"], ["yaml", "check", "%s"], ["yaml", "to-json", "%s"])

    def setUp(self):
        self.folder = self.enterContext(peer.Folder())

    def each(self, path):
        return [(words, berth(*[w.replace("%s", path) for w in words], cwd=self.folder.path)) for words in self.COMMANDS]

    def test_missing_file(self):
        for words, result in self.each("no/such"):
            self.assertFails(result, BAD_DATA, "^berth: %s %s: no/such: no such file" % tuple(words[:2]))

    def test_folder(self):
        for _, result in self.each(self.folder.path):
            self.assertFails(result, BAD_DATA, "is a folder")

    def test_forbidden_file(self):
        if os.geteuid() == 0:
            self.skipTest("root reads everything")
        os.chmod(self.folder.write("secret", "1"), 0)
        for _, result in self.each("secret"):
            self.assertFails(result, BAD_DATA, "secret: permission denied")

    def test_too_large(self):
        with open(self.folder("large"), "wb") as f:
            f.truncate(4 * 1024 * 1024 + 1)
        for words, result in self.each("large"):
            if words[:2] != ["json", "check"]:
                self.assertFails(result, SPACE, "large: larger than this program reads at once")

    def test_check_of_any_length(self):
        with open(self.folder("long"), "w") as f:
            f.write("[" + "\n".join('{"a":[%d,"\u00e4"]},' % i for i in range(400000)))
            f.write("\n7]")
        self.assertDone(berth("json", "check", self.folder("long")), "")
        with open(self.folder("long"), "a") as f:
            f.write(" 8")
        self.assertFails(berth("json", "check", self.folder("long")), BAD_DATA, "long:400001:4: ")

    def test_standard_input(self):
        self.assertDone(berth("json", "check", "-", input=b"[1,2]"), "")
        self.assertDone(berth("json", "get", "-", "a", input=b'{"a":7}'), "7\n")
        self.assertDone(berth("yaml", "check", "-", input=b"a: 7"), "")
        self.assertDone(berth("yaml", "to-json", "-", input=b"a: 7"), '{"a":7}\n')
        self.assertFails(berth("json", "check", "-", input=b"[1,,2]"), BAD_DATA, "-:1:4: ")

    def test_standard_input_closed_or_a_folder(self):
        for words in self.COMMANDS:
            args = [w.replace("%s", "-") for w in words]
            child = peer.start_berth(args, stdin=os.open(self.folder.path, os.O_RDONLY))
            out, err = child.communicate(timeout=20)
            self.assertFails(peer.Result(child.returncode, out, err), BAD_DATA, "-: is a folder")
            child = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", peer.program()] + args, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, timeout=20)
            self.assertFails(peer.Result(child.returncode, child.stdout, child.stderr), BAD_DATA, "-: is not open")

    def test_a_pipe_in_pieces(self):
        child = peer.start_berth(["json", "get", "-", "a"])
        for byte in b'{"a":\n"xyz"}':
            child.stdin.write(bytes([byte]))
            child.stdin.flush()
        out, err = child.communicate(timeout=20)
        self.assertEqual((child.returncode, out, err), (0, b"xyz\n", b""))

    def test_pipes_that_do_not_block(self):
        """Whoever started the program may have made them so."""
        document = ("[" + "1234567," * 100000 + "1]").encode()
        (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()
        os.set_blocking(in_read, False)
        os.set_blocking(out_write, False)
        child = peer.start_berth(["json", "get", "-", "", "--json"], stdin=in_read, stdout=out_write)
        os.close(in_read)
        os.close(out_write)

        def feed():
            time.sleep(0.1)
            with os.fdopen(in_write, "wb") as pipe:
                pipe.write(document)

        threading.Thread(target=feed, daemon=True).start()
        with os.fdopen(out_read, "rb") as pipe:
            out = pipe.read(10)
            time.sleep(0.1)
            out += pipe.read()
        with child.stderr:
            err = child.stderr.read()
        self.assertEqual((child.wait(20), out, err), (0, document + b"\n", b""))

    def test_full_disk(self):
        path = self.folder.write("a.json", json.dumps({"a": "x" * 10000}))
        for words in (["json", "get", path, "a"], ["yaml", "to-json", path], ["help"], ["man"], ["version"]):
            with open("/dev/full", "wb") as full:
                child = peer.start_berth(words, stdout=full)
                _, err = child.communicate(timeout=20)
            self.assertFails(peer.Result(child.returncode, b"", err), SPACE, "standard output: no space left on device")

    def test_odd_names(self):
        for name in ("with blank.json", "-dash.json", "\u00e4\u4e2d.json", "new\nline.json", "esc\x1b[31m.json"):
            self.folder.write(name, "[1,]")
            result = berth("json", "check", "--", name, cwd=self.folder.path)
            shown = name.replace("\n", "?").replace("\x1b", "?")
            self.assertIn(shown + ":1:4: ", self.assertFails(result, BAD_DATA))


class Json(cli_case.Case):
    def get(self, document, path, *more):
        return berth("json", "get", "-", path, *more, input=document)

    def test_check(self):
        for good in ("{}", " [ ] ", "null", "-0.0e-0", '"\\ud83d\\ude00"', "\u2028".join('""'), '{"a":1,"a":2}', "\n1\n",
                     "[" * 64 + "]" * 64, "1" * 400):
            self.assertDone(berth("json", "check", "-", input=good), "")

    def test_refusals_point_at_the_place(self):
        for bad, place in ((b"", "1:1"), (b" ", "1:2"), (b"[1,]", "1:4"), (b"{\n  \"a\" 1}", "2:7"), (b"[1\n,\n2\n,\n]", "5:1"),
                           (b"nul", "1:4"), (b"01", "1:2"), (b"1 2", "1:3"), (b'"\xff"', "1:2"), (b'"a\tb"', "1:3"),
                           (b'"\\x"', "1:3"), (b"{'a':1}", "1:2"), (b"[NaN]", "1:2"), ("[\"äöü\", x]".encode(), "1:9"),
                           (b"\xef\xbb\xbf[]", "1:1"), (b"[1]\x00", "1:4"), (b'{"a":1,}', "1:8"), (b"+1", "1:1"), (b"1.", "1:3"),
                           (b"[[1]", "1:5")):
            with self.subTest(bad):
                for words in (["json", "check", "-"], ["json", "get", "-", "a"]):
                    self.assertFails(berth(*words, input=bad), BAD_DATA, "^berth: json (check|get): -:%s: [a-z]" % place)

    def test_get(self):
        document = json.dumps({"steps": [{"name": "Fit", "docker": {"image": "py:3"}}, {"name": "Gr\u00f6\u00dfe"}], "n": [1.5, None, True],
                               "e": {}, "t": "a\"b\\c\nd", "big": 9223372036854775807})
        for path, plain in (("steps[0].docker.image", "py:3"), ("steps[1].name", "Gr\u00f6\u00dfe"), ("n[0]", "1.5"), ("n[1]", "null"),
                            ("n[2]", "true"), ("e", "{}"), ("t", 'a"b\\c\nd'), ("big", "9223372036854775807")):
            self.assertDone(self.get(document, path), plain + "\n")
            told = self.assertDone(self.get(document, path, "--json")).text
            want = json.loads(document)
            for key in path.replace("[", ".").replace("]", "").split("."):
                want = want[int(key) if isinstance(want, list) else key]
            self.assertEqual(json.loads(told), want)

    def test_json_output_is_one_line(self):
        document = '{\n "a" : [ 1 ,\n  {"b" : "x y"} ]\n}'
        self.assertDone(self.get(document, "a", "--json"), '[1,{"b":"x y"}]\n')

    def test_no_such_value(self):
        for path in ("b", "a.b", "a[0]", "l[2]", "l.x", "l[0].x"):
            result = self.get('{"a":1,"l":[1,2]}', path)
            self.assertFails(result, 1, "no such value")
            result = self.get('{"a":1,"l":[1,2]}', path, "--quiet")
            self.assertEqual((result.code, result.out, result.err), (1, b"", b""))

    def test_not_a_path(self):
        for path in ("a[", "a[x]", "a..b", ".a", "a.", "[-1]", "[1", "a[1]b"):
            self.assertFails(self.get('{"a":[1]}', path), USAGE, "not a path")

    def test_half_a_surrogate_pair_is_only_shown_as_json(self):
        self.assertFails(self.get('{"a":"\\ud800"}', "a"), BAD_DATA, "surrogate")
        self.assertDone(self.get('{"a":"\\ud800"}', "a", "--json"), '"\\ud800"\n')

    def test_a_large_document(self):
        items = [{"id": i, "name": "n%d" % i} for i in range(100000)]
        document = json.dumps({"items": items})
        self.assertDone(self.get(document, "items[99999].name"), "n99999\n")
        self.assertDone(berth("json", "check", "-", input=document), "")

    def test_deep_documents_are_told(self):
        result = berth("json", "check", "-", input="[" * 100000)
        self.assertFails(result, BAD_DATA, "deep|nest|early")


class Yaml(cli_case.Case):
    def test_fixtures(self):
        """The documents of the library's own tests, seen through the program."""
        self.assertGreater(len(FIXTURES), 100)
        chosen = FIXTURES if not cli_case.SANITIZED else FIXTURES[::3]
        for path in chosen:
            base = os.path.basename(path)
            if ".last." in base or ".text." in base:
                continue
            stem = path[:-len(".yaml")]
            with self.subTest(base):
                result = berth("yaml", "to-json", path)
                if base.startswith("bad-"):
                    with open(stem + ".error", encoding="utf-8") as f:
                        line, column, reason = f.read().rstrip("\n").replace(":", " ", 1).split(" ", 2)
                    text = self.assertFails(result, BAD_DATA)
                    self.assertEqual(text, "berth: yaml to-json: %s:%s:%s: %s\n" % (path, line, column, reason))
                else:
                    with open(stem + ".json", encoding="utf-8") as f:
                        self.assertDone(result, f.read())

    def test_check_says_nothing(self):
        self.assertDone(berth("yaml", "check", "-", input="a:\n  - b\n"), "")
        self.assertFails(berth("yaml", "check", "-", input="a: &x 1\n"), BAD_DATA, "yaml check: -:1:4: anchors")
        self.assertFails(berth("yaml", "check", "-", input="a:\n\tb: 1\n"), BAD_DATA, "-:2:1: ")

    def test_core_schema(self):
        for text, value in (("1", 1), ("-17", -17), ("0x1F", 31), ("0o17", 15), ("1.5", 1.5), ("1e3", 1000.0), ("true", True), ("False", False),
                            ("null", None), ("~", None), ("", None), ("yes", "yes"), ("no", "no"), ("on", "on"), ("1_000", "1_000"),
                            ("2021-01-01", "2021-01-01"), ("'1'", "1"), ('"true"', "true"), ("12:30:45", "12:30:45")):
            self.assertEqual(json.loads(self.assertDone(berth("yaml", "to-json", "-", input="k: %s\n" % text)).text), {"k": value}, text)

    @unittest.skipUnless(yaml, "no PyYAML")
    def test_against_pyyaml(self):
        """Random documents that PyYAML writes in its block style and in its flow style."""
        seed = int(os.environ.get("BERTH_SEED", "20261120"))
        rng = random.Random(seed)
        alphabet = "abcXYZ 019-_.,:;#'\"\\/[]{}&*!|>%@`~\u00e4\u4e2d\U0001f600\n\t"

        def scalar():
            return rng.choice([lambda: rng.randint(-10**6, 10**6), lambda: rng.random() * 1e3, lambda: rng.choice([True, False, None]),
                               lambda: "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 12)))])()

        def value(depth):
            if depth == 0 or rng.random() < 0.4:
                return scalar()
            if rng.random() < 0.5:
                return [value(depth - 1) for _ in range(rng.randint(0, 3))]
            return {"k%d" % i if rng.random() < 0.7 else "k " + str(i): value(depth - 1) for i in range(rng.randint(0, 3))}

        for count in range(40 if cli_case.SANITIZED else 100):
            wanted = {"top": value(3)}
            text = yaml.safe_dump(wanted, allow_unicode=rng.random() < 0.5, default_flow_style=rng.random() < 0.3, width=rng.choice([20, 80]))
            result = berth("yaml", "to-json", "-", input=text)
            if result.code == BAD_DATA and b"not supported" in result.err:
                continue  # said clearly, never read as something else
            self.assertEqual(result.code, 0, (seed, count, text, result))
            self.assertEqual(json.loads(result.text), wanted, (seed, count, text))


if __name__ == "__main__":
    unittest.main()
