/* SPDX-License-Identifier: MIT
 * A ring of koru tasks on one loop, each calling koru_yield. See ring.h. */
#include <koru/koru.h>

#define RING_YIELD(member)  koru_yield()
#define RING_RESULT         int
#define RING_RETURN(member) 0
#include "yield/ring.h"

struct job {
	struct ring ring;
	struct ring_member *members;
};

static int run(void *arg)
{
	struct job *job = arg;
	struct koru_scope all;
	koru_scope_open(&all, NULL);
	for (long i = 0; i < job->ring.tasks; i++)
		koru_go(&all, RING_TASK_OF(&job->ring, i), &job->members[i]);
	return koru_scope_close(&all);
}

int main(int argc, char **argv)
{
	struct job job;
	job.members = ring_make(&job.ring, argc, argv);
	bench_require(koru_run(run, &job, NULL) == 0, "koru_run");
	ring_print(&job.ring);
	free(job.members);
	return 0;
}
