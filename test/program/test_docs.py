"""The pages of docs/ say what the sources say: statuses, exit codes, operations, times, links, C code that compiles."""
# runs once: this is about the pages, not about one build of the program.
import os
import re
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def text(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def pages():
    return ["README.md"] + sorted("docs/" + name for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md"))


def rows(page):
    """The cells of each table row of a page."""
    for line in page.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def defined(path, name):
    """The number of a #define or enum constant in a source file."""
    found = re.search(r"\b%s\b\s*=?\s*\(?(\d+)" % name, text(path))
    if found is None:
        raise AssertionError("%s has no %s" % (path, name))
    return int(found.group(1))


class Errors(unittest.TestCase):
    def setUp(self):
        self.rows = {row[0].strip("`"): row for row in rows(text("docs/errors.md")) if re.match(r"`(E_|OK)", row[0])}
        self.statuses = {name: int(value) for name, value in re.findall(r"BERTH_((?:E_)\w+|OK)\s*=\s*(-?\d+)", text("include/berth/status.h"))}

    def test_every_status_has_a_row_with_its_value(self):
        self.assertGreater(len(self.statuses), 30)
        self.assertEqual(set(self.rows), set(self.statuses))
        for name, value in self.statuses.items():
            self.assertEqual(int(self.rows[name][1]), value, name)

    def test_exit_codes_are_those_of_the_program(self):
        if not os.path.exists(os.path.join(ROOT, "examples/berth/app.c")):
            self.skipTest("no program in this tree")
        numbers = {name: int(value) for name, value in re.findall(r"(EXIT_\w+) = (\d+)", text("examples/berth/app.h"))}
        body = re.search(r"exit_code_of\(enum berth_status status\)\n\{(.*?)\n\}", text("examples/berth/app.c"), re.S).group(1)
        names, seen = [], 0
        for word, label in re.findall(r"case BERTH_(\w+):|return (EXIT_\w+);", body):
            if word:
                names.append(word)
                continue
            for name in names:
                cell = self.rows[name][-1].split(" ")[0]
                if name != "E_WOULD_BLOCK":
                    self.assertEqual(cell, str(numbers[label]), name)
                seen += 1
            names = []
        self.assertEqual(seen, len(self.statuses))


class Times(unittest.TestCase):
    SOURCES = [
        ("lib/http/connect.c", "CONNECT_TIMEOUT_MS", "10,000"),
        ("lib/http/connect.c", "TRUSTED_IDLE_MS", "4,000"),
        ("lib/http/send.c", "CONTINUE_MS", "1,000"),
        ("lib/http/retry.c", "DEFAULT_BASE_MS", "500"),
        ("lib/http/retry.c", "DEFAULT_MAX_MS", "60,000"),
        ("port/posix/resolver.c", "RESOLVE_MS", "20,000"),
        ("port/posix/net.c", "STAGGER_MS", "250"),
        ("port/posix/net.c", "CONNECT_MS", "10,000"),
        ("port/posix/files.c", "LOCK_POLL_MS", "20"),
        ("lib/platform/mlcycle_tables.c", "JSON_MS", "65,000"),
        ("lib/platform/mlcycle_tables.c", "POLL_MS", "200,000"),
        ("lib/platform/mlcycle_tables.c", "DOWNLOAD_IDLE_MS", "60,000"),
        ("lib/platform/mlcycle_tables.c", "UPLOAD_IDLE_MS", "1,200,000"),
    ]

    WORKER = [("examples/berth/worker.c", "HOLD_MS", "45 s", 1000), ("examples/berth/worker.c", "HOLD_ONCE_MS", "2 s", 1000),
              ("examples/berth/worker.c", "LOST_PAUSE_MS", "200 ms", 1), ("examples/berth/worker.c", "UNREPORTED_MS", "60 s", 1000),
              ("examples/berth/worker_step.c", "CLONE_LIMIT_MS", "15 min", 60000), ("examples/berth/worker_step.c", "SWEEP_LIMIT_MS", "2 min", 60000)]

    def test_times_of_the_worker(self):
        page = text("docs/timeouts.md").partition("## The worker")[2]
        for path, name, written, unit in self.WORKER:
            self.assertEqual(defined(path, name), int(written.split()[0]) * unit, name)
            self.assertIn(written, page, name)

    def test_times_are_those_of_the_sources(self):
        page = text("docs/timeouts.md")
        for path, name, written in self.SOURCES:
            if not os.path.exists(os.path.join(ROOT, path)):
                continue
            self.assertEqual(defined(path, name), int(written.replace(",", "")), name)
            self.assertIn(written, page, name)


class Operations(unittest.TestCase):
    def test_all_of_mlcycle_is_listed(self):
        if not os.path.exists(os.path.join(ROOT, "docs/mlcycle.md")):
            self.skipTest("the page is not there")
        page = text("docs/mlcycle.md")
        names = set(re.findall(r"\bberth_mlcycle_((?:workers|projects|jobs|scheduler|fragments)_\w+)\(", text("include/berth/mlcycle.h")))
        self.assertGreaterEqual(len(names), 25)
        for name in names:
            self.assertIn("`%s`" % name, page)

    def test_commands_that_pages_name_exist(self):
        if not os.path.exists(os.path.join(ROOT, "examples/berth/tables.c")):
            self.skipTest("no program in this tree")
        folder = os.path.join(ROOT, "examples/berth")
        tables = "".join(text("examples/berth", name) for name in sorted(os.listdir(folder)) if re.fullmatch(r"tables\w*\.c", name))
        commands = re.findall(r'^    \{"([a-z -]+)",\s+"', tables, re.M)
        options = set(re.findall(r'\{OPT_\w+, "([a-z-]+)"', tables))
        page = text("docs/mlcycle.md")
        for line in re.findall(r"`((?:projects|workers|jobs|scheduler|fragments) [a-z-]+)[^`]*`", page):
            self.assertIn("mlcycle " + line, commands)
        for option in re.findall(r"(?<![\w-])--([a-z][a-z-]+)", re.sub(r"```.*?```", "", page, flags=re.S)):
            if option != "depth":  # git's
                self.assertIn(option, options)


class Pages(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for page in pages():
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text(page)):
                if "://" not in target:
                    self.assertTrue(os.path.exists(os.path.join(ROOT, os.path.dirname(page), target)), "%s: %s" % (page, target))

    def test_every_page_is_in_the_index(self):
        index = text("docs/README.md")
        for page in pages():
            if page.startswith("docs/") and page != "docs/README.md":
                self.assertIn("(%s)" % os.path.basename(page), index)

    def test_code_compiles(self):
        compiler = os.environ.get("CC", "cc").split()
        for page in pages():
            for number, block in enumerate(re.findall(r"```c\n(.*?)```", text(page), re.S)):
                with tempfile.NamedTemporaryFile("w", suffix=".c", encoding="utf-8") as f:
                    f.write(block)
                    f.flush()
                    done = subprocess.run(compiler + ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                                                      "-I", os.path.join(ROOT, "include"), f.name],
                                          capture_output=True, text=True, timeout=60)
                    self.assertEqual(done.returncode, 0, "%s, block %d:\n%s" % (page, number + 1, done.stderr))


if __name__ == "__main__":
    unittest.main()
