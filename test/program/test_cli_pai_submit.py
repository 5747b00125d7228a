"""berth pai job submit, create, task, fast, notebook; and runtime."""
import json
import os
import signal
import time
import unittest

import pai_case
from cli_case import BAD_DATA, CONFLICT, REFUSED, SPACE, USAGE, peer
import openpai_documents as documents
from openpai_peer import Home

V2 = ('protocolVersion: 2\nname: demo\ntype: job\nprerequisites:\n  - {name: img, type: dockerimage, uri: example/torch:2}\n'
      'taskRoles:\n  worker:\n    instances: 2\n    dockerImage: img\n    resourcePerInstance: {cpu: 4, memoryMB: 16384, gpu: 1}\n'
      '    commands:\n      - python train.py # a comment\n')
V1 = {"jobName": "demo.v1", "image": "example/torch:2", "taskRoles": [{"name": "main", "taskNumber": 1, "command": "true"}]}


class Documents(pai_case.PaiCase):
    def submitted(self, name):
        return self.server.job(name)["document"]

    def test_as_it_stands(self):
        """Comments and layout are kept when nothing has to be hidden (Q24, Q36)."""
        self.work("job.yaml", V2)
        self.assertDone(self.pai("job", "submit", "--config", "job.yaml"), "%s/job-detail.html?username=lee&jobName=demo\n" % self.server.uri)
        self.assertIn("# a comment", self.server.job("demo")["config"])
        self.assertFails(self.pai("job", "submit", "--config", "job.yaml"), CONFLICT, "HTTP 409")
        shown = self.assertDone(self.pai("job", "submit", "--config", "-", "--json", input=V2.replace("demo", "demo2"))).lines
        self.assertEqual(shown, [{"username": "lee", "name": "demo2", "link": "%s/job-detail.html?username=lee&jobName=demo2" % self.server.uri}])

    def test_secrets_are_hidden(self):
        """3.2: as JSON the server would store them for all to read."""
        item = dict(documents.load(V2), secrets={"pw": "p@ss: #1 \u00e9"})
        self.work("job.json", json.dumps(item))
        self.assertEqual(self.pai("job", "submit", "--config", "job.json", "-q").code, 0)
        self.assertEqual(self.assertDone(self.pai("job", "list", "demo", "config", "--json")).lines[0]["secrets"], "******")
        self.assertEqual(self.submitted("demo")["secrets"], {"pw": "p@ss: #1 \u00e9"})

    def test_checked_before_it_is_sent(self):
        self.work("bad.yaml", V2.replace("gpu: 1", "gpu: one").replace("name: demo", "name: de mo"))
        result = self.pai("job", "submit", "--config", "bad.yaml")
        self.assertEqual(result.code, BAD_DATA)
        self.assertRegex(result.err, rb"bad.yaml:2:\d+: name: ")
        self.assertRegex(result.err, rb"taskRoles.worker.resourcePerInstance.gpu: ")
        self.work("worse.yaml", "a: [")
        self.assertFails(self.pai("job", "submit", "--config", "worse.yaml"), BAD_DATA, "worse.yaml:1")
        self.assertFails(self.pai("job", "submit", "--config", "none.yaml"), BAD_DATA, "none.yaml")
        self.assertEqual(self.logged(), [])

    def test_refused_by_the_server(self):
        self.work("job.yaml", V2 + "defaults: {virtualCluster: nope}\n")
        self.assertFails(self.pai("job", "submit", "--config", "job.yaml"), REFUSED, "HTTP 403")
        self.work("job.yaml", V2 + "extras: {storages: [{name: nope}]}\n")
        self.assertFails(self.pai("job", "submit", "--config", "job.yaml"), REFUSED, "nope")

    def test_v1_is_converted(self):
        self.work("v1.json", json.dumps(V1))
        result = self.pai("job", "submit", "--config", "v1.json", "-q")
        self.assertEqual((result.code, result.err), (0, b""))
        self.assertEqual((self.submitted("demo_v1")["protocolVersion"], self.submitted("demo_v1")["name"]), (2, "demo_v1"))
        self.assertIn("jobName=demo_v1", result.text)

    def test_preview(self):
        self.work("v1.json", json.dumps(V1))
        self.assertTrue(self.pai("job", "submit", "--config", "v1.json", "--preview", "-q").text.startswith("protocolVersion: 2\nname: \"demo_v1\"\n"))
        self.assertEqual(self.server.state()["job_count"], 0)

    def test_doubtful_answers(self):
        """2.7: a 404 that is none, and a job that cannot be seen at once."""
        self.server.config(submit_404=True, hidden_gets=1)
        self.work("job.yaml", V2)
        self.assertDone(self.pai("job", "submit", "--config", "job.yaml"))
        self.assertEqual(len(self.logged("submit")), 1)

    def test_inside_a_job(self):
        self.work("job.yaml", V2)
        for name in ("PAI_CONTAINER_ID", "PAI_CURRENT_TASK_ROLE_NAME", "PAI_FRAMEWORK_NAME", "FC_POD_UID"):
            self.assertFails(self.pai("job", "submit", "--config", "job.yaml", env={name: "x"}), USAGE, "--allow-in-job")
        self.assertDone(self.pai("job", "submit", "--config", "job.yaml", "--allow-in-job", env={"FC_POD_UID": "x"}))


class Built(pai_case.PaiCase):
    def cache(self, job):
        return json.loads(self.work(".openpai/jobs/%s/cache.json" % job))

    def test_step_by_step(self):
        """2.3 of the product's description, from the seed."""
        self.work("train.py", "print(1)\n")
        self.assertDone(self.pai("job", "create", "-j", "demo", "-i", "example/torch:2", "-p", "simplejson", "-w", "/ws"), "")
        self.assertEqual(self.cache("demo"), [{"type": "job-spec", "job_name": "demo", "workspace": "/ws", "protocol": "1.0", "sources": None,
                                               "image": "example/torch:2", "pip": ["simplejson"], "disable_sdk_install": False}])
        self.assertEqual(json.loads(self.work(".openpai/defaults.json")), {"job-name": "demo"})
        self.assertFails(self.pai("job", "create", "-j", "demo", "-i", "x"), CONFLICT, "--update")
        self.assertDone(self.pai("job", "create", "-j", "demo", "-u", "-i", "other:3"), "")
        self.assertDone(self.pai("job", "task", "-t", "ps", "-n", "2", "--mem", "2048", "python", "train.py", "--lr", "0.1", "Alice B"), "")
        self.assertDone(self.pai("job", "task", "-t", "worker", "--gpu", "1", "--cpu", "3", "echo", "-n", "hi"), "")
        self.assertFails(self.pai("job", "task", "-t", "worker", "true"), CONFLICT, "worker")
        self.assertFails(self.pai("job", "task", "-t", "Work_er", "true"), CONFLICT, "letters and digits")  # Q35
        self.assertEqual(self.cache("demo")[0]["image"], "other:3")
        self.assertEqual(self.cache("demo")[1]["commands"], ["python", "train.py", "--lr", "0.1", "Alice B"])
        shown = self.assertDone(self.pai("job", "submit", "--preview")).text
        self.assertDone(self.pai("job", "submit"), "%s/job-detail.html?username=lee&jobName=demo\n" % self.server.uri)
        self.assertEqual(self.server.job("demo")["config"], shown)
        job = self.server.job("demo")["document"]
        self.assertEqual((job["taskRoles"]["ps"]["instances"], job["taskRoles"]["ps"]["resourcePerInstance"]), (2, {"cpu": 1, "memoryMB": 2048, "gpu": 0}))
        self.assertEqual(job["taskRoles"]["ps"]["commands"][-1].split("&& ")[-1], "python train.py --lr 0.1 'Alice B'")  # Q20
        before = job["deployments"][0]["taskRoles"]["ps"]["preCommands"]
        self.assertIn("pip install -U simplejson", before)
        self.assertTrue(any("code/train.py" in c for c in before), before)
        self.assertNotIn("pw-pw-pw", shown)  # Q27
        self.assertNotIn("job-name", json.loads(self.work(".openpai/defaults.json")))
        self.assertEqual(self.work(".openpai/jobs/demo/config.yaml"), shown)

    def test_defaults_count(self):
        self.assertDone(self.pai("default", "add", "image=def:1", "cpu=2", "gpu=4", "memMB=512"))
        self.assertDone(self.pai("job", "fast", "-j", "f", "echo", "--help"))
        role = self.server.job("f")["document"]["taskRoles"]["main"]
        self.assertEqual((role["resourcePerInstance"], role["commands"]), ({"cpu": 2, "memoryMB": 512, "gpu": 4}, ["echo --help"]))

    def test_one_word_is_shell_text(self):
        self.assertDone(self.pai("job", "fast", "-j", "f", "-i", "x", "echo a | cat && true"))
        self.assertEqual(self.server.job("f")["document"]["taskRoles"]["main"]["commands"], ["echo a | cat && true"])

    def test_wrong(self):
        self.assertFails(self.pai("job", "submit"), USAGE, "job-name")
        self.assertFails(self.pai("job", "submit", "-j", "none"), USAGE, "job create")
        self.assertFails(self.pai("job", "task", "-j", "none", "true"), USAGE, "job create")
        self.assertFails(self.pai("job", "create", "-i", "x"), USAGE, "--job-name")
        self.assertFails(self.pai("job", "create", "-j", "a"), USAGE, "which image")
        for name in ("a/b", "..", "a b", "~x"):
            self.assertFails(self.pai("job", "create", "-i", "x", "--job-name=" + name), USAGE, "name")
        for source in ("/etc/passwd", "../x", "a/../../b"):
            self.assertFails(self.pai("job", "create", "-j", "a", "-i", "x", "-s", source), USAGE, "working folder")
        self.assertDone(self.pai("job", "create", "-j", "a", "-i", "x"))
        self.assertFails(self.pai("job", "submit"), USAGE, "no task role")
        self.assertFails(self.pai("job", "task", "--gpu", "many", "true"), USAGE, "gpu")
        self.assertFails(self.pai("job", "fast", "-i", "x", "true"), USAGE, "--job-name")
        self.assertDone(self.pai("job", "abort"), "")
        self.assertFails(self.pai("job", "abort", "a"), 1, "no such job")
        self.assertEqual(os.listdir(self.home("work/.openpai/jobs")), [])

    def test_broken_cache(self):
        os.makedirs(self.home("work/.openpai/jobs/j"))
        for text in ("{", "[]", "[1]", '[{"type":"job-spec","job_name":7}]'):
            self.work(".openpai/jobs/j/cache.json", text)
            self.assertIn(self.pai("job", "submit", "-j", "j").code, (BAD_DATA, USAGE))

    def test_sources_too_large(self):
        self.work("big.py", "#" * 90000)
        self.assertEqual(self.pai("job", "fast", "-j", "f", "-i", "x", "python", "big.py").code, BAD_DATA)
        self.work("big.py", "#" * 200000)
        self.assertEqual(self.pai("job", "fast", "-j", "f2", "-i", "x", "python", "big.py").code, SPACE)
        self.assertEqual(self.server.state()["job_count"], 0)


class BuiltForTheFirst(pai_case.PaiCase):
    SETTINGS = {"generation": "G1", "version": "0.10.0", "launcher": "yarn"}

    def test_v1(self):
        """6.12, without storage."""
        self.assertDone(self.pai("job", "create", "-j", "demo.v1", "-i", "example/torch:2", "-p", "simplejson"))
        self.assertDone(self.pai("job", "task", "python", "-c", "print('Alice B')"))
        self.assertDone(self.pai("job", "submit"))
        job = self.server.job("demo.v1")["document"]
        self.assertEqual((job["jobName"], job["codeDir"]), ("demo.v1", ""))
        self.assertEqual(job["taskRoles"][0]["command"].split(" && ")[0], "pip install -U simplejson")
        self.assertNotIn("cd code", job["taskRoles"][0]["command"])  # Q19
        self.assertEqual(job["jobEnvs"], {"PAI_SDK_CLIENT_PAI_URI": self.server.uri, "PAI_SDK_CLIENT_USER": "lee"})
        self.assertEqual(json.loads(self.work(".openpai/jobs/demo.v1/config.json")), job)

    def test_documents(self):
        self.work("v1.json", json.dumps(V1))
        self.assertDone(self.pai("job", "submit", "--config", "v1.json"))
        self.assertEqual(self.server.job("demo.v1")["document"], V1)
        self.assertDone(self.pai("job", "list", "demo.v1", "config", "--json"), json.dumps(V1, separators=(",", ":")) + "\n")
        self.work("v2.yaml", V2)
        self.assertFails(self.pai("job", "submit", "--config", "v2.yaml"), REFUSED, ".")

    def test_sources_need_storage(self):
        self.work("train.py", "")
        self.assertFails(self.pai("job", "fast", "-j", "f", "-i", "x", "python", "train.py"), USAGE, "workspace")
        self.assertFails(self.pai("job", "fast", "-j", "f", "-i", "x", "-w", "/ws", "python", "train.py"), USAGE, "hdfs_web_uri")


CELLS = [{"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "\n", "text"], "attachments": {"a": {"image/png": "A" * 2000000}}},
         {"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": [{"data": {"image/png": "B" * 3000000}}, {}],
          "source": ["%matplotlib inline\n", "import os\n", "for i in range(3):\n", "    !ls -l 'x'\n", "print('%d' % 3)\n", "x = y \\\n", "  % 3"]},
         {"cell_type": "code", "source": "%%bash -x\necho hi\necho 'q'\\n\u00e9\n", "outputs": []}, {"cell_type": "code", "source": [], "outputs": []},
         {"cell_type": "raw", "source": "raw"}]
SCRIPT = """#!/usr/bin/env python
# coding: utf-8

# # Title
#
# text

get_ipython().run_line_magic('matplotlib', 'inline')
import os
for i in range(3):
    get_ipython().system('ls -l \\'x\\'')
print('%d' % 3)
x = y \\
  % 3

get_ipython().run_cell_magic('bash', '-x', 'echo hi\\necho \\'q\\'\\\\n\u00e9\\n')

# raw
"""


class Notebooks(pai_case.PaiCase):
    def test_script(self):
        """Outputs and attachments are longer than any buffer."""
        self.work("my nb.ipynb", json.dumps({"metadata": {}, "cells": CELLS, "nbformat": 4, "nbformat_minor": 2}))
        self.assertDone(self.pai("notebook", "my nb.ipynb", "-i", "jupyter/minimal-notebook", "-j", "nb", "-p", "numpy"))
        self.assertEqual(self.work(".openpai/jobs/nb/my nb.py"), SCRIPT)
        compile(SCRIPT, "script", "exec")
        job = self.server.job("nb")["document"]
        self.assertEqual(job["taskRoles"]["main"]["commands"], ["cd code && ipython './my nb.py'"])
        self.assertIn("pip install -U numpy", job["deployments"][0]["taskRoles"]["main"]["preCommands"])

    def test_older_format_and_names(self):
        old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "a = 1", "outputs": []}, {"cell_type": "heading", "level": 1, "source": "H"}]}]}
        self.work("old.ipynb", json.dumps(old, indent=1))
        link = self.assertDone(self.pai("notebook", "old.ipynb", "-i", "x")).text
        self.assertRegex(link, r"jobName=old_[0-9a-f]{32}\n\Z")
        name = link.strip().rpartition("=")[2]
        self.assertEqual(self.work(".openpai/jobs/%s/old.py" % name), "#!/usr/bin/env python\n# coding: utf-8\n\na = 1\n\n# H\n")

    def test_interactive(self):
        self.work("nb.ipynb", json.dumps({"cells": []}))
        out = self.assertDone(self.pai("notebook", "nb.ipynb", "-i", "x", "-j", "nb", "--mode", "interactive", "--preview")).text
        self.assertIn('"ports":{"jupyter":1}', out)
        self.assertIn("$PAI_CONTAINER_HOST_jupyter_PORT_LIST", out)
        lines = self.assertDone(self.pai("notebook", "nb.ipynb", "-i", "x", "-j", "nb", "--mode", "interactive")).text.splitlines()
        self.assertRegex(lines[1], r"\Ahttp://10\.20\.30\.40:40000/notebooks/nb\.ipynb\?token=[0-9a-f]{48}\Z")
        self.assertIn(lines[1].rpartition("=")[2], self.server.job("nb")["document"]["taskRoles"]["main"]["commands"][0])

    def test_interactive_that_ends(self):
        self.server.config(run_ms=0, end_state="FAILED")
        self.work("nb.ipynb", json.dumps({"cells": []}))
        result = self.pai("notebook", "nb.ipynb", "-i", "x", "-j", "nb", "--mode", "interactive")
        self.assertEqual(result.code, 1, result)

    def test_silent(self):
        self.work("nb.ipynb", json.dumps({"cells": []}))
        out = self.assertDone(self.pai("notebook", "nb.ipynb", "-i", "x", "-j", "nb", "--mode", "silent", "--preview")).text
        self.assertIn("nbconvert --to html --execute", out)
        self.assertIn("code/nb.ipynb", out)

    def test_wrong(self):
        for text, reason in (("{}", "no cells"), ("[]", "no cells|no notebook"), ('{"cells":[{"source":7}]}', "."), ('{"cells":[', "."), ("x", ".")):
            self.work("nb.ipynb", text)
            self.assertFails(self.pai("notebook", "nb.ipynb", "-i", "x", "-j", "nb"), BAD_DATA, reason)
        self.assertFails(self.pai("notebook", "none.ipynb", "-i", "x", "-j", "nb"), BAD_DATA, "none.ipynb")
        self.assertFails(self.pai("notebook", "nb.ipynb", "-i", "x", "--mode", "loud"), USAGE, "--mode")


class Runtime(pai_case.cli_case.Case):
    IN_JOB = {"PAI_CURRENT_TASK_ROLE_NAME": "main"}

    def setUp(self):
        self.home = self.enterContext(Home(None, None))

    def run_it(self, *words, inside=True, **more):
        return self.home.berth(["runtime"] + list(words), env=self.IN_JOB if inside else None, **more)

    def test_order(self):
        result = self.run_it("--on-start", "echo start 1", "--on-start", "echo start 2", "--on-end", "echo end 1", "--on-end", "echo end 2",
                             "--on-exception", "echo never", "--", "echo", "main", "--on-end")
        self.assertDone(result, "start 1\nstart 2\nmain --on-end\nend 2\nend 1\n")

    def test_failure(self):
        tell = "sh -c 'echo $PAI_RUNTIME_EVENT $PAI_RUNTIME_EXIT_CODE'"
        result = self.run_it("--on-start", tell, "--on-exception", tell, "--on-end", tell, "--", "sh", "-c", "exit 3")
        self.assertEqual((result.code, result.text), (3, "start 0\nexception 3\nend 3\n"))
        result = self.run_it("--on-start", "sh -c 'exit 4'", "--on-start", "echo no", "--on-exception", tell, "--on-end", tell, "--", "echo", "no")
        self.assertEqual((result.code, result.text), (4, "exception 4\nend 4\n"))
        self.assertEqual(self.run_it("--on-end", "false", "--", "true").code, 1)
        self.assertEqual(self.run_it("--", "sh", "-c", "kill -9 $$").code, 137)
        self.assertEqual(self.run_it("--", "/nowhere/x").code, 127)

    def test_outside_of_a_job(self):
        self.assertDone(self.run_it("--on-start", "echo start", "--", "echo", "main", inside=False), "main\n")
        self.assertDone(self.run_it("--always", "--on-start", "echo start", "--", "echo", "main", inside=False), "start\nmain\n")

    def test_signals(self):
        child = peer.start_berth(["pai", "runtime", "--always", "--on-end", "echo end", "--", "sh", "-c",
                                  "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.1; done"], self.home.environment(), self.home("work"))
        self.assertEqual(child.stdout.readline(), b"ready\n")
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=20)
        # The whole group gets the signal: when sleep is hit first, the shell says so.
        self.assertEqual((out, err.replace(b"Terminated\n", b""), child.returncode), (b"got\nend\n", b"", 5))

    def test_wrong(self):
        self.assertFails(self.run_it(), USAGE, "too few")
        self.assertFails(self.run_it("--on-start", "echo 'x", "--", "true"), USAGE, "words", out=None)
        self.assertFails(self.run_it("--output-folder", "out", "--", "true"), USAGE, "PAI_SDK_JOB_OUTPUT_DIR", out=None)


if __name__ == "__main__":
    unittest.main()
