"""The mechanical checks can fail: each is given a small tree with one thing wrong."""
# runs once: this is about test/tools, not about the program.
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.path.join(ROOT, "test", "tools")


class Tree(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="berth-checks-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("include/berth/text.h", "/* text */\n#ifndef T\n#define T\nint berth_text_x(int a);\n#endif\n")
        self.write("lib/base/text.c", '/* text */\n#include "berth/text.h"\nint berth_text_x(int a)\n{\n    return a;\n}\n')

    def write(self, path, text):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def run_tool(self, name, *arguments):
        command = [sys.executable] if name.endswith(".py") else ["sh"]
        done = subprocess.run([*command, os.path.join(TOOLS, name), *arguments], cwd=self.folder, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def compile(self, *flags):
        """Every .c of lib/ and port/ to out/, and out/lib.a of them."""
        objects = []
        for folder, _, names in os.walk(self.folder):
            for name in sorted(names):
                source = os.path.relpath(os.path.join(folder, name), self.folder)
                if name.endswith(".c") and source.startswith(("lib/", "port/")):
                    target = "out/" + source[:-2] + ".o"
                    os.makedirs(os.path.dirname(os.path.join(self.folder, target)), exist_ok=True)
                    subprocess.run(["gcc", "-Iinclude", "-Ilib", *flags, "-c", source, "-o", target], cwd=self.folder,
                                   check=True, capture_output=True)
                    objects.append(target)
        subprocess.run(["ar", "rcs", "out/lib.a", *objects], cwd=self.folder, check=True)

    def finds(self, expected, result):
        self.assertEqual(result[0], 1, result[1])
        self.assertIn(expected, result[1])

    def passes(self, result):
        self.assertEqual(result[0], 0, result[1])


class Checks(Tree):
    def test_arrows(self):
        self.passes(self.run_tool("arrows.py"))
        for path, line, expected in (
                ("lib/base/a.c", '#include "http/url.h"', "base does not see http"),
                ("lib/base/a.c", '#include "berth/json.h"', "base does not see data"),
                ("lib/http/a.c", "#include <stdio.h>", "<stdio.h>"),
                ("lib/http/a.c", "#include <jsmn.h>", "<jsmn.h>"),
                ("lib/data/a.c", '#include "a.h"', "neither"),
                ("include/berth/json.h", '#include "berth/http.h"', "data does not see http"),
                ("include/berth/new.h", "", "no room yet"),
                ("port/null/a.c", '#include "berth/http.h"', "does not see http"),
                ("port/posix/a.c", '#include "base/bigint.h"', "not of this port"),
                ("examples/a.c", '#include "http/head.h"', "not a public header"),
                ("examples/a.c", "#include <mbedtls/ssl.h>", "<mbedtls/ssl.h>")):
            with self.subTest(path=path, line=line):
                added = [self.write(path, "/* a */\n" + line + "\n")]
                if expected == "no room yet":
                    added.append(self.write("examples/b.c", '/* b */\n#include "berth/new.h"\n'))
                self.finds(expected, self.run_tool("arrows.py"))
                for a in added:
                    os.remove(a)

    def test_symbols(self):
        self.compile()
        self.passes(self.run_tool("symbols.py", "out/lib.a", "out"))
        for path, text, expected in (
                ("lib/base/a.c", "#include <stdlib.h>\nvoid *berth_a(void)\n{\n    return malloc(1);\n}\n", "malloc"),
                ("lib/base/a.c", "int berth_counter;\nstatic int other = 1;\nint *berth_a(void)\n{\n    return &other;\n}\n",
                 "writable data"),
                ("lib/base/a.c", "int helper(void)\n{\n    return 1;\n}\n", "helper does not start with berth_"),
                ("port/posix/a.c", "#include <stdio.h>\nint berth_a(void)\n{\n    return puts(\"\");\n}\n", "puts")):
            with self.subTest(expected=expected):
                added = self.write(path, "/* a */\n" + text)
                self.compile()
                self.finds(expected, self.run_tool("symbols.py", "out/lib.a", "out"))
                os.remove(added)
                shutil.rmtree(os.path.join(self.folder, "out"))
        # A table of addresses is constant once it is loaded.
        self.write("lib/base/a.c", "/* a */\nextern int berth_x;\nint *const berth_table[] = {&berth_x};\n")
        self.compile("-fPIE")
        self.passes(self.run_tool("symbols.py", "out/lib.a", "out"))

    def test_limits(self):
        self.passes(self.run_tool("limits.py"))
        for text, expected in (
                ("int x;\n", "subject"),
                ("/* a */\n" + "int x;\n" * 800, "801 lines"),
                ("/* a */\nint f(void)\n{\n" + "    x;\n" * 90 + "}\n", "function of 92 lines"),
                ("/* a */\n/* TO" + "DO: more */\n", "unfinished"),
                ('/* a */\nconst char *p = "/ho' + 'me/me";\n', "path of one machine")):
            with self.subTest(expected=expected):
                added = self.write("lib/base/a.c", text)
                self.finds(expected, self.run_tool("limits.py"))
                os.remove(added)

    def test_headers(self):
        self.passes(self.run_tool("headers.sh"))
        self.write("include/berth/a.h", "/* a */\nsize_t berth_a(void);\n")
        self.finds("not C11 by itself", self.run_tool("headers.sh"))
        self.write("include/berth/a.h", "/* a */\nint berth_a(int class);\n")
        if shutil.which("g++") or shutil.which("clang++"):
            self.finds("not C++11 by itself", self.run_tool("headers.sh"))

    def test_stack(self):
        calls = self.write("calls.txt", "")
        self.write("lib/base/text.c", '/* text */\n#include "berth/text.h"\n'
                   "static int __attribute__((noinline)) deep(int a)\n{\n    volatile char room[512];\n    room[a] = 1;\n"
                   "    return room[0];\n}\nint berth_text_x(int a)\n{\n    return deep(a) + 1;\n}\n")
        self.compile("-O2", "-fcallgraph-info=su", *(["-mno-red-zone"] if platform.machine() == "x86_64" else []))
        status, text = self.run_tool("stack.py", calls, "here=out")
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"`berth_text_x` *\| +5\d\d ")
        for body, expected in (
                ("int berth_text_x(int a)\n{\n    volatile char room[16];\n    room[a & 15] = 1;\n"
                 "    return a ? berth_text_x(a - 1) * room[1] : room[0];\n}\n", "recursion"),
                ("int berth_text_x(int a)\n{\n    volatile char room[a];\n    room[0] = 1;\n    return room[0];\n}\n", "no fixed size"),
                ("static int hidden(int a)\n{\n    return a * 3;\n}\nextern int (*berth_slot)(int);\n"
                 "int (*berth_slot)(int) = hidden;\nint berth_text_x(int a)\n{\n    return berth_slot(a);\n}\n",
                 "nothing calls hidden")):
            with self.subTest(expected=expected):
                self.write("lib/base/text.c", '/* text */\n#include "berth/text.h"\n' + body)
                self.compile("-O1", "-fno-inline", "-fno-ipa-cp", "-fcallgraph-info=su")
                self.finds(expected, self.run_tool("stack.py", calls, "here=out"))
        self.write("calls.txt", "berth_text_x -> hidden\n")
        self.passes(self.run_tool("stack.py", calls, "here=out"))


class Driver(Tree):
    """run_tests.py itself."""

    def program(self, text):
        path = self.write("a_test", "#!/bin/sh\n" + text)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        return path

    def drive(self, text):
        return self.run_tool("run_tests.py", self.program(text))

    @staticmethod
    def runs(command):
        """Whether a process runs this command line, its words ended by NUL."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    if f.read() == command:
                        return True
            except OSError:
                pass
        return False

    def test_counts(self):
        good = "echo '[==========] 3 test(s) run.'; echo '[  PASSED  ] 3 test(s).'"
        status, text = self.drive(good)
        self.assertEqual((status, text.splitlines()[-1]), (0, "3 passed, 0 failed"))
        for body, last in (
                ("echo '[==========] 3 test(s) run.'; echo '[  PASSED  ] 2 test(s).'; exit 1", "2 passed, 1 failed"),
                ("exit 0", "0 passed, 1 failed"),
                (good + "; kill -SEGV $$", "3 passed, 1 failed"),
                (good + "; sleep 77%d &" % os.getpid() + " exit 0", "3 passed, 1 failed")):
            with self.subTest(body=body):
                status, text = self.drive(body)
                self.assertEqual((status, text.splitlines()[-1]), (1, last), text)
        with self.subTest("skipped as a whole beside one that ran"):
            whole = self.write("skip.py", "import unittest\n@unittest.skip('not here')\nclass T(unittest.TestCase):\n"
                                          "    def test(self):\n        pass\nunittest.main()\n")
            status, text = self.run_tool("run_tests.py", self.program(good), whole)
            self.assertEqual((status, text.splitlines()[-1]), (0, "3 passed, 0 failed"), text)
            status, text = self.run_tool("run_tests.py", whole)
            self.assertEqual((status, text.splitlines()[-1]), (1, "0 passed, 0 failed"), text)
        self.assertFalse(self.runs(b"sleep\x0077%d\x00" % os.getpid()))
        status, text = self.run_tool("run_tests.py")
        self.assertEqual((status, text.splitlines()[-1]), (1, "0 passed, 0 failed"))

    def test_checks(self):
        status, text = self.run_tool("run_tests.py", "--check", "yes", "echo fine", "--check", "no", "exit 3")
        self.assertEqual((status, text.splitlines()[-1]), (1, "1 passed, 1 failed"))


if __name__ == "__main__":
    unittest.main()
