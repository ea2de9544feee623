/* SPDX-License-Identifier: MIT
 *
 * The switch for aarch64. See switch.h.
 */
#ifndef KORU_SWITCH_AARCH64_H
#define KORU_SWITCH_AARCH64_H

#ifdef __ARM_FEATURE_SVE
#define KORU__SWITCH_CLOBBER_SVE                                                                   \
	, "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13",  \
	        "p14", "p15"
#else
#define KORU__SWITCH_CLOBBER_SVE
#endif

#ifdef __clang__
#define KORU__SWITCH_SAVE_BASE "str x19, [x0, #24]\n\t"
#define KORU__SWITCH_LOAD_BASE "\n\tldr x19, [x1, #24]"
#define KORU__SWITCH_CLOBBER_BASE
#else
#define KORU__SWITCH_SAVE_BASE
#define KORU__SWITCH_LOAD_BASE
#define KORU__SWITCH_CLOBBER_BASE , "x19"
#endif

/* The operands are bound to x0 and x1: left to choose, the compiler may take x29 for one of them
 * and keep something else in x0, which no clobber would name. Whoever switches here leaves in x1
 * what it went to, our own context. x18 is one of many on Linux. The landing is marked for
 * processors that check indirect jumps (hint 36 is `bti j`, a no-op elsewhere). FPCR stays with the
 * thread (koru/task.h). */
static inline __attribute__((always_inline)) void koru__switch(struct koru__context *from,
                                                               struct koru__context *to)
{
	register struct koru__context *x0 __asm__("x0") = from;
	register struct koru__context *x1 __asm__("x1") = to;
	__asm__ volatile("adr x9, 1f\n\t"
	                 "mov x10, sp\n\t"
	                 "stp x10, x9, [x0]\n\t"
	                 "str x29, [x0, #16]\n\t" KORU__SWITCH_SAVE_BASE "ldp x10, x16, [x1]\n\t"
	                 "ldr x29, [x1, #16]\n\t"
	                 "mov sp, x10\n\t"
	                 "br x16\n"
	                 "1:\n\t"
	                 "hint #36" KORU__SWITCH_LOAD_BASE
	                 : "+r"(x0), "+r"(x1)
	                 :
	                 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
	                   "x13", "x14", "x15", "x16", "x17", "x18", "x20", "x21", "x22", "x23",
	                   "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4",
	                   "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15",
	                   "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25",
	                   "v26", "v27", "v28", "v29", "v30", "v31", "memory",
	                   "cc" KORU__SWITCH_CLOBBER_BASE KORU__SWITCH_CLOBBER_SVE);
}

#endif
