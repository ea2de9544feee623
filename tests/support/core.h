/* SPDX-License-Identifier: MIT
 *
 * What the tests of the core share: running a loop, running something in a child process that
 * may die, and counting what a process holds.
 */
#ifndef TESTS_SUPPORT_CORE_H
#define TESTS_SUPPORT_CORE_H

#include <koru/run.h>

#include <stdbool.h>
#include <stddef.h>

/* koru_run. A failed assertion inside a task ends the program at once, after its message: cmocka
 * would leave the task by longjmp, with the loop still installed. */
int run(koru_fn *main_fn, void *arg);
int run_with(koru_fn *main_fn, void *arg, const struct koru_run_opts *opts);

/* Calls body(arg), which asserts and returns 0, in a task and then on this thread, which has no
 * loop. Asserts that no descriptor is left open. */
void in_both_places(int (*body)(void *arg), void *arg);

/* A child process and what it said before it ended. */
struct child {
	bool exited;     /* by exit; otherwise by a signal */
	int code;        /* the exit status, or the signal */
	char said[8192]; /* its standard error, and output, zero-terminated */
};

/* Forks and calls body(arg) in the child, which exits with its result. Faults have their default
 * action there, and no core is written. */
void in_child(struct child *ret_child, int (*body)(void *arg), void *arg);

/* Open descriptors, mappings, and resident memory in bytes, of this process. */
int count_fds(void);
int count_mappings(void);
size_t resident(void);

/* True where the program runs under something that makes its own use of memory and mappings:
 * a sanitizer, Valgrind, an emulator. */
bool is_plain_build(void);

/* True where an emulator runs the program: once there are threads, the emulator's own are taken for
 * the program's, and no deadlock is certain any more. */
bool is_emulated(void);

/* The order in which things happened. */
struct trace {
	int len;
	int items[256];
};
void trace_add(struct trace *trace, int item);
/* Asserts that the trace is exactly these. */
void trace_expect(const struct trace *trace, int len, const int *items);
#define TRACE_EXPECT(trace, ...)                                                                   \
	trace_expect((trace), (int)(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int)),                 \
	             (const int[]){ __VA_ARGS__ })

#endif
