#!/usr/bin/env python3
"""Runs a real nginx in front of the stand-in server, as the shipped deployment does (wire page 0.1 and 0.8).

/api goes to the backend with a 1 MiB body limit, /api/fragments without one; everything else is the single-page shell.
Times are shortened. Prints one JSON line with its ports; ends when standard input ends.
"""
import argparse
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CONFIG = """
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/f;
    uwsgi_temp_path {dir}/u;
    scgi_temp_path {dir}/s;
    types {{ text/html html; }}
    default_type application/octet-stream;
    gzip on;
    gzip_proxied any;
    gzip_types text/plain application/json application/problem+json;
    keepalive_timeout {keepalive}s;
    client_body_timeout 5s;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
    server {{
        listen 127.0.0.1:{http};
        {tls}
        location /api {{
            proxy_pass http://127.0.0.1:{backend};
            proxy_read_timeout {read}s;
        }}
        location /api/scheduler {{
            proxy_pass http://127.0.0.1:{backend};
            proxy_read_timeout {poll}s;
        }}
        location /api/fragments {{
            client_max_body_size 0;
            proxy_pass http://127.0.0.1:{backend};
            proxy_read_timeout 30s;
            proxy_send_timeout 30s;
        }}
        location / {{
            root {dir}/html;
            try_files $uri /index.html;
        }}
    }}
}}
"""
TLS = """listen 127.0.0.1:{https} ssl;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:s:1m;"""
SHELL = "<!doctype html><html><head><title>mlcycle</title></head><body><app-root></app-root></body></html>\n"


def program():
    """Where nginx is; it is often outside an ordinary user's PATH."""
    return shutil.which("nginx") or next((p for p in ("/usr/sbin/nginx", "/usr/local/sbin/nginx") if os.path.exists(p)), None)


def free_ports(count):
    socks = [socket.socket() for _ in range(count)]
    for sock in socks:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in socks]
    for sock in socks:
        sock.close()
    return ports


def start(folder, backend, cert=None, key=None, read_s=3, poll_s=5, keepalive_s=75):
    """Starts nginx in the foreground with everything it writes below the folder; answers (Popen, ports)."""
    os.makedirs(os.path.join(folder, "html"))
    with open(os.path.join(folder, "html", "index.html"), "w", encoding="ascii") as f:
        f.write(SHELL)
    path, log = os.path.join(folder, "nginx.conf"), os.path.join(folder, "error.log")
    for _ in range(5):  # somebody may take a port in between
        ports = dict(zip(("http", "https"), free_ports(2 if cert else 1)))
        tls = TLS.format(https=ports.get("https"), cert=cert, key=key) if cert else ""
        with open(path, "w", encoding="ascii") as f:
            f.write(CONFIG.format(dir=folder, http=ports["http"], backend=backend, tls=tls, read=read_s, poll=poll_s,
                                  keepalive=keepalive_s))
        process = subprocess.Popen(
            [program(), "-p", folder, "-c", path, "-e", log], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))  # PR_SET_PDEATHSIG
        if _up(process, ports["http"]):
            return process, ports
    with open(log, encoding="utf-8", errors="replace") as f:
        raise RuntimeError("nginx did not start: " + f.read())


def _up(process, port):
    """Waits until it answers; False when it ended instead."""
    end = time.monotonic() + 10
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
                sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if sock.recv(16).startswith(b"HTTP/1.1 200"):
                    return True
        except OSError:
            time.sleep(0.01)
    process.kill()
    process.wait()
    return False


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--backend", type=int, required=True, metavar="PORT", help="http port of the stand-in server")
    p.add_argument("--cert", metavar="FILE", help="certificate chain: serve https too (TLS 1.2 and 1.3)")
    p.add_argument("--key", metavar="FILE", help="its key")
    p.add_argument("--read-s", type=int, default=3, help="read timeout of /api (3; really 60)")
    p.add_argument("--poll-s", type=int, default=5, help="read timeout of /api/scheduler (5; really 300)")
    p.add_argument("--keepalive-s", type=int, default=75, help="idle time of a connection (75)")
    args = p.parse_args()
    if not program():
        sys.exit("nginx is not installed (Debian: nginx-light)")
    folder = tempfile.mkdtemp(prefix="berth-nginx-")
    try:
        process, ports = start(folder, args.backend, args.cert, args.key, args.read_s, args.poll_s, args.keepalive_s)
        try:
            print(json.dumps(dict(ports, pid=process.pid)), flush=True)
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            while os.read(0, 4096):
                pass
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
