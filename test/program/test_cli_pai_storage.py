"""berth pai storage, output, sources and outputs of jobs: a cluster's files by WebHDFS."""
import json
import os
import unittest

import pai_case
from cli_case import BAD_DATA, CONFLICT, REFUSED, USAGE, peer
import webhdfs


class StorageCase(pai_case.PaiCase):
    def setUp(self):
        self.hdfs = self.enterContext(webhdfs.Cluster())
        self.CLUSTER = {"hdfs_web_uri": self.hdfs.root()}
        super().setUp()

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.hdfs.violations, [])


class Storage(StorageCase):
    def test_files(self):
        self.work("data.bin", b"\0\1\2" * 5000)
        self.assertEqual(self.pai("storage", "upload", "data.bin", "/ws/data.bin").code, 0)
        self.assertEqual(self.hdfs.data("/ws/data.bin"), b"\0\1\2" * 5000)
        self.assertEqual(self.pai("storage", "upload", "data.bin", "/ws/data.bin").code, CONFLICT)
        self.assertEqual(self.pai("storage", "upload", "--overwrite", "data.bin", "/ws/data.bin").code, 0)
        self.assertIn("data.bin", self.pai("storage", "list", "/ws").text)
        self.assertEqual(self.pai("storage", "status", "/ws/data.bin", "--json").lines[0]["length"], 15000)
        self.assertEqual(self.pai("storage", "download", "/ws/data.bin", "copy").code, 0)  # Q23
        self.assertEqual(self.home.read("work/copy"), b"\0\1\2" * 5000)
        self.assertEqual(self.pai("storage", "download", "/ws/data.bin", "copy").code, CONFLICT)
        self.assertEqual(self.pai("storage", "delete", "/ws/data.bin").code, 0)
        self.assertEqual(self.pai("storage", "delete", "/ws/data.bin").code, 1)
        self.assertFails(self.pai("storage", "list", "/none"), REFUSED, "none")
        self.assertEqual(self.pai("storage", "delete", "/").code, USAGE)
        for words in (["list"], ["status"], ["delete"], ["upload", "data.bin"]):
            self.assertFails(self.pai("storage", *words, "ws"), USAGE, "ws: a path begins with /")
        self.assertFails(self.pai("storage", "download", "ws", "copy"), USAGE, "ws: a path begins with /")

    def test_folders(self):
        os.makedirs(self.home("work/tree/a/b"))
        self.work("tree/a/x", "1")
        self.work("tree/a/b/y", "2")
        self.assertNotEqual(self.pai("storage", "upload", "tree", "/ws").code, 0)
        self.assertEqual(self.pai("storage", "upload", "--recursive", "tree", "/ws").code, 0)
        self.assertEqual(self.hdfs.data("/ws/a/b/y"), b"2")
        self.assertEqual(self.pai("storage", "download", "--recursive", "/ws", "back").code, 0)
        self.assertEqual(self.work("back/a/b/y"), "2")
        self.assertNotEqual(self.pai("storage", "delete", "/ws").code, 0)
        self.assertEqual(self.pai("storage", "delete", "--recursive", "/ws").code, 0)

    def test_which_storage(self):
        later = [{"cluster_alias": "c", "pai_uri": self.server.uri, "user": "lee", "password": "pw-pw-pw", "default_storage_alias": "b",
                  "storages": [{"storage_alias": "a", "protocol": "webHDFS", "web_hdfs_uri": "http://127.0.0.1:1"},
                               {"alias": "b", "protocol": "webHDFS", "hdfs_web_uri": self.hdfs.root()}]}]
        self.home.clusters(later)
        self.hdfs.put("/x/file", b"1")
        self.assertIn("file", self.pai("storage", "list", "/x").text)
        self.assertIn("file", self.pai("storage", "list", "/x", "--storage-alias", "b").text)
        self.assertFails(self.pai("storage", "list", "/x", "--storage-alias", "none"), USAGE, "none")
        self.home.clusters({"test": {"pai_uri": self.server.uri, "user": "lee"}})
        self.assertFails(self.pai("storage", "list", "/x"), USAGE, "hdfs_web_uri")


class Outputs(StorageCase):
    def test_output(self):
        for folder in ("/ws/j/output", "/ws/jobs/k/output"):
            self.hdfs.put(folder + "/model.bin", folder.encode())
            self.hdfs.put(folder + "/logs/a", b"log")
        self.assertDone(self.pai("default", "add", "workspace=/ws"))
        for job, folder in (("j", "/ws/j/output"), ("k", "/ws/jobs/k/output")):
            self.assertIn("model.bin", self.pai("output", "list", "-j", job).text)
            self.assertEqual(self.pai("output", "download", "-j", job, "model.bin", "--overwrite").code, 0)
            self.assertEqual(self.work("model.bin"), folder)
        self.assertEqual(self.pai("output", "download", "-j", "j", "model.bin").code, CONFLICT)
        self.assertEqual(self.pai("output", "download", "-j", "j", "-r", "logs").code, 0)
        self.assertEqual(self.work("logs/a"), "log")
        self.assertFails(self.pai("output", "list", "-j", "none"), REFUSED, "no output folder")
        self.assertFails(self.pai("output", "list"), USAGE, "which job")

    def test_runtime_saves_a_folder(self):
        env = {"FC_POD_UID": "x", "PAI_SDK_CLIENT_PAI_URI": self.server.uri, "PAI_SDK_CLIENT_USER": "lee",
               "PAI_SDK_CLIENT_HDFS_WEB_URI": self.hdfs.root(), "PAI_SDK_JOB_OUTPUT_DIR": "/ws/j/output"}
        os.unlink(self.home("home/.openpai/clusters.json"))
        result = self.pai("runtime", "--output-folder", "out", "--", "sh", "-c", "mkdir out/deep; echo 1 >out/a; echo 2 >out/deep/b", env=env)
        self.assertEqual(result.code, 0, result)
        self.assertEqual((self.hdfs.data("/ws/j/output/a"), self.hdfs.data("/ws/j/output/deep/b")), (b"1\n", b"2\n"))
        result = self.pai("runtime", "--output-folder", "out", "--", "sh", "-c", "echo 3 >out/a; exit 7", env=env)
        self.assertEqual((result.code, self.hdfs.data("/ws/j/output/a")), (7, b"3\n"))
        del env["PAI_SDK_JOB_OUTPUT_DIR"]
        env.update(PAI_SDK_JOB_WORKSPACE="/w2", PAI_JOB_NAME="lee~jj")
        self.assertEqual(self.pai("runtime", "--output-folder", "out", "--", "true", env=env).code, 0)
        self.assertEqual(self.hdfs.data("/w2/jj/output/a"), b"3\n")


class Sources(StorageCase):
    SETTINGS = {"generation": "G1", "version": "0.10.0", "launcher": "yarn"}

    def test_code_goes_before_the_job(self):
        """4.3 and 6.12: codeDir names what was uploaded."""
        self.work("test.py", "print(1)\n")
        os.mkdir(self.home("work/lib"))
        self.work("lib/util.py", "x = 1\n")
        self.assertDone(self.pai("job", "create", "-j", "demo_v1", "-i", "example/torch:2", "-w", "/ws", "-s", "lib/util.py", "-p", "simplejson"))
        self.assertDone(self.pai("job", "task", "python", "test.py", "Alice B"))
        result = self.pai("job", "submit")
        self.assertEqual(result.code, 0, result)
        self.assertEqual((self.hdfs.data("/ws/demo_v1/code/test.py"), self.hdfs.data("/ws/demo_v1/code/lib/util.py")), (b"print(1)\n", b"x = 1\n"))
        job = self.server.job("demo_v1")["document"]
        self.assertEqual(job["codeDir"], "$PAI_DEFAULT_FS_URI/ws/demo_v1/code")
        self.assertEqual(job["taskRoles"][0]["command"], "pip install -U simplejson && cd code && python test.py 'Alice B'")
        self.assertEqual(job["jobEnvs"], {"PAI_SDK_JOB_WORKSPACE": "/ws", "PAI_SDK_JOB_OUTPUT_DIR": "/ws/demo_v1/output",
                                          "PAI_SDK_JOB_CODE_DIR": "/ws/demo_v1/code",
                                          "PAI_SDK_CLIENT_PAI_URI": self.server.uri, "PAI_SDK_CLIENT_USER": "lee",
                                          "PAI_SDK_CLIENT_HDFS_WEB_URI": self.hdfs.root()})

    def test_no_job_without_its_sources(self):
        self.work("test.py", "print(1)\n")
        self.hdfs.fault(role="namenode", op="CREATE", count=0, refuse=("AccessControlException", "no"))
        self.assertNotEqual(self.pai("job", "fast", "-j", "f", "-i", "x", "-w", "/ws", "python", "test.py").code, 0)
        self.assertEqual(self.server.state()["job_count"], 0)

    def test_notebook(self):
        self.work("nb.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": "a = 1", "outputs": []}]}))
        self.assertEqual(self.pai("notebook", "nb.ipynb", "-i", "x", "-j", "nb").code, 0)
        self.assertIn(b"a = 1\n", self.hdfs.data("/user/lee/jobs/nb/code/nb.py"))
        self.assertEqual(self.server.job("nb")["document"]["codeDir"], "$PAI_DEFAULT_FS_URI/user/lee/jobs/nb/code")


if __name__ == "__main__":
    unittest.main()
