/* SPDX-License-Identifier: MIT
 * The memory of State Threads that have started and wait on a condition variable. Debian's
 * build of the library gives its stacks no guards. */
#include <st.h>
#include <unistd.h>

#include "lib/memory.h"

static st_cond_t never;
static long started;

static BENCH_NOINLINE int park(void)
{
	return st_cond_wait(never);
}

static void *wait_for_ever(void *arg)
{
	started++;
	return park() == 0 ? arg : NULL;
}

int main(int argc, char **argv)
{
	long tasks = bench_arg(argc, argv, "tasks");
	int stack = (int)bench_arg(argc, argv, "stack");
	bench_require(st_init() == 0 && (never = st_cond_new()) != NULL, "st_init");
	struct bench_memory before = bench_memory_now();
	for (long i = 0; i < tasks; i++)
		bench_require(st_thread_create(wait_for_ever, NULL, 0, stack) != NULL,
		              "st_thread_create");
	while (started < tasks)
		st_usleep(0);
	bench_memory_print(before, tasks);
	_exit(0);
}
