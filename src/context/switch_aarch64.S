/* SPDX-License-Identifier: MIT
 *
 * The switch for aarch64 (AAPCS64). See context.h and, for why it ends with a jump,
 * switch_x86_64.S.
 *
 * A suspended context is its stack pointer; at it lie
 *
 *     sp +0 x19…x28 (10 words)  +80 x29  +88 x30 (where to go on)  +96 d8…d15 (8 words)
 */
#if defined(__aarch64__)

	.text
	.globl	koru__switch
	.hidden	koru__switch
	.type	koru__switch, %function
	.p2align 6
koru__switch:
	.cfi_startproc
	sub	sp, sp, #160
	.cfi_adjust_cfa_offset 160
	stp	x19, x20, [sp, #0]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	.cfi_rel_offset x29, 80
	.cfi_rel_offset x30, 88
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mov	x9, sp
	str	x9, [x0]
	ldr	x9, [x1]
	mov	sp, x9
	ldp	x19, x20, [sp, #0]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #160
	.cfi_adjust_cfa_offset -160
	.cfi_same_value x29
	.cfi_same_value x30
	mov	w0, #0
	br	x30
	.cfi_endproc
	.size	koru__switch, .-koru__switch

/* The bottom frame: the function is in x19, its argument in x20. */
	.globl	koru__context_start
	.hidden	koru__context_start
	.type	koru__context_start, %function
	.p2align 4
koru__context_start:
	.cfi_startproc
	.cfi_undefined x30
	mov	x0, x20
	blr	x19
	brk	#0
	.cfi_endproc
	.size	koru__context_start, .-koru__context_start

#endif
	.section .note.GNU-stack,"",%progbits
