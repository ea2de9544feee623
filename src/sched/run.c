/* SPDX-License-Identifier: MIT
 * koru_run. See koru/run.h. */
#include "koru/run.h"

#include "base/alloc.h"
#include "context/overflow.h"
#include "poll/poller.h"
#include "sched/fork.h"
#include "sched/loop.h"

#include <errno.h>

/* Main's own error first; but where it only says "cancelled", what the cause of that was. */
static int verdict(const struct koru__loop *loop)
{
	int result = loop->main_result;
	int cause = loop->root.koru__cause;
	if ((result >= 0 || result == -ECANCELED) && cause != -ECANCELED)
		return cause;
	return result;
}

static int run(struct koru__loop *loop, koru_fn *main_fn, void *arg)
{
	/* koru_go wants a task to be called from; the first one is made on behalf of nobody. */
	struct koru_task nobody = { .head.scope = &loop->root };
	koru__loop_here.current = &nobody.head;
	int rc = koru__go(NULL, main_fn, arg, "main");
	koru__loop_here.current = NULL;
	if (rc < 0)
		return rc;
	loop->main = koru__runq_first(&koru__loop_here);
	koru__loop_run(loop);
	return verdict(loop);
}

int koru_run(koru_fn *main_fn, void *arg, const struct koru_run_opts *opts)
{
	static const struct koru_run_opts defaults;
	if (!opts)
		opts = &defaults;
	int size_class = koru__stack_class(opts->stack_size);
	if (size_class < 0 || opts->poller < KORU_POLLER_AUTO || opts->poller > KORU_POLLER_EPOLL)
		return -EINVAL;
	if (koru__loop())
		return -EBUSY;
	int rc = koru__fork_watch();
	if (rc < 0)
		return rc;
	struct koru__loop *loop = koru__alloc(sizeof(*loop));
	if (!loop)
		return -ENOMEM;
	rc = koru__loop_open(loop, opts->poller, (unsigned)size_class);
	if (rc < 0)
		goto out_free;
	void *altstack;
	rc = koru__overflow_open(koru_task_name, &altstack);
	if (rc < 0)
		goto out_close;
	rc = run(loop, main_fn, arg);
	koru__overflow_close(altstack);
out_close:
	koru__loop_close(loop);
out_free:
	koru__free(loop);
	return rc;
}

const char *koru_poller_name(void)
{
	return koru__task_self() ? koru__loop()->poller->ops->name : NULL;
}
