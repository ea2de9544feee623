/* SPDX-License-Identifier: MIT
 * Starts and joins empty koru tasks: a scope around each batch. See batch.h. */
#include <koru/koru.h>

#include "spawn/batch.h"

static int empty(void *arg)
{
	(void)arg;
	return 0;
}

static void batch(long at_once)
{
	struct koru_scope all;
	koru_scope_open(&all, NULL);
	for (long i = 0; i < at_once; i++)
		koru_go(&all, empty, NULL);
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
	bench_require(koru_run(run, &arguments, NULL) == 0, "koru_run");
	return 0;
}
