/* SPDX-License-Identifier: MIT
 * A pthread_mutex_t, locked by threads: the plain kind, and with an owner (kind=2), which checks
 * as much as koru's does. See pairs.h. */
#include "mutex/pairs.h"

static pthread_mutex_t mutex;

static void *run(void *arg)
{
	struct pairs_thread *self = arg;
	PAIRS_LOOP(self, pthread_mutex_lock(&mutex), pthread_mutex_unlock(&mutex));
	return self;
}

int main(int argc, char **argv)
{
	pthread_mutexattr_t attr;
	pthread_mutexattr_init(&attr);
	if (bench_arg(argc, argv, "kind") == 2)
		pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &attr);
	pairs_init(argc, argv);
	pairs_run(run);
	pairs_print();
	return 0;
}
