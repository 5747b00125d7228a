#!/usr/bin/env python3
"""Runs in a user's container before it is stopped: copies what backup.yaml lists and the backup folder does not have yet.

What is there already is mounted and thus up to date. Needs nothing but python3; the file's pairs are read line by line."""
import os
import re
import shutil
import sys

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "/root/Backup"


def pairs(text):
    """(path in the backup folder, path in the container) of "- - A", "  - B" and of "- [A, B]"."""
    first = None
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).rstrip()
        flow = re.fullmatch(r"\s*- \[(.+?), *(.+?)\]", line)
        block = re.fullmatch(r"\s*-( -)? +(\S.*)", line)
        if flow:
            yield tuple(word.strip("'\" ") for word in flow.groups())
        elif block and block.group(1):
            first = block.group(2).strip("'\"")
        elif block and first is not None:
            yield first, block.group(2).strip("'\"")
            first = None


def save(source, copy):
    if not os.path.lexists(source) or os.path.lexists(copy):
        return
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.copytree(source, copy, symlinks=True)
    else:
        shutil.copy2(source, copy, follow_symlinks=False)


def main():
    failed = False
    with open(os.path.join(FOLDER, "backup.yaml"), encoding="utf-8") as f:
        for name, source in pairs(f.read()):
            try:
                save(source, os.path.join(FOLDER, name))
            except OSError as e:
                print("%s: %s" % (source, e.strerror), file=sys.stderr)
                failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
