#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How koru fetch ends before its time: signals, --fail-fast, output that goes nowhere."""
import os
import signal
import subprocess
import time

import support
from support import Case, Command, closed_port, koru, main, wait_for


class Signals(Case):
    def start(self, *args, hanging=1, **options):
        """Starts koru fetch and waits until `hanging` of its requests hang."""
        command = Command("fetch", *args, **options)
        self.addCleanup(command.__exit__)
        for _ in range(hanging):
            self.assertTrue(self.server.hanging.acquire(timeout=support.PATIENCE))
        return command

    def test_once(self):
        out = self.path("out")
        done, drip, hang = (self.server.url(p) for p in ("/ok", "/drip", "/hang"))
        left = [self.server.url(f"/left/{i}") for i in range(20)]
        command = self.start("-c", "2", "-o", out, done, drip, hang, *left, hanging=2)
        wait_for(lambda: len(self.files("out")) == 2, "the drip's temporary file")
        command.signal(signal.SIGINT)
        result = command.end()
        self.assertEqual(result.status, 130)
        self.assertIn(f"{done}: 10 bytes", result.lines)
        self.assertEqual(result.cause(drip), "cut off after 500 bytes")
        self.assertEqual(result.cause(hang), "cut off")
        self.assertEqual(result.cause(left[0]), "not started")
        self.assertIn("and 10 more not started", result.err)
        self.assertIn("koru fetch: interrupted", result.err)
        self.assertEqual(result.row("URLs"), "1 ok, 0 failed, 2 cut off, 20 not started")
        self.assertEqual(self.files("out"), [f"127.0.0.1_{self.server.port}_ok"])

    def test_once_with_json(self):
        hang = self.server.url("/hang")
        left = [self.server.url(f"/left/{i}") for i in range(20)]
        command = self.start("--json", "-c", "1", hang, *left)
        command.signal(signal.SIGTERM)
        result = command.end()
        self.assertEqual(result.status, 130)
        self.assertEqual(result.by_url[hang]["error"]["code"], "ECANCELED")
        self.assertEqual({result.by_url[url]["error"]["code"] for url in left}, {"ENOTSTARTED"})
        self.assertTrue(result.summary["interrupted"])
        self.assertEqual((result.summary["cut_off"], result.summary["not_started"]), (1, 20))

    def test_while_waiting_for_urls(self):
        process = subprocess.Popen([support.KORU, "fetch", "-i", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with process:
            process.stdin.write(self.server.url() + "\n")
            process.stdin.flush()
            process.stdout.readline()
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(support.PATIENCE), 130)

    def test_twice(self):
        """With nobody reading, the first cannot finish its report; the second need not."""
        reader, writer = os.pipe()
        urls = self.write("urls", "".join(f"http://127.0.0.1:1/{'x' * 1000}{i}\n" for i in range(2000)))
        process = subprocess.Popen([support.KORU, "fetch", "-i", urls, self.server.url("/hang")],
                                   stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
        try:
            self.assertTrue(self.server.hanging.acquire(timeout=support.PATIENCE))
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(support.PATIENCE), 130)
        finally:
            process.kill()
            process.wait()
            os.close(reader)
            os.close(writer)

    def test_ignored_signals_stay_ignored(self):
        def ignore():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        command = self.start("--timeout", "1s", self.server.url("/hang"), preexec_fn=ignore)
        command.signal(signal.SIGINT)
        self.assertEqual(command.end().status, 1)


class FailFast(Case):
    def test_the_rest_is_cut_off(self):
        out = self.path("out")
        done, hang = self.server.url("/ok"), self.server.url("/hang")
        left = [self.server.url(f"/left/{i}") for i in range(5)]
        refused = f"http://127.0.0.1:{closed_port()}/"
        slow = self.server.url("/wait/0.5")  # keeps its place until the first is saved
        result = koru("fetch", "-c", "2", "--fail-fast", "-o", out, done, slow, refused, hang, *left)
        self.assertEqual(result.status, 1)
        self.assertIn(f"{done}: 10 bytes", result.lines)
        self.assertIn("refused", result.cause(refused))
        self.assertIn("(--fail-fast)", result.err)
        self.assertIn(f"127.0.0.1_{self.server.port}_ok", self.files("out"))
        self.assertFalse([name for name in self.files("out") if name.startswith(".")])
        self.assertIn("not started", result.row("URLs"))

    def test_no_failure_no_difference(self):
        result = koru("fetch", "--fail-fast", self.server.url("/a"), self.server.url("/b"))
        self.assertEqual((result.status, result.row("URLs")), (0, "2 ok, 0 failed"))


class Output(Case):
    def run_with_stdout(self, stdout, *args):
        urls = self.write("urls", "".join(self.server.url(f"/ok?{i}\n") for i in range(300)))
        return subprocess.run([support.KORU, "fetch", "-c", "10", *args, "-i", urls],
                              stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                              text=True, timeout=support.PATIENCE, check=False)

    def test_closed_pipe(self):
        for args in ([], ["--json"]):
            reader, writer = os.pipe()
            os.close(reader)
            done = self.run_with_stdout(writer, *args)
            os.close(writer)
            self.assertEqual((done.returncode, done.stderr.count("koru fetch: ")), (1, 0))

    def test_pipe_closed_in_between(self):
        urls = self.write("urls", "".join(self.server.url(f"/ok?{i}\n") for i in range(3000)))
        process = subprocess.Popen([support.KORU, "fetch", "-i", urls], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.readline()
        process.stdout.close()
        self.assertNotIn("koru fetch:", process.stderr.read())
        process.stderr.close()
        self.assertEqual(process.wait(support.PATIENCE), 1)

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = self.run_with_stdout(full)
        self.assertEqual(done.returncode, 1)
        self.assertIn("koru fetch: cannot write to standard output: No space left", done.stderr)

    def test_no_output_at_all(self):
        url = self.server.url()
        done = subprocess.run(["sh", "-c", '"$1" fetch "$2" >&-', "-", support.KORU, url],
                              stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Bad file descriptor", done.stderr)
        done = subprocess.run(["sh", "-c", '"$1" fetch "$2" 2>&-', "-", support.KORU, url],
                              stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 0)

    def test_a_slow_reader_stops_nobody(self):
        """Everything is fetched and saved while nobody reads a line of it."""
        count = 500
        urls = self.write("urls", "".join(self.server.url(f"/ok?{'y' * 150}{i}\n") for i in range(count)))
        process = subprocess.Popen([support.KORU, "fetch", "-i", urls, "-o", self.path("out")],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        wait_for(lambda: os.path.isdir(self.path("out")) and len(self.files("out")) == count,
                 "the last file")
        out, _ = process.communicate(timeout=support.PATIENCE)
        self.assertEqual(process.returncode, 0)
        self.assertGreater(len(out), 65536)  # more than a pipe holds
        self.assertEqual(out.count(": 10 bytes\n"), count)


if __name__ == "__main__":
    main()
