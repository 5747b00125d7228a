"""The house itself: installing, packaging, other compilers, and that a build stays inside build/."""
# runs once: this is about the Makefile, not about one build of the program.
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMALL = r"""
#include "berth/berth.h"
int main(void)
{
    return berth_status_name(BERTH_E_TIMEOUT)[0] == 't' ? 0 : 1;
}
"""


def run(*command, cwd=ROOT, **env):
    clean = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CFLAGS", "CC")}
    return subprocess.run(command, cwd=cwd, env={**clean, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=200)


def files_below(top, skip=()):
    found = {}
    for folder, names, files in os.walk(top):
        names[:] = [n for n in names if os.path.relpath(os.path.join(folder, n), top) not in skip]
        for name in files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = os.lstat(path).st_mtime_ns
    return found


def tracked():
    """The files of the working tree that belong to the project."""
    out = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
    if out.returncode == 0:
        return [p for p in out.stdout.splitlines() if os.path.exists(os.path.join(ROOT, p))]
    return sorted(files_below(ROOT, skip=("build", ".git")))


class House(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="berth-house-")
        self.addCleanup(shutil.rmtree, self.folder)

    def succeeds(self, result):
        self.assertEqual(result.returncode, 0, result.stdout[-2000:] + result.stderr[-4000:])
        return result


def copy_tree(tree):
    for path in tracked():
        target = os.path.join(tree, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(os.path.join(ROOT, path), target, follow_symlinks=False)
    return tree


class Copy(House):
    """A fresh copy of the tree, built once by the other compiler."""

    ARGUMENTS = ["CC=" + ("clang" if shutil.which("clang") else "gcc"), "CFLAGS=-O0"]

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="berth-house-")
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.tree = copy_tree(os.path.join(cls.place, "tree"))
        cls.before = files_below(cls.tree)
        cls.built = run("make", "-s", "-j2", "lib", "build/berth", *cls.ARGUMENTS, cwd=cls.tree)

    def setUp(self):
        super().setUp()
        self.succeeds(self.built)

    def make(self, *arguments):
        return self.succeeds(run("make", *arguments, *self.ARGUMENTS, cwd=self.tree))

    def test_build_stays_inside_build(self):
        self.succeeds(run(os.path.join(self.tree, "build/berth"), "version"))
        self.assertEqual(files_below(self.tree, skip=("build",)), self.before)

    def test_only_what_changed_is_built_again(self):
        self.assertEqual(self.make("build/berth").stdout.strip(), "")
        header = os.path.join(self.tree, "include/berth/guid.h")
        before = os.stat(header)
        os.utime(header)
        touched = self.make("lib").stdout
        os.utime(header, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertIn("lib/base/guid.o", touched)
        self.assertNotIn("lib/base/number.o", touched)
        # Other flags are a change too, in both directions.
        one = "build/obj/lib/base/number.o"
        self.assertIn(one, self.succeeds(run("make", one, "CFLAGS=-O1", cwd=self.tree)).stdout)
        self.assertIn(one, self.make(one).stdout)

    def test_install_use_uninstall(self):
        """A program finds everything through pkg-config; uninstall leaves no file."""
        dest = os.path.join(self.folder, "place")
        arguments = ["PREFIX=/opt/berth", "DESTDIR=" + dest]
        self.make("-s", "install", *arguments)
        installed = set(files_below(dest))
        for path in ("include/berth/berth.h", "lib/libberth.a", "lib/libberth_mbedtls.a", "lib/pkgconfig/berth.pc",
                     "bin/berth", "share/man/man1/berth.1", "share/bash-completion/completions/berth",
                     "share/zsh/site-functions/_berth", "share/fish/vendor_completions.d/berth.fish"):
            self.assertIn("opt/berth/" + path, installed)
            self.assertGreater(os.path.getsize(os.path.join(dest, "opt/berth", path)), 40, path)
        self.assertEqual({p.split("/")[0] for p in installed}, {"opt"})
        self.has_what_it_declares(os.path.join(dest, "opt/berth"))
        self.use_library(os.path.join(dest, "opt/berth"))
        self.make("-s", "uninstall", *arguments)
        self.assertEqual(files_below(dest), {})

    def has_what_it_declares(self, prefix):
        """Every function of an installed header is in the installed library."""
        there = self.succeeds(run("nm", "-g", "--defined-only", os.path.join(prefix, "lib/libberth.a"))).stdout.split()
        for path in files_below(os.path.join(prefix, "include")):
            with open(os.path.join(prefix, "include", path), encoding="utf-8") as f:
                text = re.sub(r"/\*.*?\*/|\btypedef\b[^;]*;", "", f.read(), flags=re.S)
            for name in re.findall(r"^[a-z][a-z0-9_ \n*]*?\b\*?(berth_\w+)\(", text, flags=re.M):
                self.assertIn(name, there, path)

    def use_library(self, prefix):
        source, program = os.path.join(self.folder, "small.c"), os.path.join(self.folder, "small")
        with open(source, "w", encoding="utf-8") as f:
            f.write(SMALL)
        where = {"PKG_CONFIG_PATH": os.path.join(prefix, "lib/pkgconfig")}
        ask = ["pkg-config", "--define-variable=prefix=" + prefix]
        flags = self.succeeds(run(*ask, "--cflags", "--libs", "berth", **where)).stdout.split()
        self.succeeds(run("cc", "-Wall", "-Werror", source, "-o", program, *flags))
        self.succeeds(run(program))
        version = self.succeeds(run(*ask, "--modversion", "berth", **where)).stdout.strip()
        self.assertIn(version, self.succeeds(run(os.path.join(prefix, "bin/berth"), "version")).stdout)


class Package(House):
    def test_dist_is_reproducible_and_complete(self):
        if run("git", "rev-parse", "HEAD").returncode != 0:
            self.skipTest("not a git checkout")
        sums = []
        for _ in range(2):
            self.succeeds(run("make", "-s", "dist"))
            (name,) = [n for n in os.listdir(os.path.join(ROOT, "build")) if n.endswith(".tar.gz")]
            path = os.path.join(ROOT, "build", name)
            with open(path, "rb") as f:
                sums.append(hashlib.sha256(f.read()).hexdigest())
        self.assertEqual(sums[0], sums[1])
        with tarfile.open(path) as tar:
            inside = {m.name.split("/", 1)[1] for m in tar.getmembers() if not m.isdir()}
        committed = set(self.succeeds(run("git", "ls-tree", "-r", "--name-only", "HEAD")).stdout.splitlines())
        self.assertEqual(inside, committed)


class Refusals(House):
    def test_wrong_mbedtls_is_refused_by_name(self):
        for path in ("/nonexistent", self.folder):
            result = run("make", "-n", "MBEDTLS_DIR=" + path)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(path, result.stderr)
            self.assertIn("mbedTLS", result.stderr)
        header = os.path.join(self.folder, "include/mbedtls/version.h")
        os.makedirs(os.path.dirname(header))
        with open(header, "w", encoding="utf-8") as f:
            f.write('#define MBEDTLS_VERSION_STRING         "2.16.1"\n')
        result = run("make", "-n", "MBEDTLS_DIR=" + self.folder)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("2.16.1", result.stderr)

    def test_missing_jsmn_names_the_way_out(self):
        tree = copy_tree(os.path.join(self.folder, "tree"))
        result = run("make", "-s", "lib", "JSMN_DIR=/nonexistent", cwd=tree)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("make deps", result.stderr)

    def test_deps_without_apt_names_what_is_missing(self):
        """No apt-get and nothing else in PATH: exit 1, one line, nothing asked."""
        os.symlink("/bin/sh", os.path.join(self.folder, "sh"))
        script = os.path.join(ROOT, "test/tools/deps.sh")
        result = subprocess.run(["/bin/sh", script, "bench"], env={"PATH": self.folder}, cwd=self.folder, timeout=60,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("libmbedtls-dev", result.stderr)
        self.assertIn("libcjson-dev", result.stderr)
        self.assertNotIn("cppcheck", result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1)

    def test_help_lists_every_target(self):
        text = self.succeeds(run("make", "-s", "help")).stdout
        for target in ("all deps demo test check bench size stack fuzz install uninstall dist clean help").split():
            self.assertRegex(text, r"(?m)^ *%s +\S" % target)


if __name__ == "__main__":
    unittest.main()
