"""berth yaml: the documents of test/wire/yaml through the program, and random documents beside PyYAML where it is installed."""
import json
import os
import random
import subprocess
import tempfile
import unittest

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BERTH = os.environ.get("BERTH", os.path.join(ROOT, "build/san/berth"))
FIXTURES = os.path.join(ROOT, "test/wire/yaml")
SEED = int(os.environ.get("BERTH_SEED", str(random.SystemRandom().randrange(1 << 32))))


def berth(*words, data=None):
    return subprocess.run([BERTH, "yaml", *words], input=data, capture_output=True, timeout=60)


def read(name):
    with open(os.path.join(FIXTURES, name), "rb") as f:
        return f.read()


class Fixtures(unittest.TestCase):
    def names(self, ending, beginning=""):
        return sorted(n for n in os.listdir(FIXTURES) if n.endswith(ending) and n.startswith(beginning))

    def test_good_documents(self):
        for name in self.names(".json")[::8]:
            stem = name[:-len(".json")]
            if stem.endswith((".last", ".text")):
                continue
            path = os.path.join(FIXTURES, stem + ".yaml")
            done = berth("to-json", path)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, read(name), b""), stem)

    def test_check_is_silent(self):
        done = berth("check", os.path.join(FIXTURES, "mlcycle-pipeline.yaml"))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    def test_refusals_say_where_and_why(self):
        for name in self.names(".error", "bad-")[::8]:
            place, _, reason = read(name).decode().strip().partition(" ")
            path = os.path.join(FIXTURES, name[:-len(".error")] + ".yaml")
            done = berth("check", path)
            self.assertEqual((done.returncode, done.stdout), (5, b""), name)
            self.assertEqual(done.stderr.count(b"\n"), 1, name)
            self.assertIn("%s:%s: %s" % (path, place, reason), done.stderr.decode(), name)

    def test_standard_input(self):
        done = berth("to-json", "-", data=b"a: [1, x]\n")
        self.assertEqual((done.returncode, done.stdout), (0, b'{"a":[1,"x"]}\n'))

    def test_many_keys(self):
        """A users file of a large site: more keys than fit the library's own memory for them."""
        document = "".join("user%d: {port: %d}\n" % (i, i) for i in range(5000))
        done = berth("to-json", "-", data=document.encode())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)), 5000)
        done = berth("check", "-", data=(document + "user7: 1\n").encode())
        self.assertEqual(done.returncode, 5)
        self.assertIn(b"5001:1", done.stderr)


@unittest.skipIf(yaml is None, "PyYAML is not installed")
class Differential(unittest.TestCase):
    """What PyYAML writes, in every style that it has, is read as PyYAML reads it (which is not always what it was told to write).
    All values are texts here: PyYAML types plain scalars by the rules of YAML 1.1."""
    PIECES = ["a", "b", "word", "x y", " ", "  ", ":", ": ", "#", " #", "-", "- ", "\n", "\n\n", '"', "'", "\\", "[", "]", "{", "}", ",", "é", "日",
              "😀", "\t", "&", "*", "!", "|", ">", "%", "@", "`", "?", "=", "long long word list ", "---", "...", "/", "key", "\u00a0", "\x07"]
    WORDS = ["alpha", "beta gamma", "a: b", "- c", "path/to", "http://x:1/y?z#f", "--lr 1e-3", "trailing ", " leading"]

    def setUp(self):
        self.random = random.Random(SEED)

    def text(self):
        if self.random.random() < 0.4:
            return self.random.choice(self.WORDS)
        return "t" + "".join(self.random.choice(self.PIECES) for _ in range(self.random.randint(0, 12)))

    def node(self, depth):
        kind = self.random.random()
        if depth > 4 or kind < 0.4:
            return self.text()
        if kind < 0.7:
            return [self.node(depth + 1) for _ in range(self.random.randint(0, 4))]
        return {self.text().replace("\n", " ")[:60]: self.node(depth + 1) for _ in range(self.random.randint(0, 4))}

    def test_what_pyyaml_writes(self):
        choice = self.random.choice
        for i in range(20):
            value = [self.node(0) for _ in range(20)]
            document = yaml.safe_dump(value, default_style=choice([None, None, '"', "'", "|", ">"]), default_flow_style=choice([None, True, False]),
                                      width=choice([5, 20, 40, 80, 200]), indent=choice([2, 3, 4, 8]), allow_unicode=choice([True, False]),
                                      explicit_start=choice([True, False]), explicit_end=choice([True, False]), line_break=choice(["\n", "\r\n"]),
                                      sort_keys=False).encode()
            done = berth("to-json", "-", data=document)
            where = "BERTH_SEED=%d, document %d:\n%s" % (SEED, i, document.decode())
            self.assertEqual(done.returncode, 0, where + done.stderr.decode())
            self.assertEqual(json.dumps(json.loads(done.stdout)), json.dumps(yaml.load(document, Loader=yaml.BaseLoader)), where)


    def test_what_from_json_writes(self):
        """Random values, texts that look like something else among them: PyYAML's safe loader (YAML 1.1) reads what was meant."""
        words = ["yes", "No", "on", "~", "null", "1", "010", "0x1", "1_000", "1:30", "1e3", ".inf", "2020-01-01", "=", "<<", "a: b", "-", "- a", "a #b",
                 "x y", "http://x:1/y?z#f", "line\nline", "line\n", "\n", " a\nb", "a\n\n", "\x85", "\u2028x\ny", "e\u0301", "a:", "true"]
        for i in range(20):
            def node(depth):
                kind = self.random.random()
                if depth and kind < 0.3:
                    return [node(depth - 1) for _ in range(self.random.randint(0, 4))]
                if depth and kind < 0.6:
                    return {self.random.choice(words) + str(k): node(depth - 1) for k in range(self.random.randint(0, 4))}
                return self.random.choice([self.text(), self.random.choice(words), self.random.randint(-10**6, 10**6), True, None, 0.5])

            value = [node(4) for _ in range(20)]
            done = berth("from-json", "-", data=json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode())
            where = "BERTH_SEED=%d, document %d" % (SEED, i)
            self.assertEqual(done.returncode, 0, where + done.stderr.decode())
            self.assertEqual(yaml.safe_load(done.stdout.decode()), value, where + "\n" + done.stdout.decode())
            back = berth("to-json", "-", data=done.stdout)
            self.assertEqual(json.loads(back.stdout), value, where)


class FromJson(unittest.TestCase):
    def test_refusals(self):
        for data, code, text in ((b"{", 5, b"-:1:2: "), (b"[" * 33 + b"1" + b"]" * 33, 5, b"32 levels"), (b'["\\ud800"]', 5, b"surrogate"),
                                 (b'{"' + b"k" * 1100 + b'":1}', 5, b"kilobyte")):
            done = berth("from-json", "-", data=data)
            self.assertEqual((done.returncode, done.stdout), (code, b""), data)
            self.assertIn(text, done.stderr)

    def test_plain(self):
        done = berth("from-json", "-", data=b'{"a":[1,{"b":"c d"}],"t":"x\\ny\\n"}')
        self.assertEqual((done.returncode, done.stdout), (0, b"a:\n  - 1\n  - b: c d\nt: |\n  x\n  y\n"))


if __name__ == "__main__":
    print("yaml: BERTH_SEED=%d" % SEED)
    unittest.main()
