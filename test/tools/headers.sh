#!/bin/sh
# Each public header compiles alone, as C11 and as C++11. CC and CXX name the compilers.
set -eu
cc=${CC:-cc}
cxx=${CXX:-}
if [ -z "$cxx" ]; then
    for c in g++ clang++ c++; do
        if command -v "$c" >/dev/null 2>&1; then cxx=$c && break; fi
    done
fi
count=0
failed=0
for header in include/berth/*.h; do
    [ -f "$header" ] || continue
    count=$((count + 1))
    flags="-Iinclude -fsyntax-only -Wall -Wextra -Wpedantic -Wundef -Wshadow -Werror"
    name=${header#include/}
    # Twice, so that the include guard is tried too.
    unit=$(printf '#include "%s"\n#include "%s"\n' "$name" "$name")
    # shellcheck disable=SC2086
    printf '%s\n' "$unit" | $cc -std=c11 $flags -x c - || { echo "headers: $header is not C11 by itself"; failed=1; }
    if [ -n "$cxx" ]; then
        # shellcheck disable=SC2086
        printf '%s\n' "$unit" | $cxx -std=c++11 $flags -x c++ - || { echo "headers: $header is not C++11 by itself"; failed=1; }
    fi
done
[ "$failed" = 0 ] || exit 1
if [ -n "$cxx" ]; then also=" and as C++11"; else also=" (no C++ compiler here: C++ not tried)"; fi
echo "headers: $count public headers compile alone as C11$also"
