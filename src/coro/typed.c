/* SPDX-License-Identifier: MIT
 * Typed tasks: how their arguments travel. See koru/typed.h. */
#include "koru/typed.h"

#include "base/macro.h"
#include "coro/arena.h"
#include "sched/loop.h"
#include "sched/scope.h"

#include <errno.h>
#include <string.h>

/* A block with a copy of the arguments, in `home`. */
static int pack(struct koru_scope *home, const void *args, size_t size, const char *name,
                void **ret_block)
{
	struct koru__loop *loop = koru__loop();
	int rc = koru__scope_admits(loop, home);
	if (koru__unlikely(rc < 0))
		return rc;
	void *block = koru__block_take(home, size);
	if (koru__unlikely(!block)) {
		if (home->koru__loop == loop)
			koru__scope_failed(loop, home, -ENOMEM, name);
		else
			(void)koru_scope_cancel(home);
		return -ENOMEM;
	}
	memcpy(block, args, size);
	*ret_block = block;
	return 0;
}

int koru__typed_go(struct koru_scope *scope, const struct koru_task_opts *opts,
                   struct koru_future *future, koru_fn *run, const void *args, size_t size,
                   const char *name)
{
	void *block = NULL;
	if (opts && opts->name)
		name = opts->name;
	int rc = -EPERM;
	if (koru__likely(koru__task_self()))
		rc = pack(scope ? scope : &koru__loop()->root, args, size, name, &block);
	if (koru__unlikely(rc < 0)) {
		if (future) {
			koru_future_init(future);
			(void)koru_future_complete(future, rc);
		}
		return rc;
	}
	rc = future ? koru__async(scope, future, run, block, name, opts)
	            : koru__go_with(scope, run, block, name, opts);
	if (koru__unlikely(rc < 0))
		koru__block_give(block);
	return rc;
}

void koru__typed_take(void *block, void *ret_args, size_t size)
{
	memcpy(ret_args, block, size);
	koru__block_give(block);
}
