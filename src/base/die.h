/* SPDX-License-Identifier: MIT
 *
 * The last words of a program that cannot go on: a broken assertion, a stack overflow; and the
 * reports that nobody has asked to have (koru_run_opts.report). The library prints nowhere else.
 */
#ifndef KORU_BASE_DIE_H
#define KORU_BASE_DIE_H

/* Writes one line to standard error and aborts. Formats into a buffer on the stack and
 * makes no allocation, so that a signal handler may call it with %s, %d and %zu. */
_Noreturn void koru__die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes the text to standard error. */
void koru__warn(const char *text);

#endif
