/* SPDX-License-Identifier: MIT
 * fork(2) inside a task. See fork.h. */
#include "sched/fork.h"

#include "koru/task.h"

#include <pthread.h>

uint32_t koru__forks;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int result;

/* In the child, on the thread that forked: the only one it has. */
static void leave_loop(void)
{
	koru__forks++;
	koru__loop_here = (struct koru__loop_head){ .loop = 0 };
}

static void watch(void)
{
	result = -pthread_atfork(NULL, NULL, leave_loop);
}

int koru__fork_watch(void)
{
	(void)pthread_once(&once, watch);
	return result;
}
