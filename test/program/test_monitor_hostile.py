"""berth monitor against its own users: each attack of wire page 4.5 as a test that fails when the guard is taken away."""
# runs once: sixty ticks of the monitor, whose no-heap build test_cli_monitor.py runs.
import os
import shlex
import socket
import unittest

from monitor_case import HASH, HostCase


class Mounts(HostCase):
    """backup.yaml, and everything beside it, belongs to the user."""

    def setUp(self):
        HostCase.setUp(self)
        for name in ("Users/m1", "Backup/m1/good", "Backup/m1/sub/deep", "Backup/m1-more", "outside/etc"):
            os.makedirs(self.folder(name))
        self.write_rows(booking=[self.row("m1")])

    def mounts(self, *pairs, text=None):
        """Which "backup side:container side" of PAIRS are mounted, beside the good one; the container starts in any case."""
        text = "Dir:\n- - good\n  - /good\n" + "".join("- - %s\n  - %s\n" % p for p in pairs) if text is None else text
        if text != "":
            self.folder.write("Backup/m1/backup.yaml", text)
        self.assertTick(self.monitor())
        self.assertEqual(self.users_in("booking"), [], self.log())
        argv = self.argvs()[0]
        volumes = [argv[i + 1] for i, word in enumerate(argv) if word == "-v"]
        root = self.folder("Backup/m1")
        self.assertEqual(volumes[:3], [self.folder("Users/m1") + ":/root/Work", root + ":/root/Backup", self.folder("Dataset") + ":/root/Dataset:ro"])
        for volume in volumes[3:]:
            self.assertTrue(volume.startswith(root + "/"), volume)
            self.assertTrue(os.path.realpath(volume.split(":")[0]).startswith(os.path.realpath(root) + "/"), volume)
        return [v[len(root) + 1:] for v in volumes[3:]]

    def refused(self, *pairs, why=""):
        self.assertEqual(self.mounts(*pairs), ["good:/good"])
        self.assertLogged(r"\[WARNING\] ContainerWarning, m1: a pair of backup.yaml is left out.*" + why)

    def test_good_pairs(self):
        self.folder.write("Backup/m1/.zshrc", "")
        self.assertEqual(self.mounts((".zshrc", "/root/.zshrc"), ("sub//./deep/", "/deep"), ("absent", "/absent"), ("a b", "/c")),
                         ["good:/good", ".zshrc:/root/.zshrc", "sub/deep:/deep"])
        self.assertNotLogged("left out")

    def test_climbing(self):
        self.refused(("../../outside/etc", "/a"), why=r"the backup side has '\.\.'")

    def test_climbing_inside(self):
        self.refused(("sub/../sub", "/a"), why=r"the backup side has '\.\.'")

    def test_absolute(self):
        self.refused((self.folder("outside/etc"), "/a"))

    def test_the_folder_itself(self):
        self.refused(("./", "/a"))

    def test_link_out(self):
        os.symlink(self.folder("outside/etc"), self.folder("Backup/m1/link"))
        self.refused(("link", "/a"))

    def test_link_to_the_root(self):
        os.symlink("/", self.folder("Backup/m1/link"))
        self.refused(("link", "/a"))

    def test_link_in_the_middle(self):
        os.symlink("../../../outside", self.folder("Backup/m1/sub/link"))
        self.refused(("sub/link/etc", "/a"))

    def test_link_over_a_link(self):
        os.symlink("sub/second", self.folder("Backup/m1/first"))
        os.symlink("../../../outside/etc", self.folder("Backup/m1/sub/second"))
        self.refused(("first", "/a"))

    def test_link_to_a_neighbour_of_a_similar_name(self):
        os.symlink("../m1-more", self.folder("Backup/m1/link"))
        self.refused(("link", "/a"))

    def test_link_to_another_user(self):
        os.makedirs(self.folder("Backup/m2/secret"))
        os.symlink("../m2/secret", self.folder("Backup/m1/link"))
        self.refused(("link", "/a"))

    def test_link_to_the_folder_itself(self):
        os.symlink(".", self.folder("Backup/m1/link"))
        self.refused(("link", "/a"))

    def test_link_to_a_name_with_a_colon(self):
        os.mkdir(self.folder("Backup/m1/x:"))
        os.symlink("x:", self.folder("Backup/m1/link"))
        self.refused(("link", "/a"))

    def test_links_in_a_circle(self):
        os.symlink("b", self.folder("Backup/m1/a"))
        os.symlink("a", self.folder("Backup/m1/b"))
        self.refused(("a", "/a"))

    def test_links_that_stay_inside(self):
        os.symlink("sub/deep", self.folder("Backup/m1/link"))
        os.symlink(self.folder("Backup/m1/good"), self.folder("Backup/m1/other"))
        self.assertEqual(self.mounts(("link", "/a"), ("other", "/b")), ["good:/good", "sub/deep:/a", "good:/b"])  # what was checked, not the link

    def test_a_backup_folder_behind_a_link(self):
        """The maintainer's own links are good."""
        os.rename(self.folder("Backup"), self.folder("Disk"))
        os.symlink("Disk", self.folder("Backup"))
        self.assertEqual(self.mounts(("sub", "/s")), ["good:/good", "sub:/s"])

    def test_colons(self):
        os.makedirs(self.folder("Backup/m1/a:"))
        self.refused(("'a:'", "/a"), ("sub", "'/a:/host'"), ("sub", "/a:rw"))

    def test_control_characters(self):
        os.makedirs(self.folder("Backup/m1/x\ny"))
        self.refused(('"x\\ny"', "/a"), ("sub", '"/a\\n"'), ("sub", '"/a\\0b"'))

    def test_container_side(self):
        self.refused(("sub", "root"), ("sub", "/a/../../x"), ("sub", "/"), ("sub", "/root/Work"), ("sub", "/root/./Backup/"), ("sub", "/good"))

    def test_no_pairs(self):
        self.assertEqual(self.mounts(text="Dir:\n- sub\n- [sub]\n- [sub, /a, rw]\n- {sub: /a}\n- [[sub], /a]\n- [good, /good]\n"), ["good:/good"])

    def test_malformed(self):
        for text in ("Dir: [", "Dir: yes\n", "- x\n", "\x00", "Dir: &a [[sub, /a]]\nFile: *a\n", "a: b: c\n", "Dir:\n\t- x\n"):
            with self.subTest(text):
                self.write_rows(booking=[self.row("m1"), self.row("m3", gpus="[1]")], using=[])
                self.folder.write("docker/containers", "{}")
                self.forget_calls()
                self.assertEqual(self.mounts(text=text), [])
                self.assertLogged(r"\[WARNING\] ContainerWarning, m1: backup.yaml ")

    def test_backup_yaml_is_a_link(self):
        self.folder.write("outside/secret.yaml", "Dir:\n- - good\n  - /good\n")
        os.symlink(self.folder("outside/secret.yaml"), self.folder("Backup/m1/backup.yaml"))
        self.assertEqual(self.mounts(text=""), [])
        self.assertLogged("backup.yaml cannot be read")

    def test_backup_yaml_is_a_pipe(self):
        os.mkfifo(self.folder("Backup/m1/backup.yaml"))
        self.assertEqual(self.mounts(text=""), [])

    def test_backup_yaml_is_a_socket_or_folder(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.folder("Backup/m1/backup.yaml"))
            self.assertEqual(self.mounts(text=""), [])

    def test_backup_yaml_is_endless(self):
        self.assertEqual(self.mounts(text="Dir:\n" + "- - good\n  - /good\n" * 5000), [])
        self.assertLogged("backup.yaml cannot be read, nothing of it is mounted: the file is too long")

    def test_long_paths(self):
        """The longest file that is read: whatever a user writes into it, the container starts."""
        deep = "/".join(["d" * 240] * 4)
        os.makedirs(self.folder("Backup/m1/" + deep))
        pairs = [("%s/%02d" % (deep, i), "/%d" % i) for i in range(62)]
        for name, _ in pairs:
            os.mkdir(self.folder("Backup/m1/" + name))
        self.assertEqual(self.mounts(*pairs), ["good:/good"] + ["%s:%s" % p for p in pairs])

    def test_too_many_pairs(self):
        self.assertEqual(len(self.mounts(*[("sub", "/s%d" % i) for i in range(100)])), 64)
        self.assertLogged("backup.yaml has more pairs than are mounted")


class Texts(HostCase):
    """What is typed never becomes an option, a second argument or a command."""

    PASSWORDS = ("x --privileged -v /:/host", "'", '"', "$(touch owned)", "`id`", "a\\b", "a=b", "$6$short$hash", "-v", " lead", "日本語")

    def test_passwords(self):
        for password in self.PASSWORDS:
            with self.subTest(password):
                self.write_users(m1=password)
                self.write_rows(booking=[self.row()], using=[])
                self.folder.write("docker/containers", "{}")
                self.forget_calls()
                self.assertTick(self.monitor())
                run = self.calls()[-1]
                self.assertEqual(run["env"]["PASSWORD"], password)
                self.assertEqual(run["argv"][-3:-1], ["-e", "PASSWORD"])
                self.assertEqual(sum(password in word for word in run["argv"] if len(password) > 3), 0)
                self.assertNotIn("--privileged", run["argv"])
        self.assertNotIn("privileged", self.log())
        self.assertFalse(os.path.exists("owned"))

    def test_a_password_of_enormous_length(self):
        self.write_users(m1="x" * 2000)
        self.write_rows(booking=[self.row("m1"), self.row("m3", gpus="[1]")])
        self.monitor()
        self.assertEqual(self.users_in("using"), ["m3"])

    def test_a_hash_is_never_plain_text(self):
        self.write_users(m1=HASH)
        self.write_rows(booking=[self.row()])
        self.monitor()
        self.assertNotIn("PASSWORD", self.argvs()[0])
        self.assertNotIn("PASSWORD", self.calls()[1]["env"])

    def test_extra_commands(self):
        command = "--privileged -v /:/host '; touch owned #\\n \"$(id)\""
        self.write_rows(booking=[self.row(command='"%s"' % command.replace('"', '""'))])
        self.assertTick(self.monitor())
        argv = self.argvs()[0]
        self.assertEqual(argv[-3:], ["bash", "-c", command])
        self.assertEqual(argv.count("-v"), 3)

    def test_images(self):
        for image in ("--privileged", "-v", "a b:c", "a\tb"):
            self.write_rows(booking=[self.row(image=image), self.row("m3", gpus="[1]")], using=[])
            self.folder.write("docker/containers", "{}")
            self.forget_calls()
            self.monitor()
            self.assertEqual(self.verbs(), ["run m3"], image)

    def test_ids(self):
        """Names that would be options, paths or two words do not reach docker, whatever files say."""
        for user in ("--privileged", "-v", "../../x", "a b", "m1;id", "a/b", "now", "booking", "x", "m" * 64):
            self.write_rows(booking=[self.row(user), self.row("m3", gpus="[1]")], using=[self.row(user, end="2030-01-07 07:05:00", start="2030-01-07 05:00:00", gpus="[2]")])
            self.folder.write("docker/containers", "{}")
            self.forget_calls()
            self.monitor()
            for argv in (c["argv"] for c in self.calls()):
                self.assertTrue("--name=m3" in argv or argv[-1] == "m3", argv)
            self.assertIn("m3", self.users_in("using"))
        self.write_rows(booking=[], using=[self.row("--help")])  # neither for a restart nor for passwords
        self.write_users(**{"m1": "pass"})
        self.forget_calls()
        self.folder.write("host/jobs/monitor_exec", "--help\n")
        child = self.start_monitor("--watch")
        self.wait_until(lambda: "names no running container: --help" in self.log())
        child.terminate()
        child.communicate(timeout=20)
        self.assertEqual(self.calls(), [])

    def test_folders(self):
        text = self.folder.read("host/cfg/users_config.yaml").decode()
        for folder in ("/mnt:/host", "relative/path"):
            self.folder.write("host/cfg/users_config.yaml", text.replace(self.folder("Users/m1"), folder))
            self.write_rows(booking=[self.row("m1"), self.row("m3", gpus="[1]")], using=[])
            self.folder.write("docker/containers", "{}")
            self.forget_calls()
            self.monitor()
            self.assertEqual([v for v in self.verbs() if "m1" in v], [], folder)

    def test_docker_answers_are_made_safe(self):
        self.script({"words": ["run"], "status": 1, "stderr": "\x1b]0;owned\x07\r" + "x" * 9000 + "\n20300107 07:10 [INFO] forged\n"})
        self.write_rows(booking=[self.row()])
        result = self.monitor()
        self.assertNotRegex(result.out.decode() + self.log(), r"[\x00-\x09\x0b-\x1f\x7f]")
        self.assertNotIn("forged", self.log())
        self.assertLess(max(map(len, self.events())), 1000)

    def test_dry_run_lines_can_be_pasted(self):
        command = "a'b\"c $(id) `x` \\ ; | & > ~ * # !"
        self.write_rows(booking=[self.row(command='"%s"' % command.replace('"', '""'))])
        shown = self.monitor("--dry-run").out.decode().splitlines()
        self.assertEqual(shlex.split(shown[-1])[-1], command)


class Notices(HostCase):
    def test_lines_never_reach_docker_as_they_are(self):
        """upstream restarts any last line; here only an id with a row in use is one."""
        self.write_rows(booking=[self.row("m1")], using=[self.row("m3", gpus="[1]")])
        self.containers(m1="x", m3="y", other="z")
        self.folder.write("host/jobs/monitor_exec", "other\n-f\nm1\n--help\nm3 other\n../m3\nm3\x00\nm3;reboot\n\xff\n" + "z" * 5000 + "\n")
        child = self.start_monitor("--watch", now="2030-01-07 06:00")
        self.wait_until(lambda: len(self.events()) >= 10)
        child.terminate()
        child.communicate(timeout=20)
        self.assertEqual(self.verbs(), [])
        self.assertNotRegex(self.log(), r"[\x00-\x09\x0b-\x1f\x7f]")


if __name__ == "__main__":
    unittest.main()
