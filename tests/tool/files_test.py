#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""koru fetch -o: files appear only when they are whole, and under names that are safe."""
import os
import resource
import shutil
import subprocess

import support
from support import Case, Command, closed_port, koru, main


def small_files():
    """No file may grow beyond 8,000 bytes: what a full disk is like, for one process."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))


def nobody():
    """Permissions do not hold for root."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)


class Saved(Case):
    def name(self, rest):
        return f"127.0.0.1_{self.server.port}_{rest}"

    def test_content(self):
        out = self.path("out")
        result = koru("fetch", "--json", "-o", out, self.server.url("/size/160000"))
        self.assertEqual(result.status, 0, result.err)
        self.assertEqual(self.files("out"), [self.name("size_160000")])
        self.assertEqual(result.objects[0]["file"], f"{out}/{self.name('size_160000')}")
        self.assertEqual(self.read("out/" + self.name("size_160000")), b"0123456789abcdef" * 10000)

    def test_one_name_for_two(self):
        urls = [self.server.url(path) for path in ("/a/b", "/a_b", "/a?b", "/a/b")]
        result = koru("fetch", "-o", self.path("out"), *urls)
        self.assertEqual(result.status, 0, result.err)
        self.assertEqual(self.files("out"), [self.name(n) for n in ("a_b", "a_b-2", "a_b-3", "a_b-4")])

    def test_names_follow_the_list(self):
        """The first of two in the list gets the plain name, also when it comes last."""
        urls = [self.server.url("/wait/0.3?x.txt"), self.server.url("/wait/0.3/x.txt")]
        result = koru("fetch", "--json", "-o", self.path("out"), *urls)
        self.assertTrue(result.by_url[urls[0]]["file"].endswith("0.3_x.txt"))
        self.assertTrue(result.by_url[urls[1]]["file"].endswith("0.3_x-2.txt"))

    def test_names_stay_inside(self):
        urls = [self.server.url(p) for p in ("/../../x", "/..", "/.hidden", "/a\\b", "/%2e%2e/x")]
        result = koru("fetch", "-o", self.path("out"), *urls)
        self.assertEqual(os.listdir(self.dir), ["out"])
        for name in self.files("out"):
            self.assertTrue(name.startswith("127.0.0.1_"), name)
        self.assertIn(result.status, (0, 1))  # a strict parser may refuse some

    def test_an_older_file_is_replaced_only_by_a_whole_one(self):
        os.mkdir(self.path("out"))
        for name in ("ok", "short"):
            self.write("out/" + self.name(name), "old")
        result = koru("fetch", "-o", self.path("out"), self.server.url("/ok"), self.server.url("/short"))
        self.assertEqual(result.status, 1)
        self.assertEqual(self.read("out/" + self.name("ok")), b"x" * 10)
        self.assertEqual(self.read("out/" + self.name("short")), b"old")
        self.assertEqual(len(self.files("out")), 2)

    def test_a_link_is_replaced_and_not_followed(self):
        os.mkdir(self.path("out"))
        target = self.write("target", "old")
        os.symlink(target, self.path("out/" + self.name("ok")))
        self.assertEqual(koru("fetch", "-o", self.path("out"), self.server.url("/ok")).status, 0)
        self.assertEqual(self.read("target"), b"old")
        self.assertEqual(self.read("out/" + self.name("ok")), b"x" * 10)

    def test_failures_leave_nothing(self):
        paths = ("/short", "/reset", "/hang", "/status/404", "/garbage", "/loop")
        urls = [self.server.url(path) for path in paths] + [f"http://127.0.0.1:{closed_port()}/"]
        result = koru("fetch", "--timeout", "500ms", "-o", self.path("out"), *urls)
        self.assertEqual(result.row("URLs"), "0 ok, 7 failed")
        self.assertEqual(self.files("out"), [])

    def test_only_whole_files_are_ever_seen(self):
        with Command("fetch", "-o", self.path("out"), self.server.url("/drip"), self.server.url("/ok")):
            support.wait_for(lambda: os.path.isdir(self.path("out")) and len(self.files("out")) == 2,
                             "a file and a temporary one")
            support.wait_for(lambda: self.name("ok") in self.files("out"), "the whole one")
            visible = [name for name in self.files("out") if not name.startswith(".")]
            self.assertEqual(visible, [self.name("ok")])

    def test_a_planted_link_is_not_written_through(self):
        """The temporary name can be guessed; what stands there is left alone."""
        os.mkdir(self.path("out"))
        target = self.write("target", "old")
        script = 'ln -s "$2" "$3/.koru-$$-0.part"; exec "$1" fetch -o "$3" "$4"'
        done = subprocess.run(["sh", "-c", script, "-", support.KORU, target, self.path("out"),
                               self.server.url("/ok")], stdout=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.read("target"), b"old")
        self.assertEqual(self.read("out/" + self.name("ok")), b"x" * 10)


class Unsaved(Case):
    def check(self, cause, args, **options):
        """All URLs are tried; each that cannot be saved is told with the cause."""
        url = self.server.url("/size/16000")
        result = koru("fetch", *args, url, **options)
        self.assertEqual(result.status, 1)
        self.assertIn("cannot be saved: " + cause, result.cause(url))
        return result

    def test_disk_full(self):
        out = self.path("out")
        small = self.server.url("/size/1600")
        result = self.check("file too large", ["-o", out, small], preexec_fn=small_files)
        self.assertIn(f"{small}: 1600 bytes", result.lines)  # what fits is saved
        self.assertEqual(len(self.files("out")), 1)

    def test_a_really_full_disk(self):
        mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "none", self.dir]
        if os.getuid() != 0 or subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("may not mount a small file system")
        try:
            small = self.server.url("/size/1600")
            result = self.check("no space left on device", ["-c", "1", "-o", self.dir, small])
            self.assertIn(f"{small}: 1600 bytes", result.lines)
            self.assertEqual(len(os.listdir(self.dir)), 1)
        finally:
            subprocess.run(["umount", self.dir], check=True)

    def test_unwritable_directory(self):
        os.mkdir(self.path("out"), 0o555)
        os.chmod(self.dir, 0o755)
        # A copy: whoever has no rights there may have none to the build directory either.
        copy = shutil.copy(support.KORU, self.path("koru"))
        self.check("permission denied", ["-o", self.path("out")], preexec_fn=nobody,
                   executable=copy)
        self.assertEqual(self.files("out"), [])

    def test_no_directory(self):
        self.check("no such file or directory", ["-o", self.path("a/b")])
        self.check("not a directory", ["-o", self.write("file", "")])

    def test_name_is_a_directory(self):
        url = self.server.url("/ok")
        os.makedirs(self.path(f"out/127.0.0.1_{self.server.port}_ok"))
        result = koru("fetch", "-o", self.path("out"), url)
        self.assertIn("directory", result.cause(url))
        self.assertEqual(len(self.files("out")), 1)


if __name__ == "__main__":
    main()
