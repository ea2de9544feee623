/* SPDX-License-Identifier: MIT
 *
 * The switch: a handful of instructions in the middle of a function, by which it stops being run
 * on one stack and something else goes on where it stopped on another. Not for use by programs;
 * public only because koru_yield puts it into theirs.
 *
 * It is not a function, for the processor's sake. A processor predicts each return from a stack
 * of the calls it has seen, and after a switch the calls that it has seen are another task's. A
 * switch that is called and returns is guessed wrongly; one that is called and leaves by a jump
 * leaves a call without its return behind, and every return further out is guessed wrongly for
 * ever. In the middle of a function, left by a jump, calls and returns stay balanced, and only
 * returns that differ from those of the task before cost a wrong guess (bench/ has the figures).
 * The compiler saves what is alive at that point and no more: all registers are declared
 * clobbered. Two cannot be, and are saved by hand: the frame pointer; and for clang the register
 * by which it finds the variables of a frame that is both realigned and of a size known only at
 * run time, for there it passes over the clobber in silence.
 *
 * koru__switch(from, to) suspends the caller into *from and goes on at *to; one file for each
 * architecture defines it.
 */
#ifndef KORU_SWITCH_H
#define KORU_SWITCH_H

/* A flow of control with a stack of its own, while it is suspended. The instructions know the
 * offsets of the first four. */
struct koru__context {
	void *sp;
	void *pc;   /* where to go on */
	void *fp;   /* the frame pointer */
	void *base; /* clang's base pointer; saved and loaded by the code that needs it itself */
	void *sanitize; /* what the sanitizers keep of it; NULL in an ordinary build */
};

#if defined(__x86_64__)
#include <koru/switch_x86_64.h>
#elif defined(__aarch64__)
#include <koru/switch_aarch64.h>
#elif defined(__riscv) && __riscv_xlen == 64
#include <koru/switch_riscv64.h>
#else
#error "koru has no switch for this architecture: it needs koru/switch_<arch>.h and start.S"
#endif

#endif
