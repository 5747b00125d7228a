#!/usr/bin/env python3
"""berth pai job list beside python3 with requests: all jobs of a cluster, page by page, their names printed.

Each contender is a process of its own, started anew for each round, in turns, against the stand-in server on loopback;
the names that both print are the same, or the bench fails. docs/benchmarks.md says what is measured and how.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/peers"))
import peer  # noqa: E402
from openpai_peer import Openpai  # noqa: E402

PYTHON = "/usr/bin/python3"
REQUESTS = "/usr/lib/python3/dist-packages/requests/__init__.py"
MB, KB = 1e6, 1024


def resident(pid):
    """The largest resident set of its program so far, in KB; that of rusage counts what the child was before it."""
    try:
        with open("/proc/%d/status" % pid) as f:
            text = f.read()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM:")), 0)


def run(words, env, cwd):
    """(elapsed s, processor s, peak MB, names) of one process."""
    with tempfile.TemporaryFile() as out:
        start = time.monotonic()
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, env=env, cwd=cwd, preexec_fn=peer.die_with_parent)
        status, peak = None, 0
        while status is None:
            peak = max(peak, resident(child.pid))
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            status = status if pid else None
            time.sleep(0 if pid else 0.002)
        elapsed = time.monotonic() - start
        child.returncode = status
        if status:
            sys.exit("bench: %s: %s" % (words, status))
        out.seek(0)
        names = out.read().split()
    return elapsed, used.ru_utime + used.ru_stime, peak * KB / MB, names


def contenders(home, uri, ca):
    env = peer.clean_environment({"HOME": home("home")})
    trust = ["--cacert", ca] if ca else []
    ours = [os.path.join(ROOT, "build/berth"), "pai"] + trust + ["job", "list", "--all-users", "--name"]
    theirs = [PYTHON, "-B", os.path.join(HERE, "list_requests.py"), uri, ca or ""]
    return {"berth": (ours, env), "python3-requests": (theirs, env)}


def measure(jobs, rounds, tls):
    results, names = {"berth": [], "python3-requests": []}, None
    with peer.Certificates(["server"]) as certs, Openpai(certs if tls else None, check=False, lists_per_min=100000, calls_per_min=100000) as server:
        server.seed(many={"count": jobs})
        with server.home() as home:
            both = contenders(home, server.uri, certs.ca if tls else None)
            for number in range(rounds):
                for who in sorted(both, reverse=number % 2 == 1):
                    elapsed, cpu, peak, found = run(both[who][0], both[who][1], home("work"))
                    if len(set(found)) != jobs or len(found) != jobs or names not in (None, set(n.rpartition(b"~")[2] for n in found)):
                        sys.exit("bench: %s lists %d jobs, %d different" % (who, len(found), len(set(found))))
                    names = set(n.rpartition(b"~")[2] for n in found)
                    results[who].append((elapsed, cpu, peak))
    return results


def show(title, results):
    print("  %s" % title)
    middle = {who: [statistics.median(r[i] for r in rounds) for i in range(3)] for who, rounds in results.items()}
    for i, (name, form) in enumerate((("elapsed, s", "%.2f"), ("client's processor time, s", "%.2f"), ("peak memory, MB", "%.1f"))):
        ours, theirs = middle["berth"][i], middle["python3-requests"][i]
        spread = tuple("%s (%s..%s)" % tuple(form % v for v in (middle[w][i], min(r[i] for r in results[w]), max(r[i] for r in results[w])))
                       for w in ("berth", "python3-requests"))
        print("    %-28s%-24s%-24s%s" % ((name,) + spread + ("1/%.1f of it" % (theirs / ours),)))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jobs", type=int, default=50000)
    p.add_argument("--rounds", type=int, default=5)
    args = p.parse_args()
    if not os.path.exists(REQUESTS):
        print("\nOpenPAI jobs: left out, as python3-requests is not installed")
        return
    print("\nOpenPAI: %d jobs listed, pages of 5000; %d rounds in turns, median (lowest..highest)" % (args.jobs, args.rounds))
    print("    %-28s%-24s%s" % ("", "berth", "python3-requests"))
    for title, tls in (("over TLS", True), ("over plain http", False)):
        show(title, measure(args.jobs, args.rounds, tls))


if __name__ == "__main__":
    main()
