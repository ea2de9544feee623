/* SPDX-License-Identifier: MIT
 * A koru_mutex, locked by plain threads. See pairs.h. */
#include <koru/koru.h>

#include "mutex/pairs.h"

static struct koru_mutex mutex = KORU_MUTEX_INIT;

static void *run(void *arg)
{
	struct pairs_thread *self = arg;
	PAIRS_LOOP(self, koru_mutex_lock(&mutex), koru_mutex_unlock(&mutex));
	return self;
}

int main(int argc, char **argv)
{
	pairs_init(argc, argv);
	pairs_run(run);
	pairs_print();
	return 0;
}
