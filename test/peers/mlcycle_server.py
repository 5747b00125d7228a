#!/usr/bin/env python3
"""A strict stand-in for the mlcycle backend, written from the wire page and from nothing else.

It refuses what the real server refuses, and records as a violation what the wire page calls a client's defect.
On start it prints one JSON line with its ports. See README.md for the control interface and the faults.
"""
import argparse
import ctypes
import json
import os
import signal
import socket
import ssl
import sys
import threading
import time

import control
import faults
import http_layer
import routes
import store

DEFAULTS = {"hold_ms": 2000, "tz_min": 0, "spa": False, "hosts": [], "proxied": False, "idle_ms": 120000,
            "body_ms": 8000, "send_ms": 30000, "json_max": http_layer.JSON_MAX, "redirect_https": False, "allow": []}
KEEP = 50000  # requests and violations remembered


class Server:
    """Listeners, connections, the store, the logs."""

    def __init__(self, config=None, seed=None, tls=None, violations_file=None):
        self.config = dict(DEFAULTS, **(config or {}))
        self.store, self.faults = store.Store(seed), faults.Faults()
        self.router = routes.Router(self.store, self.config)
        self.ports, self.tls, self.started = {}, tls, time.time()
        self.requests, self.violations, self.events = [], [], []
        self.lock, self.connections, self.count = threading.Lock(), set(), 0
        self.violations_file, self.stopped = violations_file, threading.Event()
        if tls:
            tls.sni_callback = self._sni

    def _sni(self, sock, name, context):
        sock.berth_sni = name
        if name and (":" in name or name.replace(".", "").isdigit()):
            self.violate("sni", "server name %r is an address" % name, "handshake")

    def open(self, scheme, address, port):
        sock = http_layer.listen(address, port)
        if port is not None:
            self.ports[scheme] = sock.getsockname()[1]
        threading.Thread(target=http_layer.Listener(self, scheme, sock).run, daemon=True).start()

    def accepted(self, sock, scheme):
        with self.lock:
            self.count += 1
            connection = http_layer.Connection(self, sock, scheme, self.count)
            self.connections.add(connection)
            return connection

    def gone(self, connection):
        with self.lock:
            self.connections.discard(connection)

    def close_idle(self):
        with self.lock:
            idle = [c for c in self.connections if c.idle]
        for connection in idle:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        return len(idle)

    def handle(self, request):
        return self.router.handle(request)

    # logs -----------------------------------------------------------------------------------------

    def violate(self, kind, detail, where):
        if kind in self.config["allow"] or "*" in self.config["allow"]:
            self.event("allowed %s: %s" % (kind, detail), 0)
            return
        with self.lock:
            if len(self.violations) < KEEP:
                self.violations.append({"kind": kind, "detail": detail, "request": where})
        line = "VIOLATION %s: %s (%s)\n" % (kind, detail, where)
        sys.stderr.write(line)
        sys.stderr.flush()
        if self.violations_file:
            with open(self.violations_file, "a", encoding="utf-8") as f:
                f.write(line)

    def event(self, text, connection):
        with self.lock:
            if len(self.events) < KEEP:
                self.events.append({"event": text, "connection": connection})

    def log(self, request, fault, started):
        entry = {"connection": request.connection.number, "scheme": request.scheme, "tls": request.connection.tls,
                 "method": request.method, "target": request.target, "headers": [list(h) for h in request.headers],
                 "time_ms": int((started - self.started) * 1000), "status": None, "operation": None,
                 "fault": {k: v for k, v in fault.items() if k not in ("seen", "skip", "count")} or None}
        with self.lock:
            self.requests.append(entry)
            del self.requests[:-KEEP]
        return entry

    def log_end(self, entry, request, status):
        body = request.body
        entry.update(operation=request.operation, body_length=body.length, body_sha256=body.digest.hexdigest(),
                     body_head=body.head.decode("latin-1"), violations=request.violations, status=status or entry["status"],
                     took_ms=int((time.time() - self.started) * 1000) - entry["time_ms"])

    # control --------------------------------------------------------------------------------------

    def ready(self):
        return dict(self.ports, pid=os.getpid())

    def configure(self, wish):
        unknown = sorted(set(wish) - set(self.config))
        if unknown:
            raise ValueError("unknown setting %s" % ", ".join(unknown))
        self.config.update(wish)
        return self.config

    def reset(self):
        self.store.clear()
        self.faults.clear()
        with self.lock:
            self.requests, self.violations, self.events = [], [], []
        return {}

    def stop(self):
        self.stopped.set()
        return {}


def tls_context(args):
    """The server side of TLS from the command line."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
    context.minimum_version, context.maximum_version = names[args.tls_min], names[args.tls_max]
    context.load_cert_chain(args.cert, args.key or args.cert)
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE  # the client's order counts, as with Kestrel 2.2 and nginx
    context.set_alpn_protocols(["h2", "http/1.1"])
    if args.client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(args.client_ca)
    return context


def end_with_parent(until_eof, stopped):
    """Ends this process when the one that started it ends."""
    if until_eof:
        def watch():
            while os.read(0, 4096):
                pass
            stopped.set()
        threading.Thread(target=watch, daemon=True).start()
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def arguments(argv):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--http", type=int, metavar="PORT", help="serve http on this port, 0 picks a free one")
    p.add_argument("--https", type=int, metavar="PORT", help="serve https (needs --cert), 0 picks a free port")
    p.add_argument("--unix", metavar="PATH", help="serve http on this unix socket")
    p.add_argument("--control", type=int, default=0, metavar="PORT", help="control interface (0: a free port)")
    p.add_argument("--bind", default="127.0.0.1", metavar="ADDR", help="address to listen on (127.0.0.1)")
    p.add_argument("--cert", metavar="FILE", help="certificate chain, PEM")
    p.add_argument("--key", metavar="FILE", help="its key, PEM (the same file)")
    p.add_argument("--client-ca", metavar="FILE", help="require a client certificate of this CA")
    p.add_argument("--tls-min", choices=("1.2", "1.3"), default="1.2", help="lowest TLS version (1.2)")
    p.add_argument("--tls-max", choices=("1.2", "1.3"), default="1.2", help="highest TLS version (1.2, as Kestrel 2.2)")
    p.add_argument("--hold-ms", type=int, default=DEFAULTS["hold_ms"], help="long poll until 408 (2000; really 180000)")
    p.add_argument("--tz-minutes", type=int, default=0, help="the server's time zone, east of UTC (0)")
    p.add_argument("--host", action="append", default=[], metavar="NAME[:PORT]", help="also right in Host; * for any")
    p.add_argument("--proxied", action="store_true", help="a proxy stands in front: its headers are fine")
    p.add_argument("--spa", action="store_true", help="outside /api answer like the production front: 200 text/html")
    p.add_argument("--redirect-https", action="store_true", help="answer every http request with 307 to https")
    p.add_argument("--allow", action="append", default=[], metavar="KIND", help="do not record this kind of violation")
    p.add_argument("--seed", type=int, help="make the ids repeatable")
    p.add_argument("--load", metavar="FILE", help="JSON for /seed, put in before the start")
    p.add_argument("--violations", metavar="FILE", help="also append violations to this file")
    p.add_argument("--until-eof", action="store_true", help="end when standard input ends")
    p.add_argument("--help-faults", action="store_true", help="list the keys of a fault rule and the control calls")
    args = p.parse_args(argv)
    if args.help_faults:
        for name, text in list(faults.KEYS.items()) + list(control.HELP.items()):
            print("%-20s %s" % (name, text))
        sys.exit(0)
    if args.http is None and args.https is None and not args.unix:
        p.error("nothing to serve: give --http, --https or --unix")
    if args.https is not None and not args.cert:
        p.error("--https needs --cert")
    return args


def main(argv=None):
    args = arguments(argv)
    config = {"hold_ms": args.hold_ms, "tz_min": args.tz_minutes, "hosts": args.host, "proxied": args.proxied,
              "spa": args.spa, "redirect_https": args.redirect_https, "allow": args.allow}
    server = Server(config, args.seed, tls_context(args) if args.https is not None else None, args.violations)
    end_with_parent(args.until_eof, server.stopped)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stopped.set())
    if args.load:
        with open(args.load, encoding="utf-8") as f:
            control.seed(server.store, json.load(f))
    if args.http is not None:
        server.open("http", args.bind, args.http)
    if args.https is not None:
        server.open("https", args.bind, args.https)
    if args.unix:
        server.open("unix", args.unix, None)
    server.ports["control"] = control.Control(server, port=args.control).port
    print(json.dumps(server.ready()), flush=True)
    server.stopped.wait()
    if args.unix:
        os.unlink(args.unix)
    sys.stdout.flush()
    os._exit(1 if server.violations else 0)


if __name__ == "__main__":
    main()
