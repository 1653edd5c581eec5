// SPDX-License-Identifier: MIT
// memcpy, memmove, memset a word at a time; picolibc's need 4 to 6 instructions for every byte.
// Source and destination that are misaligned to each other are joined from whole words with shifts (little endian).
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t __attribute__((may_alias)) word_t;

#define WORD (sizeof(word_t))
#define SMALL (16) // below this the set-up costs more than it saves

static inline size_t misalignment(const void *pointer) {
    return (uintptr_t)pointer % WORD;
}

static void copy_bytes(uint8_t *to, const uint8_t *from, size_t length) {
    while (length-- > 0) {
        *to++ = *from++;
    }
}

static void copy_words(word_t *to, const word_t *from, size_t words) {
    for (; words >= 8; words -= 8, to += 8, from += 8) {
        word_t a = from[0], b = from[1], c = from[2], d = from[3];
        word_t e = from[4], f = from[5], g = from[6], h = from[7];
        to[0] = a, to[1] = b, to[2] = c, to[3] = d;
        to[4] = e, to[5] = f, to[6] = g, to[7] = h;
    }
    while (words-- > 0) {
        *to++ = *from++;
    }
}

// `from` is `shift` bits (8, 16, 24) past the word `aligned`. Reads no word that holds none of the wanted bytes.
static void copy_shifted(word_t *to, const word_t *aligned, size_t words, unsigned shift) {
    word_t low = *aligned++;
    while (words-- > 0) {
        word_t high = *aligned++;
        *to++ = low >> shift | high << (32 - shift);
        low = high;
    }
}

// Every word is read before a lower or equal address is written, so an overlap is fine when `to` is below `from`.
static void copy_forward(uint8_t *to, const uint8_t *from, size_t length) {
    if (length >= SMALL) {
        size_t head = (WORD - misalignment(to)) % WORD;
        copy_bytes(to, from, head);
        to += head, from += head, length -= head;
        size_t words = length / WORD;
        size_t offset = misalignment(from);
        if (offset == 0) {
            copy_words((word_t *)to, (const word_t *)from, words);
        } else {
            copy_shifted((word_t *)to, (const word_t *)(from - offset), words, 8 * offset);
        }
        to += words * WORD, from += words * WORD, length -= words * WORD;
    }
    copy_bytes(to, from, length);
}

void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    copy_forward(to, from, length);
    return to;
}

static void copy_backwards(uint8_t *to_end, const uint8_t *from_end, size_t length) {
    if (misalignment(to_end) == misalignment(from_end)) {
        for (; length > 0 && misalignment(to_end) != 0; --length) {
            *--to_end = *--from_end;
        }
        for (; length >= WORD; length -= WORD) {
            to_end -= WORD, from_end -= WORD;
            *(word_t *)to_end = *(const word_t *)from_end;
        }
    }
    while (length-- > 0) {
        *--to_end = *--from_end;
    }
}

void *memmove(void *to, const void *from, size_t length) {
    if ((uintptr_t)to - (uintptr_t)from >= length) {
        copy_forward(to, from, length);
    } else {
        copy_backwards((uint8_t *)to + length, (const uint8_t *)from + length, length);
    }
    return to;
}

void *memset(void *to_in, int value, size_t length) {
    uint8_t *to = to_in;
    if (length >= SMALL) {
        word_t pattern = (uint8_t)value * 0x01010101u;
        for (; misalignment(to) != 0; --length) {
            *to++ = (uint8_t)value;
        }
        word_t *word = (word_t *)to;
        for (; length >= 4 * WORD; length -= 4 * WORD, word += 4) {
            word[0] = pattern, word[1] = pattern, word[2] = pattern, word[3] = pattern;
        }
        for (; length >= WORD; length -= WORD) {
            *word++ = pattern;
        }
        to = (uint8_t *)word;
    }
    while (length-- > 0) {
        *to++ = (uint8_t)value;
    }
    return to_in;
}
