/* SPDX-License-Identifier: MIT
 * The memory of koru tasks that have started and wait, one call deep, for cancellation. Each
 * has a stack of the default size with a guard below it. */
#include <errno.h>

#include <koru/koru.h>

#include "lib/memory.h"

static long started;

static BENCH_NOINLINE int park(void)
{
	int rc = koru_sleep(KORU_FOREVER);
	return rc == -ECANCELED ? 0 : rc;
}

static int wait_for_ever(void *arg)
{
	(void)arg;
	started++;
	return park();
}

static int run(void *arg)
{
	long tasks = *(long *)arg;
	struct bench_memory before = bench_memory_now();
	struct koru_scope all;
	koru_scope_open(&all, NULL);
	for (long i = 0; i < tasks; i++)
		bench_require(koru_go(&all, wait_for_ever, NULL) == 0, "koru_go");
	while (started < tasks && !koru_cancelled())
		koru_yield();
	if (started < tasks)
		bench_print("stopped", (double)started, "tasks");
	else
		bench_memory_print(before, tasks);
	koru_scope_cancel(&all);
	koru_scope_close(&all);
	return 0;
}

int main(int argc, char **argv)
{
	long tasks = bench_arg(argc, argv, "tasks");
	bench_require(koru_run(run, &tasks, NULL) == 0, "koru_run");
	return 0;
}
