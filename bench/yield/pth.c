/* SPDX-License-Identifier: MIT
 * A ring of GNU Pth threads, each calling pth_yield. See ring.h. */
#include <pth.h>

#define RING_YIELD(member)  pth_yield(NULL)
#define RING_RESULT         void *
#define RING_RETURN(member) NULL
#include "yield/ring.h"

int main(int argc, char **argv)
{
	struct ring ring;
	struct ring_member *members = ring_make(&ring, argc, argv);
	bench_require(pth_init(), "pth_init");
	pth_t *threads = calloc((size_t)ring.tasks, sizeof *threads);
	bench_require(threads != NULL, "memory");
	for (long i = 0; i < ring.tasks; i++) {
		threads[i] = pth_spawn(PTH_ATTR_DEFAULT, RING_TASK_OF(&ring, i), &members[i]);
		bench_require(threads[i] != NULL, "pth_spawn");
	}
	for (long i = 0; i < ring.tasks; i++)
		bench_require(pth_join(threads[i], NULL), "pth_join");
	ring_print(&ring);
	return 0;
}
