#!/usr/bin/env python3
"""What the Python booking system that berth replaces answers: its capacity check and its choice of GPUs, written
anew from the wire page's sections 3.1 and 3.2 (not from its code, nor from berth's).

    upstream_schedule.py SEED CASES
prints random cases of the domain in which both can be compared (wire page 3.6), one a line:
    G q S E | start end gpus | start end gpus | ... = accepts ids
Times are half hours; gpus is a list such as 0,2 or -; accepts is 0 or 1; ids in the order in which upstream gives them.
"""
import random
import sys


def busy_blocks(rows, gpus, start, end):
    """M of 3.1: busy[g][k] for GPU g and block k of half an hour."""
    blocks = end - start
    busy = [[0] * blocks for _ in range(gpus)]
    for row_start, row_end, held in rows:
        if not (row_start < end and row_end > start):
            continue
        low = 0 if row_start < start else row_start - start
        high = blocks if row_end > end else row_end - start
        for g in held:
            for k in range(low, high):
                busy[g][k] = 1
    return busy


def accepts(rows, gpus, start, end, wanted):
    busy = busy_blocks(rows, gpus, start, end)
    most = max([sum(busy[g][k] for g in range(gpus)) for k in range(end - start)], default=0)
    return gpus - most >= wanted


def best_ids(rows, gpus, start, end, wanted):
    """The least busy ones; a sort that keeps the order of equals, as numpy's did for so few."""
    busy = busy_blocks(rows, gpus, start, end)
    return sorted(range(gpus), key=lambda g: sum(busy[g]))[:wanted]


def case(rng):
    """A working day of 16 half hours; a case of small numbers is the one in which things collide."""
    gpus = rng.randint(2, 16 if rng.random() < 0.2 else 6)
    rows = []
    for _ in range(rng.randint(2, 8)):
        start = rng.randint(0, 15)
        held = rng.sample(range(gpus), rng.randint(0, 2))
        rows.append((start, start + rng.randint(1, 4), sorted(held)))
    start = rng.randint(0, 12)
    return gpus, rng.randint(0, 3), start, start + rng.randint(2, 12), rows


def main():
    rng = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        gpus, wanted, start, end, rows = case(rng)
        taken = accepts(rows, gpus, start, end, wanted)
        ids = best_ids(rows, gpus, start, end, wanted) if taken else []
        print("%d %d %d %d%s = %d %s" % (
            gpus, wanted, start, end, "".join(" | %d %d %s" % (a, b, ",".join(map(str, held)) or "-") for a, b, held in rows),
            taken, ",".join(map(str, ids)) or "-"))


if __name__ == "__main__":
    main()
