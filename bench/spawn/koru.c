/* SPDX-License-Identifier: MIT
 * Starts and joins koru tasks: a scope around each batch. A scope that is being closed calls its
 * tasks on the closer's stack; with own_stack=2 it is closed only when they have run, or at least
 * begun to, so that each batch needs stacks and switches. See batch.h. */
#include <koru/koru.h>

#include "spawn/batch.h"

static koru_fn *task;
static long own_stack;

static int empty(void *arg)
{
	(void)arg;
	return 0;
}

static int yields(void *arg)
{
	(void)arg;
	return koru_yield();
}

static void batch(long at_once)
{
	struct koru_scope all;
	koru_scope_open(&all, NULL);
	for (long i = 0; i < at_once; i++)
		koru_go(&all, task, NULL);
	if (own_stack == 2)
		koru_yield();
	bench_require(koru_scope_close(&all) == 0, "koru_scope_close");
}

struct arguments {
	int argc;
	char **argv;
};

static int run(void *arg)
{
	struct arguments *arguments = arg;
	batch_run(arguments->argc, arguments->argv, batch);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { argc, argv };
	task = bench_arg(argc, argv, "parts") == 1 ? empty : yields;
	own_stack = bench_arg(argc, argv, "own_stack");
	bench_require(koru_run(run, &arguments, NULL) == 0, "koru_run");
	return 0;
}
