/* SPDX-License-Identifier: MIT
 *
 * The bottom frame of every context. koru__context_init has left two words on the stack: the
 * function to call and its argument. There is no return address, and the unwind information
 * says so: debuggers and profilers end a backtrace here.
 */
	.text
	.globl	koru__context_start
	.hidden	koru__context_start
	.p2align 4

#if defined(__x86_64__)

	.type	koru__context_start, @function
koru__context_start:
	.cfi_startproc
	.cfi_undefined %rip
	popq	%rax
	popq	%rdi
	call	*%rax
	ud2
	.cfi_endproc

#elif defined(__aarch64__)

	.type	koru__context_start, %function
koru__context_start:
	.cfi_startproc
	.cfi_undefined x30
	hint	#36
	ldp	x9, x0, [sp], #16
	blr	x9
	brk	#0
	.cfi_endproc

#elif defined(__riscv) && __riscv_xlen == 64

	.type	koru__context_start, @function
koru__context_start:
	.cfi_startproc
	.cfi_undefined ra
	ld	t0, 0(sp)
	ld	a0, 8(sp)
	addi	sp, sp, 16
	jalr	t0
	ebreak
	.cfi_endproc

#endif

	.size	koru__context_start, .-koru__context_start
	.section .note.GNU-stack,"",%progbits
