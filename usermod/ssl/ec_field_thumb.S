// SPDX-License-Identifier: MIT
//
// The functions of ec_field.h that a port may bring, for Armv6-M (Cortex-M0, M0+).
//
// That processor multiplies 32 by 32 bits into the low 32 only, so a product of two words takes four multiplications of half
// words, 33 cycles with its loop. Loops instead of repetition: 750 bytes. No branch and no address depends on a value.

    .syntax unified
    .cpu cortex-m0plus
    .thumb

// What product and square keep on their stack.
    .equ CARRY, 0                   // two words, of a square's columns
    .equ RESULT, 8                  // t
    .equ BYTES, 12
    .equ REVERSED, 16               // b, its words in reverse order: 12 of them
    .equ FRAME, REVERSED + 48

    .macro function name
    .balign 4
    .global \name
    .thumb_func
    .type \name, %function
\name:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    .endm

    .macro leave
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .endm

    .macro add_word place, word
    ldr r4, [r0, #\place]
    adcs r4, \word
    str r4, [r0, #\place]
    .endm

    .macro fold_word place, word
    ldr r7, [r0, #\place]
    adcs r7, \word
    str r7, [r0, #\place]
    .endm

    .macro test_word place, word
    ldr r4, [r0, #\place]
    sbcs r4, \word
    .endm

    .macro subtract_word place, word
    ldr r4, [r0, #\place]
    sbcs r4, \word
    str r4, [r5, #\place]
    .endm

    .section .text.mpy_ssl_ec_product, "ax", %progbits
    .balign 4

// (r7 r6 r5) += the sum of x[i] * y[i], for the x from r8 to before r10 and y = x + r9 bytes. r8 becomes r10; r0 to r4 are lost.
    .thumb_func
add_products:
    b 2f
1:  mov r0, r8
    mov r1, r9
    ldr r1, [r0, r1]
    ldmia r0!, {r2}
    mov r8, r0
    lsrs r3, r2, #16
    uxth r2, r2
    lsrs r4, r1, #16
    uxth r1, r1
    movs r0, r2
    muls r0, r1, r0                 // low * low
    muls r2, r4, r2                 // low * high
    muls r4, r3, r4                 // high * high
    muls r1, r3, r1                 // high * low
    adds r2, r2, r1
    movs r1, #0
    adcs r1, r1
    lsls r1, r1, #16
    adds r4, r4, r1
    lsls r1, r2, #16
    lsrs r2, r2, #16
    adds r0, r0, r1
    adcs r4, r2                     // r4 r0: the product
    adds r5, r5, r0
    adcs r6, r4
    movs r0, #0
    adcs r7, r0
2:  cmp r8, r10
    bne 1b
    bx lr

// Copies the r4 bytes of words at r2 to before r3, the last one first, and leaves the address of the copy in r3. r2, r4, r5 are lost.
    .thumb_func
reverse:
    ldmia r2!, {r5}
    subs r3, r3, #4
    str r5, [r3]
    subs r4, r4, #4
    bne reverse
    bx lr

// Stores the lowest word of the column at r11, moves r11 and the column on, and r9 to the pairs of the next column. r0 is lost.
    .thumb_func
next_column:
    mov r0, r11
    stmia r0!, {r5}
    mov r11, r0
    movs r5, r6
    movs r6, r7
    movs r7, #0
    mov r0, r9
    subs r0, r0, #4
    mov r9, r0
    bx lr

// void mpy_ssl_ec_reduce_p256(mpy_ssl_fe *r, uint32_t t[16])
// Two words at a time, because p = -1 modulo 2^64: m p is m times 2^256 - 2^224 + 2^192 + 2^96, and -m, which makes the two
// words zero.
function mpy_ssl_ec_reduce_p256
    mov r8, r0
    movs r0, r1
    movs r7, #0                     // a carry to six words on
    movs r6, #4
    mov r9, r6
1:  ldr r1, [r0, #0]
    ldr r2, [r0, #4]
    movs r6, #0
    movs r4, r1
    movs r5, r2
    subs r3, r2, r1                 // (r5 r4 r3 r1) = m (2^64 - 2^32 + 1)
    sbcs r4, r2
    sbcs r5, r6
    adds r4, r4, r7
    adcs r5, r6
    ldr r7, [r0, #12]
    adds r7, r7, r1
    str r7, [r0, #12]
    fold_word 16, r2
    fold_word 20, r6
    fold_word 24, r1
    fold_word 28, r3
    fold_word 32, r4
    fold_word 36, r5
    movs r7, #0
    adcs r7, r7
    adds r0, r0, #8
    mov r6, r9
    subs r6, r6, #1
    mov r9, r6
    bne 1b
    mov r5, r8
    bl reduce_once
    leave

// (r7 and the eight words at r0) modulo p, if they are below 2 p, to the address in r5. r1 to r4 and r7 are lost.
    .thumb_func
reduce_once:
    movs r2, #0
    mvns r1, r2                     // p is r1 r3 r2 r2 r2 r1 r1 r1
    movs r3, #1
    ldr r4, [r0, #0]
    subs r4, r4, r1
    test_word 4, r1
    test_word 8, r1
    test_word 12, r2
    test_word 16, r2
    test_word 20, r2
    test_word 24, r3
    test_word 28, r1
    sbcs r4, r4                     // all ones: it borrowed
    mvns r1, r4
    rsbs r7, r7, #0
    orrs r1, r7                     // all ones: subtract p
    lsrs r3, r1, #31
    ldr r4, [r0, #0]
    subs r4, r4, r1
    str r4, [r5, #0]
    subtract_word 4, r1
    subtract_word 8, r1
    subtract_word 12, r2
    subtract_word 16, r2
    subtract_word 20, r2
    subtract_word 24, r3
    subtract_word 28, r1
    bx lr

// void mpy_ssl_ec_product(uint32_t *t, const uint32_t *a, const uint32_t *b, uint32_t bytes)
// Column k is the sum of a[i] * b[k - i] = a[i] * reversed[words - 1 - k + i]. r12 points to its first a[i], r10 past the last.
function mpy_ssl_ec_product
    bl enter
    mov r10, r1
1:  mov r0, r10                     // columns from the first word of a on
    adds r0, #4
    mov r10, r0
    mov r8, r12
    bl add_products
    bl next_column
    mov r0, r10
    mov r1, r12
    subs r0, r0, r1
    ldr r1, [sp, #BYTES]
    cmp r0, r1
    bne 1b
2:  mov r0, r12                     // columns up to the last word
    adds r0, #4
    mov r12, r0
    mov r8, r0
    bl add_products
    bl next_column
    mov r0, r12
    adds r0, #4
    cmp r0, r10
    bne 2b
finish:
    mov r0, r11
    str r5, [r0]
    add sp, #FRAME
    leave

// Makes the frame of product and square from their arguments, and an empty column 0: r12 is a, r11 is t, r9 leads from a[0] to
// its partner. r0 and r2 to r4 are lost.
    .thumb_func
enter:
    sub sp, #FRAME
    str r3, [sp, #BYTES]
    mov r11, r0
    mov r12, r1
    movs r4, r3
    add r3, sp, #REVERSED
    adds r3, r3, r4
    mov r8, lr
    bl reverse
    subs r3, r3, r1
    ldr r4, [sp, #BYTES]
    adds r3, r3, r4
    subs r3, #4
    mov r9, r3
    movs r5, #0
    movs r6, #0
    movs r7, #0
    bx r8

// void mpy_ssl_ec_square(uint32_t *t, const uint32_t *a, uint32_t bytes)
// A column of a square is twice the products of its pairs i < k - i and, where k is even, the square of the word after them.
function mpy_ssl_ec_square
    movs r3, r2
    movs r2, r1
    bl enter
    mov r0, r11
    str r0, [sp, #RESULT]
1:  str r5, [sp, #CARRY]
    str r6, [sp, #CARRY + 4]
    movs r5, #0
    movs r6, #0
    movs r7, #0
    bl column
    adds r2, r0, #4
    lsrs r2, r2, #3
    lsls r2, r2, #2
    mov r1, r12
    adds r2, r2, r1
    mov r10, r2                     // past the last i < k - i
    ldr r2, [sp, #BYTES]
    subs r2, #4
    subs r0, r0, r2
    bls 2f
    adds r1, r1, r0
2:  mov r8, r1
    bl add_products
    adds r5, r5, r5
    adcs r6, r6
    adcs r7, r7
    ldr r0, [sp, #CARRY]
    ldr r1, [sp, #CARRY + 4]
    adds r5, r5, r0
    adcs r6, r1
    movs r0, #0
    adcs r7, r0
    bl column
    lsls r0, r0, #29
    bmi 3f
    mov r0, r10
    adds r0, #4
    mov r10, r0
    bl add_products
3:  bl next_column
    bl column
    ldr r1, [sp, #BYTES]
    lsls r1, r1, #1
    subs r1, #4
    cmp r0, r1
    bne 1b
    b finish

// r0 = 4 k. r1 is lost.
    .thumb_func
column:
    mov r0, r11
    ldr r1, [sp, #RESULT]
    subs r0, r0, r1
    bx lr

// void mpy_ssl_ec_add_p256(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b)
    .balign 4
    .global mpy_ssl_ec_add_p256
    .thumb_func
    .type mpy_ssl_ec_add_p256, %function
mpy_ssl_ec_add_p256:
    push {r4-r7, lr}
    sub sp, #32
    movs r5, r0
    ldr r3, [r1, #0]
    ldr r4, [r2, #0]
    adds r3, r3, r4
    str r3, [sp, #0]
    .irp place, 4, 8, 12, 16, 20, 24, 28
    ldr r3, [r1, #\place]
    ldr r4, [r2, #\place]
    adcs r3, r4
    str r3, [sp, #\place]
    .endr
    movs r7, #0
    adcs r7, r7
    mov r0, sp
    bl reduce_once
    add sp, #32
    pop {r4-r7, pc}

// void mpy_ssl_ec_sub_p256(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b)
    .balign 4
    .global mpy_ssl_ec_sub_p256
    .thumb_func
    .type mpy_ssl_ec_sub_p256, %function
mpy_ssl_ec_sub_p256:
    push {r4, lr}
    ldr r3, [r1, #0]
    ldr r4, [r2, #0]
    subs r3, r3, r4
    str r3, [r0, #0]
    .irp place, 4, 8, 12, 16, 20, 24, 28
    ldr r3, [r1, #\place]
    ldr r4, [r2, #\place]
    sbcs r3, r4
    str r3, [r0, #\place]
    .endr
    sbcs r1, r1                     // all ones: it borrowed, so p is added
    movs r2, #0
    lsrs r3, r1, #31
    ldr r4, [r0, #0]
    adds r4, r4, r1
    str r4, [r0, #0]
    add_word 4, r1
    add_word 8, r1
    add_word 12, r2
    add_word 16, r2
    add_word 20, r2
    add_word 24, r3
    add_word 28, r1
    pop {r4, pc}
