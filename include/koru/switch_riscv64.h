/* SPDX-License-Identifier: MIT
 *
 * The switch for riscv64. See switch.h.
 */
#ifndef KORU_SWITCH_RISCV64_H
#define KORU_SWITCH_RISCV64_H

#ifdef __riscv_vector
#error "the vector registers would have to be among the clobbers"
#endif

#ifdef __clang__
#define KORU__SWITCH_SAVE_BASE "sd s1, 24(a0)\n\t"
#define KORU__SWITCH_LOAD_BASE "\n\tld s1, 24(a1)"
#define KORU__SWITCH_CLOBBER_BASE
#else
#define KORU__SWITCH_SAVE_BASE
#define KORU__SWITCH_LOAD_BASE
#define KORU__SWITCH_CLOBBER_BASE , "s1"
#endif

/* The operands are bound to a0 and a1: left to choose, the compiler may take s0 for one of them and
 * keep something else in a0, which no clobber would name. Whoever switches here leaves in a1 what
 * it went to, our own context. s0 is the frame pointer. The
 * jump goes through t1: ra and t0 would be taken for a return (RISC-V unprivileged ISA,
 * section 2.5, return-address stack hints). fcsr stays with the thread (koru/task.h). */
static inline __attribute__((always_inline)) void koru__switch(struct koru__context *from,
                                                               struct koru__context *to)
{
	register struct koru__context *a0 __asm__("a0") = from;
	register struct koru__context *a1 __asm__("a1") = to;
	__asm__ volatile("lla t0, 1f\n\t"
	                 "sd sp, 0(a0)\n\t"
	                 "sd t0, 8(a0)\n\t"
	                 "sd s0, 16(a0)\n\t" KORU__SWITCH_SAVE_BASE "ld t1, 8(a1)\n\t"
	                 "ld sp, 0(a1)\n\t"
	                 "ld s0, 16(a1)\n\t"
	                 "jr t1\n"
	                 "1:" KORU__SWITCH_LOAD_BASE
	                 : "+r"(a0), "+r"(a1)
	                 :
	                 : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a2", "a3", "a4", "a5",
	                   "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11",
	                   "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8", "ft9",
	                   "ft10", "ft11", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7",
	                   "fs8", "fs9", "fs10", "fs11", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5",
	                   "fa6", "fa7", "memory" KORU__SWITCH_CLOBBER_BASE);
}

#endif
