#!/usr/bin/env python3
"""size.py LABEL=OBJECT_FOLDER ... [--program PATH ...]: bytes of code and data, by module and by room.

Sections are read with readelf, which knows every machine's objects. `code` is text and constants together: what sits in
flash. `data` is what can be written; in lib/ it is 0. Unwind tables and debug sections are not counted.
"""
import argparse
import glob
import os
import re
import subprocess
import sys

import report

SECTION = re.compile(r"^ *\[ *\d+\] (\S+) +(\S+) +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ +([A-Za-z]*) ")
KINDS = ("text", "rodata", "data", "bss")


def kind_of(name, flags):
    if "A" not in flags or name.startswith((".eh_frame", ".ARM.ex", ".note", ".gcc_except")):
        return None
    if name.startswith((".data.rel.ro", ".rodata", ".init_array", ".fini_array")):
        return "rodata"
    if name.startswith((".bss", ".tbss", "COMMON")):
        return "bss"
    if "X" in flags:
        return "text"
    return "data" if "W" in flags else "rodata"


def sizes(path):
    """(text, rodata, data, bss) of one object or program."""
    out = subprocess.run(["readelf", "-SW", path], check=True, capture_output=True, text=True).stdout
    total = dict.fromkeys(KINDS, 0)
    for line in out.splitlines():
        found = SECTION.match(line)
        if found:
            kind = kind_of(found.group(1), found.group(4))
            if kind:
                total[kind] += int(found.group(3), 16)
    return tuple(total[k] for k in KINDS)


def modules(folder):
    found = {}
    for path in sorted(glob.glob(folder + "/lib/**/*.o", recursive=True) + glob.glob(folder + "/port/**/*.o", recursive=True)):
        module = os.path.relpath(path, folder)[:-2]
        if os.path.exists(module + ".c") and not module.startswith("port/mem/"):
            found[module] = sizes(path)
    return found


def room(module):
    return "/".join(module.split("/")[:2])


def cells(values):
    if values is None:
        return ["-", "-", "-"]
    text, rodata, data, bss = values
    return [text, rodata, data + bss]


def compare(page, head, rows):
    """Fails when a module of the page's table is not here, is new, or grew or shrank by more than a tenth and 64 bytes."""
    lines = [[c.strip() for c in line.strip("|").split("|")] for line in (report.part(page, "size") or "").splitlines()
             if line.startswith("|")]
    old_head, old = (lines[0], {r[0]: r for r in lines[2:]}) if lines else ([], {})
    stale = ["%s is new" % r[0] for r in rows if r[0] not in old]
    stale += ["%s is gone" % name for name in old if name not in {r[0] for r in rows}]
    for row in rows:
        was = old.get(row[0], [])
        for name, value in list(zip(head, row))[1:]:
            if name in old_head and name.endswith("text") and was and str(value) != "-" != was[old_head.index(name)]:
                before = int(was[old_head.index(name)])
                if abs(value - before) > before // 10 + 64:
                    stale.append("%s: %s was %d, is %d" % (row[0], name, before, value))
    for line in stale:
        print("size: %s: %s" % (page, line))
    print("size: %s is %s" % (page, "stale: make size UPDATE=1" if stale else "fresh"))
    return 1 if stale else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("machines", nargs="+", metavar="LABEL=FOLDER")
    parser.add_argument("--program", action="append", default=[])
    parser.add_argument("--update", metavar="FILE")
    parser.add_argument("--check", metavar="FILE", help="fail when FILE's table differs")
    options = parser.parse_args()
    machines = [(m.split("=")[0], modules(m.split("=")[1])) for m in options.machines]
    names = sorted({n for _, found in machines for n in found})
    rooms = sorted({room(n) for n in names})
    head = ["module"] + [h for label, _ in machines for h in (label + " text", "rodata", "data")]
    rows = []
    for r in rooms:
        members = [n for n in names if room(n) == r]
        totals = []
        for _, found in machines:
            mine = [found[n] for n in members if n in found]
            totals += cells(tuple(map(sum, zip(*mine))) if mine else None)
        rows.append(["**%s**" % r] + totals)
        rows += [[n] + [c for _, found in machines for c in cells(found.get(n))] for n in members]
    table = report.table(head, rows, 1)
    for path in options.program:
        if os.path.exists(path):
            text, rodata, data, bss = sizes(path)
            table += "\n\n`%s`: %d bytes of text, %d of constants, %d of data, %d of bss." % (path, text, rodata, data, bss)
    if options.check:
        return compare(options.check, head, rows)
    if options.update:
        report.update(options.update, "size", table)
    else:
        print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
