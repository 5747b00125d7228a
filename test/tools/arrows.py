#!/usr/bin/env python3
"""Read the #include lines and refuse every arrow that the house plan does not have.

base < data < http < platform; base < data < sched < booking; a port sees base, berth/port.h and what it implements; examples and
public headers see public headers alone. A new public header gets its room in the table below.
"""
import glob
import os
import re
import sys

HEADER_ROOM = {
    "status": "base", "text": "base", "number": "base", "time": "base", "guid": "base", "io": "base",
    "json": "data", "yaml": "data", "csv": "data", "zip": "data",
    "port": "port",
    "url": "http", "http": "http", "retry": "http", "multipart": "http",
    "call": "platform", "mlcycle": "platform", "openpai_job": "platform", "openpai_job_fields": "platform",
    "webhdfs": "platform", "rime": "platform",
    "openpai": "platform", "openpai_data": "platform", "openpai_files": "platform", "openpai_runtime": "platform", "openpai_notebook": "platform",
    "gpu": "sched", "gpu_links": "sched", "schedule": "sched",
    "booking": "booking", "booking_config": "booking", "booking_rows": "booking", "password": "booking",
    "store": "booking", "container": "booking",
    "port_posix": "posix", "port_mbedtls": "mbedtls", "port_null": "null", "port_mem": "mem",
    "posix": "posix", "mbedtls": "mbedtls", "tls": "mbedtls", "null": "null", "mem": "mem",
    "berth": "all",
}
# Who may see whom (itself always).
SEES = {
    "base": [],
    "port": ["base"],
    "data": ["base"],
    "sched": ["base", "data"],
    "booking": ["base", "data", "sched", "port"],
    "http": ["base", "data", "port"],
    "platform": ["base", "data", "port", "http"],
    "posix": ["base", "port"],
    "mbedtls": ["base", "port"],
    "null": ["base", "port"],
    "mem": ["base", "port"],
    "all": ["base", "data", "port", "http", "platform", "sched", "booking", "null"],
}
LIB_SYSTEM = {"stdint.h", "stddef.h", "stdbool.h", "string.h", "limits.h"}
PORT_SYSTEM = {"posix": None, "mbedtls": None, "mem": None, "null": LIB_SYSTEM}  # None = any
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LIB_ROOMS = ("base", "data", "http", "platform", "sched", "booking")


def header_room(name, problems, where):
    room = HEADER_ROOM.get(re.sub(r"\.h$", "", name))
    if room is None:
        problems.append("%s: berth/%s has no room yet: add it to test/tools/arrows.py" % (where, name))
    return room


def may_see(mine, other):
    return other == mine or other in SEES[mine]


def check_lib(path, where, bracket, name, problems):
    room = path.split("/")[1]
    if bracket == "<":
        if name == "jsmn.h" and room == "data":
            return
        if name not in LIB_SYSTEM:
            problems.append("%s: lib/ does not include <%s>" % (where, name))
        return
    top = name.split("/")[0]
    if top == "berth":
        other = header_room(name[6:], problems, where)
    elif top in LIB_ROOMS:
        other = top
    else:
        problems.append('%s: "%s" is neither "berth/..." nor a room of lib/' % (where, name))
        return
    if other is not None and not may_see(room, other):
        problems.append("%s: %s does not see %s" % (where, room, other))


def check_public(path, where, bracket, name, problems):
    room = header_room(os.path.basename(path), problems, where)
    if bracket == "<":
        if name not in LIB_SYSTEM:
            problems.append("%s: a public header does not include <%s>" % (where, name))
    elif not name.startswith("berth/"):
        problems.append('%s: a public header includes "berth/..." only' % where)
    elif room is not None:
        other = header_room(name[6:], problems, where)
        if other is not None and not may_see(room, other):
            problems.append("%s: %s does not see %s" % (where, room, other))


def check_port(path, where, bracket, name, problems):
    room = path.split("/")[1]
    if bracket == "<":
        allowed = PORT_SYSTEM.get(room)
        if allowed is not None and name not in allowed:
            problems.append("%s: port/%s does not include <%s>" % (where, room, name))
    elif name.startswith("berth/"):
        other = header_room(name[6:], problems, where)
        if other is not None and not may_see(room, other):
            problems.append("%s: port/%s does not see %s" % (where, room, other))
    elif not os.path.exists(os.path.join(os.path.dirname(path), name)) and not name.startswith("mbedtls/"):
        problems.append('%s: "%s" is not of this port' % (where, name))


def check_example(path, where, bracket, name, problems):
    if bracket == "<":
        if name.startswith(("mbedtls/", "psa/", "jsmn")):
            problems.append("%s: examples use berth's headers, not <%s>" % (where, name))
    elif name.startswith("berth/"):
        header_room(name[6:], problems, where)
    elif not os.path.exists(os.path.join(os.path.dirname(path), name)):
        problems.append('%s: "%s" is not a public header' % (where, name))


def main():
    kinds = [("lib", check_lib), ("include", check_public), ("port", check_port), ("examples", check_example)]
    problems = []
    files = 0
    for top, check in kinds:
        for path in sorted(glob.glob(top + "/**/*.[ch]", recursive=True)):
            files += 1
            with open(path, encoding="utf-8") as f:
                for number, line in enumerate(f, 1):
                    found = INCLUDE.match(line)
                    if found:
                        check(path, "%s:%d" % (path, number), found.group(1), found.group(2), problems)
    for p in problems:
        print("arrows: " + p)
    if not problems:
        print("arrows: %d files, every #include points downwards" % files)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
