"""Files up and down: names, standard input and output, repeats, nothing half-written, and memory that stays small."""
import hashlib
import json
import os
import signal
import stat
import threading
import time
import unittest

import cli_case
from cli_case import BAD_DATA, CONFLICT, FRAGMENT, JOB, NETWORK, PROJECT, REFUSED, RUNNING, USAGE, peer

ODD_NAMES = ["Gr\u00f6\u00dfe 1#.csv", "a?b&c=d.txt", "100%.log", "%2F", "a+b c.txt", "\u4e2d\u6587\U0001f600.bin", "quote\".txt", "back\\slash",
             "...", ".hidden", "~tilde~", "a;b,c:d@e!f$g'h(i)*", "[x]{y}|z^`<>", "-dash", "x" * 255]
BIG = 100 * 1000 * 1000


def content(size):
    """As control.py makes it for {"size": N}."""
    block = hashlib.sha256(b"berth").digest() * 32
    return (block * (size // len(block) + 1))[:size]


class Upload(cli_case.ServerCase):
    def setUp(self):
        super().setUp()
        self.seed_running()

    def upload(self, path, *words, **more):
        return self.mlcycle("fragments", "upload", JOB, "1", path, "--name", "n", *words, **more)

    def wait_for_post(self):
        """Until an upload has begun."""
        end = time.monotonic() + 20
        while not any(r["method"] == "POST" for r in self.server.requests()) and time.monotonic() < end:
            time.sleep(0.01)

    def stored(self):
        return {f["filename"]: f for f in self.server.state()["fragments"] if f["id"] != FRAGMENT}

    def test_a_file(self):
        data = bytes(range(256)) * 100
        path = self.folder.write("model.bin", data)
        result = self.assertDone(self.upload(path, "--type", "model", "--json"))
        made = result.lines[0]
        self.assertEqual(list(made), ["jobId", "stepNumber", "created", "name", "filename", "type", "id"])
        self.assertEqual((made["jobId"], made["stepNumber"], made["name"], made["filename"], made["type"]), (JOB, 1, "n", "model.bin", 2))
        self.assertEqual(self.server.content(made["id"]), data)
        table = self.assertDone(self.mlcycle("fragments", "list", JOB, "1")).text
        self.assertRegex(table, r"ID +STEP  TYPE +NAME +FILE NAME\n%s     1  Model      n +model.bin\n" % made["id"])
        self.assertIn("Content-Length", dict(self.logged("fragments.upload")[0]["headers"]))

    def test_types(self):
        path = self.folder.write("f", "x")
        for word, number in (("metrics", 0), ("logs", 1), ("model", 2), ("BuildLogs", 1), ("1", 1)):
            self.assertEqual(self.assertDone(self.upload(path, "--filename", word, "--type", word, "--json")).lines[0]["type"], number)
        self.assertEqual(self.assertDone(self.upload(path, "--json")).lines[0]["type"], 0)

    def test_odd_names(self):
        path = self.folder.write("f", "x")
        for name in ODD_NAMES:
            with self.subTest(name):
                self.assertDone(self.upload(path, "--filename", name))
                self.assertIn(name, self.stored())
                self.assertDone(self.mlcycle("fragments", "latest", "--job", JOB, "-o", "-", "--", name), "x")

    def test_names_from_the_path(self):
        os.mkdir(self.folder("deep"))
        self.folder.write("deep/\u00e4 b.txt", "x")
        self.assertDone(self.upload("deep/\u00e4 b.txt", cwd=self.folder.path))
        self.assertIn("\u00e4 b.txt", self.stored())
        self.assertFails(self.upload("deep/", cwd=self.folder.path), USAGE, "--filename")
        self.assertFails(self.upload("deep", cwd=self.folder.path), BAD_DATA, "deep: is a folder")
        self.assertFails(self.upload("none", cwd=self.folder.path), BAD_DATA, "none: no such file")
        self.assertEqual(len(self.logged("fragments.upload")), 1)

    def test_empty_file(self):
        self.assertDone(self.upload(self.folder.write("empty", "")))
        self.assertEqual(self.stored()["empty"]["size"], 0)

    def test_standard_input_is_sent_in_chunks(self):
        data = os.urandom(300000)
        self.assertDone(self.upload("-", "--filename", "in.bin", input=data))
        self.assertEqual(self.stored()["in.bin"]["sha256"], hashlib.sha256(data).hexdigest())
        headers = {k.lower(): v for k, v in self.logged("fragments.upload")[0]["headers"]}
        self.assertEqual(headers.get("transfer-encoding"), "chunked")
        self.assertNotIn("content-length", headers)
        self.assertDone(self.upload("-", "--filename", "nothing", input=b""))
        self.assertEqual(self.stored()["nothing"]["size"], 0)

    def test_slow_standard_input(self):
        child = peer.start_berth(["mlcycle", "--cacert", self.certs.ca, "fragments", "upload", JOB, "1", "-", "--filename", "slow", "--name", "n"],
                                 {"MLCYCLE_HOST": self.server.host})
        for _ in range(5):
            child.stdin.write(b"tick\n")
            child.stdin.flush()
            time.sleep(0.05)
        out, err = child.communicate(timeout=20)
        self.assertEqual((child.returncode, err), (0, b""))
        self.assertEqual(self.stored()["slow"]["size"], 25)

    def test_a_pipe_by_its_path(self):
        """As bash's <(command) gives one: no size, no second try."""
        os.mkfifo(self.folder("pipe"))
        writer = threading.Thread(target=lambda: self.folder.write("pipe", content(100000)), daemon=True)
        writer.start()
        self.assertDone(self.upload(self.folder("pipe")))
        self.assertEqual(self.stored()["pipe"]["size"], 100000)

    def test_a_silent_pipe_holds_up_neither_deadline_nor_signal(self):
        os.mkfifo(self.folder("pipe"))
        for path in ("-", self.folder("pipe")):
            words = ["mlcycle", "--cacert", self.certs.ca, "fragments", "upload", JOB, "1", path, "--filename", "x", "--name", "n", "--retries", "0"]
            for number in (None, signal.SIGINT):
                self.server.forget_requests()
                child = peer.start_berth(words + (["--timeout", "0.5"] if number is None else []), {"MLCYCLE_HOST": self.server.host})
                end = os.open(self.folder("pipe"), os.O_WRONLY) if path != "-" else None
                child.stdin.write(b"begun")
                child.stdin.flush()
                if number:
                    self.wait_for_post()
                    child.send_signal(number)
                start = time.monotonic()
                code = child.wait(10)
                self.assertLess(time.monotonic() - start, 5)
                self.assertEqual(code, 130 if number else cli_case.TIMEOUT)
                if end is not None:
                    os.close(end)
                with child.stdin, child.stdout, child.stderr:
                    pass
        self.assertEqual(self.stored(), {})

    def test_a_file_that_contains_multipart_delimiters(self):
        data = b"--\r\n----\r\n\r\n--boundary--\r\nContent-Disposition: form-data; name=\"Name\"\r\n\r\n" * 50
        self.assertDone(self.upload(self.folder.write("m", data)))
        self.assertEqual(self.stored()["m"]["sha256"], hashlib.sha256(data).hexdigest())

    def test_refusals(self):
        path = self.folder.write("f", "x")
        done = dict(RUNNING, id=JOB[:-1] + "9")
        done["steps"] = [dict(s, fragments=[]) for s in RUNNING["steps"]]
        self.assertFails(self.mlcycle("fragments", "upload", JOB, "0", path, "--name", "n"), CONFLICT, "Step is not in progress")
        self.assertFails(self.mlcycle("fragments", "upload", JOB, "7", path, "--name", "n"), REFUSED, "Step not found")
        self.assertFails(self.mlcycle("fragments", "upload", PROJECT, "7", path, "--name", "n"), REFUSED, "Job not found")
        self.assertFails(self.upload(path, "--filename", "0_CONSOLE.log"), CONFLICT, "Filename already exists")
        self.server.fault(nginx=413)
        self.assertFails(self.upload(path), REFUSED, "HTTP 413")
        self.assertEqual(self.stored(), {})

    def test_a_taken_name_is_seen_before_a_large_file_is_sent(self):
        with open(self.folder("0_console.log"), "wb") as f:
            f.truncate(2 << 20)
        self.assertFails(self.upload(self.folder("0_console.log")), CONFLICT, "0_console.log")
        self.assertEqual(self.logged("fragments.upload"), [])

    def test_repeated_after_a_dropped_connection(self):
        """Wire 1.6: repeat; 409 then means that an earlier try got through."""
        path = self.folder.write("f", "data")
        for fault in ({"drop": "head"}, {"drop": "read"}, {"drop": "handle"}, {"drop": "read", "rst": True}):
            for words in ([], ["--json"]):
                name = "f%d%s" % (len(self.stored()), "j" if words else "")
                self.server.fault(path="/fragments/job", method="POST", **fault)
                result = self.assertDone(self.upload(path, "--filename", name, *words))
                self.assertIn(self.stored()[name]["id"], result.text, (fault, words))
                self.assertEqual(result.text.count("\n"), 1 if words else 2)
        self.assertEqual({f["size"] for f in self.stored().values()}, {4})

    def test_standard_input_cannot_be_repeated(self):
        self.server.fault(path="/fragments/job", method="POST", drop="read")
        self.assertFails(self.upload("-", "--filename", "x", input=b"data"), NETWORK, "may have carried it out")
        self.assertEqual(len([r for r in self.logged() if r["method"] == "POST"]), 1)

    def test_a_server_that_reads_slowly(self):
        self.server.fault(path="/fragments/job", method="POST", read_stall_ms=300, read_bytes_per_s=2000000)
        self.assertDone(self.upload(self.folder.write("f", content(500000))))

    def test_a_file_that_changes_while_it_is_sent(self):
        """What was announced can no longer be kept: an error, not a wrong file."""
        path = self.folder.write("grow", content(20000000))
        self.server.fault(path="/fragments/job", method="POST", read_stall_ms=1500, count=0)
        shrink = threading.Thread(target=lambda: (self.wait_for_post(), os.truncate(path, 1000)))
        shrink.start()
        result = self.upload(path, "--retries", "0")
        shrink.join()
        self.assertNotEqual(result.code, 0)
        self.assertFails(result, result.code)
        self.assertEqual(self.stored(), {})


class Download(cli_case.ServerCase):
    def setUp(self):
        super().setUp()
        self.seed_running()

    def get(self, *words, **more):
        return self.mlcycle("fragments", "get", FRAGMENT, *words, **more)

    def files(self):
        return sorted(os.listdir(self.folder.path))

    def test_to_a_file(self):
        self.assertDone(self.get("-o", self.folder("log")), "")
        self.assertEqual(self.folder.read("log"), b"cloned\n")
        self.assertEqual(self.files(), ["log"])
        self.assertEqual(stat.S_IMODE(os.stat(self.folder("log")).st_mode) & 0o600, 0o600)
        self.assertDone(self.get("--output=" + self.folder("two"), "--json"), "")
        self.assertDone(self.get("-o" + self.folder("three")), "")
        self.assertEqual(self.folder.read("three"), b"cloned\n")

    def test_to_standard_output(self):
        self.assertDone(self.get("-o", "-"), "cloned\n")
        self.assertDone(self.get("-o", "-", "--json"), "cloned\n")

    def test_old_file_is_replaced_only_by_a_whole_one(self):
        path = self.folder.write("log", "old")
        for fault, code in (({"chunks": "no-end"}, BAD_DATA), ({"truncate_body": 3}, BAD_DATA), ({"cut_after": 30}, None), ({"nginx": 500}, REFUSED),
                            ({"html": True}, BAD_DATA), ({"status": 404}, REFUSED), ({"chunks": "bad-size"}, BAD_DATA)):
            with self.subTest(fault):
                self.server.fault(count=0, **fault)
                result = self.get("-o", path, "--retries", "0")
                self.assertFails(result, code or result.code)
                self.assertNotEqual(result.code, 0)
                self.assertEqual((self.folder.read("log"), self.files()), (b"old", ["log"]))
                self.server.no_faults()
        self.assertDone(self.get("-o", path))
        self.assertEqual((self.folder.read("log"), self.files()), (b"cloned\n", ["log"]))

    def test_repeated_from_the_first_byte(self):
        """The server knows no ranges; a file starts again, standard output cannot."""
        self.server.seed(fragments=[{"jobId": JOB, "stepNumber": 1, "filename": "big", "size": 400000}])
        latest = ["fragments", "latest", "big", "--job", JOB, "-o"]
        self.server.fault(truncate_body=200000)
        self.assertDone(self.mlcycle(*latest, self.folder("big")))
        self.assertEqual(self.folder.read("big"), content(400000))
        self.assertEqual(self.files(), ["big"])
        self.server.fault(truncate_body=200000)
        result = self.mlcycle(*latest, "-")
        self.assertFails(result, BAD_DATA, out=None)
        self.assertTrue(content(400000).startswith(result.out))

    def test_places_that_cannot_be_written(self):
        self.assertFails(self.get("-o", "/no/such/folder/x"), BAD_DATA, "/no/such/folder/x: no such file or folder")
        self.assertFails(self.get("-o", self.folder.path), BAD_DATA, "is a folder")
        self.assertFails(self.get("-o", ""), BAD_DATA)
        self.assertEqual(self.logged("fragments.get_by_id"), [])

    def test_a_pipe_is_written_and_stays_a_pipe(self):
        os.mkfifo(self.folder("pipe"))
        seen = []
        reader = threading.Thread(target=lambda: seen.append(self.folder.read("pipe")), daemon=True)
        reader.start()
        self.assertDone(self.get("-o", self.folder("pipe")))
        reader.join(10)
        self.assertEqual(seen, [b"cloned\n"])
        self.assertTrue(stat.S_ISFIFO(os.stat(self.folder("pipe")).st_mode))

    def test_a_link_is_replaced_not_written_through(self):
        self.folder.write("log", "old")
        os.symlink("log", self.folder("link"))
        self.assertDone(self.get("-o", self.folder("link")))
        self.assertEqual((self.folder.read("log"), self.folder.read("link")), (b"old", b"cloned\n"))

    def test_by_name(self):
        done = dict(RUNNING, id=JOB[:-1] + "9", state=2, created="2021-03-09T00:00:00Z", finished="2021-03-09T01:00:00Z")
        done["steps"] = [{"name": "Bootstrap", "number": 0, "state": 2, "fragments": [
            {"id": FRAGMENT[:-1] + "1", "name": "n", "filename": "0_console.log", "type": 1, "content": "newest\n", "created": "2021-03-09T00:30:00Z"},
            {"id": FRAGMENT[:-1] + "2", "name": "n", "filename": "a/b.txt", "type": 0, "content": "slash\n", "created": "2021-03-09T00:30:00Z"}]}]
        self.server.seed(jobs=[done])
        for words, out in ((["0_console.log", "--job", JOB], "cloned\n"), (["0_CONSOLE.LOG", "--job", JOB], "cloned\n"),
                           (["0_console.log", "--project", PROJECT], "newest\n"),
                           (["a/b.txt", "--job", done["id"]], "slash\n"), (["A/B.txt", "--project", PROJECT], "slash\n")):
            self.assertDone(self.mlcycle("fragments", "latest", *words, "-o", "-"), out)
        for words in (["none", "--job", JOB], ["none", "--project", PROJECT], ["none/x", "--job", JOB], ["x/y", "--project", JOB],
                      ["0_console.log", "--project", JOB]):
            self.assertFails(self.mlcycle("fragments", "latest", *words, "-o", self.folder("x")), REFUSED)
        for name in (".", "..", ""):
            self.assertFails(self.mlcycle("fragments", "latest", name, "--job", JOB, "-o", self.folder("x")), USAGE, "name")
        self.assertEqual(self.files(), [])

    def test_an_html_file_is_a_file(self):
        self.server.seed(fragments=[{"jobId": JOB, "stepNumber": 1, "filename": "report.html", "content": "<html>ok"}])
        self.assertDone(self.mlcycle("fragments", "latest", "report.html", "--job", JOB, "-o", "-"), "<html>ok")

    def test_framing(self):
        """R6."""
        for fault in ({"chunks": "extensions"}, {"chunks": "trailers"}, {"chunks": "bytes"}, {"framing": "length"}, {"framing": "close"}):
            self.server.fault(**fault)
            self.assertDone(self.get("-o", "-"), "cloned\n")
        self.server.seed(fragments=[{"jobId": JOB, "stepNumber": 1, "filename": "zero", "content": ""}])
        self.assertDone(self.mlcycle("fragments", "latest", "zero", "--job", JOB, "-o", self.folder("zero")))
        self.assertEqual(self.folder.read("zero"), b"")

    def test_a_reader_that_stops_reading(self):
        """Blocked on a full pipe, a signal still ends it."""
        self.server.seed(fragments=[{"jobId": JOB, "stepNumber": 1, "filename": "big", "size": 5000000}])
        child = peer.start_berth(["mlcycle", "--cacert", self.certs.ca, "fragments", "latest", "big", "--job", JOB, "-o", "-"],
                                 {"MLCYCLE_HOST": self.server.host})
        child.stdout.read(1000)
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(10), 130)
        with child.stdin, child.stdout, child.stderr:
            self.assertEqual(child.stderr.read(), b"")

    def interrupt(self, number):
        path = self.folder.write("log", "old")
        self.server.seed(fragments=[{"jobId": JOB, "stepNumber": 1, "filename": "big", "size": 50000000}])
        self.server.fault(path="/name/big", bytes_per_s=1000000)
        child = peer.start_berth(["mlcycle", "--cacert", self.certs.ca, "fragments", "latest", "big", "--job", JOB, "-o", path],
                                 {"MLCYCLE_HOST": self.server.host})
        end = time.monotonic() + 15
        while len(self.files()) < 2 and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.1)
        child.send_signal(number)
        out, err = child.communicate(timeout=10)
        self.assertEqual((child.returncode, out), (128 + number, b""), err)
        self.assertLessEqual(err.count(b"\n"), 1)
        self.assertEqual((self.folder.read("log"), self.files()), (b"old", ["log"]))

    def test_signals_leave_nothing_half_written(self):
        self.interrupt(signal.SIGINT)
        self.interrupt(signal.SIGTERM)
        self.interrupt(signal.SIGHUP)


class Memory(cli_case.ServerCase):
    """100 MB through a process that stays below 4 MB."""

    def run_watched(self, words):
        with open(self.folder("out"), "wb") as out:
            child = peer.start_berth(["mlcycle", "--cacert", self.certs.ca] + words, {"MLCYCLE_HOST": self.server.host}, stdout=out)
        child.stdin.close()
        peak = 0
        while child.poll() is None:
            try:
                with open("/proc/%d/status" % child.pid, encoding="ascii") as f:
                    peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith("VmHWM")])
            except OSError:
                pass
            time.sleep(0.02)
        with child.stderr:
            self.assertEqual((child.returncode, child.stderr.read()), (0, b""))
        if not cli_case.SANITIZED:
            self.assertGreater(peak, 100)
            self.assertLess(peak, 4096)
        return self.folder.read("out")

    def test_down_and_up(self):
        self.server.seed(jobs=[RUNNING], fragments=[{"jobId": JOB, "stepNumber": 1, "filename": "big", "size": BIG}])
        path = self.folder("big")
        self.run_watched(["fragments", "latest", "big", "--job", JOB, "-o", path])
        digest = hashlib.sha256(self.folder.read("big")).hexdigest()
        self.assertEqual(digest, hashlib.sha256(content(BIG)).hexdigest())
        made = json.loads(self.run_watched(["fragments", "upload", JOB, "1", path, "--name", "n", "--filename", "up", "--json"]))
        self.assertEqual({f["id"]: (f["size"], f["sha256"]) for f in self.server.state()["fragments"]}[made["id"]], (BIG, digest))

    def test_a_long_list(self):
        self.server.seed(many={"jobs": 3000, "steps": 5})
        self.assertEqual(self.run_watched(["jobs", "list", "--json"]).count(b"\n"), 3000)


if __name__ == "__main__":
    unittest.main()
