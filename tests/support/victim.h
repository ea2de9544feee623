/* SPDX-License-Identifier: MIT
 *
 * Victims: small programs of which some have a bug that a sanitizer has to report, and others only
 * look as if they had. One executable holds several; its first argument chooses.
 */
#ifndef TESTS_SUPPORT_VICTIM_H
#define TESTS_SUPPORT_VICTIM_H

/* The executable. */
void victim_set(const char *path);

/* Runs a program many times. Asserts that, but for one run at most, its output has `text`. */
void victim_expect_report(const char *program, const char *text);

/* The same, and not one run may be without it. */
void victim_expect_report_always(const char *program, const char *text);

/* Asserts that each run exits with 0. */
void victim_expect_silence(const char *program);

#endif
