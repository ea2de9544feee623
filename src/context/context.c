/* SPDX-License-Identifier: MIT
 * The beginning and the end of a context. See context.h. */
#include "context/context.h"

#include "base/assert.h"
#include "context/stack.h"

#include <stddef.h>
#include <stdint.h>

static_assert(offsetof(struct koru__context, sp) == 0, "koru/switch_*.h");
static_assert(offsetof(struct koru__context, pc) == 8, "koru/switch_*.h");
static_assert(offsetof(struct koru__context, fp) == 16, "koru/switch_*.h");
static_assert(offsetof(struct koru__context, base) == 24, "koru/switch_*.h");

void koru__context_start(void); /* start.S */

void koru__context_init(struct koru__context *ctx, const struct koru__stack *stack,
                        void (*entry)(void *arg), void *arg, void *order)
{
	uintptr_t *top = koru__stack_top(stack);
	koru__assert((uintptr_t)top % 16 == 0); /* all three ABIs ask for it */
	koru__sanitize_forget(koru__stack_low(stack), koru__stack_room(stack));
	top[-1] = (uintptr_t)arg;
	top[-2] = (uintptr_t)entry;
	ctx->sp = &top[-2];
	ctx->pc = (void *)(uintptr_t)koru__context_start;
	ctx->fp = NULL; /* ends a chain of frame pointers too */
	ctx->sanitize = koru__sanitize_new(koru__stack_low(stack), koru__stack_room(stack), order);
}

void koru__context_init_thread(struct koru__context *ctx, void *order)
{
	*ctx = (struct koru__context){ .sanitize = koru__sanitize_new_thread(order) };
}

void koru__context_done(struct koru__context *ctx)
{
	koru__sanitize_free(ctx->sanitize);
	*ctx = (struct koru__context){ 0 };
}

_Noreturn void koru__context_leave(struct koru__context *from, struct koru__context *to)
{
	koru__sanitize_leave(from->sanitize, to->sanitize, true);
	koru__switch(from, to);
	koru__assert(!"an ended context was resumed");
	__builtin_unreachable();
}
