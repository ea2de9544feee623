/* SPDX-License-Identifier: MIT
 * A koru_mutex, locked by one task on each of several loops. See pairs.h. */
#include <koru/koru.h>

#include "mutex/pairs.h"

static struct koru_mutex mutex = KORU_MUTEX_INIT;

static int task(void *arg)
{
	struct pairs_thread *self = arg;
	PAIRS_LOOP(self, koru_mutex_lock(&mutex), koru_mutex_unlock(&mutex));
	return 0;
}

static int run(void *arg)
{
	struct koru_scope all;
	(void)arg;
	koru_scope_open(&all, NULL);
	for (int i = 0; i < pairs_threads; i++)
		koru_go_on(&all, KORU_LOOP(i), task, &pairs_each[i]);
	return koru_scope_close(&all);
}

int main(int argc, char **argv)
{
	pairs_init(argc, argv);
	struct koru_run_opts opts = { .loops = (int)pairs_threads };
	bench_require(koru_run(run, NULL, &opts) == 0, "koru_run");
	pairs_print();
	return 0;
}
