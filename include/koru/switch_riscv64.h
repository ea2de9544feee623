/* SPDX-License-Identifier: MIT
 *
 * The switch for riscv64. See switch.h.
 */
#ifndef KORU_SWITCH_RISCV64_H
#define KORU_SWITCH_RISCV64_H

#ifdef __riscv_vector
#error "the vector registers would have to be among the clobbers"
#endif

/* The clobbers leave a0, a1 and perhaps s0 for the operands, so s0 is loaded last.
 * s0 is the frame pointer, which cannot be named among the clobbers, so it is saved by hand. The
 * jump goes through t1: ra and t0 would be taken for a return (RISC-V unprivileged ISA,
 * section 2.5, return-address stack hints). fcsr stays with the thread (koru/task.h). */
static inline __attribute__((always_inline)) void koru__switch(struct koru__context *from,
                                                               struct koru__context *to)
{
	__asm__ volatile("lla t0, 1f\n\t"
	                 "sd sp, 0(%[from])\n\t"
	                 "sd t0, 8(%[from])\n\t"
	                 "sd s0, 16(%[from])\n\t"
	                 "ld t1, 8(%[to])\n\t"
	                 "ld sp, 0(%[to])\n\t"
	                 "ld s0, 16(%[to])\n\t"
	                 "jr t1\n"
	                 "1:"
	                 : [from] "+r"(from), [to] "+r"(to)
	                 :
	                 : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a2", "a3", "a4", "a5",
	                   "a6", "a7", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10",
	                   "s11", "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8",
	                   "ft9", "ft10", "ft11", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5", "fs6",
	                   "fs7", "fs8", "fs9", "fs10", "fs11", "fa0", "fa1", "fa2", "fa3", "fa4",
	                   "fa5", "fa6", "fa7", "memory");
}

#endif
