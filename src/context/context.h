/* SPDX-License-Identifier: MIT
 *
 * A context: a flow of control with a stack of its own, and the switch between two of them.
 * It knows neither tasks nor loops.
 */
#ifndef KORU_CONTEXT_CONTEXT_H
#define KORU_CONTEXT_CONTEXT_H

#include "context/sanitize.h"

#include <stdbool.h>

struct koru__stack;

struct koru__context {
	void *sp; /* while suspended: the registers lie there (see switch_*.S) */
	struct koru__sanitize sanitize;
};

/* Saves the caller into *from and goes on where *to was saved. Returns 0 when something
 * switches back: a constant, so that a caller whose answer is 0 can leave by a tail call
 * and need not return through a frame of its own. In assembly, one file an architecture. */
int koru__switch(struct koru__context *from, struct koru__context *to);

/* Prepares *ctx so that the first switch to it calls entry(arg) on `stack`. `entry` must not
 * return. `order`: see sanitize.h. Touches the topmost bytes of the stack. */
void koru__context_init(struct koru__context *ctx, const struct koru__stack *stack,
                        void (*entry)(void *arg), void *arg, void *order);

/* Makes *ctx stand for the calling thread's own stack. Its mirror image is
 * koru__context_done, which is also for contexts that have ended. */
void koru__context_init_thread(struct koru__context *ctx, void *order);
void koru__context_done(struct koru__context *ctx);

/* From *from, which is running, to *to. The first act of an entry function is
 * koru__context_enter. */
static inline int koru__context_switch(struct koru__context *from, struct koru__context *to)
{
#ifdef KORU__SANITIZED
	koru__sanitize_leave(&from->sanitize, &to->sanitize, false);
	koru__switch(from, to);
	koru__sanitize_enter(&from->sanitize);
	return 0;
#else
	return koru__switch(from, to);
#endif
}

static inline void koru__context_enter(struct koru__context *self)
{
	koru__sanitize_enter(&self->sanitize);
}

/* From *from, which will never run again, to *to. */
_Noreturn void koru__context_leave(struct koru__context *from, struct koru__context *to);

#endif
