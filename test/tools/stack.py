#!/usr/bin/env python3
"""stack.py CALLS_FILE LABEL=OBJECT_FOLDER ...: worst-case stack of every public function, a column for each machine.

Reads the call graphs that gcc -fcallgraph-info=su wrote beside the objects. A function pointer's targets stand in
CALLS_FILE, since no compiler knows them:

    GROUP = FUNCTION ...             a name for several targets
    CALLER -> GROUP|FUNCTION ...     what the pointer calls in CALLER reach; `callback` is the user's own function
    bound FUNCTION DEPTH             this recursion goes at most DEPTH levels deep
    slots = FUNCTION ...             the user reaches these through a struct of the library's, as a port's functions

A caller that is not listed calls the user's functions only. Recursion without a bound, a frame of unknown size, and a
function of lib/ that only pointers reach and that no line names are failures. A port's functions, which the library calls
through the port's struct, count as the user's and have rows of their own. What libc and mbedTLS use is not counted.
In the table `900 (640)` says: 900 bytes at most, and the user's own functions are called with up to 640 in use.
"""
import argparse
import functools
import glob
import os
import re
import sys

import report

NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")?')
INDIRECT = "__indirect_call"


class Graph:
    def __init__(self):
        self.frame = {}    # title -> bytes
        self.place = {}    # title -> file:line
        self.dynamic = []  # titles of frames without a fixed size
        self.calls = {}    # title -> set of titles
        self.indirect = set()  # (title, name of the function in whose text the call stands: inlining moves calls)
        self.slots = []    # a port's own functions: the library reaches them through the port's struct

    def read(self, path):
        with open(path, encoding="utf-8") as f:
            for line in f:
                node, edge = NODE.match(line), EDGE.match(line)
                if node and "bytes (" in node.group(2):
                    title, label = node.groups()
                    parts = label.split("\\n")
                    size = re.search(r"(\d+) bytes \(([a-z,]+)\)", label)
                    self.frame[title] = int(size.group(1))
                    self.place[title] = parts[1]
                    if size.group(2) == "dynamic":
                        self.dynamic.append(title)
                elif edge:
                    source, target, place = edge.groups()
                    if target == INDIRECT:
                        self.indirect.add((source, written_in(place) or bare(source)))
                    else:
                        self.calls.setdefault(source, set()).add(target)


@functools.lru_cache(None)
def written_in(place):
    """The function around FILE:LINE:COLUMN; here a function's brace opens in the first column, below its name."""
    path, line = (place or "").split(":")[:2] if (place or "").count(":") >= 2 else ("", "0")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()[:int(line)]
    while lines and not lines[-1].startswith("{"):
        lines.pop()
    lines = lines[:-1]
    while lines and lines[-1].startswith((" ", "\t")):
        lines.pop()
    found = re.search(r"(\w+)\s*\(", lines[-1] if lines else "")
    return found.group(1) if found else None


def bare(title):
    """lib/base/x.c:name.part.0 -> name"""
    return title.split(":")[-1].split(".")[0]


def read_calls(path):
    groups, calls, bounds = {}, {}, {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.split("#")[0].strip()
            if line.startswith("bound "):
                _, name, depth = line.split()
                bounds[name] = int(depth)
            elif "->" in line:
                name, items = line.split("->")
                calls.setdefault(name.strip(), []).extend(items.split())
            elif "=" in line:
                name, items = line.split("=")
                groups[name.strip()] = items.split()
    flat = {}
    for caller, items in calls.items():
        flat[caller] = [t for i in items for t in groups.get(i, [i])]
    named = {t for targets in list(flat.values()) + list(groups.values()) for t in targets}
    return flat, named, bounds, set(groups.get("slots", []))


def add_pointers(graph, declared, named, slots, problems):
    """Turns the declared targets into edges; returns the titles that call the user's functions."""
    by_name = {}
    for title in graph.frame:
        by_name.setdefault(bare(title), []).append(title)
    user = set()
    for title, caller in sorted(graph.indirect):
        for target in declared.get(caller, ["callback"]):
            if target == "callback":
                user.add(title)
            for t in by_name.get(target, []):
                graph.calls.setdefault(title, set()).add(t)
    called = {t for targets in graph.calls.values() for t in targets}
    public = public_functions()
    for title in sorted(graph.frame):
        if bare(title) in slots and graph.place[title].startswith("lib/"):
            graph.slots.append(title)
            continue
        if bare(title) in public or title in called or bare(title) in named:
            continue
        if graph.place[title].startswith("port/"):
            graph.slots.append(title)
        else:
            problems.append("%s: nothing calls %s: it is dead, or stack_calls.txt must name the caller whose pointer reaches it"
                            % (graph.place[title], bare(title)))
    return user


def find_cycles(graph):
    """Strongly connected parts with a cycle (Tarjan, without recursion)."""
    index, low, on, stack, found, count = {}, {}, set(), [], [], 0
    for root in graph.frame:
        if root in index:
            continue
        work = [(root, iter(sorted(graph.calls.get(root, ()))))]
        index[root] = low[root] = count
        count += 1
        stack.append(root)
        on.add(root)
        while work:
            title, targets = work[-1]
            for t in targets:
                if t not in graph.frame:
                    continue
                if t not in index:
                    index[t] = low[t] = count
                    count += 1
                    stack.append(t)
                    on.add(t)
                    work.append((t, iter(sorted(graph.calls.get(t, ())))))
                    break
                if t in on:
                    low[title] = min(low[title], index[t])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[title])
                if low[title] == index[title]:
                    part = []
                    while True:
                        t = stack.pop()
                        on.discard(t)
                        part.append(t)
                        if t == title:
                            break
                    if len(part) > 1 or title in graph.calls.get(title, ()):
                        found.append(part)
    return found


class Depths:
    """Deepest stack below a function, and the deepest place from which a function of the user's is called."""

    def __init__(self, graph, user, bounds, problems):
        self.graph, self.user, self.memo = graph, user, {}
        self.cycle = {}
        for part in find_cycles(graph):
            depth = max((bounds.get(bare(t), 0) for t in part), default=0)
            names = " -> ".join(bare(t) for t in reversed(part))
            if depth == 0:
                problems.append("%s: recursion: %s" % (graph.place[part[0]], names))
                depth = 1
            cost = depth * sum(graph.frame[t] for t in part)
            for t in part:
                self.cycle[t] = (frozenset(part), cost)

    def of(self, title):
        """(bytes, path, bytes when the user's function is called or None)"""
        if title in self.memo:
            return self.memo[title]
        members, own = self.cycle.get(title, (frozenset([title]), self.graph.frame.get(title, 0)))
        best, path, at_user = 0, [], None
        for member in members:
            if member in self.user:
                at_user = max(at_user or 0, 0)
            for t in self.graph.calls.get(member, ()):
                if t in members or t not in self.graph.frame:
                    continue
                below, way, user = self.of(t)
                if below > best:
                    best, path = below, way
                if user is not None:
                    at_user = max(at_user or 0, user)
        result = (own + best, [title] + path, None if at_user is None else own + at_user)
        for member in members:
            self.memo[member] = result
        return result


@functools.lru_cache(None)
def public_functions():
    names = {}
    for header in sorted(glob.glob("include/berth/*.h")):
        with open(header, encoding="utf-8") as f:
            text = re.sub(r"/\*.*?\*/|^\s*#.*?(?<!\\)$", "", f.read(), flags=re.S | re.M)
        for name in re.findall(r"\b(berth_\w+)\s*\(", text):
            names.setdefault(name, os.path.basename(header)[:-2])
    return names


def analyse(label, folder, declared, named, bounds, slots, problems):
    graph = Graph()
    for path in sorted(glob.glob(folder + "/**/*.ci", recursive=True)):
        source = os.path.relpath(path, folder)[:-3] + ".c"
        if os.path.exists(source) and not source.startswith(("test/", "examples/")):
            graph.read(path)
    mine = []
    user = add_pointers(graph, declared, named, slots, mine)
    for title in graph.dynamic:
        mine.append("%s: %s has a frame of no fixed size" % (graph.place[title], bare(title)))
    depths = Depths(graph, user, bounds, mine)
    problems += [(label, m) for m in mine]
    return graph, depths


def cell(graph, depths, name):
    if name not in graph.frame:
        return "-"
    total, _, user = depths.of(name)
    return "%d" % total if user is None else "%d (%d)" % (total, user)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("calls")
    parser.add_argument("machines", nargs="+", metavar="LABEL=FOLDER")
    parser.add_argument("--quiet", action="store_true", help="no table")
    parser.add_argument("--path", help="print the deepest path of this function on the first machine")
    parser.add_argument("--update", metavar="FILE", help="write the table into FILE, between its marks")
    options = parser.parse_args()
    declared, named, bounds, slots = read_calls(options.calls)
    problems, machines = [], []
    for machine in options.machines:
        label, folder = machine.split("=")
        machines.append((label, *analyse(label, folder, declared, named, bounds, slots, problems)))
    for name in sorted(named - {"callback"} - {bare(t) for _, graph, _ in machines for t in graph.frame}):
        problems.append(("all", "%s names %s, and there is no such function" % (options.calls, name)))
    if options.path:
        _, graph, depths = machines[0]
        for title in depths.of(options.path)[1]:
            print("%6d  %s" % (graph.frame[title], title))
        return 0
    first = machines[0][2]
    names = [(h, n) for n, h in public_functions().items() if n in machines[0][1].frame]
    names.sort(key=lambda row: (row[0], -first.of(row[1])[0], row[1]))
    rows = [["%s.h" % h, "`%s`" % n] + [cell(g, d, n) for _, g, d in machines] for h, n in names]
    slots = sorted({t for _, g, _ in machines for t in g.slots})
    rows += [[os.path.dirname(next(g.place[t] for _, g, _ in machines if t in g.place)), "`%s`" % bare(t)] + [cell(g, d, t) for _, g, d in machines] for t in slots]
    table = report.table(["header", "function"] + [label for label, _, _ in machines], rows, 2)
    if options.quiet:
        pass
    elif options.update:
        report.update(options.update, "stack", table)
    else:
        print(table)
    for label, text in problems:
        print("stack: %s: %s" % (label, text))
    if problems:
        return 1
    for label, graph, depths in machines:
        worst = max((n for _, n in names if n in graph.frame), key=lambda n: depths.of(n)[0])
        print("stack: %s: no recursion, no dynamic frame; the deepest of %d public functions is %s with %d bytes"
              % (label, len(names), worst, depths.of(worst)[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
