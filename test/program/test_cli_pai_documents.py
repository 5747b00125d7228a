"""berth pai job check and convert: findings as people and programs read them, the safe form beside PyYAML, exports beside a real shell."""
import json
import os
import random
import re
import subprocess
import unittest

from cli_case import BAD_DATA, ROOT, SPACE, USAGE, Case, SANITIZED
import peer

try:
    import yaml
except ImportError:
    yaml = None

FIXTURES = os.path.join(ROOT, "test/wire/openpai_job")
FULL = os.path.join(FIXTURES, "full.yaml")
FULL_V1 = os.path.join(FIXTURES, "full_v1.json")
SEED = int(os.environ.get("BERTH_SEED", str(random.SystemRandom().randrange(1 << 32))))
LINE = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+): (?P<severity>error|warning): (?P<rest>.+)$")


def berth(*words, **more):
    return peer.run_berth(["pai", "job"] + list(words), **more)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def mask(document):
    """What a server stores: the text pattern of the wire page, 3.2."""
    return re.sub(r"(?m)^secrets:(.|\n)*?(?=^\w|\Z)", "secrets: '******'\n", document)


SMALL = """protocolVersion: 2
name: small
type: job
prerequisites: [{name: img, type: dockerimage, uri: "example/torch:2"}]
taskRoles:
  main:
    instances: 1
    dockerImage: img
    resourcePerInstance: {cpu: 1, memoryMB: 1024, gpu: 0}
    commands: [echo hello]
"""


class Check(Case):
    def test_good_documents_say_nothing(self):
        for name in ("full.yaml", "full_v1.json", "two_roles.yaml", "secrets.yaml", "demo_v1.json", "built_v2.yaml"):
            self.assertDone(berth("check", os.path.join(FIXTURES, name)), "")
        self.assertDone(berth("check", "-", input=SMALL), "")

    def findings(self, document, *more, code=BAD_DATA):
        result = berth("check", "-", "--json", *more, input=document)
        self.assertEqual((result.code, result.err), (code, b""), result)
        return [json.loads(line) for line in result.text.splitlines()]

    def test_all_findings_at_once(self):
        broken = SMALL.replace("name: small", "name: so.small").replace("cpu: 1", "cpu: \"1\"").replace("    dockerImage: img\n", "")
        broken += "secrets : {pw: x}\nextra: 1\n"
        result = berth("check", "-", input=broken)
        self.assertEqual((result.code, result.err), (BAD_DATA, b""))
        lines = [LINE.match(line).groupdict() for line in result.text.splitlines()]
        found = [(int(x["line"]), int(x["column"]), x["severity"], x["rest"].split(": ")[0]) for x in lines]
        self.assertEqual(sorted(found), [(2, 7, "error", "name"), (6, 3, "error", "taskRoles.main.dockerImage"),
                                         (8, 32, "error", "taskRoles.main.resourcePerInstance.cpu"), (10, 1, "warning", "secrets"),
                                         (11, 1, "error", "extra")])
        told = self.findings(broken)
        self.assertEqual([(x["line"], x["column"], x["severity"], x["path"]) for x in told], found)
        self.assertEqual({x["rule"] for x in told}, {"name", "missing", "type", "secrets", "member"})
        self.assertEqual({x["file"] for x in told}, {"-"})

    def test_warnings_are_no_failure(self):
        document = SMALL.replace("    instances: 1\n", "")
        told = self.findings(document, code=0)
        self.assertEqual([(x["rule"], x["path"], x["line"]) for x in told], [("instances", "taskRoles.main.instances", 6)])
        self.assertDone(berth("check", "-", "--quiet", input=document), "")
        self.assertEqual(self.findings(document, "--quiet", code=0), [])

    def test_what_is_no_document(self):
        for text, place in ((b"", "1:1"), (b"[1]", "1:1"), (b"a: 1\na: 2\n", "2:1"), (b"a: [1\n", "1:4"), (b"a: &x 1", "1:4"), (b"\xff", "1:1"),
                            (b'{"a": 1, "a": 2}', "1:10"), (b'{"a": "\\ud800"}', "1:8")):
            for command in ("check", "convert"):
                self.assertFails(berth(command, "-", input=text), BAD_DATA, "^berth: pai job %s: -:%s: [a-z]" % (command, place))
        self.assertFails(berth("check", "no/such/file"), BAD_DATA, "no/such/file: no such file")
        self.assertFails(berth("check"), USAGE)
        self.assertFails(berth("check", "-", input=SMALL + "#" * 300000), SPACE)

    def test_too_large_for_a_server(self):
        told = self.findings(SMALL + "#" * 102400)
        self.assertEqual([(x["rule"], x["path"]) for x in told], [("size", "")])

    def test_hostile_names(self):
        document = SMALL.replace("name: small", 'name: "a\\e[31mb\\nc"') + '"x\\e[2J\\u0085": 1\n'
        result = berth("check", "-", input=document)
        self.assertEqual(result.code, BAD_DATA)
        self.assertNotRegex(result.text.replace("\n", ""), "[\x00-\x1f\x7f-\x9f]")
        self.assertEqual(len(result.text.splitlines()), 2)

    def test_each_finding_of_a_broken_file_has_its_place(self):
        """Each value of the full document replaced by a list in a list: every finding is on the line that was changed."""
        lines = read(FULL).splitlines(keepends=True)
        tried = 0
        for number, line in enumerate(lines):
            found = re.match(r"^( *)(name|type|uri|dockerImage|instances|jobRetryCount|contributor|description|gangAllocation|submitFrom|"
                             r"jobPriorityClass|taskRetryCount|virtualCluster|data|output|script): (?!\[)(.+)$", line)
            if found is None or (SANITIZED and number % 3):
                continue
            changed = lines[:number] + ["%s%s: [[]]\n" % found.groups()[:2]] + lines[number + 1:]
            told = self.findings("".join(changed))
            self.assertIn((number + 1, "type"), [(x["line"], x["rule"]) for x in told], line)
            tried += 1
        self.assertGreater(tried, 3)

    def test_rules_and_the_page(self):
        """docs/openpai-jobs.md lists each rule by its name, and no other."""
        names = set(re.findall(r'\[BERTH_OPENPAI_RULE_\w+\] = "([a-z-]+)"', read(os.path.join(ROOT, "lib/platform/openpai_job_report.c"))))
        page = read(os.path.join(ROOT, "docs/openpai-jobs.md"))
        self.assertEqual(set(re.findall(r"^\| `([a-z-]+)` \| (?:error|warning|error, warning) \|", page, re.M)), names)

    def test_fields_and_the_page(self):
        """Each member that the rules know is on the page."""
        page = read(os.path.join(ROOT, "docs/openpai-jobs.md"))
        for name in set(re.findall(r'NAME\("([^"]+)"\)', read(os.path.join(ROOT, "lib/platform/openpai_job_rules.c")))):
            self.assertRegex(page, r"(?<![\w.])%s(?!\w)" % re.escape(name))

    def test_shapes_have_each_member_of_the_rules(self):
        """Two tables, one for structs and one for rules: they know the same names."""
        shapes = set(re.findall(r'\w+,\s+"([^"]+)",\s+(?:\w+),\s+(?:0|REQUIRED)\)', read(os.path.join(ROOT, "lib/platform/openpai_job_tables.c"))))
        rules = set(re.findall(r'NAME\("([^"]+)"\)', read(os.path.join(ROOT, "lib/platform/openpai_job_rules.c"))))
        self.assertEqual(shapes, rules)


class Convert(Case):
    def test_fixture(self):
        auth = os.path.join(self.enterContext(peer.Folder()).path, "auth")
        with open(auth, "w", encoding="utf-8") as f:
            f.write("registry.example.test\nlee\np@ss: #1 \"\n")
        result = berth("convert", FULL_V1, "--auth-file", auth, "--as-sent")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.out, read(os.path.join(FIXTURES, "full_v1.converted.yaml")).encode())
        self.assertEqual(len(result.err.splitlines()), 3)
        for line in result.err.decode().splitlines():
            self.assertRegex(line, r"^berth: pai job convert: .*full_v1.json:\d+:\d+: warning: ")
        result = berth("convert", FULL_V1, "--auth-file", auth, "--quiet")
        self.assertEqual((result.code, result.err), (0, b""))
        self.assertFails(berth("convert", FULL_V1, "--quiet"), BAD_DATA, r"full_v1.json:4:15: authFile: ")
        self.assertFails(berth("convert", FULL_V1, "--auth-file", "no-such"), BAD_DATA, "no-such: no such file")

    def test_errors_print_nothing(self):
        for document in (SMALL.replace("name: small", "name: so.small"), '{"jobName":"j"}', '{"jobName":"j","image":"i","retryCount":-1,'
                         '"taskRoles":[{"name":"a","command":"x"}]}'):
            result = berth("convert", "-", input=document)
            self.assertEqual((result.code, result.out), (BAD_DATA, b""), result)
            self.assertNotEqual(result.err, b"")

    def test_free_extras_that_mean_something_in_v2(self):
        document = {"jobName": "j", "image": "i", "extras": {"hivedScheduler": {"jobPriorityClass": "crit"}},
                    "taskRoles": [{"name": "a", "command": "x"}]}
        self.assertFails(berth("convert", "-", input=json.dumps(document)), BAD_DATA,
                         r"the converted document:\d+:\d+: extras.hivedScheduler.jobPriorityClass: ")

    def test_v2_is_written_so_that_secrets_are_hidden(self):
        for document in (SMALL + '"secrets": {pw: SECRET}\n"description": x\n',
                         json.dumps({"protocolVersion": 2, "name": "n", "type": "job", "secrets": {"pw": "SECRET\u0001\u007f\u2028"},
                                     "prerequisites": [{"name": "i", "type": "dockerimage", "uri": "u"}],
                                     "taskRoles": {"w": {"dockerImage": "i", "commands": ["x"],
                                                         "resourcePerInstance": {"cpu": 1, "memoryMB": 1, "gpu": 0}}}})):
            for more in ([], ["--as-sent"]):
                result = berth("convert", "-", "--quiet", *more, input=document)
                self.assertEqual(result.code, 0, result)
                self.assertNotIn("SECRET", mask(result.text))
                self.assertIn("SECRET", result.text)
                again = berth("convert", "-", "--quiet", *more, input=result.text)
                self.assertEqual((again.code, again.out), (0, result.out))
                self.assertDone(berth("check", "-", input=result.text), "")

    def test_forms(self):
        """For people, as sent, and JSON: all say the same."""
        block, sent, compact = (berth("convert", FULL, *more) for more in ([], ["--as-sent"], ["--json"]))
        wanted = json.loads(self.assertDone(compact).text)
        self.assertEqual(len(compact.text.splitlines()), 1)
        self.assertEqual(len(self.assertDone(sent).text.splitlines()), len(wanted))
        self.assertGreater(len(self.assertDone(block).text.splitlines()), 100)
        for text in (block.text, sent.text):
            told = peer.run_berth(["yaml", "to-json", "-"], input=text)
            self.assertEqual(json.loads(self.assertDone(told).text), wanted)
            if yaml:
                self.assertEqual(yaml.safe_load(text), wanted)

    @unittest.skipUnless(yaml, "no PyYAML")
    def test_written_documents_beside_pyyaml(self):
        """Random parameters and secrets: PyYAML reads what berth wrote as what was meant, before and after a server hid the secrets."""
        rng = random.Random(SEED)
        alphabet = "ab 019-_.,:;#'\"\\/[]{}&*!|>%@`~\u00e4\u4e2d\U0001f600\n\t\r\x00\x01\x1b\x7f\x80\x85\u2028\ufeff"

        def value(depth):
            kind = rng.random()
            if depth and kind < 0.25:
                return [value(depth - 1) for _ in range(rng.randint(0, 3))]
            if depth and kind < 0.5:
                return {"".join(rng.choice(alphabet) for _ in range(5)) + str(i): value(depth - 1) for i in range(rng.randint(0, 3))}
            return rng.choice([rng.randint(-10**9, 10**9), None, True, "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 20)))])

        for _ in range(15 if SANITIZED else 40):
            wanted = yaml.safe_load(SMALL)
            wanted["secrets"] = {"pw": "SECRET", "more": value(3)}
            wanted["parameters"] = {"p": value(3)}
            form = rng.choice([[], ["--as-sent"]])
            result = berth("convert", "-", "--quiet", *form,
                           input=json.dumps(wanted, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 2, "\t"])))
            self.assertEqual(result.code, 0, (SEED, result))
            self.assertEqual(yaml.safe_load(result.text), wanted, SEED)
            del wanted["secrets"]
            stored = yaml.safe_load(mask(result.text))
            self.assertEqual(stored.pop("secrets"), "******", SEED)
            self.assertEqual(stored, wanted, SEED)

    def test_exports_beside_a_shell(self):
        """Random values of jobEnvs and folders arrive in the shell of the task as they stand in the document."""
        rng = random.Random(SEED)
        alphabet = "ab 01-_.:;#'\"\\/[]{}&*!|>%@`~$()\u00e4\n\t"
        for _ in range(10 if SANITIZED else 30):
            texts = ["".join(rng.choice(alphabet) for _ in range(rng.randint(0, 30))) for _ in range(4)]
            document = {"jobName": "j", "image": "i", "dataDir": "$PAI_DEFAULT_FS_URI/" + texts[0], "outputDir": texts[1] + "x$PAI_USERNAMEx",
                        "jobEnvs": {"A": texts[2], "B": texts[3], "N": 7, "T": True}, "taskRoles": [{"name": "a", "command": "true"}]}
            result = berth("convert", "-", "--quiet", "--json", input=json.dumps(document))
            self.assertEqual(result.code, 0, result)
            commands = json.loads(result.text)["deployments"][0]["taskRoles"]["a"]["preCommands"]
            script = "\n".join(commands) + "\nfor n in PAI_DATA_DIR PAI_OUTPUT_DIR A B N T; do eval \"printf '%s\\\\0' \\\"\\$$n\\\"\"; done"
            done = subprocess.run(["sh", "-c", script], capture_output=True, timeout=20,
                                  env={"PATH": os.environ["PATH"], "PAI_DEFAULT_FS_URI": "hdfs://fs", "PAI_USERNAME": "lee"})
            self.assertEqual(done.stderr, b"", (SEED, script))
            got = done.stdout.decode().split("\0")[:-1]
            self.assertEqual(got, ["hdfs://fs/" + texts[0], texts[1] + "xleex", texts[2], texts[3], "7", "true"], (SEED, commands))


class Example(Case):
    """examples/check_openpai_job.c says and writes what the program does."""
    PROGRAM = os.path.join(ROOT, "build", "examples", "check_openpai_job")

    def run_example(self, *words, document=b""):
        if not os.path.exists(self.PROGRAM):
            self.skipTest("no examples in this build")
        return subprocess.run([self.PROGRAM, *words], input=document, capture_output=True, timeout=20)

    def test_documents(self):
        for name in ("full.yaml", "two_roles.yaml", "secrets.yaml", "demo_v1.json"):
            path = os.path.join(FIXTURES, name)
            done = self.run_example(document=read(path).encode())
            told = berth("convert", path, "--as-sent", "--quiet")
            self.assertEqual((done.returncode, done.stdout), (0, told.out), name)
        done = self.run_example(document=b"a: [")
        self.assertEqual((done.returncode, done.stdout), (5, b""))
        self.assertIn(b"1:4: ", done.stderr)

    def test_built(self):
        done = self.run_example("demo", "example/torch:2", "python", "train.py", "it's")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertDone(berth("check", "-", input=done.stdout), "")
        self.assertIn(b"\"commands\":[\"python train.py 'it'\\\\''s'\"]", done.stdout)


if __name__ == "__main__":
    print("pai documents: BERTH_SEED=%d" % SEED)
    unittest.main()
