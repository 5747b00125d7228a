"""For the program's tests and the demo: starts the stand-in servers, talks to their control interface, runs berth.

    with peer.Certificates() as certs, peer.Mlcycle(certs) as server:
        made = server.seed(projects=[{"name": "p"}])
        result = server.berth(["mlcycle", "projects", "list"])
        assert result.code == 0, result
Leaving a Mlcycle with violations left raises; everything started here ends with this process.
"""
import collections
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import certs as certificates

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PYTHON = sys.executable or "/usr/bin/python3"

Result = collections.namedtuple("Result", "code out err")
Result.text = property(lambda self: self.out.decode("utf-8", "replace"))
Result.lines = property(lambda self: [json.loads(line) for line in self.text.splitlines() if line])


def program():
    """The berth program under test."""
    return os.environ.get("BERTH") or os.path.join(ROOT, "build/san/berth")


def die_with_parent(number=signal.SIGKILL):
    """For preexec_fn: the child gets this signal when its parent ends."""
    ctypes.CDLL(None, use_errno=True).prctl(1, number)  # PR_SET_PDEATHSIG


def end_with_parent():
    """The same with a signal that lets a helper tidy up."""
    die_with_parent(signal.SIGTERM)


def clean_environment(extra=None):
    """The caller's environment without what would steer berth, plus extra."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MLCYCLE_", "BERTH", "HADOOP_")) and
           k.lower() not in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "no_color")}
    env.update({k: os.environ[k] for k in ("BERTH_SEED",) if k in os.environ})
    env.update(extra or {})
    return env


def run_berth(args, input=b"", env=None, timeout=30, cwd=None):
    """Runs berth to its end; Result(code, out, err), both as bytes. A time-out kills it and raises."""
    child = start_berth(args, env, cwd)
    try:
        out, err = child.communicate(input.encode() if isinstance(input, str) else input, timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        raise AssertionError("berth %s: still running after %s s\n%s\n%s" % (args, timeout, out, err))
    return Result(child.returncode, out, err)


def start_berth(args, env=None, cwd=None, **more):
    """Starts berth and answers the Popen, with three pipes unless told otherwise."""
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent)
    pipes.update(more)
    return subprocess.Popen([program()] + [str(a) for a in args], env=clean_environment(env), cwd=cwd,
                            **pipes)


class Folder:
    """A temporary folder that goes away."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="berth-test-")
        return self

    def __exit__(self, *ignored):
        shutil.rmtree(self.path, ignore_errors=True)

    def __call__(self, name):
        return os.path.join(self.path, name)

    def write(self, name, content):
        with open(self(name), "wb") as f:
            f.write(content.encode("utf-8") if isinstance(content, str) else content)
        return self(name)

    def read(self, name):
        with open(self(name), "rb") as f:
            return f.read()


class Certificates(certificates.Certs):
    """certs.Certs in a temporary folder of its own."""

    def __init__(self, only=None):
        self.temporary = tempfile.mkdtemp(prefix="berth-certs-")
        certificates.Certs.__init__(self, certificates.make(self.temporary, only).folder)

    def close(self):
        shutil.rmtree(self.temporary, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()


class Child:
    """A helper program that prints one JSON ready line and ends when its standard input ends."""

    def __init__(self, words, ready=True):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                        preexec_fn=end_with_parent, cwd=HERE)
        line = self.process.stdout.readline() if ready else b"{}"
        if not line:
            self.stop()
            raise RuntimeError("%s did not start: %s" % (words[1], self.stderr()))
        self.ready = json.loads(line)

    def stderr(self):
        """What it wrote to standard error so far, also after its end."""
        if not self.errors.closed:
            self.errors.seek(0)
            self.text = self.errors.read().decode("utf-8", "replace")
        return self.text

    def stop(self):
        """Ends it and answers its exit code."""
        if self.process.poll() is None:
            try:
                self.process.stdin.close()
                self.process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.stderr()
        self.errors.close()
        return self.process.returncode


class Mlcycle:
    """A running stand-in server. certs None: http only. Options are those of mlcycle_server.py: hold_ms=500, spa=True ..."""

    def __init__(self, certs=None, cert="server", check=True, **options):
        self.certs, self.check = certs, check
        words = [PYTHON, os.path.join(HERE, "mlcycle_server.py"), "--until-eof", "--http", "0"]
        if certs:
            words += ["--https", "0", "--cert", certs(cert), "--key", certs.key(cert)]
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            for one in value if isinstance(value, (list, tuple)) else [value]:
                words += [flag] if one is True else [] if one in (None, False) else [flag, str(one)]
        self.child = Child(words)
        self.ports = self.child.ready
        address = "[::1]" if options.get("bind") == "::1" else "127.0.0.1"
        self.http = "http://%s:%d/api" % (address, self.ports["http"])
        self.https = "https://localhost:%d/api" % self.ports["https"] if certs else None
        self.https_ip = "https://%s:%d/api" % (address, self.ports["https"]) if certs else None
        self.host = self.https or self.http
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    # control --------------------------------------------------------------------------------------

    def control(self, method, path, item=None, raw=False):
        request = urllib.request.Request("http://127.0.0.1:%d%s" % (self.ports["control"], path), method=method,
                                         data=None if item is None else json.dumps(item).encode())
        try:
            with self.opener.open(request, timeout=60) as reply:
                data = reply.read()
        except urllib.error.HTTPError as e:
            with e:
                raise AssertionError("control %s %s: %s" % (method, path, e.read().decode()))
        return data if raw else json.loads(data)

    def seed(self, **wish):
        return self.control("POST", "/seed", wish)

    def fault(self, **rule):
        self.control("POST", "/faults", rule)

    def no_faults(self):
        self.control("DELETE", "/faults")

    def state(self):
        return self.control("GET", "/state")

    def job(self, job_id):
        return next(j for j in self.state()["jobs"] if j["id"] == job_id)

    def content(self, fragment_id):
        return self.control("GET", "/content?id=" + fragment_id, raw=True)

    def requests(self, operation=None):
        return [r for r in self.control("GET", "/requests") if operation is None or r["operation"] == operation]

    def forget_requests(self):
        self.control("DELETE", "/requests")

    def violations(self):
        return self.control("GET", "/violations")

    def forget_violations(self):
        self.control("DELETE", "/violations")

    def events(self):
        return self.control("GET", "/events")

    def config(self, **settings):
        return self.control("POST", "/config", settings)

    def close_idle(self):
        return self.control("POST", "/close-idle")["closed"]

    def wake(self):
        return self.control("POST", "/wake")["woken"]

    def reset(self):
        self.control("POST", "/reset")

    def assert_clean(self):
        """Fails when the client did something that a good client does not do."""
        found = self.violations()
        if found:
            raise AssertionError("%d violation(s):\n%s" % (len(found), "\n".join(
                "%(kind)s: %(detail)s (%(request)s)" % v for v in found[:20])))

    # running --------------------------------------------------------------------------------------

    def berth(self, args, input=b"", env=None, timeout=30, cwd=None):
        """run_berth with this server in its environment; --cacert is inserted after the command word when it has TLS."""
        args = [str(a) for a in args]
        if self.certs and args and args[0] in ("mlcycle", "worker") and "--cacert" not in args:
            args[1:1] = ["--cacert", self.certs.ca]
        return run_berth(args, input, dict({"MLCYCLE_HOST": self.host}, **(env or {})), timeout, cwd)

    def close(self):
        self.child.stop()

    def __enter__(self):
        return self

    def __exit__(self, kind, *ignored):
        try:
            if kind is None and self.check:
                self.assert_clean()
        finally:
            self.close()


class Nginx:
    """A real nginx in front of a running Mlcycle (its http side). host, https and http are base URLs through it."""

    def __init__(self, server, certs=None, cert="server", **options):
        words = [PYTHON, os.path.join(HERE, "nginx.py"), "--backend", str(server.ports["http"])]
        if certs:
            words += ["--cert", certs(cert), "--key", certs.key(cert)]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), str(value)]
        self.child = Child(words)
        self.ports = self.child.ready
        self.http = "http://127.0.0.1:%d/api" % self.ports["http"]
        self.https = "https://localhost:%d/api" % self.ports["https"] if certs else None
        self.host = self.https or self.http
        names = ["%s:%d" % (h, p) for h in ("localhost", "127.0.0.1") for k, p in self.ports.items() if k != "pid"]
        server.config(hosts=names, proxied=True)

    def close(self):
        self.child.stop()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()
