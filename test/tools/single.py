#!/usr/bin/env python3
"""make dist-single: the library as berth.h and berth.c, and one more .c for each port, for those who copy sources.

What stands in one .c file alone - static functions and tables, tags, enumerators, macros - may be called the same in
another one. In one translation unit that does not go: a name that two files have gets the file's own name behind it.
Macros end with their file. BERTH_NO_<MODULE> leaves a module out, and with it what stands on it.
"""
import glob
import os
import re
import sys

# A module, and the sources and public headers that are it. What is in none is always there.
MODULES = [
    ("YAML", r"lib/data/yaml", r"yaml"),
    ("CSV", r"lib/data/csv", r"csv"),
    ("ZIP", r"lib/data/zip", r"zip"),
    ("HTTP", r"lib/http/", r"url|http"),
    ("CALL", r"lib/platform/(call|line)", r"call"),
    ("MLCYCLE", r"lib/platform/mlcycle", r"mlcycle"),
    ("OPENPAI", r"lib/platform/openpai", r"openpai.*"),
    ("WEBHDFS", r"lib/platform/webhdfs", r"webhdfs"),
    ("RIME", r"lib/platform/rime", r"rime.*"),
    ("DLTASKS", r"lib/platform/dl", r"dl.*"),
    ("SCHED", r"lib/sched/", r"gpu.*|schedule"),
    ("BOOKING", r"lib/booking/", r"booking.*|password|store|container"),
]
# Ports see their system's names, so each is a source of its own.
PORTS = ["null", "posix", "mbedtls"]

ROOMS = ("base", "data", "http", "platform", "sched", "booking")
INTRO = "/* berth: %s as one source; compile it with -std=c11 beside berth.h. */\n"

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"].*$')
TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|->|\.\.\.|\s+|.""", re.S)
WORD = re.compile(r"[A-Za-z_]\w*$")


def module_of(path):
    for name, pattern, headers in MODULES:
        if re.match(pattern, path) or (path.startswith("include/") and re.fullmatch(headers, os.path.basename(path)[:-2])):
            return name
    return None


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Tree:
    """The sources, and which file includes which."""

    def __init__(self):
        self.text = {}
        self.arrows = {}

    def find(self, path, bracket, name):
        if bracket == "<" and name != "jsmn.h":
            return None
        room = path.split("/")
        for folder in ("include", "lib", os.path.dirname(path), "/".join(room[:2])):
            candidate = os.path.normpath(os.path.join(folder, name))
            if os.path.exists(candidate):
                return candidate
        return None

    def load(self, path):
        if path in self.text:
            return
        self.text[path] = read(path)
        self.arrows[path] = []
        for line in self.text[path].split("\n"):
            found = INCLUDE.match(line)
            target = found and self.find(path, found.group(1), found.group(2))
            if target:
                self.arrows[path].append(target)
                self.load(target)


def strip_includes(tree, path, keep_system):
    """The text without includes of its own tree; the system's stay when KEEP_SYSTEM."""
    lines = []
    for line in tree.text[path].split("\n"):
        found = INCLUDE.match(line)
        if found and (tree.find(path, found.group(1), found.group(2)) or found.group(2) == "jsmn.h" or not keep_system):
            continue
        lines.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def unguard(text):
    """A header without its include guard."""
    found = re.search(r"^#ifndef (\w+_H)\n#define \1\n", text, re.M)
    if not found:
        sys.exit("single: a header without a guard: %s" % text[:80])
    body = text[: found.start()] + text[found.end():]
    return body[: body.rindex("#endif")].rstrip("\n") + "\n"


# ---- names --------------------------------------------------------------------------------------------------------


def outline(text):
    """TEXT at file scope alone: comments, strings and what stands in braces of functions and initialisers is blank."""
    out, depth, keep = [], 0, False
    for token in TOKEN.findall(text):
        if token.startswith(("//", "/*")):
            out.append(" ")
        elif token == "{":
            if depth == 0:
                before = "".join(out).rsplit(";", 1)[-1]
                keep = re.search(r"\benum(\s+\w+)?\s*$", before) is not None
            depth += 1
            out.append("{")
        elif token == "}":
            depth -= 1
            out.append("}")
        elif depth == 0 or keep:
            out.append('""' if token.startswith('"') else token)
    return "".join(out)


def own_names(text):
    """The ordinary names, tags and macros that are the file's own at file scope."""
    macros = set(re.findall(r"^#\s*define\s+(\w+)", text, re.M))
    flat = re.sub(r"^#(?:.*\\\n)*.*$", "", text, flags=re.M)
    flat = outline(flat)
    names, tags = set(), set(re.findall(r"\b(?:struct|enum|union)\s+(\w+)\s*\{", flat))
    for body in re.findall(r"\benum(?:\s+\w+)?\s*\{([^}]*)\}", flat):
        names |= set(re.findall(r"(?:^|,)\s*(\w+)", body))
    flat = re.sub(r"\b(enum|struct|union)(\s+\w+)?\s*\{[^}]*\}", r"\1 _tag", flat)
    for statement in re.split(r"[;}]", flat):
        statement = statement.split("=")[0].split("{")[0].strip()
        if re.match(r"typedef\b", statement):
            names |= set(re.findall(r"(\w+)\s*(?:\([^)]*\))?\s*$", statement))
        elif re.match(r"(static|_Thread_local)\b", statement):
            statement = re.sub(r"\[[^\]]*\]", "", statement)
            found = re.match(r"[^(]*\(\s*\*\s*(?:const\s+)?(\w+)", statement) or re.match(r"[^(]*?(\w+)\s*(?:\(|$)", statement)
            if found:
                names.add(found.group(1))
    return names, tags, macros


class Renamer:
    """Gives names that two files have the file's own name."""

    def __init__(self, texts, taken):
        self.own = {path: own_names(text) for path, text in texts.items()}
        count = {}
        for names, tags, _ in self.own.values():
            for name in names | tags:
                count[name] = count.get(name, 0) + 1
        self.shared = {name for name, number in count.items() if number > 1 or name in taken}

    def rename(self, path, text):
        names, tags, _ = self.own[path]
        names, tags = names & self.shared, tags & self.shared
        suffix = "_of_" + re.sub(r"\W", "_", os.path.splitext(path)[0].split("/", 1)[1])
        out, before, in_body, depth = [], "", False, 0
        tokens = TOKEN.findall(text)
        for token in tokens:
            if token == "{":
                depth += 1
                if depth == 1 and re.search(r"\b(struct|union)(\s+\w+)?\s*$", "".join(out[-4:])):
                    in_body = True
            elif token == "}":
                depth -= 1
                if depth == 0:
                    in_body = False
            if WORD.match(token):
                is_tag = before in ("struct", "enum", "union")
                is_member = before in (".", "->") or (in_body and not token.isupper() and not is_tag)
                if token in (tags if is_tag else names | tags) and not is_member: # tags are macros' arguments too
                    token += suffix
            if not token.isspace() and not token.startswith(("/*", "//")):
                before = token
            out.append(token)
        return "".join(out)

    def macros(self, path):
        return self.own[path][2]


# ---- order and modules --------------------------------------------------------------------------------------------


def visit(tree, path, done, wanted):
    """PATH's own includes first."""
    if path in done:
        return
    done.add(path)
    for target in tree.arrows[path]:
        visit(tree, target, done, wanted)
    wanted.append(path)


def needs(tree, sources):
    """Module -> the modules that it stands on."""
    graph = {name: set() for name, _, _ in MODULES}
    for path in sources:
        mine = module_of(path)
        seen, order = set(), []
        visit(tree, path, seen, order)
        if mine in graph:
            graph[mine] |= {module_of(p) for p in order} - {mine, None}
    return graph


def guard(path, text):
    module = module_of(path)
    if module is None:
        return text
    return "#ifndef BERTH_NO_%s\n%s#endif\n" % (module, text)


def make_header(tree, headers, graph, version):
    there = ", ".join(sorted(m for m in graph if any(module_of(path) == m for path in tree.text)))
    parts = ["/* berth %s as one header; berth.c beside it is the library, berth_port_*.c its ports. MIT licence: see LICENSE.\n"
             " * Define BERTH_NO_<MODULE> for all of them to leave one out, and what stands on it:\n * %s. */\n"
             "#ifndef BERTH_SINGLE_H\n#define BERTH_SINGLE_H\n" % (version, there)]
    for module in ordered(graph):
        for other in sorted(graph[module]):
            parts.append("#if defined(BERTH_NO_%s) && !defined(BERTH_NO_%s)\n#define BERTH_NO_%s\n#endif\n" % (other, module, module))
    system = sorted({m.group(2) for p in headers for m in map(INCLUDE.match, tree.text[p].split("\n"))
                     if m and m.group(1) == "<"})
    parts.append("".join("#include <%s>\n" % name for name in system))
    for path in headers:
        parts.append("/* ==== %s ==== */\n" % path + guard(path, unguard(strip_includes(tree, path, False))))
    parts.append("#endif\n")
    return "\n".join(parts)


def ordered(graph):
    """Those that others stand on first, so that one pass carries a switch upwards."""
    out = []
    while len(out) < len(graph):
        ready = [m for m in graph if m not in out and graph[m] <= set(out)]
        if not ready:
            sys.exit("single: modules stand on each other in a ring: %s" % graph)
        out += ready
    return out


def make_source(tree, public, sources, intro, jsmn):
    """SOURCES and the private headers that they need, as one text. JSMN: that library's text, or empty."""
    texts, done = {}, set(public)
    for path in sources:
        files = []
        visit(tree, path, done, files)
        for file in files:
            if os.path.basename(file) != "jsmn.h":
                text = strip_includes(tree, file, True)
                texts[file] = text if file.endswith(".c") else unguard(text)
    taken = set().union(own_names(jsmn)[0], *(own_names(text)[0] for path, text in texts.items() if path.endswith(".h")))
    renamer = Renamer({path: text for path, text in texts.items() if path.endswith(".c")}, taken)
    parts = [intro]
    if jsmn:
        parts.append("/* ==== jsmn.h, a library of its own ==== */\n#define JSMN_STATIC\n#define JSMN_STRICT\n"
                     "#define JSMN_PARENT_LINKS\n" + jsmn)
    for path, text in texts.items():
        if path.endswith(".c"):
            text = renamer.rename(path, text)
            text += "".join("#undef %s\n" % name for name in sorted(renamer.macros(path)))
        parts.append("/* ==== %s ==== */\n" % path + guard(path, text))
    return "\n".join(parts)


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    out, jsmn_path = sys.argv[1:3]
    tree = Tree()
    public = sorted(p for p in glob.glob("include/berth/*.h") if not p.endswith("port_mem.h"))
    sources = [p for room in ROOMS for p in sorted(glob.glob("lib/%s/*.c" % room))]
    ports = {port: sorted(glob.glob("port/%s/*.c" % port)) for port in PORTS}
    for path in public + sources + sum(ports.values(), []):
        tree.load(path)
    headers, done = [], set()
    for path in public:
        visit(tree, path, done, headers)
    version = re.search(r'#define BERTH_VERSION "(.*)"', read("include/berth/berth.h")).group(1)
    os.makedirs(out, exist_ok=True)
    write(out, "berth.h", make_header(tree, headers, needs(tree, sources + public), version))
    write(out, "berth.c", make_source(tree, headers, sources, INTRO % "the library" + '#include "berth.h"\n', read(jsmn_path)))
    for port, files in ports.items():
        # Its own system switches come before any header.
        write(out, "berth_port_%s.c" % port, make_source(tree, headers, files, INTRO % ("port/" + port) +
              ("#define _GNU_SOURCE 1\n" if port != "null" else "") + '#include "berth.h"\n', ""))


if __name__ == "__main__":
    main()
