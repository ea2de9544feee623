/* SPDX-License-Identifier: MIT
 *
 * The switch for riscv64 (LP64D). See context.h and, for why it ends with a jump,
 * switch_x86_64.S. The jump goes through t1: ra and t0 would be taken for a return
 * (RISC-V unprivileged ISA, section 2.5, return-address stack hints).
 *
 * A suspended context is its stack pointer; at it lie
 *
 *     sp +0 ra (where to go on)  +8 s0…s11 (12 words)  +104 fs0…fs11 (12 words)  +200 unused
 */
#if defined(__riscv) && __riscv_xlen == 64

	.text
	.globl	koru__switch
	.hidden	koru__switch
	.type	koru__switch, @function
	.p2align 6
koru__switch:
	.cfi_startproc
	addi	sp, sp, -208
	.cfi_adjust_cfa_offset 208
	sd	ra, 0(sp)
	.cfi_rel_offset ra, 0
	sd	s0, 8(sp)
	.cfi_rel_offset s0, 8
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 40(sp)
	sd	s5, 48(sp)
	sd	s6, 56(sp)
	sd	s7, 64(sp)
	sd	s8, 72(sp)
	sd	s9, 80(sp)
	sd	s10, 88(sp)
	sd	s11, 96(sp)
	fsd	fs0, 104(sp)
	fsd	fs1, 112(sp)
	fsd	fs2, 120(sp)
	fsd	fs3, 128(sp)
	fsd	fs4, 136(sp)
	fsd	fs5, 144(sp)
	fsd	fs6, 152(sp)
	fsd	fs7, 160(sp)
	fsd	fs8, 168(sp)
	fsd	fs9, 176(sp)
	fsd	fs10, 184(sp)
	fsd	fs11, 192(sp)
	sd	sp, 0(a0)
	ld	sp, 0(a1)
	ld	ra, 0(sp)
	ld	s0, 8(sp)
	ld	s1, 16(sp)
	ld	s2, 24(sp)
	ld	s3, 32(sp)
	ld	s4, 40(sp)
	ld	s5, 48(sp)
	ld	s6, 56(sp)
	ld	s7, 64(sp)
	ld	s8, 72(sp)
	ld	s9, 80(sp)
	ld	s10, 88(sp)
	ld	s11, 96(sp)
	fld	fs0, 104(sp)
	fld	fs1, 112(sp)
	fld	fs2, 120(sp)
	fld	fs3, 128(sp)
	fld	fs4, 136(sp)
	fld	fs5, 144(sp)
	fld	fs6, 152(sp)
	fld	fs7, 160(sp)
	fld	fs8, 168(sp)
	fld	fs9, 176(sp)
	fld	fs10, 184(sp)
	fld	fs11, 192(sp)
	addi	sp, sp, 208
	.cfi_adjust_cfa_offset -208
	.cfi_same_value ra
	.cfi_same_value s0
	li	a0, 0
	mv	t1, ra
	jr	t1
	.cfi_endproc
	.size	koru__switch, .-koru__switch

/* The bottom frame: the function is in s1, its argument in s2. */
	.globl	koru__context_start
	.hidden	koru__context_start
	.type	koru__context_start, @function
	.p2align 4
koru__context_start:
	.cfi_startproc
	.cfi_undefined ra
	mv	a0, s2
	jalr	s1
	ebreak
	.cfi_endproc
	.size	koru__context_start, .-koru__context_start

#endif
	.section .note.GNU-stack,"",@progbits
