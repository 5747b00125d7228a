#!/bin/sh
# deps.sh [GOAL...]: install with apt what the goals need and the machine lacks. Asks nothing.
# A line of the table: Debian package, how to see that it is there (cmd NAME, hdr HEADER, file PATH), the goals that need it.
set -eu

table='
gcc                  cmd gcc                  all demo test check bench size stack fuzz install
make                 cmd make                 all demo test check bench size stack fuzz install
libc6-dev            hdr stdio.h              all demo test check bench size stack fuzz install
binutils             cmd objcopy              all demo test check bench size stack fuzz install
libjsmn-dev          hdr jsmn.h               all demo test check bench size stack fuzz install
libmbedtls-dev       hdr mbedtls/ssl.h        all demo test check bench size stack fuzz install
python3              cmd python3              demo test check bench size stack
openssl              cmd openssl              demo test bench
git                  cmd git                  demo test dist check
libcmocka-dev        hdr cmocka.h             test
g++                  cmd g++                  test check
nginx-light          cmd nginx                test
docker.io            cmd dockerd              test
pkg-config           cmd pkg-config           test
groff-base           cmd groff                test
mandoc               cmd mandoc               test
tmux                 cmd tmux                 test
zsh                  cmd zsh                  test
fish                 cmd fish                 test
python3-pandas       file /usr/lib/python3/dist-packages/pandas/__init__.py test
python3-yaml         file /usr/lib/python3/dist-packages/yaml/__init__.py test
clang                cmd clang                check fuzz
clang-format         cmd clang-format         check
clang-tidy           cmd clang-tidy           check
cppcheck             cmd cppcheck             check
gcc-arm-none-eabi    cmd arm-none-eabi-gcc    size stack bench-m3
libnewlib-arm-none-eabi file /usr/lib/arm-none-eabi/newlib/libc.a size stack bench-m3
qemu-system-arm      cmd qemu-system-arm      bench-m3
gcc-aarch64-linux-gnu cmd aarch64-linux-gnu-gcc size stack
libc6-dev-arm64-cross file /usr/aarch64-linux-gnu/include/stdio.h size stack
qemu-user-static     cmd qemu-aarch64-static  test-arm test-bigendian
gcc-aarch64-linux-gnu cmd aarch64-linux-gnu-gcc test-arm
libc6-dev-arm64-cross file /usr/aarch64-linux-gnu/include/stdio.h test-arm
gcc-arm-linux-gnueabihf cmd arm-linux-gnueabihf-gcc test-arm
libc6-dev-armhf-cross file /usr/arm-linux-gnueabihf/include/stdio.h test-arm
gcc-s390x-linux-gnu  cmd s390x-linux-gnu-gcc  test-bigendian
libc6-dev-s390x-cross file /usr/s390x-linux-gnu/include/stdio.h test-bigendian
dpkg-dev             cmd dpkg-source          test-arm test-bigendian
libcurl4-openssl-dev hdr curl/curl.h          bench
libcjson-dev         hdr cjson/cJSON.h        bench
python3-requests     file /usr/lib/python3/dist-packages/requests/__init__.py bench
python3-pandas       file /usr/lib/python3/dist-packages/pandas/__init__.py bench
'
goals=
for g in ${*:-all demo test check bench fuzz install dist}; do
    case $g in
    demo | test | check | bench | bench-m3 | size | stack | fuzz | install | dist) goals="$goals $g" ;;
    test-arm | test-bigendian) goals="$goals all demo $g" ;; # their tests need what the demo does
    *) goals="$goals all" ;; # anything else is built from the library
    esac
done
goals=${goals# }

have_cmd() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]
}

have_hdr() {
    case $1 in
    cmocka.h) pre='stdarg.h stddef.h setjmp.h stdint.h' ;;
    stdio.h) pre=stddef.h ;;
    *) pre= ;;
    esac
    for h in $pre "$1"; do echo "#include <$h>"; done | "${CC:-cc}" -E - >/dev/null 2>&1
}

have_file() {
    [ -e "$1" ]
}

# Prism, an OpenAPI validator, and the file that OpenPAI's interface is published in, into build/prism/. Where npm
# is missing or the registry cannot be reached, the test that wants them is skipped.
prism=${0%/*}/../../build/prism
node_packages() {
    case " $goals " in *" test "*) ;; *) return 0 ;; esac
    if [ -e "$prism/swagger.yaml" ] && [ -e "$prism/node_modules/.bin/prism" ]; then return 0; fi
    if ! have_cmd npm || ! have_cmd node; then
        echo "deps: no npm: the OpenAPI test will be skipped"
        return 0
    fi
    mkdir -p "$prism"
    if (cd "$prism" && npm install --no-audit --no-fund --ignore-scripts --prefix . @stoplight/prism-cli@5.14.2 &&
        npm pack @microsoft/openpai-js-sdk@0.1.5 &&
        tar -xzf microsoft-openpai-js-sdk-0.1.5.tgz --strip-components=5 package/lib/src/api/v2/swagger.yaml) \
        >"$prism/install.log" 2>&1 </dev/null; then
        echo "deps: installed prism into build/"
    else
        echo "deps: npm could not install prism (build/prism/install.log): the OpenAPI test will be skipped"
    fi
}

missing=
while read -r package how what needed_by; do
    [ -n "$package" ] || continue
    wanted=
    for g in $goals; do
        case " $needed_by " in *" $g "*) wanted=yes ;; esac
    done
    [ -n "$wanted" ] || continue
    if ! "have_$how" "$what"; then missing="$missing $package"; fi
done <<END
$table
END

missing=${missing# }
if [ -z "$missing" ]; then
    node_packages
    echo "deps: nothing is missing for: $goals"
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "deps: missing (Debian's names): $missing. There is no apt-get here; install them in your system's way." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "deps: missing: $missing. As root: apt-get install --no-install-recommends $missing" >&2
    exit 1
fi
echo "deps: installing $missing"
export DEBIAN_FRONTEND=noninteractive
install="apt-get install -y -q --no-install-recommends $missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! $install >"$log" 2>&1 </dev/null; then
    apt-get update -q >>"$log" 2>&1 </dev/null || true # a stale index of a foreign architecture is not fatal
    # shellcheck disable=SC2086
    $install >>"$log" 2>&1 </dev/null || {
        cat "$log" >&2
        echo "deps: apt-get could not install: $missing" >&2
        exit 1
    }
fi
echo "deps: installed $missing"
node_packages
