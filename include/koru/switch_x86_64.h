/* SPDX-License-Identifier: MIT
 *
 * The switch for x86-64. See switch.h.
 */
#ifndef KORU_SWITCH_X86_64_H
#define KORU_SWITCH_X86_64_H

/* What the compiler may use only when told so at build time. */
#ifdef __AVX512F__
#define KORU__SWITCH_CLOBBER_AVX512                                                                \
	, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",         \
	        "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2",   \
	        "k3", "k4", "k5", "k6", "k7"
#else
#define KORU__SWITCH_CLOBBER_AVX512
#endif

#ifdef __clang__
#define KORU__SWITCH_SAVE_BASE "movq %%rbx, 24(%%rdi)\n\t"
#define KORU__SWITCH_LOAD_BASE "\n\tmovq 24(%%rsi), %%rbx"
#define KORU__SWITCH_CLOBBER_BASE
#else
#define KORU__SWITCH_SAVE_BASE
#define KORU__SWITCH_LOAD_BASE
#define KORU__SWITCH_CLOBBER_BASE , "rbx"
#endif

/* Nothing is pushed: a leaf function may keep its variables below the stack pointer. Whoever
 * switches here leaves in rsi what it went to, our own context. MXCSR and the x87 control word
 * stay with the thread (koru/task.h). */
static inline __attribute__((always_inline)) void koru__switch(struct koru__context *from,
                                                               struct koru__context *to)
{
	__asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
	                 "movq %%rsp, 0(%%rdi)\n\t"
	                 "movq %%rax, 8(%%rdi)\n\t"
	                 "movq %%rbp, 16(%%rdi)\n\t" KORU__SWITCH_SAVE_BASE
	                 "movq 0(%%rsi), %%rsp\n\t"
	                 "movq 16(%%rsi), %%rbp\n\t"
	                 "jmpq *8(%%rsi)\n\t"
	                 ".p2align 4\n"
	                 "1:" KORU__SWITCH_LOAD_BASE
	                 : "+D"(from), "+S"(to)
	                 :
	                 : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
	                   "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
	                   "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
	                   "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)",
	                   "memory", "cc" KORU__SWITCH_CLOBBER_BASE KORU__SWITCH_CLOBBER_AVX512);
}

#endif
