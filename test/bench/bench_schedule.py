#!/usr/bin/env python3
"""A schedule asked by berth and by pandas: the same rows, the same questions, the same answers.

bench_schedule writes rows and questions with its answers; here a plain computation with pandas answers them again,
as a booking program in Python would: select what overlaps, add up at each start, see which GPUs are free, add up their
use around the window. The bench fails when an answer differs. docs/benchmarks.md says what came of it.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    import pandas as pd
except ImportError:
    print("bench_schedule: no pandas here, so no comparison (make deps bench)")
    sys.exit(0)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NANO = 10 ** 9
HOST_CPUS, HOST_MEMORY, HOST_GPUS = 64 * NANO, 256, 8
WANT_CPUS, WANT_MEMORY, WANT_GPUS, PORT = 4 * NANO, 16, 1, 11000
OK, CPUS, MEMORY, GPUS = 0, 5, 6, 7
ROW = np.dtype([("start", "i8"), ("end", "i8"), ("cpus", "i8"), ("memory", "i8"), ("gpus", "u8"), ("user", "u4"),
                ("port", "u2"), ("flags", "u1"), ("pad", "u1")])
ANSWER = np.dtype([("start", "i8"), ("end", "i8"), ("near", "i8"), ("verdict", "i8"), ("gpus", "u8")])


def answer(frame, start, end, near):
    """(verdict, mask of GPUs) of wire page 3.3 and 3.4; the window, the limits and the port are known to be good."""
    rows = frame[(frame.start < end) & (frame.end > start)]
    instants = np.unique(np.append(rows.start.values[rows.start.values > start], start))
    for column, want, host, verdict in (("cpus", WANT_CPUS, HOST_CPUS, CPUS), ("memory", WANT_MEMORY, HOST_MEMORY, MEMORY)):
        for t in instants:
            if want + rows.loc[(rows.start <= t) & (rows.end > t), column].sum() > host:
                return verdict, 0
    held = np.bitwise_or.reduce(rows.gpus.values) if len(rows) else 0
    free = [g for g in range(HOST_GPUS) if not int(held) >> g & 1]
    if len(free) < WANT_GPUS:
        return GPUS, 0
    usage = dict.fromkeys(free, 0)
    if near:
        low, high = start - near, end + near
        around = frame[(frame.start < high) & (frame.end > low)]
        length = around.end.clip(upper=high) - around.start.clip(lower=low)
        for g in free:
            usage[g] = int(length[(around.gpus.values >> np.uint64(g)) & np.uint64(1) == 1].sum())
    chosen = sorted(free, key=lambda g: (usage[g], g))[:WANT_GPUS]
    return OK, sum(1 << g for g in chosen)


def measure(program, count, seconds):
    """[microseconds a question with R = 0, with R = 672]."""
    with tempfile.TemporaryDirectory(prefix="berth-bench-") as folder:
        files = [os.path.join(folder, name) for name in ("rows", "questions")]
        subprocess.run([program] + files + [str(count)], check=True, timeout=120)
        frame = pd.DataFrame(np.fromfile(files[0], ROW)).drop(columns="pad")
        questions = np.fromfile(files[1], ANSWER)
    times = []
    for wide in (False, True):
        asked, spent = 0, 0.0
        for q in questions[(questions["near"] > 0) == wide]:
            begin = time.process_time()
            told = answer(frame, int(q["start"]), int(q["end"]), int(q["near"]))
            spent += time.process_time() - begin
            asked += 1
            if told != (int(q["verdict"]), int(q["gpus"])):
                sys.exit("bench_schedule: pandas answers %s, berth %s: %s" % (told, (q["verdict"], q["gpus"]), q))
            if spent > seconds:
                break
        times.append(spent / asked * 1e6)
    return times


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default=os.path.join(ROOT, "build/bench/bench_schedule"))
    p.add_argument("--seconds", type=float, default=2, help="for each kind of question")
    args = p.parse_args()
    print("\nschedule with pandas %s: microseconds of processor time a question; every answer was berth's\n%10s %12s %12s" %
          (pd.__version__, "rows", "R=0", "R=672"))
    for count in (100, 10000, 1000000):
        print("%10d %12.0f %12.0f" % tuple([count] + measure(args.program, count, args.seconds)))


if __name__ == "__main__":
    main()
