/* SPDX-License-Identifier: MIT
 *
 * A context: a flow of control with a stack of its own. It knows neither tasks nor loops. The
 * struct and the bare switch are in koru/switch.h.
 */
#ifndef KORU_CONTEXT_CONTEXT_H
#define KORU_CONTEXT_CONTEXT_H

#include "context/sanitize.h"
#include "koru/switch.h"

struct koru__stack;

/* Prepares *ctx so that the first switch to it calls entry(arg) on `stack`. `entry` must not
 * return. `order`: see sanitize.h. Touches the topmost bytes of the stack. */
void koru__context_init(struct koru__context *ctx, const struct koru__stack *stack,
                        void (*entry)(void *arg), void *arg, void *order);

/* Makes *ctx stand for the calling thread's own stack. Its mirror image is
 * koru__context_done, which is also for contexts that have ended. */
void koru__context_init_thread(struct koru__context *ctx, void *order);
void koru__context_done(struct koru__context *ctx);

/* From *from, which is running, to *to; returns when something switches back. The first act of
 * an entry function is koru__context_enter. */
static inline __attribute__((always_inline)) void koru__context_switch(struct koru__context *from,
                                                                       struct koru__context *to)
{
	koru__sanitize_leave(from->sanitize, to->sanitize, false);
	koru__switch(from, to);
	koru__sanitize_enter(from->sanitize);
}

static inline void koru__context_enter(struct koru__context *self)
{
	koru__sanitize_enter(self->sanitize);
}

/* From *from, which will never run again, to *to. */
_Noreturn void koru__context_leave(struct koru__context *from, struct koru__context *to);

#endif
