/* SPDX-License-Identifier: MIT
 * The first frame of a context. See context.h, and switch_*.S for the layout written here. */
#include "context/context.h"

#include "base/assert.h"
#include "context/stack.h"

#include <stdint.h>

void koru__context_start(void);

/* How many words koru__switch takes off a stack, and where in them the bottom frame expects
 * its function, its argument and its own address. */
#if defined(__x86_64__)
enum { FRAME_WORDS = 7, FRAME_FN = 4, FRAME_ARG = 3, FRAME_PC = 6 };
#elif defined(__aarch64__)
enum { FRAME_WORDS = 20, FRAME_FN = 0, FRAME_ARG = 1, FRAME_PC = 11 };
#elif defined(__riscv) && __riscv_xlen == 64
enum { FRAME_WORDS = 26, FRAME_FN = 2, FRAME_ARG = 3, FRAME_PC = 0 };
#else
#error "koru has no switch for this architecture: add src/context/switch_<arch>.S"
#endif

static_assert(offsetof(struct koru__context, sp) == 0, "switch_*.S stores the stack pointer first");

void koru__context_init(struct koru__context *ctx, const struct koru__stack *stack,
                        void (*entry)(void *arg), void *arg, void *order)
{
	uintptr_t top = (uintptr_t)koru__stack_top(stack);
	koru__assert(top % 16 == 0); /* all three ABIs ask for it */
	uintptr_t *frame = (uintptr_t *)top - FRAME_WORDS;
	for (int i = 0; i < FRAME_WORDS; i++)
		frame[i] = 0;
	frame[FRAME_FN] = (uintptr_t)entry;
	frame[FRAME_ARG] = (uintptr_t)arg;
	frame[FRAME_PC] = (uintptr_t)koru__context_start;
	ctx->sp = frame;
	koru__sanitize_init(&ctx->sanitize, koru__stack_low(stack), koru__stack_room(stack), order);
}

void koru__context_init_thread(struct koru__context *ctx, void *order)
{
	ctx->sp = NULL;
	koru__sanitize_init_thread(&ctx->sanitize, order);
}

void koru__context_done(struct koru__context *ctx)
{
	koru__sanitize_done(&ctx->sanitize);
	ctx->sp = NULL;
}

_Noreturn void koru__context_leave(struct koru__context *from, struct koru__context *to)
{
	koru__sanitize_leave(&from->sanitize, &to->sanitize, true);
	koru__switch(from, to);
	koru__assert(!"an ended context was resumed");
	__builtin_unreachable();
}
