/* SPDX-License-Identifier: MIT
 * Typed tasks: how their arguments travel. See koru/typed.h. */
#include "koru/typed.h"

#include "base/macro.h"
#include "coro/arena.h"
#include "sched/loop.h"
#include "sched/scope.h"

#include <errno.h>
#include <string.h>

int koru__typed_go(struct koru_scope *scope, const struct koru_task_opts *opts, koru_fn *run,
                   const void *args, size_t size, const char *name)
{
	struct koru__loop *loop = koru__loop();
	if (koru__unlikely(!koru__task_self()))
		return -EPERM;
	struct koru_scope *home = scope ? scope : &loop->root;
	int rc = koru__scope_admits(loop, home);
	if (koru__unlikely(rc < 0))
		return rc;
	void *block = koru__block_take(home, size);
	if (koru__unlikely(!block)) {
		koru__scope_failed(loop, home, -ENOMEM, opts && opts->name ? opts->name : name);
		return -ENOMEM;
	}
	memcpy(block, args, size);
	rc = koru__go_with(scope, run, block, name, opts);
	if (koru__unlikely(rc < 0))
		koru__block_give(block);
	return rc;
}

void koru__typed_take(void *block, void *ret_args, size_t size)
{
	memcpy(ret_args, block, size);
	koru__block_give(block);
}
