"""berth gpu: the machine's GPUs, how they are linked, and which ones are chosen."""
import itertools
import json
import os
import random
import unittest

import cli_case
from cli_case import BAD_DATA, SPACE, USAGE, peer
from test_cli_terminal import Terminal, plain

SCORES = {"SYS": 10, "NODE": 20, "PHB": 30, "PXB": 40, "PIX": 50, "PSB": 60}
SEED = int(os.environ.get("BERTH_SEED") or random.randrange(1 << 32))


class Case(cli_case.Case):
    def setUp(self):
        self.folder = self.enterContext(peer.Folder())

    def gpu(self, *words, **more):
        return self.run_berth(["gpu"] + [str(w) for w in words], **more)

    def assign(self, *words, **more):
        """The JSON that gpu assign prints."""
        result = self.gpu("assign", "--json", *words, **more)
        self.assertDone(result)
        return json.loads(result.text)

    def device(self, bridges, address, numa, kind="0x030200", vendor="0x10de"):
        """A device as Linux shows it in the folder that --system names."""
        here = self.folder("sys/devices/%s/%s" % (bridges, address))
        os.makedirs(here)
        for name, text in (("class", kind), ("vendor", vendor), ("numa_node", str(numa))):
            with open(os.path.join(here, name), "w") as f:
                f.write(text + "\n")
        os.makedirs(self.folder("sys/bus/pci/devices"), exist_ok=True)
        os.symlink("../../../devices/%s/%s" % (bridges, address), self.folder("sys/bus/pci/devices/" + address))

    def information(self, address, minor, model):
        os.makedirs(self.folder("proc/driver/nvidia/gpus/" + address))
        with open(self.folder("proc/driver/nvidia/gpus/%s/information" % address), "w") as f:
            f.write("Model: \t\t %s\nGPU UUID: \t GPU-%08d-0000-0000-0000-000000000000\nDevice Minor: \t %d\n" % (model, minor, minor))

    def seed_machine(self):
        switch = "pci0000:00/0000:00:01.0/0000:01:00.0/"
        self.device(switch + "0000:02:01.0", "0000:04:00.0", 0)
        self.device(switch + "0000:02:00.0", "0000:03:00.0", 0)
        self.device("pci0000:00/0000:00:03.0", "0000:07:00.0", 0)
        self.device("pci0000:80/0000:80:01.0", "0000:81:00.0", 1)
        self.device("pci0000:80/0000:80:02.0", "0000:82:00.0", 1, vendor="0x8086")

    def links(self, gpus, links):
        """A file of JSON links, {(a, b): (path or None, NVLinks)}."""
        rows = [dict({"a": a, "b": b, "nvlink": n}, **({"pcie": p} if p else {})) for (a, b), (p, n) in links.items()]
        return self.folder.write("links.json", json.dumps({"gpus": gpus, "links": rows}))


class Machine(Case):
    def test_nothing_there(self):
        for words in (["list"], ["list", "--json"], ["links"]):
            self.assertDone(self.gpu(*words, "--system", self.folder.path), "")
        self.assertDone(self.gpu("links", "--json", "--system", self.folder.path), '{"gpus":0,"links":[]}\n')
        result = self.gpu("assign", "--count", 1, "--system", self.folder.path)
        self.assertFails(result, USAGE, "--free is needed: this machine shows no GPUs")

    def test_without_driver(self):
        self.seed_machine()
        rows = self.assertDone(self.gpu("list", "--json", "--system", self.folder.path)).lines
        self.assertEqual([r["address"] for r in rows], ["0000:03:00.0", "0000:04:00.0", "0000:07:00.0", "0000:81:00.0"])
        self.assertEqual(rows[3], {"gpu": 3, "address": "0000:81:00.0", "numa_node": 1, "minor": None, "model": None, "uuid": None,
                                   "path": "pci0000:80/0000:80:01.0/0000:81:00.0"})

    def test_with_driver(self):
        self.seed_machine()
        self.information("0000:07:00.0", 1, "NVIDIA \"quoted\" \u00e4")
        self.information("0000:03:00.0", 0, "NVIDIA A")
        rows = self.assertDone(self.gpu("list", "--json", "--system", self.folder.path)).lines
        self.assertEqual([(r["gpu"], r["minor"], r["model"], r["uuid"]) for r in rows],
                         [(0, 0, "NVIDIA A", "GPU-00000000-0000-0000-0000-000000000000"),
                          (1, 1, "NVIDIA \"quoted\" \u00e4", "GPU-00000001-0000-0000-0000-000000000000")])
        text = self.assertDone(self.gpu("list", "--system", self.folder.path)).text
        self.assertRegex(text, r"(?m)^  0  0000:03:00\.0     0  NVIDIA A +GPU-00000000-")

    def test_links(self):
        self.seed_machine()
        text = self.assertDone(self.gpu("links", "--system", self.folder.path)).text
        self.assertEqual([line.split() for line in text.splitlines()],
                         [["GPU0", "GPU1", "GPU2", "GPU3"], ["GPU0", "X", "PIX", "PHB", "SYS"], ["GPU1", "PIX", "X", "PHB", "SYS"],
                          ["GPU2", "PHB", "PHB", "X", "SYS"], ["GPU3", "SYS", "SYS", "SYS", "X"]])
        told = self.assertDone(self.gpu("links", "--json", "--system", self.folder.path)).text
        self.assertEqual(json.loads(told)["links"][0], {"a": 0, "b": 1, "pcie": "PIX", "nvlink": 0})
        for document in (text, told):
            again = self.assertDone(self.gpu("links", "--json", "--links", "-", input=document)).text
            self.assertEqual(again, told)
        self.assertEqual(self.assign("--count", 2, "--policy", "topology", "--free", "0,2,3", "--system", self.folder.path),
                         {"gpus": [0, 2], "score": 30, "how": "exact"})
        self.assertEqual(self.assign("--count", 2, "--require", "3", "--system", self.folder.path)["gpus"], [0, 3])

    def test_a_strange_machine_hinders_nobody(self):
        self.device("pci0000:00" + "/0000:00:01.0" * 20, "0000:05:00.0", 0)
        self.assertFails(self.gpu("list", "--system", self.folder.path), SPACE, "more GPUs, or deeper bridges")
        self.assertEqual(self.assign("--free", "0-3", "--count", 2, "--system", self.folder.path)["gpus"], [0, 1])

    def test_terminal(self):
        self.seed_machine()
        for width in (200, 80, 40, 20):
            terminal = Terminal(["gpu", "list", "--system", self.folder.path], width=width)
            code, shown = terminal.end()
            self.assertEqual(code, 0)
            self.assertIn("0000:81:00.0", shown)
        code, shown = Terminal(["gpu", "list", "--system", self.folder("none")]).end()
        self.assertEqual((code, plain(shown)), (0, "(none)\n"))
        code, shown = Terminal(["gpu", "assign", "--free", "1,3", "--count", "2", "--system", self.folder("none")]).end()
        self.assertEqual((code, plain(shown)), (0, "1,3  score 0, exact\n"))


class Assign(Case):
    def test_lists(self):
        for free, count, gpus in (("0-3", 2, [0, 1]), ("0-3,6", 5, [0, 1, 2, 3, 6]), ("7,5,3", 2, [3, 5]), ("63", 1, [63]),
                                  (" 4 , 1-2", 3, [1, 2, 4]), ("0-63", 64, list(range(64))), ("2", 0, []), ("", 0, [])):
            self.assertEqual(self.assign("--free", free, "--count", count), {"gpus": gpus, "score": 0, "how": "exact"})
        self.assertDone(self.gpu("assign", "--free", "7,5,3", "-n", 2), "3,5\n")

    def test_exact_bytes(self):
        path = self.links(4, {(0, 3): ("PIX", 0), (1, 2): ("SYS", 1)})
        self.assertDone(self.gpu("assign", "--count", 2, "--links", path, "--json"), '{"gpus":[1,2],"score":110,"how":"exact"}\n')
        self.assertDone(self.gpu("assign", "--free", "0,1", "--count", 0, "--json"), '{"gpus":[],"score":0,"how":"exact"}\n')

    def test_bad_words(self):
        for option in ("--free", "--require", "--sick", "--group"):
            for text in ("64", "3-1", "a", "0,,1", ",", "-1", "0-", "1.0", "0 1", "[0]", "99999999999999999999", "\u0661"):
                words = {"--free": "0-7", "--count": "1", option: text}
                result = self.gpu("assign", *["%s=%s" % w for w in words.items()])
                self.assertFails(result, USAGE, "^berth: gpu assign: %s is a list of ids from 0 to 63" % option)
        for text in ("", "x", "-1", "1.5", "1e1"):
            self.assertFails(self.gpu("assign", "--free", "0", "--count=" + text), USAGE, "--count is a whole number")
        self.assertFails(self.gpu("assign", "--free", "0"), USAGE, "--count is needed")
        self.assertFails(self.gpu("assign", "--free", "0", "--count", 1, "--policy", "best"), USAGE, "--policy is fewest, packed")
        result = self.gpu("assign", "--free", "0-3", "--count", 1, "--group", "0-2", "--group", "2,3")
        self.assertFails(result, USAGE, "share a GPU")
        self.assertFails(self.gpu("assign", "--free", "0", "--count", 1, "extra"), USAGE, "too many arguments")

    def test_not_enough(self):
        for words, reason in ((("--free", "0-2", "--count", 4), "not enough GPUs: 4 asked for, 3 free$"),
                              (("--free", "", "--count", 1), "not enough GPUs: 1 asked for, 0 free$"),
                              (("--free", "0-63", "--count", 99999), "not enough GPUs: 99999 asked for, 64 free$"),
                              (("--free", "0-3", "--sick", "1,3,9", "--count", 3), r"3 asked for, 2 free and healthy \(sick: 1,3\)"),
                              (("--free", "0-3", "--require", "5", "--count", 3), "required, but not free: 5"),
                              (("--free", "0-3", "--require", "1,2", "--sick", "2", "--count", 3), "required, but sick: 2"),
                              (("--free", "0-3", "--require", "0-2", "--count", 2), "3 are required, only 2 asked for")):
            self.assertFails(self.gpu("assign", *words), 1, reason)
            self.assertFails(self.gpu("assign", "--json", *words), 1, reason)
            quiet = self.gpu("assign", "--quiet", *words)
            self.assertEqual((quiet.code, quiet.out, quiet.err), (1, b"", b""))

    def test_sick_ones_are_told(self):
        self.assertEqual(self.assign("--free", "0-4", "--sick", "0,2,9", "--count", 2),
                         {"gpus": [1, 3], "score": 0, "how": "exact", "skipped": [0, 2]})
        result = self.gpu("assign", "--free", "0-4", "--sick", "0,2,9", "--count", 2)
        self.assertEqual((result.code, result.out, result.err), (0, b"1,3\n", b"berth: gpu assign: skipped as sick: 0,2\n"))
        result = self.gpu("assign", "--quiet", "--free", "0-4", "--sick", "0,2,9", "--count", 2)
        self.assertDone(result, "1,3\n")

    def test_policies(self):
        words = ("--free", "0-7", "--group", "0-3", "--group", "4,5", "--group", "6,7")
        for policy, count, gpus in (("fewest", 3, [0, 1, 2]), ("packed", 2, [4, 5]), ("packed", 1, [4]), ("packed", 3, [4, 5, 6]),
                                    ("packed", 5, [0, 1, 2, 4, 5]), ("spread", 3, [0, 4, 6]), ("spread", 4, [0, 1, 4, 6])):
            self.assertEqual(self.assign("--policy", policy, "--count", count, *words)["gpus"], gpus, (policy, count))
        path = self.links(6, {(0, 1): ("PIX", 0), (2, 3): (None, 2), (4, 5): ("SYS", 0)})
        self.assertEqual(self.assign("--policy", "packed", "--count", 2, "--links", path)["gpus"], [4, 5])
        self.assertEqual(self.assign("--policy", "spread", "--count", 4, "--links", path)["gpus"], [0, 2, 4, 5])
        self.assertEqual(self.assign("--policy", "fewest", "--count", 2, "--links", path), {"gpus": [0, 1], "score": 50, "how": "exact"})
        self.assertEqual(self.assign("--count", 2, "--links", path), {"gpus": [2, 3], "score": 200, "how": "exact"})

    def test_best_set_against_all_sets(self):
        """Every set, tried here: the greatest sum, of equals the lowest ids."""
        rng = random.Random(SEED)
        for number in range(40 if cli_case.SANITIZED else 80):
            gpus = rng.randint(1, 10)
            links = {(a, b): (rng.choice([None] + list(SCORES)), rng.choice([0, 0, 1, 2, 12]))
                     for a in range(gpus) for b in range(a + 1, gpus) if rng.random() < 0.8}
            score = {pair: (SCORES[p] if p else 0) + 100 * n for pair, (p, n) in links.items()}
            sick = set(rng.sample(range(gpus), rng.randint(0, gpus // 3)))
            free = sorted(rng.sample(range(gpus), rng.randint(1, gpus)))
            usable = [g for g in free if g not in sick]
            count = rng.randint(0, len(usable))
            must = set(rng.sample(usable, rng.randint(0, count)))

            def total(chosen):
                return sum(score.get(pair, 0) for pair in itertools.combinations(chosen, 2))

            sets = [c for c in itertools.combinations(usable, count) if must <= set(c)]
            best = max(sets, key=lambda c: (total(c), [-g for g in c]))
            words = ["--free", ",".join(map(str, free)), "--count", count, "--links", self.links(gpus, links), "--policy", "topology",
                     "--sick", ",".join(map(str, sorted(sick))), "--require", ",".join(map(str, sorted(must)))]
            told = self.assign(*words)
            skipped = sorted(sick & set(free))
            want = {"gpus": list(best), "score": total(best), "how": "exact"}
            if skipped:
                want["skipped"] = skipped
            self.assertEqual(told, want, "BERTH_SEED=%d, case %d" % (SEED, number))

    def test_the_largest_exact_ones(self):
        path = self.links(64, {(a, b): ("PIX", 2) if a // 8 == b // 8 else ("SYS", 0) for a in range(64) for b in range(a + 1, 64)})
        for free, count, how in (("0-15", 8, "exact"), ("0-63", 3, "exact"), ("0-63", 63, "heuristic"), ("0-63", 8, "heuristic")):
            told = self.assign("--links", path, "--free", free, "--count", count)
            self.assertEqual((told["how"], len(told["gpus"])), (how, count))
        self.assertEqual(told, {"gpus": list(range(8)), "score": 28 * 250, "how": "heuristic"})


MATRIX = """\t\x1b[4mGPU0\tGPU1\tGPU2\tGPU3\tNIC0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\x1b[0m
GPU0\t X \tNV4\tPHB\tSYS\tPIX\t0-15\t0\t\tN/A
GPU1\tNV4\t X \tPHB\tSYS\tPIX\t0-15\t0\t\tN/A
GPU2\tPHB\tPHB\t X \tSYS\tSYS\t0-15\t0\t\tN/A
GPU3\tSYS\tSYS\tSYS\t X \tSYS\t16-31\t1\t\tN/A
NIC0\tPIX\tPIX\tSYS\tSYS\t X \t\t\t\t

Legend:

  X    = Self
"""


class Links(Case):
    def test_a_matrix(self):
        path = self.folder.write("topo.txt", MATRIX)
        for count, gpus, score in ((2, [0, 1], 400), (3, [0, 1, 2], 460), (4, [0, 1, 2, 3], 490)):
            self.assertEqual(self.assign("--links", path, "--count", count), {"gpus": gpus, "score": score, "how": "exact"})
        self.assertEqual(self.assign("--links", path, "--count", 2, "--sick", "1")["gpus"], [0, 2])
        told = self.assertDone(self.gpu("links", "--links", path)).text
        self.assertEqual(told.splitlines()[1].split(), ["GPU0", "X", "NV4", "PHB", "SYS"])

    def test_places_of_errors(self):
        for text, place in ((MATRIX.replace("GPU1\tNV4", "GPU1\tNVX"), "3:6: not a link"), ("", "1:1: no line"), ("{", "1:2: "),
                            ('{"gpus":2,"links":[\n {"a":0,"b":2}]}', "2:2: a link of a GPU that the host does not have"),
                            (MATRIX.replace("GPU3\tSYS", "GPU1\tSYS"), "5:1: a GPU has two lines")):
            path = self.folder.write("bad", text)
            for words in (["assign", "--count", 1, "--links", "bad"], ["links", "--links", "bad"]):
                self.assertFails(self.gpu(*words, cwd=self.folder.path), BAD_DATA, "^berth: gpu [a-z]+: bad:" + place)
        self.assertFails(self.gpu("links", "--links", self.folder("none")), BAD_DATA, "no such file")
        with open(self.folder("huge"), "w") as f:
            f.write("x" * ((1 << 20) + 1))
        self.assertFails(self.gpu("links", "--links", self.folder("huge")), SPACE, "larger than this program reads")

    def test_gpus_that_the_links_do_not_know(self):
        path = self.folder.write("topo.txt", MATRIX)
        self.assertFails(self.gpu("assign", "--links", path, "--free", "2-5", "--count", 1), USAGE, "says nothing of these GPUs: 4,5")
        result = self.gpu("assign", "--links", path, "--require", "9", "--count", 1)
        self.assertFails(result, USAGE, "says nothing of these GPUs: 9")


if __name__ == "__main__":
    unittest.main()
