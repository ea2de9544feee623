#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The command around its commands: help, version, mistakes, the manual page."""
import os
import re
import shutil
import subprocess
import unittest

import support
from support import Case, koru, main

MAN = os.path.join(os.path.dirname(__file__), "..", "..", "man", "koru.1")
COMMANDS = ("fetch", "serve")


class Help(Case):
    def test_overview(self):
        for args in (["--help"], ["-h"], ["help"]):
            result = koru(*args)
            self.assertEqual((result.status, result.err), (0, ""))
            for command in COMMANDS:
                self.assertRegex(result.out, rf"(?m)^  {command} ")

    def test_of_a_command(self):
        for command in COMMANDS:
            result = koru("help", command)
            self.assertEqual((result.status, result.err), (0, ""))
            self.assertIn(f"usage: koru {command}", result.out)
            self.assertIn("examples", result.out)
            self.assertEqual(koru(command, "--help").out, result.out)
            self.assertEqual(koru(command, "--nonsense", "--help").out, result.out)

    def test_fits_a_terminal(self):
        for args in (["--help"], *(["help", command] for command in COMMANDS)):
            for line in koru(*args).out.splitlines():
                self.assertLessEqual(len(line), 88, line)
                self.assertNotIn("\t", line)

    def test_version(self):
        for option in ("--version", "-V"):
            self.assertRegex(koru(option).out, r"^koru \d+\.\d+\.\d+\n$")

    def test_nowhere_to_go(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([support.KORU, "--help"], stdout=full, check=False)
        self.assertEqual(done.returncode, 1)


class Mistakes(Case):
    """Each is one sentence that says what is wrong and what to do."""

    def test_commands(self):
        self.assert_usage(koru(), "koru --help")
        self.assert_usage(koru("fetsh"), '"fetsh"', "did you mean `koru fetch`?")
        self.assert_usage(koru("xyzzy"), '"xyzzy"', "koru --help")
        self.assert_usage(koru("--xyzzy"), "--xyzzy", "koru --help")
        self.assert_usage(koru("help", "xyzzy"), '"xyzzy"')
        self.assert_usage(koru("a\x1b[2Jb"), "\\x1b")

    def test_options(self):
        rows = (
            (["fetch"], "no URLs"),
            (["fetch", "--nope", "x"], "no option --nope"),
            (["fetch", "--nope=1", "x"], "no option --nope;"),
            (["fetch", "-z", "x"], "no option -z"),
            (["fetch", "--json", "-z", "x"], "no option -z"),
            (["fetch", "-qz", "x"], "no option -z"),
            (["fetch", "x", "-c"], "-c needs a value"),
            (["fetch", "x", "--timeout"], "--timeout needs a value"),
            (["fetch", "--json=1", "x"], "--json takes no value"),
            (["fetch", "-c", "0", "x"], "-c 0:"),
            (["fetch", "-c", "100001", "x"], "-c 100001:"),
            (["fetch", "-c", "ten", "x"], "-c ten:"),
            (["fetch", "--per-host", "-1", "x"], "--per-host -1:"),
            (["fetch", "--timeout", "30", "x"], "--timeout 30:"),
            (["fetch", "--timeout", "99999h", "x"], "--timeout 99999h:"),
            (["fetch", "--max-redirects", "1001", "x"], "--max-redirects 1001:"),
            (["fetch", "--header", "nonsense", "x"], "--header nonsense:"),
            (["fetch", "--header", "a b: c", "x"], "--header a b: c:"),
            (["fetch", "--header", "a: b\r\nc: d", "x"], "on one line"),
            (["fetch", "--stack-size", "1K", "x"], "--stack-size 1K:"),
            (["fetch", "--stack-size", "1G", "x"], "--stack-size 1G:"),
            (["serve", "--port", "65536"], "--port 65536:"),
            (["serve", "--port", "http"], "--port http:"),
            (["serve", "--delay", "100"], "--delay 100:"),
            (["serve", "--delay", "2h"], "--delay 2h:"),
            (["serve", "--size", "2G"], "--size 2G:"),
            (["serve", "8080"], "8080"),
        )
        for args, words in rows:
            with self.subTest(args):
                self.assert_usage(koru(*args), f"koru {args[0]}: ", words)

    def test_header_count(self):
        headers = ["-HA: b"] * 65
        self.assert_usage(koru("fetch", *headers, "x"), "at most 64")


class Manual(unittest.TestCase):
    def test_is_well_formed(self):
        if not shutil.which("mandoc"):
            self.skipTest("needs mandoc")
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", MAN], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.stdout + done.stderr, "")

    def test_is_complete(self):
        """Every option in a command's help is in the manual too, and the other way round."""
        with open(MAN, encoding="utf-8") as file:
            manual = file.read().replace("\\-", "-")
        told = set(re.findall(r"\.It (?:Fl \w (?:Ar \w+ )?, )?Fl -([a-z-]+)", manual))
        helped = set()
        for command in COMMANDS:
            helped |= set(re.findall(r"(?m)^ +(?:-\w, )?--([a-z-]+)", koru("help", command).out))
        self.assertEqual(told - {"version"}, helped)


if __name__ == "__main__":
    main()
