"""make demo: a TLS server with a fresh certificate, a git repository with a pipeline, one worker, and what came of it;
then a shared GPU host, a booking and the schedule drawn.

Everything lives in a temporary folder and on 127.0.0.1, and is gone at the end.
"""
import json
import os
import shlex
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "peers"))
import demo_booking  # noqa: E402
import peer  # noqa: E402

os.environ.setdefault("BERTH", os.path.join(peer.ROOT, "build", "berth"))
BOLD, PLAIN = ("\033[1m", "\033[0m") if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else ("", "")


def say(text):
    print("\n%s== %s%s" % (BOLD, text, PLAIN), flush=True)


def show(server, words, expect=0, quiet=False):
    """Runs berth as a person would, shows the command and what it prints; answers its standard output."""
    print("%s$ berth %s%s" % (BOLD, " ".join(shlex.quote(w) for w in words), PLAIN), flush=True)
    env = {"MLCYCLE_HOST": server.host, "COLUMNS": "120"} if server else {"COLUMNS": "120", "LC_ALL": "C.UTF-8"}
    if words[0] in ("mlcycle", "worker"):
        words = words[:1] + ["--cacert", server.certs.ca] + words[1:]
    result = peer.run_berth(words, env=env, timeout=50)
    if not quiet:
        sys.stdout.write(result.text)
    sys.stdout.write(result.err.decode())
    sys.stdout.flush()
    if result.code != expect:
        sys.exit("demo: exit code %d, expected %d" % (result.code, expect))
    return result.text


def make_repository(folder):
    """The project as a git repository; its address."""
    path = folder("pipeline.git")
    shutil.copytree(os.path.join(HERE, "project"), path)
    git = ["git", "-C", path, "-c", "user.name=demo", "-c", "user.email=demo@localhost", "-c", "init.defaultBranch=main"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "A small pipeline"]):
        subprocess.run(git + words, check=True)
    return "file://" + path


def main():
    began = time.monotonic()
    with peer.Folder() as folder, peer.Certificates(["server"]) as certs, peer.Mlcycle(certs, hold_ms=1500) as server:
        say("An mlcycle server on TLS, its certificate made just now, and a git repository with a pipeline.yml")
        print(server.host)
        repository = make_repository(folder)
        text = show(server, ["mlcycle", "--json", "projects", "add", "--name", "demo", "--git", repository])
        project = json.loads(text)["id"]

        say("A job of that project")
        text = show(server, ["mlcycle", "--json", "jobs", "trigger", project])
        job = json.loads(text)["id"]
        show(server, ["mlcycle", "scheduler", "pending", "--wait", "2"])

        say("A worker with four GPUs takes its steps, one after the other; the third fails on purpose")
        show(server, ["worker", "--once", "--gpus", "4", "--workdir", folder("work")])

        say("What came of it")
        show(server, ["mlcycle", "jobs", "list"])
        print()
        show(server, ["mlcycle", "jobs", "get", job])

        say("The log of the step that trained, and of the one that failed")
        show(server, ["mlcycle", "fragments", "latest", "2_console.log", "--job", job, "-o", "-"])
        print()
        show(server, ["mlcycle", "fragments", "latest", "3_console.log", "--job", job, "-o", "-"])

        states = [s["state"] for s in server.job(job)["steps"]]
        metrics = server.job(job)["steps"][2].get("metrics") or {}
        if states != [2, 2, 2, 31, 0] or metrics.get("epochs") != 12:
            sys.exit("demo: the job did not end as it should: %s %s" % (states, metrics))
        if os.listdir(folder("work")) not in (["worker.lock", "worker.state"], ["worker.state", "worker.lock"]):
            sys.exit("demo: the worker left something behind: %s" % os.listdir(folder("work")))
    demo_booking.main(say, lambda words, **more: show(None, words, **more))
    say("Done in %.1f s: no heap, nothing left behind" % (time.monotonic() - began))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("demo: interrupted; what it had started is ended and removed")
