"""The library as single files, and the list of what is inside: both as whoever copies them in would use them."""
# runs once: this is about the sources, not about one build of the program.
import json
import os
import re
import shutil
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SINGLE = os.path.join(ROOT, "build", "single")
WARN = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-I", SINGLE]

PROGRAM = r'''
#include <stdio.h>
#include "berth.h"
int main(void)
{
    struct berth_civil day = {.year = 2030, .month = 1, .day = 7};
    char text[64];
    struct berth_writer w;
    int64_t seconds;
    if (berth_civil_to_seconds(&day, &seconds) != BERTH_OK)
        return 1;
    berth_writer_init(&w, text, sizeof text);
    if (berth_put_rfc3339(&w, (struct berth_time){seconds, 0}) != BERTH_OK || berth_writer_terminate(&w) != BERTH_OK)
        return 1;
    puts(text);
    return 0;
}
'''


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT, **more)


class Single(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = run(["make", "-s", "dist-single"])
        if made.returncode != 0:
            raise AssertionError(made.stdout + made.stderr)

    def good(self, words):
        result = run(words)
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""), words)

    def bytes(self):
        texts = {}
        for name in os.listdir(SINGLE):
            with open(self.source(name), "rb") as file:
                texts[name] = file.read()
        return texts

    def source(self, name):
        return os.path.join(SINGLE, name)

    def test_each_compiler(self):
        compilers = [["gcc"], ["gcc", "-m32", "-ffreestanding"], ["clang"], ["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb"],
                     ["aarch64-linux-gnu-gcc"]]
        for compiler in compilers:
            if shutil.which(compiler[0]) is None or run(compiler + ["-fsyntax-only", "-x", "c", "-include", "string.h", os.devnull]).returncode != 0:
                print("single: no %s here, left out" % " ".join(compiler))
                continue
            for name in ("berth.c", "berth_port_null.c"):
                self.good(compiler + WARN + ["-fsyntax-only", self.source(name)])

    def test_header_alone(self):
        self.good(["gcc"] + WARN + ["-fsyntax-only", "-x", "c", self.source("berth.h")])
        if shutil.which("g++"):
            self.good(["g++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", self.source("berth.h")])

    def test_the_system_ports(self):
        self.good(["gcc"] + WARN + ["-fsyntax-only", self.source("berth_port_posix.c")])
        if os.path.exists("/usr/include/mbedtls/ssl.h"):
            self.good(["gcc"] + WARN + ["-fsyntax-only", self.source("berth_port_mbedtls.c")])

    def test_each_module_can_be_left_out(self):
        with open(self.source("berth.h"), encoding="utf-8") as file:
            text = file.read()
        modules = sorted(set(re.findall(r"#ifndef BERTH_NO_(\w+)", text)))
        self.assertGreaterEqual(len(modules), 9, modules)
        for module in modules:
            self.good(["gcc"] + WARN + ["-fsyntax-only", "-DBERTH_NO_" + module, self.source("berth.c")])

    def test_a_program(self):
        """Two commands, as the README says; with everything left out too, which makes it much smaller."""
        sizes = []
        for switches in ([], ["-DBERTH_NO_HTTP", "-DBERTH_NO_SCHED", "-DBERTH_NO_YAML", "-DBERTH_NO_CSV"]):
            program, thing = self.source("try"), self.source("berth.o")
            with open(program + ".c", "w", encoding="utf-8") as file:
                file.write(PROGRAM)
            self.good(["gcc"] + WARN + switches + ["-Os", "-c", self.source("berth.c"), "-o", thing])
            self.good(["gcc"] + WARN + switches + [program + ".c", thing, "-o", program])
            self.assertEqual(run([program]).stdout, "2030-01-07T00:00:00Z\n")
            sizes.append(os.path.getsize(thing))
            for name in (program, program + ".c", thing):
                os.remove(name)
        self.assertLess(sizes[1] * 3, sizes[0])

    def test_the_same_symbols(self):
        """Nothing that the library offers is missing, and nothing new is global."""
        thing = self.source("symbols.o")
        self.good(["gcc"] + WARN + ["-c", self.source("berth.c"), "-o", thing])

        def names(path):
            return set(re.findall(r" [TRDBC] (\w+)$", run(["nm", path]).stdout, re.M))

        single = names(thing)
        os.remove(thing)
        library = set()
        for folder, _, files in os.walk(os.path.join(ROOT, "build/obj/lib")):
            for name in files:
                if name.endswith(".o") and os.path.exists(os.path.join(ROOT, os.path.relpath(folder, os.path.join(ROOT, "build/obj")), name[:-1] + "c")):
                    library |= names(os.path.join(folder, name))
        self.assertEqual(single ^ library, set())

    def test_again_the_same_bytes(self):
        before = self.bytes()
        run(["make", "-s", "dist-single"])
        self.assertEqual(self.bytes(), before)


class Sbom(unittest.TestCase):
    def test_sbom(self):
        if run(["git", "rev-parse", "HEAD"]).returncode != 0:
            self.skipTest("not a git checkout")
        path = os.path.join(ROOT, "build", "berth.spdx.json")
        made = run(["make", "-s", "sbom"])
        self.assertEqual(made.returncode, 0, made.stderr)
        with open(path, "rb") as file:
            first = file.read()
        document = json.loads(first)
        self.assertEqual(document["spdxVersion"], "SPDX-2.3")
        self.assertEqual([p["name"] for p in document["packages"]], ["berth", "jsmn", "mbedtls"])
        ids = [e["SPDXID"] for e in document["packages"] + document["files"]]
        self.assertEqual(len(ids), len(set(ids)))
        for link in document["relationships"]:
            self.assertIn(link["relatedSpdxElement"], ids)
        for entry in document["packages"] + document["files"]:
            self.assertRegex(entry["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
        run(["make", "-s", "sbom"])
        with open(path, "rb") as file:
            self.assertEqual(file.read(), first)


if __name__ == "__main__":
    unittest.main()
