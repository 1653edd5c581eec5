// SPDX-License-Identifier: MIT
//
// What software finds in the boot ROM of an RP2040 (datasheet, 2.8.3): vectors, "Mu", a version, and tables that lead
// from two-letter codes to functions and data. All addresses are below 64 KB and have 16 bits here.

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .section .header, "a"
    .word   bootrom_stack
    .word   bootrom_reset + 1
    .word   bootrom_unsupported + 1     // NMI
    .word   bootrom_unsupported + 1     // HardFault
    .byte   'M', 'u', 1
    .byte   3                           // version: float and double tables with 32 entries
    .hword  functions
    .hword  data
    .hword  bootrom_lookup + 1

.macro entry first, second, symbol, offset=0
    .byte   \first, \second
    .hword  \symbol + \offset
.endm

    .section .rodata.tables, "a"
    .balign 4
functions:
    entry 'P', '3', bootrom_popcount, 1
    entry 'R', '3', bootrom_reverse, 1
    entry 'L', '3', bootrom_clz, 1
    entry 'T', '3', bootrom_ctz, 1
    entry 'M', 'S', bootrom_memset, 1
    entry 'S', '4', bootrom_memset, 1
    entry 'M', 'C', bootrom_memcpy, 1
    entry 'C', '4', bootrom_memcpy, 1
    entry 'I', 'F', bootrom_nothing, 1          // connect_internal_flash
    entry 'E', 'X', bootrom_nothing, 1          // flash_exit_xip
    entry 'R', 'E', bootrom_flash_erase, 1
    entry 'R', 'P', bootrom_flash_program, 1
    entry 'F', 'C', bootrom_nothing, 1          // flash_flush_cache
    entry 'C', 'X', bootrom_nothing, 1          // flash_enter_cmd_xip
    entry 'U', 'B', bootrom_usb_boot, 1
    .word 0

data:
    entry 'S', 'F', single_table
    entry 'S', 'D', double_table
    entry 'E', 'M', emulated                    // ours alone: says that this is not a chip
    .word 0

emulated:
    .asciz "rp2040 emulator"

.macro number a, b, c, d, e, f, g, h
    .irp name, \a, \b, \c, \d, \e, \f, \g, \h
    .word bootrom_\name + 1
    .endr
.endm

    .balign 4
    .hword 0
    .byte 32, 0                                 // entries of the table that follows
single_table:
    number fadd, fsub, fmul, fdiv, unsupported, unsupported, unsupported, float2int
    number float2fix, float2uint, float2ufix, int2float, fix2float, uint2float, ufix2float, unsupported
    number unsupported, unsupported, unsupported, unsupported, unsupported, unsupported, unsupported, int642float
    number fix642float, uint642float, ufix642float, float2int64, float2fix64, float2uint64, float2ufix64, float2double
    .hword 0
    .byte 32, 0
double_table:
    number dadd, dsub, dmul, ddiv, unsupported, unsupported, unsupported, double2int
    number double2fix, double2uint, double2ufix, int2double, fix2double, uint2double, ufix2double, unsupported
    number unsupported, unsupported, unsupported, unsupported, unsupported, unsupported, unsupported, int642double
    number fix642double, uint642double, ufix642double, double2int64, double2fix64, double2uint64, double2ufix64, double2float
