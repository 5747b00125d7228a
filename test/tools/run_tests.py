#!/usr/bin/env python3
"""Run test programs side by side (TEST_JOBS, 3: most of them wait most of the time) and say what happened.

run_tests.py [--check NAME COMMAND ...] [C test programs ...] [test_*.py ...]: each is run from the repository's root in a process group of its own,
with a time limit. A program suite (test/program/) runs once with the sanitized berth and once with the one whose
allocator aborts, unless it says "# runs once" or BERTH names a program. One line per program; the whole output of a program that fails; then the plain line
`N passed, N failed`, which counts test cases (a check is one; its own line is shown). Exit status 0 only when something ran and nothing failed.
"""
import concurrent.futures
import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

LIMIT_S = int(os.environ.get("TEST_LIMIT_S", "240"))
JOBS = int(os.environ.get("TEST_JOBS", "3"))
RUN = os.environ.get("TEST_RUN", "").split()  # what runs a program of another machine
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


def members(group):
    """The processes of a group that still run (a zombie does not)."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/1") else []:
        try:
            with open("/proc/%s/stat" % name) as f:
                words = f.read().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if name.isdigit() and words[0] not in "ZX" and int(words[2]) == group:
            found.append(int(name))
    return found


def end_group(group):
    """Gives what the program left a second to go by itself, then ends it; True when something had to be ended."""
    deadline = time.monotonic() + 1
    while members(group):
        if time.monotonic() > deadline:
            os.killpg(group, signal.SIGKILL)
            return True
        time.sleep(0.02)
    return False


def adopt_orphans():
    """Whoever leaves its group becomes our child when its parent ends, so that the end of the run finds it (Linux)."""
    try:
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    except (OSError, AttributeError):
        pass


def end_orphans():
    try:
        with open("/proc/self/task/%d/children" % os.getpid()) as f:
            children = [int(p) for p in f.read().split()]
    except OSError:
        return
    for pid in children:
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def counts(text, python, status, check):
    """Test cases that passed and failed, read from cmocka's or unittest's own closing lines."""
    if check:
        return int(status == 0), int(status != 0), 0
    if python:
        ran = sum(int(n) for n in re.findall(r"^Ran (\d+) tests?", text, re.M))
        last = re.findall(r"^(?:FAILED|OK)(?: \((.*)\))?$", text, re.M)
        words = dict(re.findall(r"([a-z ]+?)=(\d+)", last[-1].replace(", ", ",").replace(",", "\n"))) if last else {}
        failed = sum(int(words.get(w, 0)) for w in ("failures", "errors", "unexpected successes"))
        skipped = int(words.get("skipped", 0))
    else:
        ran = sum(int(n) for n in re.findall(r"^\[==========\] (\d+) test\(s\) run", text, re.M))
        skipped = sum(int(n) for n in re.findall(r"^\[  SKIPPED \] (\d+) test\(s\)", text, re.M))
        # cmocka counts a test whose teardown fails in neither closing line, so what did not pass has failed.
        good = sum(int(n) for n in re.findall(r"^\[  PASSED  \] (\d+) test\(s\)", text, re.M))
        failed = ran - skipped - good if re.search(r"^\[  PASSED  \]", text, re.M) else int(status != 0)
    passed = max(ran - failed - skipped, 0)
    if failed == 0 and (status != 0 or ran + skipped == 0):
        failed = 1  # it crashed, was stopped, or ran nothing at all
    return passed, failed, skipped


NOHEAP = "build/noheap/berth"


def builds(path):
    """The values of BERTH that a test program runs with; None leaves it at its default."""
    if not path.startswith("test/program/") or "BERTH" in os.environ or not os.path.exists(os.path.join(ROOT, NOHEAP)):
        return [None]
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return [None] if "# runs once" in f.read() else [None, NOHEAP]


def run(path, check=None, berth=None):
    python = path.endswith(".py")
    command = ["sh", "-c", check] if check else [sys.executable, path, "-v"] if python else RUN + [path]
    if "/fuzz/fuzz_" in path:
        command.append("test/fuzz/corpus/" + os.path.basename(path)[5:])
    started = time.monotonic()
    note = ""
    with tempfile.TemporaryFile() as out:
        env = environment()
        if berth:
            env["BERTH"] = os.path.join(ROOT, berth)
        proc = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = proc.wait(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            note = "stopped after %d s" % LIMIT_S
            status = -1
            os.killpg(proc.pid, signal.SIGKILL)
        left = end_group(proc.pid)
        proc.wait()
        if left and not note:
            note = "left processes behind"
            status = status or 1
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    passed, failed, skipped = counts(text, python, status, check)
    return path, berth, passed, failed, skipped, time.monotonic() - started, note, status, text


def main():
    arguments = sys.argv[1:]
    programs = []
    while arguments:
        if arguments[0] == "--check":
            programs.append((arguments[1], arguments[2], None))
            del arguments[:3]
        else:
            path = arguments.pop(0)
            programs += [(path, None, berth) for berth in builds(path)]
    checks = {name for name, command, _ in programs if command}
    adopt_orphans()
    total_passed = total_failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=JOBS) as pool:
        pending = [pool.submit(run, *p) for p in programs]
        for future in concurrent.futures.as_completed(pending):
            path, berth, passed, failed, skipped, seconds, note, status, text = future.result()
            total_passed += passed
            total_failed += failed
            name = re.sub(r"^build/(test|cross/([^/]*)/plain)/", "", path)
            name += " (no heap)" if berth else ""
            extra = (", %d skipped" % skipped if skipped else "") + (" (%s)" % note if note else "")
            if not failed and path in checks:
                print("ok   " + text.strip().splitlines()[-1], flush=True)
                continue
            print("%-4s %-44s %4d passed, %d failed%s  %.1f s"
                  % ("ok" if not failed else "FAIL", name, passed, failed, extra, seconds), flush=True)
            if failed:
                print("---- %s, exit status %s" % (path, status))
                print(text.rstrip("\n"))
                print("----", flush=True)
    end_orphans()
    print("%d passed, %d failed" % (total_passed, total_failed))
    return 1 if total_failed or not total_passed else 0


if __name__ == "__main__":
    sys.exit(main())
