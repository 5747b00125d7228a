#!/usr/bin/python3 -IS
"""A stand-in for docker (and du, by its name) that records how it was called and does what a script says.

The folder in FAKE_DOCKER holds
  calls        one JSON object a line: argv, stdin, env (of the names that matter), whether the data lock was held meanwhile
  containers   {name: {"label": ..., "running": ...}}
  script       rules, the first that matches counts: {"words": [...], what follows}; words must all be arguments, in this order
               status, stdout, stderr   the answer, in place of the usual one
               delay                    seconds before it, during which SIGTERM ends us; deaf: it does not
               acts                     the usual effect is had although the answer is another
               kill                     "before" or "after" the effect: our parent is killed (SIGKILL)
               times                    how often the rule counts
"""
import fcntl
import json
import os
import signal
import sys
import time

HOME = os.environ["FAKE_DOCKER"]
NAMES = ("PASSWORD", "DISPLAY", "DOCKER_HOST")


def load(name, empty):
    try:
        with open(os.path.join(HOME, name)) as f:
            return json.load(f)
    except FileNotFoundError:
        return empty


def save(name, value):
    with open(os.path.join(HOME, name + ".new"), "w") as f:
        json.dump(value, f)
    os.rename(os.path.join(HOME, name + ".new"), os.path.join(HOME, name))


def is_locked():
    """Whether somebody holds the bookings' data lock."""
    try:
        with open(os.path.join(os.environ["FAKE_JOBS"], ".lock"), "r+") as f:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def record(argv, stdin):
    entry = {"argv": argv, "stdin": stdin, "env": {n: os.environ[n] for n in NAMES if n in os.environ}, "locked": is_locked()}
    with open(os.path.join(HOME, "calls"), "a") as f:
        f.write(json.dumps(entry) + "\n")


def contains(argv, words):
    rest = iter(argv)
    return all(any(word == one for one in rest) for word in words)


def find_rule(argv):
    rules = load("script", [])
    for rule in rules:
        if contains(argv, rule["words"]) and rule.get("times", 1) > 0:
            if "times" in rule:
                rule["times"] -= 1
                save("script", rules)
            return rule
    return {}


def option(argv, name):
    for i, word in enumerate(argv):
        if word == name:
            return argv[i + 1]
        if word.startswith(name + "="):
            return word[len(name) + 1:]
    return None


def no_such(name):
    return 1, "", "Error response from daemon: No such container: %s\n" % name


def run(argv, containers):
    name = option(argv, "--name")
    if name in containers:
        return 125, "", 'docker: Error response from daemon: Conflict. The container name "/%s" is already in use.\nSee help.\n' % name
    label = option(argv, "--label") or ""
    containers[name] = {"label": label.partition("=")[2], "running": True}
    return 0, "0123456789abcdef\n", ""


def container(argv, containers):
    verb, name = argv[2], argv[-1]
    if name not in containers:
        return no_such(name)
    one = containers[name]
    if verb == "inspect":
        return 0, one["label"] + "\n", ""
    if verb == "stop":
        one["running"] = False
    elif verb == "start":
        one["running"] = True
    elif verb == "rm":
        if one["running"]:
            return 1, "", "Error response from daemon: cannot remove a running container %s\n" % name
        del containers[name]
    return 0, name + "\n", ""


def execute(argv, containers):
    name = argv[3] if argv[2] == "-i" else argv[2]
    if name not in containers:
        return no_such(name)
    return (0, "done\n", "") if containers[name]["running"] else (1, "", "Error response from daemon: container %s is not running\n" % name)


def restart(argv, containers):
    return container(["docker", "container", "start", argv[-1]], containers)


def du(argv, containers):
    return 0, "4\t%s\n" % argv[-1], ""


VERBS = {"run": run, "container": container, "exec": execute, "restart": restart}


def act(argv):
    """The usual effect, on containers that several of us share."""
    with open(os.path.join(HOME, "mutex"), "a") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        containers = load("containers", {})
        answer = (du if argv[0] == "du" else VERBS[argv[1]])(argv, containers)
        save("containers", containers)
    return answer


def main():
    argv = [os.path.basename(sys.argv[0])] + sys.argv[1:]
    parent = os.getppid()
    record(argv, sys.stdin.read())
    rule = find_rule(argv)
    if rule.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(rule.get("delay", 0))
    if rule.get("kill") == "before":
        os.kill(parent, signal.SIGKILL)
        return 1
    given = "status" in rule or "stdout" in rule or "stderr" in rule
    status, out, err = act(argv) if not given or rule.get("acts") else (0, "", "")
    if given:
        status, out, err = rule.get("status", 0), rule.get("stdout", ""), rule.get("stderr", "")
    if rule.get("kill") == "after":
        os.kill(parent, signal.SIGKILL)
    sys.stdout.write(out)
    sys.stderr.write(err)
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    sys.exit(main())
