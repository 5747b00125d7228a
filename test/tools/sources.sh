#!/bin/sh
# sources.sh PACKAGE...: unpacks Debian's source packages into build/src/PACKAGE, once. Nothing of the system is changed: the
# lists and files of this download live below build/src too.
set -eu
cd "$(dirname "$0")/../.."

missing=
for package in "$@"; do
    [ -d "build/src/$package" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

mkdir -p build/src
exec 9>build/src/.lock
if command -v flock >/dev/null 2>&1; then flock 9; fi
folder=$PWD/build/src
mkdir -p "$folder/apt/lists/partial" "$folder/apt/parts"
# The machine's own mirrors and keys, asked for sources.
found=
for list in /etc/apt/sources.list.d/*.sources; do
    [ -f "$list" ] || continue
    found=yes
    sed 's/^Types:.*/Types: deb-src/' "$list" >"$folder/apt/parts/$(basename "$list")"
done
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -s "$list" ] || continue
    found=yes
    sed -n 's/^deb /deb-src /p' "$list" >"$folder/apt/parts/$(basename "$list" .list).list"
done
if [ -z "$found" ] || ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-source >/dev/null 2>&1; then
    echo "sources: needs apt-get with its lists and dpkg-source (package dpkg-dev) to get:$missing" >&2
    exit 1
fi
apt() {
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$folder/apt/parts" -o "Dir::State::lists=$folder/apt/lists" \
        -o APT::Sandbox::User="$(id -un)" "$@" >"$folder/apt/log" 2>&1 </dev/null || {
        cat "$folder/apt/log" >&2
        echo "sources: apt-get could not get:$missing" >&2
        exit 1
    }
}
apt update
for package in $missing; do
    rm -rf "$folder/new" && mkdir "$folder/new"
    (cd "$folder/new" && apt source "$package")
    mv "$folder/new/"*/ "$folder/$package"
    rm -rf "$folder/new"
    echo "sources: build/src/$package"
done
