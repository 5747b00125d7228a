"""The second half of make demo: a shared GPU host, a booking made on a terminal, the schedule drawn."""
import os
import pty
import secrets
import select
import subprocess
import sys
import time

import peer

NOW = "2030-01-07 07:10"
FILES = {
    "cfg/host_deploy.yaml": """volume_work_dir: /mnt/Users
volume_dataset_dir: /mnt/Dataset
volume_backup_dir: /mnt/Backup
users_config_yaml: cfg/users_config.yaml
capability_config_yaml: cfg/capability_config.yaml
images: [] # the default one is always allowed
""",
    "cfg/capability_config.yaml": """max:
  cpus: 64
  ram: 192
  swap_size: 64
  gpus: 8
  shm_rate: ram / (ram + swap_size)
  memory: ram + swap_size
  backup_space: 200
  work_space: 500
allow_userIDs: # who may book
- ada
- grace
- edsger
- barbara
max_default_capability:
  cpus: 32
  memory: 128
  gpus: 4
  backup_space: 50
  work_space: 200
max_custom_capability:
""",
    "jobs/booking.csv": """start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command
2030-01-07 10:00:00,2030-01-08 20:00:00,grace,16.0,64,"[0, 1]",10002,,
2030-01-08 09:00:00,2030-01-10 18:00:00,edsger,8.0,32,[2],10003,,
2030-01-09 08:00:00,2030-01-10 12:00:00,barbara,32.0,96,"[4, 5, 6, 7]",10004,,
""",
    "jobs/using.csv": """start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command
2030-01-06 12:00:00,2030-01-07 18:00:00,barbara,8.0,32,"[4, 5]",10004,,
""",
}
# Those who have booked before; their passwords are made up anew each time.
USERS = [("barbara", 10004), ("edsger", 10003), ("grace", 10002)]
USER = """%s:
  password: '%s'
  forward_port: %d
  image: null
  extra_command: null
  volume_work_dir: /mnt/Users/%s
  volume_dataset_dir: /mnt/Dataset
  volume_backup_dir: /mnt/Backup/%s
"""
# What a person types; a password is not shown.
ANSWERS = [("Please enter the new password: ", "correct horse"), ("Please enter the new password again: ", "correct horse"),
           ("'cpus(float) memory(int) gpus(int)': ", "16 64 4"), ("start time 'YYYY MM DD hh mm': ", "2030 1 7 12 00"),
           ("end time 'YYYY MM DD hh mm': ", "2-day")]


def converse(words, answers):
    """Runs berth on a terminal and types ANSWERS, each at its question; shows all of it. The exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execv(os.environ["BERTH"], ["berth"] + words)
    shown = ""
    answers = list(answers)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        sys.stdout.write(piece.decode("utf-8", "replace").replace("\r\n", "\n"))
        sys.stdout.flush()
        shown += piece.decode("utf-8", "replace")
        if answers and shown.endswith(answers[0][0]):
            os.write(terminal, answers.pop(0)[1].encode() + b"\n")
            shown = ""
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(say, show):
    """SAY prints a heading, SHOW runs berth with words and answers its standard output."""
    with peer.Folder() as folder:
        users = "\n".join(USER % (name, secrets.token_urlsafe(9), port, name, name) for name, port in USERS)
        for name, text in list(FILES.items()) + [("cfg/users_config.yaml", users)]:
            os.makedirs(os.path.dirname(folder(name)), exist_ok=True)
            with open(folder(name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(folder(name), 0o600)
        host = ["--config", folder(""), "--now", NOW]

        say("A host with eight GPUs, and what is booked on it. Would four GPUs be free for two days from noon, and when?")
        show(["schedule", "check"] + host + ["--cpus", "16", "--memory", "64", "--gpus", "4", "--start", NOW[:10] + " 12:00", "--end", "2-day"], expect=1)
        show(["schedule", "next"] + host + ["--cpus", "16", "--memory", "64", "--gpus", "3", "--start", NOW[:10] + " 12:00", "--length", "1-day"])

        say("Ada books on a terminal: first too much at once, then what fits; her password is stored as a hash")
        print("$ berth book -id ada")
        code = converse(["book", "-id", "ada"] + host, ANSWERS + [("'cpus(float) memory(int) gpus(int)': ", "16 64 3"),
                        ("start time 'YYYY MM DD hh mm': ", "2030 1 7 12 00"), ("end time 'YYYY MM DD hh mm': ", "1-day")])
        if code != 0:
            sys.exit("demo: booking ended with %d" % code)

        say("The schedule, drawn")
        show(["schedule", "list"] + host)
        print()
        text = show(["schedule", "show"] + host)
        picture = os.path.join(peer.ROOT, "build", "schedule.svg")
        show(["schedule", "show"] + host + ["--svg", picture])
        print("the same as a picture: build/schedule.svg")

        say("What the monitor would do at noon")
        show(["monitor", "--dry-run", "--config", folder(""), "--now", NOW[:10] + " 12:00"])
        with open(folder("cfg/users_config.yaml"), encoding="utf-8") as file:
            users = file.read()
        if "ada" not in text or "password: '$6$" not in users or "correct horse" in users or not os.path.getsize(picture):
            sys.exit("demo: the booking is not where it should be:\n%s\n%s" % (text, users))
