// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <string.h>

#include "py/mpprint.h"
#include "py/runtime.h"

#include "debug.h"

#if MPY_SSL_DEBUG

#define LEVEL_MAX 4

static int threshold;

// --- Formats --------------------------------------------------------------------------------------------------

#define SPEC_MAX 16 // Mbed TLS's longest is "%08lx"

// A conversion of printf(), taken apart as far as MicroPython's does not know it.
typedef struct {
    char text[SPEC_MAX]; // without length modifiers and '#'
    size_t len;
    int longs;           // how many l it has; size_t counts as one
} spec_t;

static void spec_add(spec_t *spec, char c) {
    if (spec->len < SPEC_MAX - 1) {
        spec->text[spec->len++] = c;
        spec->text[spec->len] = '\0';
    }
}

static void spec_add_number(spec_t *spec, unsigned number) {
    if (number >= 10) {
        spec_add_number(spec, number / 10);
    }
    spec_add(spec, (char)('0' + number % 10));
}

// Reads flags, width, precision and length up to the letter; returns what is behind it.
static const char *parse(spec_t *spec, const char *format, va_list *args) {
    static const char letters[] = "diuxXscp%";
    *spec = (spec_t) {.text = "%", .len = 1};
    while (*format != '\0' && strchr(letters, *format) == NULL) {
        if (*format == '*') {
            spec_add_number(spec, (unsigned)va_arg(*args, int));
        } else if (*format == 'l' || *format == 'z') {
            spec->longs++;
        } else if (*format != '#') {
            spec_add(spec, *format);
        }
        format++;
    }
    spec_add(spec, *format == 'i' ? 'd' : *format);
    return *format != '\0' ? format + 1 : format;
}

static long long number(const spec_t *spec, va_list *args) {
    switch (spec->longs) {
        case 0:
            return va_arg(*args, int);
        case 1:
            return va_arg(*args, long); // as wide as size_t
        default:
            return va_arg(*args, long long);
    }
}

static void print_formatted(const mp_print_t *print, const char *format, va_list *args) {
    spec_t spec;
    while (*format != '\0') {
        const char *percent = strchr(format, '%');
        size_t len = percent != NULL ? (size_t)(percent - format) : strlen(format);
        mp_print_strn(print, format, len, 0, ' ', 0);
        if (percent == NULL) {
            break;
        }
        format = parse(&spec, percent + 1, args);
        char letter = spec.text[spec.len - 1];
        if (letter == 's' || letter == 'p') {
            mp_printf(print, spec.text, va_arg(*args, void *));
        } else {
            mp_printf(print, spec.text, letter == '%' ? 0 : (int)number(&spec, args));
        }
    }
}

// --- Lines ----------------------------------------------------------------------------------------------------

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static const char *role(const mbedtls_ssl_context *ssl) {
    bool client = mbedtls_ssl_conf_get_endpoint(ssl->MBEDTLS_PRIVATE(conf)) == MBEDTLS_SSL_IS_CLIENT;
    return client ? "client" : "server";
}

// Python's output can raise, and must not do so through Mbed TLS: Ctrl-C comes a little later, a line that cannot be printed is lost.
static void print_line(const mbedtls_ssl_context *ssl, const char *file, int line, const char *format, va_list *args) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_printf(&mp_plat_print, "ssl %s %s:%d: ", role(ssl), base_name(file), line);
        print_formatted(&mp_plat_print, format, args);
        mp_print_str(&mp_plat_print, "\n");
        nlr_pop();
    } else {
        #if MICROPY_KBD_EXCEPTION
        if (mp_obj_get_type(MP_OBJ_FROM_PTR(nlr.ret_val)) == &mp_type_KeyboardInterrupt) {
            mp_sched_keyboard_interrupt();
        }
        #endif
    }
}

void mbedtls_debug_print_msg(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *format, ...) {
    if (level <= threshold && ssl != NULL && ssl->MBEDTLS_PRIVATE(conf) != NULL) {
        va_list args;
        va_start(args, format);
        print_line(ssl, file, line, format, &args);
        va_end(args);
    }
}

void mbedtls_debug_print_ret(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *text, int ret) {
    if (ret != MBEDTLS_ERR_SSL_WANT_READ) { // it is called again and again with sockets that do not block
        mbedtls_debug_print_msg(ssl, level, file, line, "%s() returned %d (-0x%04x)", text, ret, (unsigned)-ret);
    }
}

void mbedtls_debug_print_buf(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *text,
    const unsigned char *buf, size_t len) {
    (void)buf;
    mbedtls_debug_print_msg(ssl, level, file, line, "%s: %u bytes, not shown", text, (unsigned)len);
}

void mbedtls_debug_print_mpi(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *text, const mbedtls_mpi *X) {
    (void)X;
    mbedtls_debug_print_msg(ssl, level, file, line, "%s: a number, not shown", text);
}

void mbedtls_debug_print_ecp(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *text,
    const mbedtls_ecp_point *X) {
    (void)X;
    mbedtls_debug_print_msg(ssl, level, file, line, "%s: a point, not shown", text);
}

void mbedtls_debug_printf_ecdh(const mbedtls_ssl_context *ssl, int level, const char *file, int line,
    const struct mbedtls_ecdh_context *ecdh, unsigned which) {
    static const char *const names[] = {"our key", "the peer's key", "the secret"};
    (void)ecdh;
    mbedtls_debug_print_msg(ssl, level, file, line, "ECDH, %s: not shown", which < MP_ARRAY_SIZE(names) ? names[which] : "?");
}

#endif

static mp_obj_t debug(mp_obj_t level_in) {
    mp_int_t level = mp_obj_get_int(level_in);
    #if MPY_SSL_DEBUG
    if (level < 0 || level > LEVEL_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("level must be 0 to 4"));
    }
    threshold = (int)level;
    #else
    if (level != 0) {
        mp_raise_NotImplementedError(MP_ERROR_TEXT("this firmware is built without MPY_SSL_DEBUG=1"));
    }
    #endif
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(mpy_ssl_debug_obj, debug);
