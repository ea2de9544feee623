#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""koru fetch on a terminal: the progress bar, and the lines above it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import support
from support import Case, main

CSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def bars_in(text):
    """Each bar drawn, without colours."""
    return [CSI.sub("", bar) for bar in re.findall(r"[^\r\n]*\d+/\d+\+?  [^\r\n]*", text)]


class Terminal:
    """koru on a terminal of its own. After end(): `text` is all that was written, `status`
    how it ended, and screen() what is seen."""

    def __init__(self, *args, columns=80, env=None, stdout=None, stderr=None, stdin=None):
        self.master, slave = pty.openpty()
        self.resize(columns)
        full = {**os.environ, "TERM": "xterm", **(env or {})}
        full = {name: value for name, value in full.items() if value is not None}
        self.process = subprocess.Popen(
            [support.KORU, *args], stdin=stdin or slave, stdout=stdout or slave,
            stderr=stderr or slave, env=full, start_new_session=True)
        os.close(slave)
        self.text = ""

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read_until(self, pattern):
        limit = time.monotonic() + support.PATIENCE
        while not re.search(pattern, self.text):
            if time.monotonic() > limit:
                raise AssertionError(f"no {pattern} in {self.text!r}")
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    data = os.read(self.master, 65536)
                except OSError:  # the other end is closed
                    data = b""
                if not data:
                    raise AssertionError(f"ended without {pattern}: {self.text!r}")
                self.text += data.decode()

    def end(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            self.text += data.decode()
        os.close(self.master)
        self.status = self.process.wait(support.PATIENCE)
        return self

    @property
    def bars(self):
        return bars_in(self.text)

    def screen(self):
        """The lines as they stand in the end: what is behind an erased line is gone."""
        lines = []
        for line in self.text.replace("\r\n", "\n").split("\n"):
            lines.append(CSI.sub("", line.split("\r\x1b[K")[-1]))
        return lines


class Bar(Case):
    def run_on_terminal(self, *args, **options):
        urls = [self.server.url(f"/wait/{i / 8}?{i}") for i in range(1, 6)]
        return Terminal("fetch", *args, *urls, **options).end()

    def test_lines_above_bar_below(self):
        run = self.run_on_terminal()
        self.assertEqual(run.status, 0)
        self.assertGreater(len(run.bars), 3)
        self.assertIn("0/5", run.bars[0])
        screen = run.screen()
        self.assertEqual(sum(line.startswith("Starting ") for line in screen), 5)
        self.assertEqual(sum(line.endswith(": 10 bytes") for line in screen), 5)
        self.assertFalse([line for line in screen if "/5  " in line], "a bar was left behind")
        self.assertIn("URLs           5 ok, 0 failed", screen)

    def test_not_too_often(self):
        begin = time.monotonic()
        run = self.run_on_terminal()
        self.assertLessEqual(len(run.bars), 10 * (time.monotonic() - begin) + 2)

    def test_fits(self):
        for columns in (20, 40, 80, 300):
            run = self.run_on_terminal(columns=columns)
            for bar in run.bars:
                self.assertLess(len(bar), columns)
        self.assertIn("]", run.bars[0])

    def test_colours(self):
        refused = f"http://127.0.0.1:{support.closed_port()}/"
        hang = self.server.url("/hang")
        for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)):
            run = Terminal("fetch", "--timeout", "700ms", refused, hang, env=env).end()
            self.assertEqual("\x1b[31m1 failed\x1b[0m" in run.text, coloured, run.text)
            self.assertEqual(bool(re.search(r"\x1b\[\d+m", run.text)), coloured)

    def test_no_bar_where_it_cannot_be_drawn(self):
        for options in ({"env": {"TERM": "dumb"}}, {"env": {"TERM": None}}):
            run = self.run_on_terminal(**options)
            self.assertEqual(run.status, 0)
            self.assertNotIn("\x1b", run.text)
        self.assertNotIn("\x1b", self.run_on_terminal("--quiet").text)

    def test_output_elsewhere(self):
        """The bar stays on the terminal, the lines go where they were sent."""
        out = self.path("out")
        with open(out, "wb") as file:
            run = self.run_on_terminal(stdout=file)
        self.assertGreater(len(run.bars), 3)
        self.assertNotIn("Starting", run.text)
        text = self.read("out").decode()
        self.assertNotIn("\x1b", text)
        self.assertEqual(text.count("Starting "), 5)

        with open(out, "wb") as file:
            run = self.run_on_terminal(stderr=file)
        self.assertGreater(len(run.bars), 3)
        self.assertEqual(self.read("out"), b"")

    def test_json_on_a_terminal(self):
        run = self.run_on_terminal("--json")
        self.assertEqual(sum(line.startswith('{"url"') for line in run.screen()), 5)

    def test_unknown_total(self):
        reader, writer = os.pipe()
        os.write(writer, (self.server.url("/ok") + "\n").encode())
        run = Terminal("fetch", "-i", "-", stdin=reader)
        os.close(reader)
        run.read_until(r"1/1\+ ")
        os.close(writer)
        self.assertEqual(run.end().status, 0)

    def test_resized(self):
        run = Terminal("fetch", self.server.url("/wait/1.5"), columns=120)
        run.read_until(r"\]")
        run.resize(40)
        time.sleep(0.3)
        seen = len(run.text)
        run.end()
        later = bars_in(run.text[seen:])
        self.assertGreater(len(later), 0)
        for bar in later:
            self.assertLess(len(bar), 40)

    def test_interrupted_from_the_keyboard(self):
        run = Terminal("fetch", self.server.url("/hang"))
        run.read_until("0/1  ")
        os.killpg(run.process.pid, signal.SIGINT)
        run.end()
        self.assertEqual(run.status, 130)
        self.assertIn("koru fetch: interrupted", run.screen())


if __name__ == "__main__":
    main()
