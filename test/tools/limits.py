#!/usr/bin/env python3
"""Lengths of files and functions, words that do not belong in finished work, and paths of somebody's machine."""
import os
import re
import subprocess
import sys

FILE_LINES = {"lib": 750, "port": 750, "examples": 750, "include": 750, "test": 1200}
FUNCTION_LINES = {"lib": 80, "port": 80, "examples": 80, "test": 160}
# Spelt so that this file does not hold them.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "for " + "now", "not " + "implemented"]) + r")\b")
MACHINE = re.compile("(?<![a-z0-9_.~-])/(" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me"]) + ")/[a-z]")


def tracked():
    try:
        out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             check=True, capture_output=True).stdout
        return [p for p in out.decode().split("\0") if p and os.path.isfile(p)]
    except (OSError, subprocess.CalledProcessError):
        return [os.path.relpath(os.path.join(d, f), ".") for d, _, names in os.walk(".") for f in names
                if not d.startswith("./build") and not d.startswith("./.git")]


def functions(lines):
    """Yields (line, length) of each block whose brace opens in the first column, as functions do here."""
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start + 1
            start = None


def check_c(path, lines, problems):
    top = path.split("/")[0]
    if len(lines) > FILE_LINES.get(top, 1200):
        problems.append("%s: %d lines; the limit is %d" % (path, len(lines), FILE_LINES[top]))
    if not lines or not lines[0].startswith("/*"):
        problems.append("%s:1: the first line says the file's subject in a comment" % path)
    for start, length in functions(lines):
        if length > FUNCTION_LINES.get(top, 160):
            problems.append("%s:%d: a function of %d lines; the limit is %d" % (path, start, length, FUNCTION_LINES[top]))


def main():
    problems = []
    files = tracked()
    for path in files:
        if os.path.getsize(path) > 1000000:
            problems.append("%s: larger than a megabyte" % path)
            continue
        with open(path, "rb") as f:
            data = f.read()
        if b"\0" in data or path.startswith("test/fuzz/corpus/"):
            continue
        text = data.decode("utf-8", "replace")
        if path.endswith((".c", ".h")) and not path.startswith("test/fuzz/corpus"):
            check_c(path, text.splitlines(), problems)
        for number, line in enumerate(text.splitlines(), 1):
            if UNFINISHED.search(line) and not path.endswith(".md"):
                problems.append("%s:%d: unfinished: %s" % (path, number, line.strip()[:80]))
            if MACHINE.search(line):
                problems.append("%s:%d: a path of one machine: %s" % (path, number, line.strip()[:80]))
    for p in problems:
        print("limits: " + p)
    if not problems:
        print("limits: %d files, no file or function too long, nothing unfinished, no machine's paths" % len(files))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
