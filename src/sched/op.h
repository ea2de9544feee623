/* SPDX-License-Identifier: MIT
 *
 * How a task waits for operations of the poller.
 */
#ifndef KORU_SCHED_OP_H
#define KORU_SCHED_OP_H

#include "poll/poller.h"

#include <stdint.h>

struct koru__loop;

/* Performs the operation: in a task it parks the task until the poller is done with it, on a
 * thread without a loop it blocks the thread. Returns its result, or -ECANCELED, and then it had
 * no effect. The operation is the caller's again. */
int64_t koru__op_run(struct koru__op *op);

/* Performs the operation here and now, even where the disk makes it wait: for what does not
 * become ready later. Returns its result, or -ECANCELED. */
int64_t koru__op_run_now(struct koru__op *op);

/* Performs `count` operations at once until one of them is done or the moment `until` has come,
 * and cancels the others; each has its result when this returns. Only in a task.
 * Returns 0, or -ECANCELED; results that are not -ECANCELED stand even then. */
int koru__op_run_first(struct koru__op *ops, int count, int64_t until);

/* Who waits for operations by other means than those above. */
struct koru__op_owner {
	/* Called by the loop, on its own stack; must not suspend. */
	void (*completed)(struct koru__op_owner *owner, struct koru__op *op);
};

/* Hands an operation to the loop's poller. Returns true when it was done on the spot; otherwise its
 * owner is told, and op->done set. To cancel it asks for that to happen soon; harmless when it has
 * happened. */
bool koru__op_submit(struct koru__loop *loop, struct koru__op *op, struct koru__op_owner *owner);
void koru__op_cancel(struct koru__loop *loop, struct koru__op *op);

/* The loop's side: hands a completed operation back to its owner. */
void koru__op_completed(struct koru__loop *loop, struct koru__op *op);

#endif
