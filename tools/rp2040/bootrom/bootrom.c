// SPDX-License-Identifier: MIT
//
// A boot ROM for the emulated RP2040: what the pico-sdk calls, and no more. It starts the image in flash at once. Flash
// is a plain memory of the emulator, which keeps what is written to it.
#include <stddef.h>
#include <stdint.h>

#define FLASH_BASE 0x10000000u
#define FLASH_VECTORS (FLASH_BASE + 0x100) // behind the second stage, which an emulated flash does not need
#define SCB_VTOR (*(volatile uint32_t *)0xe000ed08)

// Breakpoints are how the ROM talks to the emulator; the numbers are those in machine.mjs.
#define EMULATOR_UNSUPPORTED 0xe0
#define EMULATOR_USB_BOOT 0xe1
#define TELL_EMULATOR(number) __asm volatile("bkpt %0" : : "i"(number))

__attribute__((noreturn)) void bootrom_unsupported(void) {
    for (;;) {
        TELL_EMULATOR(EMULATOR_UNSUPPORTED);
    }
}

__attribute__((noreturn)) void bootrom_usb_boot(uint32_t gpio_mask, uint32_t disabled) {
    (void)gpio_mask;
    (void)disabled;
    for (;;) {
        TELL_EMULATOR(EMULATOR_USB_BOOT);
    }
}

__attribute__((noreturn)) void bootrom_reset(void) {
    const uint32_t *vectors = (const uint32_t *)FLASH_VECTORS;
    SCB_VTOR = FLASH_VECTORS;
    __asm volatile("msr msp, %0\n bx %1" : : "r"(vectors[0]), "r"(vectors[1]));
    __builtin_unreachable();
}

void bootrom_nothing(void) {
}

// Entries have a code and an address, 16 bits each; a code of 0 ends the table.
uintptr_t bootrom_lookup(const uint16_t *table, uint32_t code) {
    while (*table != 0 && *table != code) {
        table += 2;
    }
    return *table != 0 ? table[1] : 0;
}

// --- Bits and memory

uint32_t bootrom_popcount(uint32_t x) {
    uint32_t count = 0;
    for (; x != 0; x &= x - 1) {
        ++count;
    }
    return count;
}

uint32_t bootrom_reverse(uint32_t x) {
    uint32_t y = 0;
    for (int i = 0; i < 32; ++i) {
        y = y << 1 | (x >> i & 1);
    }
    return y;
}

uint32_t bootrom_clz(uint32_t x) {
    uint32_t count = 0;
    for (; count < 32 && !(x & 0x80000000u); x <<= 1) {
        ++count;
    }
    return count;
}

uint32_t bootrom_ctz(uint32_t x) {
    return x == 0 ? 32 : 31 - bootrom_clz(x & -x);
}

// Words where alignment allows, because the firmware clears and copies all its memory with these.
void *bootrom_memset(void *target, int value, uint32_t n) {
    uint8_t *p = target;
    uint8_t *end = p + n;
    uint32_t word = (uint8_t)value * 0x01010101u;
    while (p < end && (uintptr_t)p % 4 != 0) {
        *p++ = (uint8_t)value;
    }
    for (; end - p >= 4; p += 4) {
        *(volatile uint32_t *)p = word;
    }
    while (p < end) {
        *(volatile uint8_t *)p++ = (uint8_t)value;
    }
    return target;
}

void *bootrom_memcpy(void *target, const void *source, uint32_t n) {
    uint8_t *to = target;
    const uint8_t *from = source;
    uint8_t *end = to + n;
    if (((uintptr_t)to | (uintptr_t)from) % 4 == 0) {
        for (; end - to >= 4; to += 4, from += 4) {
            *(volatile uint32_t *)to = *(const uint32_t *)from;
        }
    }
    while (to < end) {
        *(volatile uint8_t *)to++ = *from++;
    }
    return target;
}

// --- Flash: erasing sets bits, programming clears them

void bootrom_flash_erase(uint32_t offset, size_t count, uint32_t block_size, uint8_t block_command) {
    (void)block_size;
    (void)block_command;
    volatile uint32_t *word = (volatile uint32_t *)(FLASH_BASE + offset);
    for (size_t i = 0; i < count / 4; ++i) {
        word[i] = 0xffffffffu;
    }
}

void bootrom_flash_program(uint32_t offset, const uint8_t *data, size_t count) {
    volatile uint32_t *word = (volatile uint32_t *)(FLASH_BASE + offset);
    for (size_t i = 0; i < count / 4; ++i, data += 4) {
        word[i] &= data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
    }
}

// --- Numbers. The compiler's own library does the work; what is special are conversions, which round down and saturate.

// The firmware's calls have the base ABI: operands and results in general registers.
#define ARITHMETIC(type, p) \
    type bootrom_##p##add(type a, type b) { return a + b; } \
    type bootrom_##p##sub(type a, type b) { return a - b; } \
    type bootrom_##p##mul(type a, type b) { return a * b; } \
    type bootrom_##p##div(type a, type b) { return a / b; }

// 2 to the power of e, for |e| <= 126.
static float power_of_two(int e) {
    union {
        uint32_t bits;
        float value;
    } u = {(uint32_t)(127 + e) << 23};
    return u.value;
}

#define TO_INTEGER(type, name, integer, lowest, highest, limit) \
    integer bootrom_##name##2fix_##integer(type x, int e) { \
        x = x * (type)power_of_two(e); \
        if (x >= (type)(limit)) { return highest; } \
        if (x <= (type)(lowest)) { return lowest; } \
        integer n = (integer)x; \
        return (type)n > x ? n - 1 : n; \
    }

#define CONVERSIONS(type, name) \
    TO_INTEGER(type, name, int32_t, INT32_MIN, INT32_MAX, 2147483648.0f) \
    TO_INTEGER(type, name, uint32_t, 0, UINT32_MAX, 4294967296.0f) \
    TO_INTEGER(type, name, int64_t, INT64_MIN, INT64_MAX, 9223372036854775808.0f) \
    TO_INTEGER(type, name, uint64_t, 0, UINT64_MAX, 18446744073709551616.0f) \
    int32_t bootrom_##name##2int(type x) { return bootrom_##name##2fix_int32_t(x, 0); } \
    uint32_t bootrom_##name##2uint(type x) { return bootrom_##name##2fix_uint32_t(x, 0); } \
    int64_t bootrom_##name##2int64(type x) { return bootrom_##name##2fix_int64_t(x, 0); } \
    uint64_t bootrom_##name##2uint64(type x) { return bootrom_##name##2fix_uint64_t(x, 0); } \
    int32_t bootrom_##name##2fix(type x, int e) { return bootrom_##name##2fix_int32_t(x, e); } \
    uint32_t bootrom_##name##2ufix(type x, int e) { return bootrom_##name##2fix_uint32_t(x, e); } \
    int64_t bootrom_##name##2fix64(type x, int e) { return bootrom_##name##2fix_int64_t(x, e); } \
    uint64_t bootrom_##name##2ufix64(type x, int e) { return bootrom_##name##2fix_uint64_t(x, e); } \
    type bootrom_int2##name(int32_t n) { return (type)n; } \
    type bootrom_uint2##name(uint32_t n) { return (type)n; } \
    type bootrom_int642##name(int64_t n) { return (type)n; } \
    type bootrom_uint642##name(uint64_t n) { return (type)n; } \
    type bootrom_fix2##name(int32_t n, int e) { return (type)n * (type)power_of_two(-e); } \
    type bootrom_ufix2##name(uint32_t n, int e) { return (type)n * (type)power_of_two(-e); } \
    type bootrom_fix642##name(int64_t n, int e) { return (type)n * (type)power_of_two(-e); } \
    type bootrom_ufix642##name(uint64_t n, int e) { return (type)n * (type)power_of_two(-e); }

ARITHMETIC(float, f)
ARITHMETIC(double, d)
CONVERSIONS(float, float)
CONVERSIONS(double, double)

double bootrom_float2double(float x) {
    return x;
}

float bootrom_double2float(double x) {
    return (float)x;
}
