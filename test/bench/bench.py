#!/usr/bin/env python3
"""berth beside libcurl + cJSON: both read the same long job list, from memory and over loopback TLS.

Each contender is a program of its own, started anew for each round, in turns; both make the same sum of the
same members, or the bench fails. docs/benchmarks.md says what is measured and how.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/peers"))
import peer  # noqa: E402

BERTH, CJSON = "berth", "libcurl + cJSON"
PROGRAMS = {BERTH: "jobs_berth", CJSON: "jobs_cjson"}
MB, KB = 1e6, 1024
SPEED_TARGET, RATIO_TARGET, PEAK_TARGET = 400, 2, 2  # MB/s from memory, times cJSON, MB

# What is shown: a row's name, the case, and the time that counts.
ROWS = (("from memory, processor time", "memory", "cpu_s"),
        ("over TLS, elapsed time", "tls", "wall_s"),
        ("over TLS, client's processor time", "tls", "cpu_s"),
        ("over plain http, the same", "plain", "cpu_s"))


def run(folder, contender, words):
    """One round of one contender: what it reports."""
    done = subprocess.run([os.path.join(folder, PROGRAMS[contender])] + words, stdout=subprocess.PIPE, timeout=60,
                          check=True, env=peer.clean_environment(), preexec_fn=peer.die_with_parent)
    return json.loads(done.stdout)


def fetch(url, file):
    """The job list as the server sends it, into FILE; its length."""
    request = urllib.request.Request(url, headers={"Accept": "*/*", "Accept-Encoding": "identity"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as reply:
        body = reply.read()
    with open(file, "wb") as f:
        f.write(body)
    return len(body)


def measure(args):
    """All rounds: {(case, contender): [report]}."""
    results = {}
    memory = os.memfd_create("jobs", 0)
    file = "/proc/%d/fd/%d" % (os.getpid(), memory)
    with peer.Certificates(["server"]) as certs, peer.Mlcycle(certs) as server:
        server.seed(many={"jobs": args.jobs, "steps": args.steps})
        length = fetch(server.http + "/jobs", file)
        words = {"memory": ["memory", file], "tls": ["tls", server.https, certs.ca],
                 "plain": ["tls", server.http, certs.ca]}
        for number in range(args.rounds):
            for case in words:
                for contender in sorted(PROGRAMS, reverse=number % 2 == 1):
                    results.setdefault((case, contender), []).append(run(args.programs, contender, words[case]))
    return results, length


def compare(results, length, args):
    """Whether all of them read the same."""
    reports = [report for rounds in results.values() for report in rounds]
    wrong = [r for r in reports if (r["hash"], r["bytes"]) != (reports[0]["hash"], length) or
             (r["jobs"], r["steps"]) != (args.jobs, args.jobs * args.steps)]
    if wrong:
        sys.exit("bench: the contenders did not read the same:\n%s\n%s" % (reports[0], wrong[0]))


def spread(values, form="%.0f"):
    return "%s (%s..%s)" % tuple(form % v for v in (statistics.median(values), min(values), max(values)))


def row(name, cells):
    print("  %-35s%-23s%-23s%s" % ((name,) + cells))


def show(results, length, args):
    load = os.getloadavg()[0]
    print("\nJob list: %d jobs of %d steps, %.1f MB of JSON; both look for the same %d members.\n"
          "%d rounds in turns, median (lowest..highest); load of the machine %.1f on %d processors.\n"
          % (args.jobs, args.steps, length / MB, args.jobs * 8 + args.jobs * args.steps * 9, args.rounds, load,
             os.cpu_count()))
    row("speed, MB/s", (BERTH, CJSON, "berth is"))
    speeds, ratios = {}, {}
    for name, case, clock in ROWS:
        ours, theirs = ([length / MB / r[clock] for r in results[case, c]] for c in (BERTH, CJSON))
        speeds[name] = statistics.median(ours)
        ratios[name] = statistics.median(ours) / statistics.median(theirs)
        row(name, (spread(ours), spread(theirs), "%.1f times as fast" % ratios[name]))
    print()
    row("peak memory, MB", (BERTH, CJSON, ""))
    peaks = []
    for name, case in (("from memory", "memory"), ("over TLS", "tls")):
        ours, theirs = (max(r["peak_kb"] for r in results[case, c]) * KB / MB for c in (BERTH, CJSON))
        peaks.append(ours)
        row(name, ("%.1f" % ours, "%.0f" % theirs, "1/%.0f of it" % (theirs / ours)))
    targets(speeds[ROWS[0][0]], (ratios[ROWS[0][0]], ratios[ROWS[2][0]]), max(peaks))


def targets(speed, ratio, peak):
    """Judged by processor time: what else runs on the machine matters little to it."""
    print()
    for text, met in (("from memory at least %d MB/s: %.0f" % (SPEED_TARGET, speed), speed >= SPEED_TARGET),
                      ("from memory at least %d times cJSON's speed: %.1f" % (RATIO_TARGET, ratio[0]),
                       ratio[0] >= RATIO_TARGET),
                      ("over TLS at least %d times libcurl + cJSON's speed: %.1f" % (RATIO_TARGET, ratio[1]),
                       ratio[1] >= RATIO_TARGET),
                      ("peak memory of the whole process below %d MB: %.1f" % (PEAK_TARGET, peak), peak < PEAK_TARGET)):
        print("  target: %-70s %s" % (text, "met" if met else "missed"))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jobs", type=int, default=20000)
    p.add_argument("--steps", type=int, default=5)
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--programs", default=os.path.join(ROOT, "build/bench"), help="folder of the two programs")
    args = p.parse_args()
    results, length = measure(args)
    compare(results, length, args)
    show(results, length, args)


if __name__ == "__main__":
    main()
