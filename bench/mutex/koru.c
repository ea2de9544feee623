/* SPDX-License-Identifier: MIT
 * A koru_mutex, locked by one task on each of several loops, each in a thread. See pairs.h. */
#include <koru/koru.h>

#include "mutex/pairs.h"

static struct koru_mutex mutex = KORU_MUTEX_INIT;

static int task(void *arg)
{
	struct pairs_thread *self = arg;
	PAIRS_LOOP(self, koru_mutex_lock(&mutex), koru_mutex_unlock(&mutex));
	return 0;
}

static void *run_loop(void *self)
{
	return koru_run(task, self, NULL) == 0 ? self : NULL;
}

int main(int argc, char **argv)
{
	pairs_measure(argc, argv, run_loop);
	return 0;
}
