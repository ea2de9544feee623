/* SPDX-License-Identifier: MIT
 * A ring of State Threads. The library has no yield: a step wakes the next thread and
 * waits to be woken, through one condition variable a thread, which is its fastest way of
 * giving way (st_usleep(0) costs several times as much). See ring.h. */
#include <st.h>

struct ring_member;
static void pass_on(struct ring_member *member);

#define RING_YIELD(member)  pass_on(member)
#define RING_RESULT         void *
#define RING_RETURN(member) (pass_last(member), NULL)
static void pass_last(struct ring_member *member);
#include "yield/ring.h"

static st_cond_t *turns; /* one a thread */

static inline void pass_last(struct ring_member *member)
{
	st_cond_signal(turns[(member->index + 1) % member->ring->tasks]);
}

static inline void pass_on(struct ring_member *member)
{
	pass_last(member);
	st_cond_wait(turns[member->index]);
}

int main(int argc, char **argv)
{
	struct ring ring;
	struct ring_member *members = ring_make(&ring, argc, argv);
	bench_require(st_init() == 0, "st_init");
	st_thread_t *threads = calloc((size_t)ring.tasks, sizeof *threads);
	turns = calloc((size_t)ring.tasks, sizeof *turns);
	bench_require(threads && turns, "memory");
	for (long i = 0; i < ring.tasks; i++)
		bench_require((turns[i] = st_cond_new()) != NULL, "st_cond_new");
	for (long i = 0; i < ring.tasks; i++) {
		threads[i] = st_thread_create(RING_TASK_OF(&ring, i), &members[i], 1, 0);
		bench_require(threads[i] != NULL, "st_thread_create");
	}
	for (long i = 0; i < ring.tasks; i++)
		bench_require(st_thread_join(threads[i], NULL) == 0, "st_thread_join");
	ring_print(&ring);
	return 0;
}
