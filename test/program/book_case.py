"""What the tests of `berth book` share: a host's folder, the fixed texts, what came of a dialogue."""
import os
import re
import subprocess

import cli_case
from cli_case import peer

NOW = "2030-01-07 07:10"
HEADER = "start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command\n"
DEFAULT_IMAGE = "rober5566a/aivc-server:latest"

S1 = "Please enter the password: "
S2 = "Wrong password, please enter the password: "
S3 = "ByeBye~~\n"
S4 = "Your Maximum Capability Information: cpus=16.0 memory=64 gpus=4\n"
S5 = "Please enter the capability information 'cpus(float) memory(int) gpus(int)': "
S6 = "Over the maximum required.\n"
S7 = "Wrong Input!\n"
S8 = "Please enter the start time 'YYYY MM DD hh mm': "
S9 = "Please enter the end time 'YYYY MM DD hh mm': "
S10 = "Booking successful!\n"
S11 = "There is not enough computing power for the time you need, book again.\n"
S12 = "Please enter the forward port(default: %s, none by default): "
S13 = "Please enter the image 'repository/tag'(default: %s, none by default): "
S14 = "Please enter the extra command when running the image. (default: None, none by default): "
S15 = "Do you want to update the password? [y/n]: "
S16 = "Please enter the new password: "
S17 = "Please enter the new password again: "
S18 = "Incorrect!!\n"
T1 = "Account: "
T2 = "Unknown account, ask the maintainer.\n"
T3 = "First visit: choose a password.\n"
T4 = "Restart requested.\n"
T5 = "No running container.\n"
T6 = "You already hold a booking then.\n"
T7 = "Port not available.\n"
T8 = "Image not in the list.\n"
T9 = "Keep these options for later bookings? [y/n]: "
T10 = "Port taken during that time.\n"
IMAGES = DEFAULT_IMAGE + "\nlab/torch:2\n"

DEPLOY = """volume_work_dir: /mnt/Users
volume_dataset_dir: /mnt/Dataset
volume_backup_dir: /mnt/Backup/
users_config_yaml: cfg/users_config.yaml
capability_config_yaml: cfg/capability_config.yaml
images:
- rober5566a/aivc-server:latest
- lab/torch:2
"""
CAPABILITY = """max:
  cpus: 16
  ram: 48
  swap_size: 16
  gpus: 4
  shm_rate: ram / (ram + swap_size)
  memory: ram + swap_size
  backup_space: 200
  work_space: 500
allow_userIDs:
- m1
- m2
- M3
- '0042'
max_default_capability:
  cpus: max
  memory: max
  gpus: max
  backup_space: 50
  work_space: 200
max_custom_capability:
  m2:
    cpus: 2.5
    memory: 8
    gpus: 1
"""


ENDED = b"berth: book: the input ended before the last answer\n"


def entry(user, password="'pass word'", port=10001, image="null", command="null"):
    return ("%s:\n  password: %s\n  forward_port: %s\n  image: %s\n  extra_command: %s\n  volume_work_dir: /mnt/Users/%s\n"
            "  volume_dataset_dir: /mnt/Dataset\n  volume_backup_dir: /mnt/Backup/%s\n" % (user, password, port, image, command, user, user))


def row(start, end, user, gpus="[0]", cpus="2.0", memory=8, port=10900, image="", command=""):
    """One line; START and END as '01-07 08:00'."""
    if "," in gpus:
        gpus = '"%s"' % gpus
    return "2030-%s:00,2030-%s:00,%s,%s,%s,%s,%s,%s,%s\n" % (start, end, user, cpus, memory, gpus, port, image, command)


def opens(stored, password):
    """Whether openssl makes the hash STORED of PASSWORD too."""
    made = subprocess.run(["openssl", "passwd", "-6", "-salt", stored.split("$")[2], "-stdin"], input=password.encode(),
                          stdout=subprocess.PIPE, check=True)
    return made.stdout.decode().strip() == stored


class BookCase(cli_case.Case):
    def setUp(self):
        self.folder = self.enterContext(peer.Folder())
        os.makedirs(self.folder("cfg"))
        os.makedirs(self.folder("jobs"))
        self.folder.write("cfg/host_deploy.yaml", DEPLOY)
        self.folder.write("cfg/capability_config.yaml", CAPABILITY)
        self.write_users("# the lab\n" + entry("m1"))

    def write_users(self, text):
        os.chmod(self.folder.write("cfg/users_config.yaml", text), 0o600)

    def users(self):
        return self.folder.read("cfg/users_config.yaml").decode()

    def stored_password(self, user):
        """As it stands in the file, without quotes."""
        block = re.search(r"(?m)^'?%s'?:\n(?:  .*\n)*" % user, self.users()).group(0)
        return re.search(r"  password: '(.*)'\n", block).group(1).replace("''", "'")

    def write_rows(self, **files):
        for name, rows in files.items():
            self.folder.write("jobs/%s.csv" % name, HEADER + "".join(rows))

    def file(self, name):
        try:
            return self.folder.read(name).decode()
        except FileNotFoundError:
            return ""

    def rows(self, name="booking"):
        return self.file("jobs/%s.csv" % name)[len(HEADER):]

    def state(self):
        """All that a dialogue can change."""
        return tuple(self.file(n) for n in ("cfg/users_config.yaml", "jobs/booking.csv", "jobs/using.csv", "jobs/used.csv", "jobs/monitor_exec"))

    def arguments(self, *options, now=NOW):
        return ["book", "--config", self.folder.path, "--now", now] + list(options)

    def book(self, *options, answers=(), now=NOW, **more):
        """Runs the dialogue on a pipe with ANSWERS, one a line."""
        return peer.run_berth(self.arguments(*options, now=now), input="".join(a + "\n" for a in answers), **more)

    def start_book(self, *options):
        """Starts the dialogue with three pipes; it is ended with the test."""
        child = peer.start_berth(self.arguments(*options))

        def end():
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    stream.close()

        self.addCleanup(end)
        return child

    def assertDialogue(self, result, code, *shown):
        """The whole of standard output, and nothing on standard error but that a last question had no answer."""
        self.assertEqual(result.out.decode(), "".join(shown), result)
        self.assertEqual((result.code, result.err), (code, ENDED if result.out.endswith(b": ") else b""), result)
        self.assertEqual([n for n in os.listdir(self.folder("jobs")) + os.listdir(self.folder("cfg")) if "berth-" in n], [])
