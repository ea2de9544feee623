/* SPDX-License-Identifier: MIT
 *
 * The switch for x86-64 (System V ABI). See context.h.
 *
 * A suspended context is its stack pointer; at it lie the registers that a call must
 * preserve, and above them the address to go on at:
 *
 *     sp +0 r15  +8 r14  +16 r13  +24 r12  +32 rbx  +40 rbp  +48 rip
 *
 * The last step is a jump, not a return: the processor predicts a return from the calls
 * made before it, and those were made by another context, so every `ret` here would be
 * mispredicted. MXCSR and the x87 control word stay with the thread (see task.h).
 */
#if defined(__x86_64__)

	.text
	.globl	koru__switch
	.hidden	koru__switch
	.type	koru__switch, @function
	.p2align 6
koru__switch:
	.cfi_startproc
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
	movq	%rsp, (%rdi)
	movq	(%rsi), %rsp
	/* From here on the same description holds for the other stack. */
	movq	(%rsp), %r15
	movq	8(%rsp), %r14
	movq	16(%rsp), %r13
	movq	24(%rsp), %r12
	movq	32(%rsp), %rbx
	movq	40(%rsp), %rbp
	movq	48(%rsp), %rcx
	addq	$56, %rsp
	.cfi_def_cfa %rsp, 0
	.cfi_register %rip, %rcx
	.cfi_same_value %rbp
	.cfi_same_value %rbx
	.cfi_same_value %r12
	.cfi_same_value %r13
	.cfi_same_value %r14
	.cfi_same_value %r15
	xorl	%eax, %eax
	jmp	*%rcx
	.cfi_endproc
	.size	koru__switch, .-koru__switch

/* The bottom frame of every context: koru__context_init has put the function into rbx and
 * its argument into r12. Without a return address an unwinder ends here. */
	.globl	koru__context_start
	.hidden	koru__context_start
	.type	koru__context_start, @function
	.p2align 4
koru__context_start:
	.cfi_startproc
	.cfi_undefined %rip
	movq	%r12, %rdi
	call	*%rbx
	ud2
	.cfi_endproc
	.size	koru__context_start, .-koru__context_start

#endif
	.section .note.GNU-stack,"",@progbits
