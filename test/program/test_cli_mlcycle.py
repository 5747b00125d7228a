"""berth mlcycle: all 25 operations against the strict stand-in server over TLS, as tables and as JSON lines."""
import json
import re
import unittest

import cli_case
from cli_case import BAD_DATA, CONFLICT, FRAGMENT, JOB, NOBODY, PROJECT, REFUSED, RUNNING, USAGE, WORKER, peer

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def rows(result):
    """A table's lines, blanks between the columns taken for one tab."""
    return [re.sub(r"  +", "\t", line.strip()) for line in result.text.splitlines()]


class Registry(cli_case.ServerCase):
    """workers and projects."""

    def test_lists(self):
        self.assertDone(self.mlcycle("workers", "list"), "")
        self.assertDone(self.mlcycle("projects", "list", "--json"), "")
        self.server.seed(workers=[{"id": WORKER, "name": "gpu-node-a"}, {"name": "Rechner S\u00fcd \u21162"}],
                         projects=[{"id": PROJECT, "name": "forecast", "gitRepository": "https://git.example/p.git"}])
        table = self.assertDone(self.mlcycle("workers", "list"))
        self.assertEqual(rows(table)[0], "ID\tNAME")
        self.assertEqual(rows(table)[1], WORKER + "\tgpu-node-a")
        self.assertRegex(rows(table)[2], "^%s\tRechner S\u00fcd \u21162$" % GUID)
        self.assertEqual(rows(self.assertDone(self.mlcycle("projects", "list"))),
                         ["ID\tNAME\tGIT REPOSITORY", PROJECT + "\tforecast\thttps://git.example/p.git"])
        lines = self.assertDone(self.mlcycle("workers", "list", "--json")).text.splitlines()
        self.assertEqual(lines[0], '{"name":"gpu-node-a","id":"%s"}' % WORKER)
        self.assertEqual(json.loads(lines[1])["name"], "Rechner S\u00fcd \u21162")
        self.assertDone(self.mlcycle("projects", "list", "--json"),
                        '{"name":"forecast","gitRepository":"https://git.example/p.git","id":"%s"}\n' % PROJECT)

    def test_workers(self):
        made = self.assertDone(self.mlcycle("workers", "add", "--name", "Gr\u00f6\u00dfe \"1\" \\ \u4e2d", "--json")).lines
        self.assertEqual([list(m) for m in made], [["name", "id"]])
        name, worker = made[0]["name"], made[0]["id"]
        self.assertEqual(name, "Gr\u00f6\u00dfe \"1\" \\ \u4e2d")
        self.assertEqual(rows(self.assertDone(self.mlcycle("workers", "get", worker)))[1:], [worker + "\t" + name])
        self.assertEqual(self.assertDone(self.mlcycle("workers", "get", worker, "--json")).lines, made)
        self.assertDone(self.mlcycle("workers", "update", worker, "--name", "other"))
        self.assertEqual(self.server.state()["workers"], [{"name": "other", "id": worker}])
        self.assertDone(self.mlcycle("workers", "delete", worker), "")
        self.assertDone(self.mlcycle("workers", "delete", worker, "--json"), "")  # B1: the server says the same
        self.assertEqual(self.server.state()["workers"], [])
        self.assertFails(self.mlcycle("workers", "get", worker), REFUSED, "HTTP 404")

    def test_projects(self):
        made = self.assertDone(self.mlcycle("projects", "add", "--name", "p", "--git", "git@x:y.git", "--json")).lines
        self.assertEqual(made, [{"name": "p", "gitRepository": "git@x:y.git", "id": made[0]["id"]}])
        project = made[0]["id"]
        self.assertEqual(self.assertDone(self.mlcycle("projects", "get", project.upper(), "--json")).lines, made)
        changed = self.assertDone(self.mlcycle("projects", "update", project, "--name", "q", "--git", "z", "--json")).lines
        self.assertEqual(changed, [{"name": "q", "gitRepository": "z", "id": project}])
        self.assertDone(self.mlcycle("projects", "delete", project), "")
        self.assertFails(self.mlcycle("projects", "get", project), REFUSED, "HTTP 404")

    def test_update_of_nobody_is_echoed(self):
        """B1, C21: the server's answer is all there is."""
        self.assertDone(self.mlcycle("workers", "update", NOBODY, "--name", "x"))
        self.assertEqual(self.server.state()["workers"], [])

    def test_variants_of_the_same_json(self):
        self.server.seed(projects=[{"id": PROJECT, "name": "Vorhersage \"\u03b2\" \u2028x", "gitRepository": "https://\u03b2/"}])
        plain = self.assertDone(self.mlcycle("projects", "list")).out
        for variant in ("escape", "nulls", "extras", "reverse", "spaces", "upper-ids"):
            self.server.fault(variant=[variant])
            self.assertEqual(self.assertDone(self.mlcycle("projects", "list")).out, plain, variant)
            self.server.fault(variant=[variant])
            result = self.assertDone(self.mlcycle("projects", "list", "--json"))
            self.assertEqual(result.out.count(b"\n"), 1, variant)
            self.assertEqual(result.lines[0]["name"], "Vorhersage \"\u03b2\" \u2028x", variant)


class Jobs(cli_case.ServerCase):
    def test_list(self):
        self.assertDone(self.mlcycle("jobs", "list"), "")
        deleted = {"id": NOBODY, "created": "2020-01-01T00:00:00Z", "finished": "2020-01-01T00:00:09.9Z", "state": 31, "initiator": 2,
                   "steps": [{"name": "Bootstrap", "state": 31}]}
        self.server.seed(jobs=[RUNNING, deleted])
        self.assertEqual(rows(self.assertDone(self.mlcycle("jobs", "list"))),
                         ["ID\tSTATE\tSTEPS\tCREATED (UTC)\tPROJECT", JOB + "\tInProgress\t1/3\t2021-03-04 05:06:07\tforecast",
                          NOBODY + "\tError\t0/1\t2020-01-01 00:00:00\t(deleted)"])
        result = self.assertDone(self.mlcycle("jobs", "list", "--json"))
        self.assertEqual([j["id"] for j in result.lines], [JOB, NOBODY])
        self.assertEqual([(j["state"], j["initiator"]) for j in result.lines], [(1, 0), (31, 2)])
        self.assertNotIn("fragments", result.text)

    def test_get(self):
        self.seed_running()
        table = self.assertDone(self.mlcycle("jobs", "get", JOB)).text
        for piece in (JOB, "InProgress", "forecast", "https://git.example/team/pipe.git", "Gr\u00f6\u00dfe lernen", "loss=0.5",
                      "epoch=12", "0_console.log", FRAGMENT, "python fit.py --lr 1e-3", "py:3", "2.1 s"):
            self.assertIn(piece, table)
        job = self.assertDone(self.mlcycle("jobs", "get", JOB, "--json"))
        self.assertEqual(job.out.count(b"\n"), 1)
        self.assertEqual(list(job.lines[0]), ["id", "created", "state", "initiator", "project", "steps"])
        self.assertEqual(job.lines[0]["steps"][0]["fragments"][0]["type"], 1)
        self.assertFails(self.mlcycle("jobs", "get", NOBODY), REFUSED, "HTTP 404")

    def test_trigger(self):
        self.server.seed(projects=[dict(cli_case.FORECAST)])
        job = self.assertDone(self.mlcycle("jobs", "trigger", PROJECT, "--json")).lines[0]
        self.assertEqual((job["projectId"], job["state"], job["steps"]),
                         (PROJECT, 0, [{"number": 0, "name": "Bootstrap", "state": 21}]))
        self.assertFails(self.mlcycle("jobs", "trigger", PROJECT), CONFLICT, "HTTP 503")
        self.assertFails(self.mlcycle("jobs", "trigger", NOBODY), REFUSED, "HTTP 404")
        self.assertEqual(len(self.server.state()["jobs"]), 1)

    def test_initiators(self):
        """C20."""
        for word, number in (("manual", 0), ("git", 1), ("Data", 2), ("1", 1)):
            self.server.reset()
            self.server.seed(projects=[dict(cli_case.FORECAST)])
            self.assertDone(self.mlcycle("jobs", "trigger", PROJECT, "--initiator", word))
            self.assertEqual(self.server.state()["jobs"][0]["initiator"], number)

    YAML = ("# comment\nsteps:\n- name: Daten holen\n  docker:\n    image: py:3\n    command: python get.py\n"
            "- name: \"Fit: model\"\n  docker:\n      buildConfiguration:\n          context: ./docker/\n"
            "          dockerfile: fit.dockerfile\nextra: ignored\n")
    STEPS = [{"name": "Daten holen", "docker": {"image": "py:3", "command": "python get.py"}},
             {"name": "Fit: model", "docker": {"buildConfiguration": {"context": "./docker/", "dockerfile": "fit.dockerfile"}}}]

    def sent_steps(self):
        return [{"name": s["name"], "docker": s["docker"]} for s in self.server.job(JOB)["steps"][3:]]

    def test_add_steps(self):
        """C6, C7: exactly name and docker, whatever the file holds besides."""
        full = [dict(s, number=7, state=1, metrics={"a": 1}, id="x", fragments=[], start="2021-01-01T00:00:00Z") for s in self.STEPS]
        for name, content in (("pipeline.yml", self.YAML), ("p.yaml", self.YAML), ("steps.json", json.dumps(full)),
                              ("obj.json", json.dumps({"steps": full, "x": 1}, indent=2)), ("-", self.YAML), ("-", json.dumps(full))):
            with self.subTest(name):
                self.server.reset()
                self.seed_running()
                path = "-" if name == "-" else self.folder.write(name, content)
                result = self.assertDone(self.mlcycle("jobs", "add-steps", JOB, path, "--json", input=content))
                self.assertEqual(self.sent_steps(), self.STEPS)
                self.assertEqual(len(result.lines[0]["steps"]), 5)
                body = self.logged("jobs.add_steps")[0]["body_head"].encode("latin-1").decode("utf-8")
                self.assertEqual(json.loads(body), self.STEPS)

    def test_add_steps_exact_bytes(self):
        """V8."""
        self.seed_running()
        body = ('[{"name":"Fit","docker":{"buildConfiguration":{"context":"./docker/","dockerfile":"fit.dockerfile"},'
                '"command":"python fit.py"}},{"name":"Report","docker":{"image":"py:3"}}]')
        self.assertDone(self.mlcycle("jobs", "add-steps", JOB, "-", input=json.dumps(json.loads(body), indent=3)))
        self.assertEqual(self.logged("jobs.add_steps")[0]["body_head"], body)

    def test_bad_steps_are_refused_before_anything_is_sent(self):
        for name, content, hint in (("a.yml", "", "1:1|steps|empty"), ("a.yml", "steps:\n", "steps"), ("a.yml", "steps: x\n", "steps"),
                                    ("a.yml", "steps:\n- name: x\n", "docker"), ("a.yml", "steps:\n- docker:\n    image: x\n", "name"),
                                    ("a.yml", "steps:\n- name: x\n  docker:\n    command: y\n", "image"),
                                    ("a.yml", "steps:\n- name: x\n  docker:\n    image: y\n    command: [a, b]\n", "command"),
                                    ("a.yml", "steps:\n- name: x\n\tdocker: y\n", "a.yml:3:1: .*tab"),
                                    ("a.yml", "steps:\n- name: \"x\n", "a.yml:[0-9]+:[0-9]+: "),
                                    ("a.json", "[]", "step"), ("a.json", "{}", "steps"), ("a.json", "[null]", "object|step"),
                                    ("a.json", "[{\"name\":\"x\"}]", "docker|image"), ("a.json", "[1,", "a.json:1:4: "),
                                    ("a.json", '[{"name":"x","docker":{"image":""}}]', "image"),
                                    ("a.json", '[{"name":" ","docker":{"image":"a"}}]', "name"),
                                    ("a.json", '[{"name":"x","docker":{"image":"a","properties":{"a.b":1}}}]', r"\."),
                                    ("a.json", '{"x":1,\n "steps":[\n  {"name":"b","docker":{"image":7}}]}', r"a\.json:3:33: .*\.image: a text"),
                                    ("a.txt", "\x00", "a.txt")):
            with self.subTest(content):
                self.assertFails(self.mlcycle("jobs", "add-steps", JOB, self.folder.write(name, content)), BAD_DATA, hint)
        self.assertFails(self.mlcycle("jobs", "add-steps", JOB, "/no/such.yml"), BAD_DATA, "no such file")
        self.assertEqual(self.logged(), [])

    def test_add_steps_to_a_job_that_is_not_running(self):
        self.server.seed(jobs=[dict(RUNNING, state=2)])
        path = self.folder.write("p.yml", self.YAML)
        self.assertFails(self.mlcycle("jobs", "add-steps", JOB, path), CONFLICT, "Job is not in progress.*HTTP 406")
        self.assertFails(self.mlcycle("jobs", "add-steps", NOBODY, path), REFUSED, "HTTP 404")

    def test_add_metrics(self):
        self.seed_running()
        self.assertDone(self.mlcycle("jobs", "add-metrics", JOB, "1", "loss=0.0625", "epoch=3", "best=null", "ok=true", "text=l\u00e4uft",
                                     'quoted="7"', "empty=", "big=9223372036854775807", "e=1e-5", "eq=a=b", "Case=1", "s= 1 2"))
        self.assertEqual(self.server.job(JOB)["steps"][1]["metrics"],
                         {"loss": 0.0625, "epoch": 3, "best": None, "ok": True, "text": "l\u00e4uft", "quoted": "7", "empty": "",
                          "big": 9223372036854775807, "e": 1e-5, "eq": "a=b", "Case": 1, "s": " 1 2"})
        self.assertFails(self.mlcycle("jobs", "add-metrics", JOB, "0", "a=1"), CONFLICT, "Step is not in progress")
        self.assertFails(self.mlcycle("jobs", "add-metrics", JOB, "9", "a=1"), REFUSED, "Step not found")

    def test_metrics_that_would_poison_the_job_are_refused(self):
        """R4, wire 2.7: nested values are sent as text, never as JSON; bad keys not at all."""
        self.seed_running()
        self.assertDone(self.mlcycle("jobs", "add-metrics", JOB, "1", "h=[1]", "o={}", "n=NaN"))
        self.assertEqual({k: v for k, v in self.server.job(JOB)["steps"][1]["metrics"].items() if k in "hon"},
                         {"h": "[1]", "o": "{}", "n": "NaN"})
        self.server.forget_requests()
        for pair in ("a.b=1", "$x=1", "=1", "big=9223372036854775808", "huge=1e999"):
            self.assertFails(self.mlcycle("jobs", "add-metrics", JOB, "1", pair), USAGE)
        self.assertEqual(self.logged(), [])

    def test_variants_of_the_same_json(self):
        self.seed_running()
        plain = self.assertDone(self.mlcycle("jobs", "get", JOB)).out
        for variant in ("escape", "nulls", "extras", "reverse", "spaces", "upper-ids"):
            self.server.fault(variant=[variant])
            self.assertEqual(self.assertDone(self.mlcycle("jobs", "get", JOB)).out, plain, variant)
        self.server.fault(variant=["enum42"])
        self.assertRegex(self.assertDone(self.mlcycle("jobs", "get", JOB)).text, "STATE +42\n")  # V15
        self.server.fault(variant=["enum42"])
        self.assertEqual(self.assertDone(self.mlcycle("jobs", "list", "--json")).lines[0]["state"], 42)

    def test_a_long_list(self):
        self.server.seed(many={"jobs": 1500, "steps": 5})
        for words in ([], ["--json"]):
            result = self.assertDone(self.mlcycle("jobs", "list", *words, timeout=60))
            self.assertEqual(len(result.text.splitlines()), 1500 + (not words))

    def test_one_job_too_large_is_told_and_the_others_come(self):
        huge = dict(RUNNING, id=NOBODY, steps=[{"name": "n" * 1100000, "state": 2}])
        self.server.seed(jobs=[RUNNING, huge])
        self.server.seed(jobs=[dict(RUNNING, id=JOB[:-1] + "7")])
        result = self.mlcycle("jobs", "list")
        self.assertFails(result, cli_case.SPACE, "1 .*bytes", out=None)
        self.assertEqual(len(result.text.splitlines()), 3)


class Scheduler(cli_case.ServerCase):
    def test_the_life_of_a_step(self):
        self.server.seed(projects=[dict(cli_case.FORECAST)])
        job = self.assertDone(self.mlcycle("jobs", "trigger", PROJECT, "--json")).lines[0]["id"]
        table = rows(self.assertDone(self.mlcycle("scheduler", "pending")))
        self.assertEqual(table[0], "JOB\tSTEP\tCREATED (UTC)\tNAME")
        self.assertRegex(table[1], "^%s\t0\t.*\tBootstrap$" % job)
        pending = self.assertDone(self.mlcycle("scheduler", "pending", "--json")).lines
        self.assertEqual([(p["jobId"], p["projectId"], p["step"]) for p in pending], [(job, PROJECT, {"number": 0, "name": "Bootstrap"})])
        self.assertDone(self.mlcycle("scheduler", "claim", job, "0"), "")
        self.assertFails(self.mlcycle("scheduler", "claim", job, "0"), CONFLICT, "Step is not scheduled")
        self.assertDone(self.mlcycle("jobs", "add-steps", job, "-", input=Jobs.YAML))
        self.assertDone(self.mlcycle("scheduler", "complete", job, "0", "--json"), "")
        self.assertDone(self.mlcycle("scheduler", "claim", job, "1", "--json"), "")
        self.assertDone(self.mlcycle("scheduler", "error", job, "1"), "")
        self.assertFails(self.mlcycle("scheduler", "error", job, "1"), CONFLICT, "Step is not in progress")
        self.assertFails(self.mlcycle("scheduler", "complete", job, "1"), CONFLICT, "Step is not in progress")
        self.assertEqual([s["state"] for s in self.server.job(job)["steps"]], [2, 31, 0])

    def test_nobody(self):
        self.seed_running()
        for verb in ("claim", "complete", "error"):
            self.assertFails(self.mlcycle("scheduler", verb, NOBODY, "0"), REFUSED, "Job not found.*HTTP 404")
            self.assertFails(self.mlcycle("scheduler", verb, JOB, "9"), REFUSED, "Step not found.*HTTP 404")

    def test_nothing_pending(self):
        """408, an empty list (V10) and a proxy's 504 are all "no work": exit code 1, and no word about it."""
        for fault in ({}, {"body": "[]"}, {"nginx": 504}):
            if fault:
                self.server.fault(path="/scheduler$", **fault)
            for words in ([], ["--json"]) if not fault else ([],):
                result = self.mlcycle("scheduler", "pending", *words)
                self.assertEqual((result.code, result.out, result.err), (1, b"", b""), fault)

    def test_wait_is_bounded(self):
        self.server.config(hold_ms=20000)
        result = self.mlcycle("scheduler", "pending", "--wait", "0.3", timeout=10)
        self.assertEqual((result.code, result.out, result.err), (1, b"", b""))

    def test_work_that_comes_while_waiting(self):
        self.server.seed(projects=[dict(cli_case.FORECAST)])
        self.server.config(hold_ms=20000)
        child = peer.start_berth(["mlcycle", "--cacert", self.certs.ca, "scheduler", "pending", "--json"],
                                 {"MLCYCLE_HOST": self.server.host})
        while not self.server.state()["waiters"]:
            self.assertIsNone(child.poll())
        self.assertDone(self.mlcycle("jobs", "trigger", PROJECT))
        out, err = child.communicate(timeout=20)
        self.assertEqual((child.returncode, err, len(out.splitlines())), (0, b"", 1))


class Coverage(cli_case.ServerCase):
    def test_every_operation_of_the_wire_page(self):
        import routes
        self.seed_running()
        steps = self.folder.write("p.yml", Jobs.YAML)
        for words in (["projects", "list"], ["projects", "get", PROJECT], ["projects", "add", "--name", "a", "--git", "b"],
                      ["projects", "update", NOBODY, "--name", "a", "--git", "b"], ["projects", "delete", NOBODY],
                      ["workers", "list"], ["workers", "add", "--name", "a"], ["workers", "update", NOBODY, "--name", "a"],
                      ["workers", "delete", NOBODY], ["jobs", "list"], ["jobs", "get", JOB], ["jobs", "add-steps", JOB, steps],
                      ["jobs", "add-metrics", JOB, "1", "a=1"], ["fragments", "list", JOB], ["fragments", "list", JOB, "0"],
                      ["fragments", "get", FRAGMENT, "-o", "-"], ["fragments", "latest", "0_console.log", "--job", JOB, "-o", "-"],
                      ["fragments", "upload", JOB, "1", steps, "--name", "n"], ["scheduler", "complete", JOB, "1"],
                      ["scheduler", "pending"], ["scheduler", "claim", JOB, "2"], ["scheduler", "error", JOB, "2"],
                      ["jobs", "trigger", PROJECT]):
            self.assertEqual(self.mlcycle(*words, "--json").err, b"", words)
        self.assertFails(self.mlcycle("workers", "get", NOBODY), REFUSED)
        self.assertFails(self.mlcycle("fragments", "latest", "x", "--project", PROJECT, "-o", "-"), REFUSED)
        self.assertEqual({r["operation"] for r in self.logged()}, {o[0] for o in routes.OPERATIONS})


class Environment(cli_case.ServerCase):
    """C2, C3, C10, C16: explicit before environment, one rule for all."""

    def test_host_and_slashes(self):
        for more in ("", "/", "///"):
            self.assertDone(self.mlcycle("workers", "list", env={"MLCYCLE_HOST": self.server.host + more}))
        self.assertDone(self.mlcycle("workers", "list", "--host", self.server.host, env={"MLCYCLE_HOST": "http://127.0.0.1:1/api"}))

    def test_job_and_project(self):
        done = dict(RUNNING, state=2, finished="2021-03-04T06:00:00Z")
        self.server.seed(jobs=[done])
        latest = ["fragments", "latest", "0_console.log", "-o", "-"]
        for words, env, used in ((["--job", JOB], {"MLCYCLE_PROJECT": PROJECT}, "job"),
                                 (["--project", PROJECT], {"MLCYCLE_JOB": JOB}, "project"), ([], {"MLCYCLE_JOB": JOB}, "job"),
                                 ([], {"MLCYCLE_PROJECT": PROJECT}, "project"),
                                 ([], {"MLCYCLE_PROJECT": PROJECT, "MLCYCLE_JOB": JOB}, "job")):
            self.server.forget_requests()
            self.assertDone(self.mlcycle(*latest, *words, env=env), "cloned\n")
            self.assertEqual([r["operation"] for r in self.logged()], ["fragments.get_latest_by_" + used])
        self.assertFails(self.mlcycle(*latest, env={"MLCYCLE_JOB": "None"}), USAGE, "None: not an id")

    def test_a_step_need_not_name_itself(self):
        """What runs in a step's container leaves JOB and STEP out; both or neither, and what is given counts."""
        self.seed_running()
        inside = {"MLCYCLE_PROJECT": PROJECT, "MLCYCLE_JOB": JOB, "MLCYCLE_STEP": "1"}
        model = self.folder.write("model.bin", "weights")
        steps = self.folder.write("p.yml", Jobs.YAML)
        for words in (["jobs", "add-metrics", "loss=0.25", "a=b=c", "epoch=4"], ["jobs", "add-metrics", "loss=0.5"],
                      ["fragments", "upload", model, "--name", "Model"], ["fragments", "list"], ["jobs", "add-steps", steps],
                      ["scheduler", "complete"]):
            self.assertEqual(self.mlcycle(*words, "--json", env=inside).code, 0, words)
        step = self.server.job(JOB)["steps"][1]
        self.assertEqual((step["metrics"], step["state"]), ({"loss": 0.5, "epoch": 4, "a": "b=c"}, 2))
        self.assertEqual(self.mlcycle("jobs", "trigger", env=inside).code, CONFLICT)
        nobody = dict(inside, MLCYCLE_JOB=NOBODY)
        self.assertFails(self.mlcycle("scheduler", "error", env=nobody), REFUSED, NOBODY)
        self.assertFails(self.mlcycle("scheduler", "error", JOB, "1", env=nobody), CONFLICT, JOB)

    def test_a_step_of_the_environment_is_never_half_taken(self):
        for words, env in ((["scheduler", "claim", JOB], {"MLCYCLE_JOB": JOB, "MLCYCLE_STEP": "1"}),
                           (["scheduler", "claim"], {"MLCYCLE_JOB": JOB}), (["scheduler", "claim"], {"MLCYCLE_STEP": "1"}),
                           (["fragments", "upload", "1", "f", "--name", "n"], {"MLCYCLE_JOB": JOB, "MLCYCLE_STEP": "1"}),
                           (["jobs", "add-metrics", "a=1"], {"MLCYCLE_JOB": JOB, "MLCYCLE_STEP": ""})):
            self.assertFails(self.mlcycle(*words, env=env), USAGE, "too few arguments; it takes: JOB STEP")
        for step in ("x", "-1", "1x", "+1", "2147483648"):
            self.assertFails(self.mlcycle("scheduler", "claim", env={"MLCYCLE_JOB": JOB, "MLCYCLE_STEP": step}), USAGE,
                             "not a step number")


if __name__ == "__main__":
    unittest.main()
