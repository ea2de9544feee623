/* SPDX-License-Identifier: MIT
 *
 * What a loop has done so far, as numbers: for metrics, and for tests that ask whether a thing
 * happened the way it should.
 */
#ifndef KORU_COUNTER_H
#define KORU_COUNTER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The one table: name and meaning. */
#define KORU_COUNTER_MAP(X)                                                                        \
	X(tasks, "tasks started with koru_go")                                                     \
	X(tasks_hosted, "of these, run on the stack of the task that closed their scope")          \
	X(tasks_stolen, "tasks that another loop had made and not started")                        \
	X(switches, "times a task was given the processor, hosted ones included")                  \
	X(turns, "rounds of the loop: run what is ready, fire what is due, ask the poller")        \
	X(polls, "of these, those that asked the poller")                                          \
	X(timers, "timers that fired")                                                             \
	X(scopes_cancelled, "scopes that were cancelled, those inside others included")            \
	X(ops, "I/O operations begun")                                                             \
	X(ops_at_once, "of these, done without waiting")                                           \
	X(ops_cancelled, "of these, asked to end early")                                           \
	X(stacks_trimmed, "unused stacks whose memory was given back")

struct koru_counters {
#define KORU__COUNTER_FIELD(name, meaning) uint64_t name;
	KORU_COUNTER_MAP(KORU__COUNTER_FIELD)
#undef KORU__COUNTER_FIELD
};

/* Copies the counters of the running loop; they count from the start of its koru_run. Never
 * suspends. Returns 0, or -EPERM outside a task. */
int koru_counters(struct koru_counters *ret_counters);

#ifdef __cplusplus
}
#endif
#endif
