/* SPDX-License-Identifier: MIT
 *
 * Reports for people: which tasks there are and what each waits for. The text goes line by line to
 * koru_run_opts.report, or to standard error.
 */
#ifndef KORU_SCHED_REPORT_H
#define KORU_SCHED_REPORT_H

struct koru__loop;
struct koru__runtime;

/* One line, given its newline here. */
void koru__report_line(struct koru__runtime *runtime, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* The tasks that run on this loop, a line each. On its own thread, or while it sleeps for good. */
void koru__report_tasks(struct koru__loop *loop);

#endif
