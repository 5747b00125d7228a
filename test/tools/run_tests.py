#!/usr/bin/env python3
"""Run test programs two at a time and say what happened.

run_tests.py [C test programs ...] [test_*.py ...]: each is run from the repository's root in a process group of its own,
with a time limit. One line per program; the whole output of a program that fails; then the plain line
`N passed, N failed`, which counts test cases. Exit status 0 only when something ran and nothing failed.
"""
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

LIMIT_S = int(os.environ.get("TEST_LIMIT_S", "240"))
JOBS = int(os.environ.get("TEST_JOBS", "2"))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def environment():
    env = dict(os.environ)
    env.setdefault("ASAN_OPTIONS", "abort_on_error=0:halt_on_error=1:detect_leaks=1:exitcode=99")
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    env.setdefault("BERTH", os.path.join(ROOT, "build/san/berth"))
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["LC_ALL"] = "C.UTF-8"
    # What the caller's shell holds must not decide a test.
    for name in list(env):
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") or name.startswith("MLCYCLE_"):
            del env[name]
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"):
        env.pop(name, None)
    return env


def end_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def counts(text, python, status):
    """Test cases that passed and failed, read from cmocka's or unittest's own closing lines."""
    if python:
        ran = sum(int(n) for n in re.findall(r"^Ran (\d+) tests?", text, re.M))
        last = re.findall(r"^(?:FAILED|OK)(?: \((.*)\))?$", text, re.M)
        words = dict(re.findall(r"([a-z ]+?)=(\d+)", last[-1].replace(", ", ",").replace(",", "\n"))) if last else {}
        failed = sum(int(words.get(w, 0)) for w in ("failures", "errors", "unexpected successes"))
        skipped = int(words.get("skipped", 0))
    else:
        ran = sum(int(n) for n in re.findall(r"^\[==========\] (\d+) test\(s\) run", text, re.M))
        failed = sum(int(n) for n in re.findall(r"^\[  FAILED  \] (\d+) test\(s\)", text, re.M))
        skipped = sum(int(n) for n in re.findall(r"^\[  SKIPPED \] (\d+) test\(s\)", text, re.M))
    passed = max(ran - failed - skipped, 0)
    if failed == 0 and (status != 0 or ran == 0):
        failed = 1  # it crashed, was stopped, or ran nothing at all
    return passed, failed, skipped


def run(path):
    python = path.endswith(".py")
    command = [sys.executable, path, "-v"] if python else [path]
    started = time.monotonic()
    note = ""
    with tempfile.TemporaryFile() as out:
        proc = subprocess.Popen(command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=out,
                                stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = proc.wait(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            note = "stopped after %d s" % LIMIT_S
            status = -1
        left = end_group(proc.pid)
        proc.wait()
        if left and not note:
            note = "left processes behind"
            status = status or 1
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    passed, failed, skipped = counts(text, python, status)
    return path, passed, failed, skipped, time.monotonic() - started, note, status, text


def main():
    programs = sys.argv[1:]
    total_passed = total_failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=JOBS) as pool:
        pending = [pool.submit(run, p) for p in programs]
        for future in concurrent.futures.as_completed(pending):
            path, passed, failed, skipped, seconds, note, status, text = future.result()
            total_passed += passed
            total_failed += failed
            name = os.path.relpath(path, "build/test") if path.startswith("build/test/") else path
            extra = (", %d skipped" % skipped if skipped else "") + (" (%s)" % note if note else "")
            print("%-4s %-36s %4d passed, %d failed%s  %.1f s"
                  % ("ok" if not failed else "FAIL", name, passed, failed, extra, seconds), flush=True)
            if failed:
                print("---- %s, exit status %s" % (path, status))
                print(text.rstrip("\n"))
                print("----", flush=True)
    print("%d passed, %d failed" % (total_passed, total_failed))
    return 1 if total_failed or not total_passed else 0


if __name__ == "__main__":
    sys.exit(main())
