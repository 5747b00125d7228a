#!/usr/bin/env python3
"""symbols.py ARCHIVE OBJECT_FOLDER: what the objects ask for, what they offer, and what they can write to.

- lib/ asks libc for six functions at most; port/posix and the program never name an allocator or what allocates.
- lib/ holds no writable data.
- Every global symbol of the archive starts with berth_.
NM and SIZE in the environment name the tools.
"""
import glob
import os
import subprocess
import sys

NM = os.environ.get("NM", "nm")
SIZE = os.environ.get("SIZE", "size")

LIB_MAY_ASK = {"memcpy", "memmove", "memset", "memcmp", "memchr", "strlen"}
# What compilers call by themselves (libgcc, position independence, stack protector).
COMPILER = {
    "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail", "__stack_chk_guard",
    "__udivdi3", "__umoddi3", "__divdi3", "__moddi3", "__udivmoddi4", "__divmoddi4", "__muldi3", "__ashldi3", "__lshrdi3",
    "__ashrdi3", "__clzdi2", "__clzsi2", "__ctzdi2", "__ctzsi2", "__popcountdi2", "__popcountsi2", "__bswapdi2",
    "__bswapsi2", "__udivti3", "__umodti3", "__multi3", "__udivsi3", "__umodsi3", "__divsi3", "__modsi3",
}
ALLOCATES = set("""
malloc calloc realloc reallocarray free memalign aligned_alloc posix_memalign valloc pvalloc
strdup strndup __strdup asprintf vasprintf getline getdelim open_memstream fmemopen
fopen fdopen freopen fclose fread fwrite fgets fputs fputc putc putchar puts printf fprintf sprintf snprintf vprintf vfprintf
vsnprintf vsprintf perror scanf fscanf sscanf setvbuf fflush tmpfile popen pclose stdin stdout stderr
__printf_chk __fprintf_chk __snprintf_chk __vsnprintf_chk __sprintf_chk __isoc99_sscanf
opendir fdopendir readdir scandir closedir ftw nftw glob realpath getcwd get_current_dir_name
getaddrinfo freeaddrinfo gethostbyname gethostbyaddr getnameinfo getservbyname res_init res_query
qsort qsort_r bsearch_r localtime localtime_r gmtime gmtime_r mktime timegm strftime tzset ctime asctime
setlocale strerror strerror_l strsignal setenv putenv unsetenv getpwnam getpwuid getgrnam getpwnam_r getpwuid_r
regcomp iconv_open syslog openlog system dlopen wordexp initgroups backtrace backtrace_symbols pthread_create
""".split())
# Read-only once the program is loaded: constant tables that hold addresses.
CONSTANT = (".data.rel.ro",)
WRITABLE = (".data", ".bss", ".tdata", ".tbss", "COMMON")


def nm(path, *options):
    out = subprocess.run([NM, "-P", *options, path], check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        words = line.split()
        if len(words) >= 2 and not line.endswith(":"):
            yield words[0].split("@")[0], words[1]


def objects(folder, room):
    return sorted(glob.glob(os.path.join(folder, room, "**", "*.o"), recursive=True))


def source_exists(folder, path):
    """An object whose source is gone proves nothing."""
    return os.path.exists(os.path.relpath(path, folder)[:-2] + ".c")


def library_asks(folder, problems):
    asked = set()
    for path in objects(folder, "lib"):
        if not source_exists(folder, path):
            continue
        for name, kind in nm(path, "-u"):
            if name.startswith("berth_") or name in COMPILER or name.startswith("__aeabi_"):
                continue
            asked.add(name)
            if name not in LIB_MAY_ASK:
                problems.append("%s: lib/ may not call %s" % (os.path.relpath(path, folder), name))
    return asked


def others_allocate(folder, problems):
    for room in ("port/posix", "port/null", "port/mbedtls", "examples/berth"):
        for path in objects(folder, room):
            if not source_exists(folder, path):
                continue
            for name, kind in nm(path, "-u"):
                if name in ALLOCATES:
                    problems.append("%s: %s allocates or may" % (os.path.relpath(path, folder), name))


def writable(folder, problems):
    for path in objects(folder, "lib"):
        if not source_exists(folder, path):
            continue
        out = subprocess.run([SIZE, "-A", "-d", path], check=True, capture_output=True, text=True).stdout
        for line in out.splitlines():
            words = line.split()
            if len(words) == 3 and words[0].startswith(WRITABLE) and not words[0].startswith(CONSTANT) and words[1] != "0":
                problems.append("%s: %s bytes of writable data in %s" % (os.path.relpath(path, folder), words[1], words[0]))


def prefixes(archive, problems):
    count = 0
    for name, kind in nm(archive, "-g", "--defined-only"):
        count += 1
        if not name.startswith("berth_"):
            problems.append("%s: the global symbol %s does not start with berth_" % (archive, name))
    return count


def main():
    archive, folder = sys.argv[1:3]
    problems = []
    asked = library_asks(folder, problems)
    others_allocate(folder, problems)
    writable(folder, problems)
    count = prefixes(archive, problems)
    for p in problems:
        print("symbols: " + p)
    if not problems:
        print("symbols: %d global, all berth_; lib/ asks for %s and writes to no static data"
              % (count, " ".join(sorted(asked)) or "nothing"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
