/* SPDX-License-Identifier: MIT
 * koru_run. See koru/run.h. */
#include "koru/run.h"

#include "poll/poller.h"
#include "sched/fork.h"
#include "sched/loop.h"
#include "sched/runtime.h"

#include <errno.h>
#include <sched.h>

/* Those the process may run on. */
static int cores(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1; /* more than 1,024 processors: not worth guessing */
	int count = CPU_COUNT(&set);
	return count < KORU_LOOPS_MAX ? count : KORU_LOOPS_MAX;
}

int koru__run_check(const struct koru_run_opts *opts)
{
	int size_class = koru__stack_class(opts->stack_size);
	if (size_class < 0 || opts->poller < KORU_POLLER_AUTO || opts->poller > KORU_POLLER_EPOLL ||
	    opts->shutdown_timeout < 0)
		return -EINVAL;
	if (koru__loop())
		return -EBUSY;
	int rc = koru__fork_watch();
	return rc < 0 ? rc : size_class;
}

int koru_run(koru_fn *main_fn, void *arg, const struct koru_run_opts *opts)
{
	static const struct koru_run_opts defaults;
	if (!opts)
		opts = &defaults;
	int loops = opts->loops == KORU_ALL_CORES ? cores() : opts->loops;
	if (loops < 0 || loops > KORU_LOOPS_MAX)
		return -EINVAL;
	int size_class = koru__run_check(opts);
	if (size_class < 0)
		return size_class;
	return koru__runtime_run(loops ? loops : 1, opts, (unsigned)size_class, main_fn, arg);
}

int koru_loop_count(void)
{
	return koru__task_self() ? koru__loop()->runtime->count : 0;
}

int koru_loop_index(void)
{
	return koru__task_self() ? koru__loop()->index : -1;
}

const char *koru_poller_name(void)
{
	return koru__task_self() ? koru__loop()->poller->ops->name : NULL;
}
