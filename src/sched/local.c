/* SPDX-License-Identifier: MIT
 * Loop-locals. See local.h. */
#include "sched/local.h"

#include "base/assert.h"
#include "sched/loop.h"

#include <errno.h>
#include <pthread.h>

/* The kinds of this process, in the order of their first use: kind i has index i + 1. */
static pthread_mutex_t kinds_lock = PTHREAD_MUTEX_INITIALIZER;
static struct koru__loop_local *kinds[KORU__LOOP_LOCALS];
static int kinds_count;

static int index_of(struct koru__loop_local *key)
{
	pthread_mutex_lock(&kinds_lock);
	if (key->index == 0 && kinds_count < KORU__LOOP_LOCALS) {
		kinds[kinds_count++] = key;
		key->index = kinds_count;
	}
	int index = key->index;
	pthread_mutex_unlock(&kinds_lock);
	return index;
}

void *koru__loop_local_get(struct koru__loop_local *key)
{
	koru__assert(koru__task_self());
	int index = __atomic_load_n(&key->index, __ATOMIC_RELAXED);
	return index ? koru__loop()->locals[index - 1] : NULL;
}

int koru__loop_local_set(struct koru__loop_local *key, void *value)
{
	koru__assert(koru__task_self());
	int index = index_of(key);
	if (index == 0)
		return -ENOSPC;
	koru__assert(!koru__loop()->locals[index - 1]);
	koru__loop()->locals[index - 1] = value;
	return 0;
}

void koru__locals_done(struct koru__loop *loop)
{
	for (int i = KORU__LOOP_LOCALS; i-- > 0;) {
		void *value = loop->locals[i];
		loop->locals[i] = NULL;
		if (value)
			kinds[i]->done(value);
	}
}
