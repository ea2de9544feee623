/* SPDX-License-Identifier: MIT
 *
 * The ring that all yield programs in C and C++ run: `tasks` tasks of one thread, each
 * giving way to the next in a loop, and what one such step costs.
 *
 * The includer first defines
 *   RING_YIELD(member)   what gives way to the next task,
 *   RING_RESULT          what a task function returns, and
 *   RING_RETURN(member)  the value it returns,
 * and gets ring_task[4], four different task functions of the form
 * RING_RESULT (void *member).
 *
 * Four functions, because with a single one every return after a switch goes to the same
 * place, which the processor predicts: a figure that no real program sees. Each yields one
 * call deep, because real tasks wait inside the functions they call. Each has values that
 * live across the yield, and work after it, so that nothing becomes a tail call.
 */
#ifndef BENCH_YIELD_RING_H
#define BENCH_YIELD_RING_H

#include "lib/bench.h"

struct ring {
	long tasks;
	long functions;  /* 1 to 4: how many of the task functions are in use */
	long warmup;     /* rounds before the clock starts */
	long rounds;     /* rounds that are measured */
	int64_t started; /* set by the first task */
	int64_t ended;   /* set by the first task */
};

struct ring_member {
	struct ring *ring;
	long index;
	uint64_t sum;
};

/* One step: a function of its own, so that the yield is one call deep. */
#define RING_STEP(letter, mark)                                                                    \
	static BENCH_NOINLINE void ring_step_##letter(struct ring_member *member, uint64_t x)      \
	{                                                                                          \
		member->sum += x;                                                                  \
		RING_YIELD(member);                                                                \
		member->sum ^= x + (mark);                                                         \
	}

/* The first task holds the clock: between its last step of warming up and its last step,
 * each task has made exactly `rounds` steps. */
#define RING_TASK(letter, mark)                                                                    \
	RING_STEP(letter, mark)                                                                    \
	static RING_RESULT ring_task_##letter(void *arg)                                           \
	{                                                                                          \
		struct ring_member *member = (struct ring_member *)arg;                            \
		struct ring *ring = member->ring;                                                  \
		for (long i = 0; i < ring->warmup; i++)                                            \
			ring_step_##letter(member, (uint64_t)i);                                   \
		if (member->index == 0)                                                            \
			ring->started = bench_now();                                               \
		for (long i = 0; i < ring->rounds; i++)                                            \
			ring_step_##letter(member, (mark) * (uint64_t)i);                          \
		if (member->index == 0)                                                            \
			ring->ended = bench_now();                                                 \
		return RING_RETURN(member);                                                        \
	}

RING_TASK(a, 3)
RING_TASK(b, 5)
RING_TASK(c, 7)
RING_TASK(d, 11)

static RING_RESULT (*const ring_task[])(void *) = {
	ring_task_a,
	ring_task_b,
	ring_task_c,
	ring_task_d,
};

/* The task function of the ring's member `index`. */
#define RING_TASK_OF(ring, index) (ring_task[(index) % (ring)->functions])

/* From the arguments tasks, functions (1 to 4) and yields (in all, so that rings of every
 * size do the same work). A tenth more is done first to warm up. */
static inline struct ring_member *ring_make(struct ring *ring, int argc, char **argv)
{
	long yields = bench_arg(argc, argv, "yields");
	ring->tasks = bench_arg(argc, argv, "tasks");
	ring->functions = bench_arg(argc, argv, "functions");
	bench_require(ring->functions <= 4, "there are four functions");
	ring->rounds = yields / ring->tasks;
	bench_require(ring->rounds > 0, "fewer yields than tasks");
	ring->warmup = ring->rounds / 10 + 1;
	struct ring_member *members =
	        (struct ring_member *)calloc((size_t)ring->tasks, sizeof *members);
	bench_require(members != NULL, "memory");
	for (long i = 0; i < ring->tasks; i++) {
		members[i].ring = ring;
		members[i].index = i;
	}
	return members;
}

static inline void ring_print(const struct ring *ring)
{
	double yields = (double)ring->rounds * (double)ring->tasks;
	bench_print("yield", (double)(ring->ended - ring->started) / yields, "ns");
}

#endif
