/* SPDX-License-Identifier: MIT
 *
 * koru_run: one call that starts a loop on this thread, runs a function as its main
 * task and returns when that task and all it started have ended.
 */
#ifndef KORU_RUN_H
#define KORU_RUN_H

#include <koru/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which part of the kernel performs I/O. */
enum koru_poller {
	KORU_POLLER_AUTO = 0, /* io_uring where the kernel lets us, else epoll; the
	                       * environment variable KORU_POLLER=uring|epoll decides first */
	KORU_POLLER_URING = 1,
	KORU_POLLER_EPOLL = 2,
};

struct koru_run_opts {
	enum koru_poller poller;
	size_t stack_size; /* of tasks that do not name their own; 0: KORU_STACK_SIZE_DEFAULT */
	/* How long detached tasks may take to end once main has ended and they have been cancelled;
	 * 0: no limit. Those that have not are reported then, and koru_run goes on waiting for
	 * them, since their stacks cannot be taken from them. */
	int64_t shutdown_timeout;
	/* Where reports go, a line with its newline at a time, from whichever thread has something
	 * to say: a deadlock, what has not ended in time. Must not call koru. NULL: to standard
	 * error. */
	void (*report)(const char *line, void *arg);
	void *report_arg;
	int loops; /* how many: 0 is 1; KORU_ALL_CORES: one for each processor that the
	            * process may use; at most KORU_LOOPS_MAX */
};

#define KORU_ALL_CORES (-1)
#define KORU_LOOPS_MAX 200

/* Runs main_fn(arg) as a task on a loop of the calling thread and waits for it. When
 * it has returned, detached tasks are cancelled and waited for. `opts` may be NULL.
 * Further loops run on threads of their own, for tasks with a place (koru_go_on).
 * Blocks the calling thread. Not inside a task; any number of threads may each be in a
 * koru_run of their own.
 *
 * A process forked inside a task has none of this: its thread is a plain one. Calls that need a
 * task (koru_go, koru_scope_open, koru_scope_close, …) return -EPERM there, those that wait block
 * the thread, and koru_run begins anew. It ends with _exit or exec; a task that returns there, or
 * goes on to close its scopes as if nothing had happened and then returns, ends it with a message
 * and abort. (fork runs what makes it so; _Fork, vfork and clone do not: only exec after those.)
 *
 * While it runs, SIGSEGV and SIGBUS are handled so that a stack overflow can be named;
 * any other fault is passed to the handler that was there before.
 *
 * Returns what main_fn returned; or, where that was not negative or only -ECANCELED,
 *   the first error of a detached task other than -ECANCELED, or
 *   -EDEADLK   every task waited and nothing could have woken any: no deadline, no sleep,
 *              no I/O under way, no other thread. They are reported and cancelled then;
 *   -ETIMEDOUT shutdown_timeout passed before all tasks had ended;
 * or, with main_fn not called,
 *   -EINVAL    stack_size, loops or shutdown_timeout out of range, or an unknown poller or
 * KORU_POLLER value, -EBUSY     inside a task, -ENOMEM, -EMFILE, -KORU_EGUARD, …  the loop or
 * main_fn's stack could not be made, -ENOSYS    the poller asked for by name is not to be had here.
 */
int koru_run(koru_fn *main_fn, void *arg, const struct koru_run_opts *opts);

/* How many loops this koru_run has, and which of them the caller runs on, from 0 (where main_fn
 * runs); 0 and -1 outside a task. Never suspend. */
int koru_loop_count(void);
int koru_loop_index(void);

/* The name of the poller of the running loop: "uring" or "epoll"; NULL outside a task.
 * Never suspends. */
const char *koru_poller_name(void);

/* What guards the stacks of this process: "madvise" (MADV_GUARD_INSTALL: no limit in number) or
 * "mprotect" (on kernels before 6.13: at most vm.max_map_count of them, then -KORU_EGUARD); "none
 * yet" before the first task. Never suspends; any thread. */
const char *koru_guard_name(void);

#ifdef __cplusplus
}
#endif
#endif
