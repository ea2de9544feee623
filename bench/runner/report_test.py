# SPDX-License-Identifier: MIT
"""Tests of what the runner does with figures, without measuring anything."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, SOURCE)
from runner import program, report  # noqa: E402

BENCHMARK = {
    "name": "some", "title": "Some work",
    "metrics": [{"name": "time", "title": "ns"}],
    "cases": [{"title": "small", "goals": {"time": 10}}, {"title": "large"}],
    "peers": [{"name": "koru"}, {"name": "other"}, {"name": "not asked for"}],
    "notes": ["A note."],
}


def result(peer, case, *times, why="", failure=None):
    return {"peer": peer, "case": case, "runs": [{"time": t, "wall": 1.0} for t in times],
            "why": why, "failure": failure}


class Figures(unittest.TestCase):
    def test_lines_of_three_words_with_a_number(self):
        self.assertEqual(program.figures("yield 12.5 ns\n"), {"yield": 12.5})

    def test_anything_else_is_passed_over(self):
        self.assertEqual(program.figures("Starting http://a b\none two\nyield x ns\n\n"), {})


class Words(unittest.TestCase):
    def test_names_are_filled_in(self):
        words = program.split("{bin}/a -c {n} 'two words' '%{{url}}'", {"bin": "/b", "n": 3})
        self.assertEqual(words, ["/b/a", "-c", "3", "two words", "%{url}"])


class Programs(unittest.TestCase):
    def run_shell(self, *words, timeout=10):
        """With a launcher that only does what the real one does for the caller."""
        with tempfile.TemporaryDirectory() as bin_dir:
            with open(bin_dir + "/launch", "w") as file:
                file.write('#!/bin/sh\nshift\necho wall 1.5 s >"$1"\nshift\nexec "$@"\n')
            os.chmod(bin_dir + "/launch", 0o755)
            return program.run(words, 0, {"bin": bin_dir, "source": SOURCE, "env": {}}, timeout)

    def test_output_and_figures_of_the_process(self):
        self.assertEqual(self.run_shell("sh", "-c", "echo hello"), ("hello\n", {"wall": 1.5}))

    def test_a_program_that_is_not_there_is_missing(self):
        with self.assertRaises(program.Missing):
            self.run_shell("/nowhere/at-all")

    def test_a_program_that_lacks_what_it_measures_is_missing(self):
        with self.assertRaises(program.Missing):
            self.run_shell("sh", "-c", "exit 77")

    def test_a_failure_carries_the_last_thing_said(self):
        with self.assertRaisesRegex(program.Failed, "status 3, saying: why"):
            self.run_shell("sh", "-c", "echo first >&2; echo why >&2; exit 3")

    def test_a_program_that_hangs_fails(self):
        with self.assertRaisesRegex(program.Failed, "longer than 0.1 s"):
            self.run_shell("sleep", "5", timeout=0.1)


class Tables(unittest.TestCase):
    def test_number_has_three_digits(self):
        self.assertEqual([report.number(v) for v in (0.1234, 12.34, 123.4, 12345.6)],
                         ["0.12", "12.3", "123", "12,346"])

    def test_goal_met_missed_and_absent(self):
        ours = result("koru", "small", 9, 8, 30)
        self.assertEqual(report.cell(ours, "time", 10, 9), "9.00 (8.00-30.0) met")
        self.assertEqual(report.cell(ours, "time", 8.9, 9), "9.00 (8.00-30.0) MISSED")
        self.assertEqual(report.cell(ours, "time", None, 9), "9.00 (8.00-30.0)")

    def test_a_peer_is_compared_with_our_median(self):
        self.assertEqual(report.cell(result("other", "small", 18), "time", 10, 9),
                         "18.0 (18.0-18.0) 2.00x")

    def test_what_is_missing_is_named_and_who_was_not_asked_for_is_left_out(self):
        results = [result("koru", "small", 9), result("koru", "large", 90),
                   result("other", "small", why="missing (libother-dev)"),
                   result("other", "large", why="FAILED", failure="exit status 1")]
        text = report.text(BENCHMARK, results, 1)
        self.assertIn("missing (libother-dev)", text)
        self.assertIn("other, large: exit status 1", text)
        self.assertIn("A note.", text)
        self.assertNotIn("not asked for", text)

    def test_json_has_every_run_and_the_verdict(self):
        results = [result("koru", "small", 9, 11, 12), result("other", "large", why="missing (x)")]
        rows = report.as_json(BENCHMARK, results)["rows"]
        self.assertEqual(rows[0], {"peer": "koru", "case": "small", "metric": "time",
                                   "runs": [9, 11, 12], "median": 11, "min": 9, "max": 12,
                                   "goal": 10, "met": False})
        self.assertEqual(rows[1]["why"], "missing (x)")


if __name__ == "__main__":
    unittest.main()
