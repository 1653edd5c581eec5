/* SPDX-License-Identifier: MIT */
/*
 * Reset and trap entry, machine mode, one hart.
 *
 * mscratch always holds the top of the interrupt stack, so a trap has a good stack even when it is an overflow of
 * the main one. An interrupt saves what C may destroy; a fault saves everything and never returns (fault.h).
 * The frame is `struct fault_frame`: word n is register xn, word 0 is mepc.
 */
    .section .text.start, "ax"
    .global _start
_start:
    csrw    mie, zero
    csrci   mstatus, 8
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    la      tp, virt_tls_start
    la      sp, virt_stack_top
    la      t0, virt_irq_stack_top
    csrw    mscratch, t0
    la      t0, trap_entry
    csrw    mtvec, t0
    la      t0, virt_bss_start
    la      t1, virt_bss_end
1:  bgeu    t0, t1, 2f
    sw      zero, 0(t0)
    addi    t0, t0, 4
    j       1b
2:  call    main
3:  j       3b

    .equ    FRAME, 128

    .align  4
trap_entry:
    csrrw   sp, mscratch, sp
    addi    sp, sp, -FRAME
    sw      ra, 4(sp)
    sw      t0, 20(sp)
    sw      t1, 24(sp)
    sw      t2, 28(sp)
    sw      a0, 40(sp)
    sw      a1, 44(sp)
    sw      a2, 48(sp)
    sw      a3, 52(sp)
    sw      a4, 56(sp)
    sw      a5, 60(sp)
    sw      a6, 64(sp)
    sw      a7, 68(sp)
    sw      t3, 112(sp)
    sw      t4, 116(sp)
    sw      t5, 120(sp)
    sw      t6, 124(sp)
    csrr    t0, mepc
    sw      t0, 0(sp)
    csrr    t0, mscratch
    sw      t0, 8(sp)
    addi    t0, sp, FRAME
    csrw    mscratch, t0
    csrr    a0, mcause
    bgez    a0, fault
    call    irq_dispatch
    lw      ra, 4(sp)
    lw      t0, 20(sp)
    lw      t1, 24(sp)
    lw      t2, 28(sp)
    lw      a0, 40(sp)
    lw      a1, 44(sp)
    lw      a2, 48(sp)
    lw      a3, 52(sp)
    lw      a4, 56(sp)
    lw      a5, 60(sp)
    lw      a6, 64(sp)
    lw      a7, 68(sp)
    lw      t3, 112(sp)
    lw      t4, 116(sp)
    lw      t5, 120(sp)
    lw      t6, 124(sp)
    lw      sp, 8(sp)
    mret

fault:
    sw      gp, 12(sp)
    sw      tp, 16(sp)
    sw      s0, 32(sp)
    sw      s1, 36(sp)
    sw      s2, 72(sp)
    sw      s3, 76(sp)
    sw      s4, 80(sp)
    sw      s5, 84(sp)
    sw      s6, 88(sp)
    sw      s7, 92(sp)
    sw      s8, 96(sp)
    sw      s9, 100(sp)
    sw      s10, 104(sp)
    sw      s11, 108(sp)
    csrr    a1, mtval
    mv      a2, sp
    la      sp, virt_irq_stack_top
    addi    sp, sp, -2032
    call    fault_trap
