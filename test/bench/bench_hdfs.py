#!/usr/bin/env python3
"""berth hdfs beside curl: a large file down and up, from and to one nginx, which plays a cluster: it sends a redirect to
itself for the data, as a NameNode does, and keeps what is uploaded.

Over TLS at the speed of a gigabit line (a relay between the two lets no more through), over TLS as fast as it goes, and
over plain http. Both programs are started anew for each round, in turns. docs/benchmarks.md says what comes of it.
"""
import argparse
import ctypes
import glob
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/peers"))
import nginx  # noqa: E402
import peer  # noqa: E402

BERTH, CURL = "berth", "curl"
RATIO_TARGET, PEAK_TARGET = 0.9, 4  # of curl's speed at a gigabit; MB
MB = 1e6
LINE = 117e6  # bytes a second that a gigabit line carries of TCP's data
FILE, UP = "/webhdfs/v1/big", "/webhdfs/v1/up"
LINES = (("over TLS, 1 Gbit/s", "line"), ("over TLS, unlimited", "tls"), ("over http, unlimited", "plain"))
# Ratios are of the best rounds: what else runs on the machine can only make one slower.

CONFIG = """
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/p;
    fastcgi_temp_path {dir}/f;
    uwsgi_temp_path {dir}/u;
    scgi_temp_path {dir}/s;
    default_type application/octet-stream;
    client_max_body_size 0;
    sendfile on;
    keepalive_timeout 60s;
    server {{
        listen 127.0.0.1:{port} ssl;
        listen 127.0.0.1:{plain};
        ssl_certificate {cert};
        ssl_certificate_key {key};
        root {dir}/data;
        dav_methods PUT;
        location / {{
            if ($arg_op = OPEN) {{ return 307 $scheme://$http_host/dn$request_uri; }}
            if ($arg_op = CREATE) {{ return 307 $scheme://$http_host/dn$request_uri; }}
            if ($arg_op = RENAME) {{ return 200; }}
            default_type application/json;
            if ($arg_op = DELETE) {{ return 200 '{{"boolean":true}}'; }}
            return 404;
        }}
        location = {file} {{
            if ($arg_op = OPEN) {{ return 307 $scheme://$http_host/dn$request_uri; }}
            default_type application/json;
            return 200 '{status}';
        }}
        location ~ ^{up}.tmp- {{
            if ($arg_op = CREATE) {{ return 307 $scheme://$http_host/dn$request_uri; }}
            default_type application/json;
            if ($arg_op = RENAME) {{ return 200; }}
            if ($arg_op = DELETE) {{ return 200 '{{"boolean":true}}'; }}
            return 200 '{status}';
        }}
        location /dn/ {{ keepalive_timeout 0; }}
    }}
}}
"""
STATUS = '{{"FileStatus":{{"accessTime":1,"blockSize":134217728,"group":"g","length":{size},"modificationTime":2,"owner":"o",' \
         '"pathSuffix":"","permission":"644","replication":3,"type":"FILE"}}}}'


def start_server(folder, certs, size):
    """nginx in the foreground; its port."""
    data = os.path.join(folder, "data/dn/webhdfs/v1")
    os.makedirs(data)
    with open(os.path.join(data, "big"), "wb") as f:
        block = os.urandom(1 << 20)
        for _ in range(size >> 20):
            f.write(block)
    port, plain = nginx.free_ports(2)
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write(CONFIG.format(dir=folder, port=port, plain=plain, cert=certs("server"), key=certs.key("server"), file=FILE,
                              up=UP, status=STATUS.format(size=size)))
    process = subprocess.Popen([nginx.program(), "-p", folder, "-c", path, "-e", os.path.join(folder, "error.log")],
                               stdin=subprocess.DEVNULL, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
    time.sleep(0.5)
    if process.poll() is not None:
        sys.exit("bench: nginx did not start")
    return process, port, plain


def relay(port):
    """A child process that lets LINE bytes a second through to PORT, in each direction; (its id, its port)."""
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child:
        with listener:
            return child, listener.getsockname()[1]
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    while True:
        client = listener.accept()[0]
        server = socket.create_connection(("127.0.0.1", port))
        for pair in ((client, server), (server, client)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


def pump(source, target):
    begin, passed = time.monotonic(), 0
    try:
        while True:
            data = source.recv(131072)
            if not data:
                break
            target.sendall(data)
            passed += len(data)
            ahead = passed / LINE - (time.monotonic() - begin)
            if ahead > 0:
                time.sleep(ahead)
            elif ahead < -0.1:
                begin, passed = time.monotonic(), 0  # it was idle: nothing is saved up
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def words(contender, case, root, folder, certs):
    out, big = os.path.join(folder, "big.out"), os.path.join(folder, "data/dn/webhdfs/v1/big")
    if contender == BERTH:
        common = [os.environ.get("BERTH") or os.path.join(ROOT, "build/berth"), "hdfs", "get" if case == "download" else "put",
                  "--root", root, "--cacert", certs.ca, "--overwrite", "--quiet"]
        return common + (["/big", out] if case == "download" else [big, "/up"])
    common = ["curl", "--silent", "--show-error", "--fail", "--location", "--noproxy", "*", "--cacert", certs.ca]
    return common + (["-o", out, root + FILE + "?op=OPEN"] if case == "download" else
                     ["-T", big, root + UP + ".tmp-curl?op=CREATE&overwrite=true"])


def run(command):
    """Seconds elapsed, seconds of processor time, peak memory in bytes."""
    begin = time.monotonic()
    child = subprocess.Popen(command, env=peer.clean_environment(), preexec_fn=peer.die_with_parent)
    peak = [0]
    watch = threading.Thread(target=watch_peak, args=(child.pid, peak))
    watch.start()
    _, code, usage = os.wait4(child.pid, 0)
    child.returncode, elapsed = code, time.monotonic() - begin
    watch.join()
    if code != 0:
        sys.exit("bench: %s ended with %d" % (command[0], code))
    return elapsed, usage.ru_utime + usage.ru_stime, peak[0]


def watch_peak(pid, peak):
    """The system's own figure also counts what the process was before it became the program: so it is asked again and again."""
    while True:
        try:
            with open("/proc/%d/status" % pid, encoding="ascii") as f:
                text = f.read()
        except OSError:
            return
        found = re.search(r"VmHWM:\s+(\d+)", text)
        if not found or "Name:\tpython" in text:
            if "State:\tZ" in text:
                return
        else:
            peak[0] = max(peak[0], int(found.group(1)) * 1024)
        time.sleep(0.02)


def spread(values):
    return "%.0f (%.0f..%.0f)" % (statistics.median(values), min(values), max(values))


def row(*cells):
    print("  %-36s%-24s%-24s%s" % cells)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--size", type=int, default=128, help="MiB (128)")
    p.add_argument("--rounds", type=int, default=5)
    args = p.parse_args()
    size = args.size << 20
    results = {}
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # the disk is not what is measured
    with tempfile.TemporaryDirectory(prefix="berth-bench-", dir=memory) as folder, peer.Certificates(["server"]) as certs:
        server, port, plain = start_server(folder, certs, size)
        child, line = relay(port)
        roots = {"line": "https://localhost:%d" % line, "tls": "https://localhost:%d" % port, "plain": "http://localhost:%d" % plain}
        try:
            for number in range(args.rounds):
                for kind in roots:
                    for case in ("download", "upload"):
                        for contender in (BERTH, CURL) if number % 2 else (CURL, BERTH):
                            results.setdefault((case, kind, contender), []).append(
                                run(words(contender, case, roots[kind], folder, certs)))
                            forget(folder)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            server.kill()
            server.wait()
    show(results, args, size)


def forget(folder):
    """Both begin without an old file."""
    for name in [os.path.join(folder, "big.out")] + glob.glob(os.path.join(folder, "data/dn/webhdfs/v1/up*")):
        if os.path.exists(name):
            os.remove(name)


def show(results, args, size):
    print("\nOne file of %d MiB, nginx at the other end; %d rounds in turns, median (lowest..highest), ratios of the best; load of the machine %.1f\n"
          "on %d processors.\n" % (args.size, args.rounds, os.getloadavg()[0], os.cpu_count()))
    row("speed, MB/s", BERTH, CURL, "berth is")
    ratios = {}
    for case in ("download", "upload"):
        for title, kind in LINES:
            ours, theirs = ([size / MB / r[0] for r in results[case, kind, c]] for c in (BERTH, CURL))
            ratios[case, kind] = max(ours) / max(theirs)
            row("%s %s" % (case, title), spread(ours), spread(theirs), "%.2f times as fast" % ratios[case, kind])
    print()
    row("processor time, seconds a GB", BERTH, CURL, "")
    for case in ("download", "upload"):
        for title, kind in LINES[1:]:
            row("%s %s" % (case, title), *("%.2f" % (statistics.median(r[1] for r in results[case, kind, c]) / size * 1e9)
                                           for c in (BERTH, CURL)), "")
    print()
    peaks = {c: max(r[2] for k, v in results.items() if k[2] == c for r in v) for c in (BERTH, CURL)}
    row("peak memory, MB", "%.1f" % (peaks[BERTH] / MB), "%.1f" % (peaks[CURL] / MB), "")
    print()
    for case in ("download", "upload"):
        ratio = ratios[case, "line"]
        print("  target: %-70s %s" % ("%s over TLS at 1 Gbit/s at least %.1f of curl's speed: %.2f" % (case, RATIO_TARGET, ratio),
                                      "met" if ratio >= RATIO_TARGET else "missed"))
    print("  target: %-70s %s" % ("peak memory of the process below %d MB: %.1f" % (PEAK_TARGET, peaks[BERTH] / MB),
                                  "met" if peaks[BERTH] / MB < PEAK_TARGET else "missed"))


if __name__ == "__main__":
    main()
