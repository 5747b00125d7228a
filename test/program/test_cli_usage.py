"""The command line itself: help, wrong usage, version, completion, manual page."""
import json
import os
import re
import shutil
import subprocess
import unittest

import cli_case
from cli_case import USAGE, peer

ID = "6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10"
OPERATIONS = """
projects list|projects get|projects add|projects update|projects delete
workers list|workers get|workers add|workers update|workers delete
jobs list|jobs get|jobs trigger|jobs add-steps|jobs add-metrics
scheduler pending|scheduler claim|scheduler complete|scheduler error
fragments list|fragments get|fragments latest|fragments upload
""".strip().replace("\n", "|").split("|")
OTHERS = ["json check", "json get", "yaml check", "yaml to-json", "worker", "version", "help", "completion"]
COMMON = ["--cacert", "--crl", "--cert", "--key", "--pin", "--proxy", "--timeout", "--retries", "--verbose",
          "--dangerously-skip-verification"]

def berth(*args, **more):
    return peer.run_berth(list(args), **more)


def overview():
    """The words of `berth help`: those that stand for themselves, those that several commands begin with."""
    words = re.findall(r"(?m)^  ([a-z-]+)( \.\.\.)? ", berth("help", env={"COLUMNS": "100"}).text)
    return [w for w, more in words if not more], [w for w, more in words if more]


def commands():
    """Every command and what it takes: {"json get": "FILE PATH"}."""
    alone, families = overview()
    names = list(alone)
    for word in families:
        for line in berth("help", word, env={"COLUMNS": "100"}).text.splitlines():
            m = re.match(r"  (%s(?: [a-z][a-z-]+(?!\|))+)(?= [A-Z[]|  |$)" % re.escape(word), line)
            if m:
                names.append(m.group(1))
    found = {}
    for name in names:
        usage = berth("help", *name.split(), env={"COLUMNS": "100"}).text.split("\n\n")[0]
        found[name] = " ".join(usage.split()).removeprefix("berth %s [OPTIONS]" % name).strip()
    return found


def arguments_of(usage):
    """As many arguments as a command must have: those in brackets are optional, dots mean one or more."""
    words = re.sub(r"\[.*\]", "", usage).split()
    return [word.split("|")[0].lower().rstrip(".") for word in words]


# A command and arguments that are as many as it must have; filled in from the help when the tests begin.
COMPLETE = {}
USAGES = {}


def some_commands():
    """Every command with its arguments; every fourth one of the sanitized program, whose start takes its time."""
    return list(COMPLETE.items())[::4 if cli_case.SANITIZED else 1]


def setUpModule():
    USAGES.update(commands())
    del USAGES["help"]
    COMPLETE.update({name: arguments_of(usage) for name, usage in USAGES.items()})


def options_in(text):
    """The options that a help text lists, by their long names with two dashes."""
    left = re.findall(r"(?m)^  (-[\w-]+(?:, -[\w-]+)*)", text)
    return {word for words in left for word in words.split(", ") if word.startswith("--")}


class Help(cli_case.Case):
    def test_overview_names_every_command(self):
        text = self.assertDone(berth("help")).text
        alone, families = overview()
        for name in ["mlcycle " + o for o in OPERATIONS] + OTHERS:
            word, _, rest = name.partition(" ")
            self.assertIn(word, families if rest else alone)
            if rest:
                self.assertRegex(text, r"(?m)^  %s \.\.\. [^.]*\b%s\b" % (re.escape(word), re.escape(rest.split()[0])))
        self.assertLess(len(text.splitlines()), 40)
        self.assertIn("Exit codes", text)
        self.assertEqual(self.assertDone(berth("--help")).text, text)
        self.assertEqual(self.assertDone(berth("-h")).text, text)

    def test_each_command_has_its_help(self):
        for name, arguments in some_commands():
            with self.subTest(name):
                text = self.assertDone(berth("help", *name.split())).text
                self.assertTrue(text.startswith("berth %s " % name) or text.startswith("berth %s\n" % name), text)
                self.assertEqual(self.assertDone(berth(*(name.split() + ["-h"]))).text, text)
                first = len(name) % 2 or "CMD" in USAGES[name]  # behind a command that is run, options are its own
                form = ["--help"] + name.split() if first else name.split() + arguments + ["--help"]
                self.assertEqual(self.assertDone(berth(*form)).text, text)
                if name.startswith("pai ") and "--cacert" in text:
                    self.assertLessEqual(set(COMMON + ["--cluster-alias", "--json", "--quiet"]), options_in(text))
                elif name.startswith("hdfs "):
                    self.assertLessEqual(set(COMMON + ["--root", "--json", "--quiet"]), options_in(text))
                elif name.startswith("mlcycle") or name == "worker":
                    self.assertLessEqual(set(COMMON + ["--host", "--json", "--quiet"]), options_in(text))
                else:
                    self.assertFalse((set(COMMON) - {"--timeout"}) & options_in(text), text)

    def test_help_of_a_group_lists_it(self):
        for group in ("mlcycle", "mlcycle jobs", "json"):
            text = self.assertDone(berth("help", *group.split())).text
            self.assertEqual(self.assertDone(berth(*(group.split() + ["-h"]))).text, text)
            for name in COMPLETE:
                self.assertEqual(("  " + name + " " in text) or ("  " + name + "\n" in text),
                                 name.startswith(group + " "), name)

    def test_help_in_a_pipe_fits_the_usual_screen(self):
        for words in (["help"], ["help", "worker"], ["help", "mlcycle", "jobs", "add-steps"]):
            self.assertLessEqual(max(map(len, self.assertDone(berth(*words)).text.splitlines())), 80)

    def test_narrow_help_stays_within_its_columns(self):
        for columns in (30, 40, 60, 100):
            for words in (["help"], ["help", "worker"], ["help", "mlcycle", "fragments", "latest"]):
                text = self.assertDone(berth(*words, env={"COLUMNS": str(columns)})).text
                for line in text.splitlines():
                    # a single long word, such as an option's name, cannot be broken
                    if " " in line.strip():
                        self.assertLessEqual(len(line), columns, (columns, line))

    def test_plain_text(self):
        for name in [name for name, _ in some_commands()] + [""]:
            text = berth("help", *name.split(), env={"COLUMNS": "40", "TERM": "xterm"}).text
            self.assertNotRegex(text, r"(?m)[ \t]$")
            self.assertNotRegex(text, r"[^\n -~]")  # no colours


class Wrong(cli_case.Case):
    def test_nothing_at_all(self):
        self.assertFails(berth(), USAGE, "berth help")

    def test_unknown_commands(self):
        for words, hint in ((["nonsense"], "unknown command 'nonsense'"),
                            (["mlcycle", "jobz"], "unknown command 'mlcycle jobz'; see 'berth help mlcycle'"),
                            (["mlcycle", "jobs", "lits", "x"], "unknown command 'mlcycle jobs lits'"),
                            ([""], "unknown command ''"), (["-"], "unknown command '-'"),
                            (["--", "version", "--json"], "many|unknown"),
                            (["help", "nonsense"], "nonsense"), (["help", "mlcycle", "jobs", "lits"], "lits"),
                            (["JSON", "check"], "JSON"), (["j\x1b[31mx\n"], r"unknown command 'j\?\[31mx\?'"),
                            (["x" * 5000], "unknown command")):
            with self.subTest(words):
                self.assertFails(berth(*words), USAGE, hint)

    def test_misspelt_words_are_guessed(self):
        for words, hint in ((["mlcycel"], "see 'berth help'; did you mean 'mlcycle'[?]"), (["wroker"], "did you mean 'worker'"),
                            (["mlcycle", "jobz"], "did you mean 'jobs'"), (["mlcycle", "jobs", "add-metric"], "did you mean 'add-metrics'"),
                            (["yaml", "tojson", "x"], "did you mean 'to-json'"), (["help", "mlcycle", "job"], "did you mean 'jobs'"),
                            (["json", "get", "--quite"], "unknown option --quite; did you mean --quiet[?]"),
                            (["--hots=x", "worker"], "unknown option --hots; did you mean --host[?]")):
            with self.subTest(words):
                self.assertFails(berth(*words), USAGE, hint)
        for words in (["nonsense"], ["x" * 33], ["mlcycle", ""], ["mlcycle", "jobs", "zap"], ["--frobnicate"], ["-Z"], ["m"]):
            with self.subTest(words):
                self.assertNotIn("did you mean", self.assertFails(berth(*words), USAGE, "unknown"))

    def test_a_worker_without_git_does_not_begin_to_fail_steps(self):
        self.assertFails(berth("worker", "--once", "--host", "http://127.0.0.1:1/api", env={"PATH": "/nowhere"}), USAGE, "git is not in PATH")

    def test_incomplete_commands_say_what_could_follow(self):
        for words in (["mlcycle"], ["mlcycle", "jobs"], ["json"], ["yaml"], ["mlcycle", "fragments", "--json"]):
            result = berth(*words)
            self.assertEqual((result.code, result.out), (USAGE, b""), result)
            self.assertIn(b"not complete", result.err)
            for name in COMPLETE:
                if name.startswith(" ".join(w for w in words if w[0] != "-") + " "):
                    self.assertIn(name.encode(), result.err)

    def test_too_few_and_too_many_arguments(self):
        for name, arguments in some_commands():
            with self.subTest(name):
                usage = USAGES[name]
                if arguments:
                    self.assertFails(berth(*(name.split() + arguments[:-1])), USAGE, "too few arguments")
                if not usage.endswith("...") and not usage.endswith("...]"):
                    more = ["more"] * (usage.count("[") + 1)
                    self.assertFails(berth(*(name.split() + arguments + more)), USAGE, "too many arguments")
        self.assertFails(berth("mlcycle", "fragments", "list"), USAGE, "too few arguments; it takes: JOB")
        self.assertFails(berth("mlcycle", "jobs", "list", "more"), USAGE, "too many arguments, it takes none: more$")

    def test_unknown_options(self):
        wrong = ("--nonsense", "-Z", "--jso", "--json-lines", "---json", "--=x", "--nonsense=1")
        for count, (name, arguments) in enumerate(some_commands()):
            option = [wrong[count % len(wrong)]]
            words = option + arguments if "CMD" in USAGES[name] else arguments + option
            self.assertFails(berth(*(name.split() + words)), USAGE, "unknown option")

    def test_options_of_other_commands(self):
        for words in (["json", "check", "f", "--cacert", "x"], ["mlcycle", "jobs", "list", "--name", "x"],
                      ["version", "--once"], ["worker", "--git", "x"], ["completion", "bash", "--json"]):
            self.assertFails(berth(*words), USAGE, r"--(cacert|name|once|git|json) means nothing")

    def test_values(self):
        self.assertFails(berth("mlcycle", "jobs", "list", "--host"), USAGE, "--host needs a value")
        self.assertFails(berth("mlcycle", "jobs", "list", "--json=yes"), USAGE, "--json takes no value")
        self.assertFails(berth("mlcycle", "jobs", "list", "-qv"), USAGE, "one by one")
        for name, wrong in (("timeout", ("", "0", "-1", "x", "1s", "1e3", "99999999999999999999", "0.0001", " 1")),
                            ("retries", ("", "-1", "x", "101", "1.5")), ("pin", ("", "12", "g" * 64, "a" * 66))):
            for value in wrong:
                words = ["--%s=%s" % (name, value)] if len(value) % 2 else ["--" + name, value]
                self.assertFails(berth("mlcycle", "jobs", "list", "--host", "http://127.0.0.1:1/api", *words), USAGE,
                                 "--%s takes" % name)

    def test_hosts(self):
        self.assertFails(berth("mlcycle", "jobs", "list"), USAGE, "--host https://SERVER/api or set MLCYCLE_HOST")
        self.assertFails(berth("mlcycle", "jobs", "list", env={"MLCYCLE_HOST": ""}), USAGE, "MLCYCLE_HOST")
        for host in ("", "localhost", "ftp://x/api", "http://", "http:///api", "https://x:0/api", "https://x:65536/api",
                     "http://a b/api", "http://x/api?y=1", "http://x/api#f", "http://[::1/api", "http://x\r\nY: z/api",
                     "http://-/\x00".rstrip("\x00") + "%zz"):
            with self.subTest(host):
                self.assertFails(berth("mlcycle", "jobs", "list", "--host", host), USAGE, "address cannot be used")

    def test_ids_and_steps(self):
        for wrong in ("", "abc", ID[:-1], ID + "0", "{%s}" % ID, "urn:uuid:" + ID, ID.replace("-", ""),
                      "00000000-0000-0000-0000-000000000000", ID[:-1] + "g", ID[:-1] + "\uff10"):
            for name in ("projects get", "jobs get", "jobs trigger", "fragments get"):
                words = ["-o", "x"] if name == "fragments get" else []
                self.assertFails(berth("mlcycle", *(name.split() + [wrong] + words), env={"MLCYCLE_HOST": "http://127.0.0.1:1"}),
                                 USAGE, "not an id; ids look like")
        for wrong in ("", "-1", "x", "0x1", "1.0", "2147483648", " 1", "+1", "\u0661"):
            for name in ("scheduler claim", "scheduler complete", "fragments list"):
                self.assertFails(berth("mlcycle", *(name.split() + [ID, "--", wrong]), env={"MLCYCLE_HOST": "http://127.0.0.1:1"}),
                                 USAGE, "not a step number")

    def test_what_is_needed(self):
        env = {"MLCYCLE_HOST": "http://127.0.0.1:1/api"}
        for words, hint in ((["projects", "add", "--git", "x"], "--name NAME.*is needed"),
                            (["projects", "add", "--name", "x"], "--git URL.*is needed"),
                            (["projects", "add", "--name", " \t", "--git", "x"], "not blank"),
                            (["projects", "update", ID, "--name", "", "--git", "x"], "not blank"),
                            (["workers", "add"], "--name NAME.*is needed"),
                            (["fragments", "get", ID], "-o FILE.*is needed"),
                            (["fragments", "latest", "n", "-o", "-"], "--job JOB or --project PROJECT"),
                            (["fragments", "latest", "n", "-o", "-", "--job", ID, "--project", ID], "exclude each other"),
                            (["fragments", "upload", ID, "0", "-", "--name", "x"], "--filename NAME.*is needed"),
                            (["fragments", "upload", ID, "0", "f"], "--name NAME.*is needed"),
                            (["fragments", "upload", ID, "0", "f", "--name", "x", "--type", "y"], "metrics, logs or model"),
                            (["fragments", "upload", ID, "0", "f", "--name", "x", "--filename", "a\nb"], "control"),
                            (["fragments", "upload", ID, "0", "f", "--name", "x", "--filename", "a" * 256], "255"),
                            (["jobs", "trigger", ID, "--initiator", "me"], "manual, git or data"),
                            (["jobs", "add-metrics", ID, "0", "a"], "KEY=VALUE"),
                            (["jobs", "add-metrics", ID, "0", "=1"], "key|name"),
                            (["jobs", "add-metrics", ID, "0", "a.b=1"], r"'?\.'?"),
                            (["jobs", "add-metrics", ID, "0", "$x=1"], r"\$"),
                            (["scheduler", "pending", "--wait", "x"], "--wait"),
                            (["jobs", "list", "--cert", "x"], "--cert and --key go together")):
            with self.subTest(words):
                self.assertFails(berth("mlcycle", *words, env=env), USAGE, hint)

    def test_double_dash_ends_the_options(self):
        with peer.Folder() as folder:
            folder.write("--json", "[1]")
            self.assertDone(berth("json", "check", "--", "--json", cwd=folder.path))
            self.assertDone(berth("json", "get", "--", "--json", "[0]", cwd=folder.path), "1\n")

    def test_options_may_stand_anywhere(self):
        with peer.Folder() as folder:
            path = folder.write("a.json", '{"a":"x"}')
            for words in (["--json", "json", "get", path, "a"], ["json", "--json", "get", path, "a"],
                          ["json", "get", path, "a", "--json"]):
                self.assertDone(berth(*words), '"x"\n')

    def test_very_many_arguments(self):
        self.assertFails(berth(*(["mlcycle", "jobs", "add-metrics", ID, "0"] + ["a=1"] * 300)), USAGE, "too many arguments")
        self.assertFails(berth("mlcycle", "jobs", "list", *(["--pin", "0" * 64] * 33)), USAGE, "too many of --pin")


class Version(cli_case.Case):
    def test_version(self):
        text = self.assertDone(berth("version")).text
        self.assertRegex(text, r"\Aberth \d+\.\d+\.\d+\n\Z")
        self.assertEqual(self.assertDone(berth("--version")).text, text)
        self.assertEqual(json.loads(self.assertDone(berth("version", "--json")).text), {"version": text.split()[1]})
        with open(os.path.join(cli_case.ROOT, "include/berth/berth.h"), encoding="ascii") as f:
            self.assertIn('"%s"' % text.split()[1], f.read())


class Manual(cli_case.Case):
    def page(self):
        return self.assertDone(berth("man")).out

    @unittest.skipUnless(shutil.which("groff"), "no groff")
    def test_it_renders_without_warnings(self):
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-rLL=78n"], input=self.page(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn("EXIT STATUS", re.sub("(.)\b\\1", r"\1", done.stdout.decode()))

    @unittest.skipUnless(shutil.which("mandoc"), "no mandoc")
    def test_mandoc_finds_no_fault(self):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=self.page(), stdout=subprocess.PIPE, timeout=30)
        # the page carries a version, not a date
        self.assertEqual([line for line in done.stdout.decode().splitlines() if "missing date" not in line], [])

    def test_everything_of_the_help_is_in_it(self):
        page = self.page().decode().replace("\\-", "-").replace("\\e", "\\")
        for name in COMPLETE:
            self.assertIn('.SS "%s"' % name, page)
        every = set()
        for name in COMPLETE:
            every |= options_in(berth("help", *name.split()).text)
        self.assertGreater(len(every), 25)
        for option in every:
            self.assertRegex(page, r"%s\b" % re.escape(option))
        for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 130):
            self.assertIn(".TP\n\\fB%d\\fR\n" % code, page)


class Completion(cli_case.Case):
    def complete(self, line):
        """What bash offers at the end of LINE."""
        words = line.split(" ")
        script = berth("completion", "bash").text + (
            "COMP_WORDS=(%s)\nCOMP_CWORD=%d\n_berth\nprintf '%%s\\n' \"${COMPREPLY[@]}\"\n"
            % (" ".join("'%s'" % w for w in words), len(words) - 1))
        with peer.Folder() as folder:
            folder.write("some file.json", "")
            done = subprocess.run(["bash", "--norc", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20,
                                  cwd=folder.path)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return sorted(w for w in done.stdout.decode().split("\n") if w)

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash(self):
        script = self.assertDone(berth("completion", "bash")).out
        self.assertEqual(subprocess.run(["bash", "-n"], input=script, stderr=subprocess.PIPE, timeout=20).stderr, b"")
        done = subprocess.run(["bash", "--norc", "-uc", script.decode() + "\ncomplete -p berth"], stdout=subprocess.PIPE, timeout=20)
        self.assertIn(b"-F _berth berth", done.stdout)

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash_offers(self):
        self.assertEqual(self.complete("berth "), sorted(sum(overview(), [])))
        self.assertEqual(self.complete("berth mlcycle "), ["fragments", "jobs", "projects", "scheduler", "workers"])
        self.assertEqual(self.complete("berth mlcycle jobs "), ["add-metrics", "add-steps", "get", "list", "trigger"])
        self.assertEqual(self.complete("berth mlcycle jobs add-m"), ["add-metrics"])
        self.assertEqual(self.complete("berth mlcycle --host https://x/api jobs l"), ["list"])
        self.assertEqual(self.complete("berth help mlcycle sch"), ["scheduler"])
        self.assertEqual(self.complete("berth completion "), ["bash", "fish", "zsh"])
        self.assertEqual(self.complete("berth json check "), ["some file.json"])
        self.assertEqual(self.complete("berth mlcycle fragments upload --ty"), ["--type"])
        self.assertEqual(self.complete("berth mlcycle fragments upload --type "), ["logs", "metrics", "model"])
        self.assertEqual(self.complete("berth worker --runner d"), ["docker"])
        self.assertEqual(self.complete("berth mlcycle jobs list --cacert so"), ["some file.json"])
        self.assertEqual(self.complete("berth --he"), ["--help"])
        self.assertIn("--dangerously-skip-verification", self.complete("berth mlcycle jobs list --"))

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash_offers_each_option_that_the_help_names(self):
        for name in [name for name, _ in some_commands()][::3]:
            self.assertEqual(set(self.complete("berth %s --" % name)),
                             options_in(berth("help", *name.split()).text))

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh(self):
        script = self.assertDone(berth("completion", "zsh")).out
        self.assertTrue(script.startswith(b"#compdef berth\n"))
        done = subprocess.run(["zsh", "-f", "-n"], input=script, stderr=subprocess.PIPE, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish(self):
        with peer.Folder() as folder:
            env = dict(os.environ, HOME=folder.path)
            path = folder.write("berth.fish", berth("completion", "fish").out)
            for line, offered in (("berth ", "mlcycle"), ("berth mlcycle jobs ", "add-steps"), ("berth json check --js", "--json"),
                                  ("berth worker --runner ", "docker")):
                done = subprocess.run(["fish", "-c", "source %s; complete -C '%s'" % (path, line)], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, env=env, timeout=30)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertIn(offered, [w.split("\t")[0] for w in done.stdout.decode().split("\n")])

    def test_other_shells(self):
        for shell in ("tcsh", "", "BASH", "bash "):
            self.assertFails(berth("completion", shell), USAGE, "bash, zsh and fish")


if __name__ == "__main__":
    unittest.main()
