// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mpconfig.h"
#include "py/misc.h"
#include "py/obj.h"
#include "py/objlist.h"

#include "mbedtls/sha256.h"

#include "accelerator.h"
#include "primitives.h"

#define SOFTWARE "software"
// Mbed TLS multiplies long numbers in assembly where it knows the processor.
#if defined(MBEDTLS_HAVE_ASM) && (defined(__arm__) || defined(__aarch64__) || defined(__x86_64__) || defined(__i386__))
#define LONG_NUMBERS "software, assembly"
#else
#define LONG_NUMBERS SOFTWARE
#endif

#if MPY_SSL_ACCELERATOR
bool mpy_ssl_software_only;
#endif

#if MPY_SSL_ACCELERATOR && MPY_SSL_ACCELERATOR_SHA256

int __real_mbedtls_sha256(const unsigned char *data, size_t len, unsigned char *digest, int is224);
int __wrap_mbedtls_sha256(const unsigned char *data, size_t len, unsigned char *digest, int is224);

static enum { UNTESTED, GOOD, BAD } sha256_state;

// The engine against software, on messages of one block and of two.
static bool sha256_is_right(void) {
    static const unsigned char message[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"; // FIPS 180-2, B.2
    static const size_t lengths[] = {3, sizeof(message) - 1};
    for (size_t i = 0; i < MP_ARRAY_SIZE(lengths); ++i) {
        unsigned char engine[32], software[32];
        if (!mpy_ssl_accelerator.sha256(message, lengths[i], engine)
            || __real_mbedtls_sha256(message, lengths[i], software, 0) != 0
            || memcmp(engine, software, sizeof(engine)) != 0) {
            return false;
        }
    }
    return true;
}

static bool sha256_is_accelerated(void) {
    if (sha256_state == UNTESTED) {
        sha256_state = mpy_ssl_accelerator.sha256 != NULL && sha256_is_right() ? GOOD : BAD;
    }
    return sha256_state == GOOD;
}

int __wrap_mbedtls_sha256(const unsigned char *data, size_t len, unsigned char *digest, int is224) {
    if (!is224 && !mpy_ssl_software_only && sha256_is_accelerated() && mpy_ssl_accelerator.sha256(data, len, digest)) {
        return 0;
    }
    return __real_mbedtls_sha256(data, len, digest, is224);
}

static const char *sha256_name(void) {
    return sha256_is_accelerated() ? mpy_ssl_accelerator.sha256_name : SOFTWARE;
}

#else

static const char *sha256_name(void) {
    return SOFTWARE;
}

#endif

#if !MPY_SSL_PORT_ENTROPY
MP_WEAK const char *mpy_ssl_entropy_name(void) {
    #if defined(__linux__)
    return "operating system";
    #else
    return "hardware";
    #endif
}
#endif

static void store(mp_obj_t dict, const char *algorithm, const char *engine) {
    mp_obj_dict_store(dict, mp_obj_new_str(algorithm, strlen(algorithm)), mp_obj_new_str(engine, strlen(engine)));
}

static void store_software(mp_obj_t dict) {
    store(dict, "entropy", mpy_ssl_entropy_name());
    store(dict, "SHA-1", SOFTWARE);
    store(dict, "SHA-256", sha256_name());
    store(dict, "SHA-512", SOFTWARE);
    store(dict, "AES", SOFTWARE);
    store(dict, "ChaCha20-Poly1305", SOFTWARE);
    store(dict, "ECC", LONG_NUMBERS);
    store(dict, "RSA", LONG_NUMBERS);
}

static mp_obj_t engines(void) {
    mp_obj_t dict = mp_obj_new_dict(8);
    store_software(dict);
    #if MPY_SSL_ACCELERATOR
    for (const mpy_ssl_engine_t *engine = mpy_ssl_accelerator.engines; engine != NULL && engine->algorithm != NULL; ++engine) {
        store(dict, engine->algorithm, engine->name);
    }
    #endif
    return dict;
}
MP_DEFINE_CONST_FUN_OBJ_0(mpy_ssl_engines_obj, engines);

static mp_obj_t engine_counts(void) {
    mp_obj_t dict = mp_obj_new_dict(0);
    #if MPY_SSL_ACCELERATOR
    for (const mpy_ssl_engine_count_t *count = mpy_ssl_accelerator.counts; count != NULL && count->algorithm != NULL; ++count) {
        mp_obj_dict_store(dict, mp_obj_new_str(count->algorithm, strlen(count->algorithm)),
            mp_obj_new_int_from_uint(*count->operations));
    }
    #endif
    return dict;
}
MP_DEFINE_CONST_FUN_OBJ_0(mpy_ssl_engine_counts_obj, engine_counts);

#if MPY_SSL_PRIMITIVES

static mp_obj_t software_only(mp_obj_t flag) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    (void)flag;
    #if MPY_SSL_ACCELERATOR
    mpy_ssl_software_only = mp_obj_is_true(flag);
    for (const mpy_ssl_engine_t *engine = mpy_ssl_accelerator.engines; engine != NULL && engine->algorithm != NULL; ++engine) {
        if (engine->has_software) {
            mp_obj_list_append(list, mp_obj_new_str(engine->algorithm, strlen(engine->algorithm)));
        }
    }
    #if MPY_SSL_ACCELERATOR_SHA256
    mp_obj_list_append(list, mp_obj_new_str("SHA-256", strlen("SHA-256")));
    #endif
    #endif
    return list;
}
MP_DEFINE_CONST_FUN_OBJ_1(mpy_ssl_software_only_obj, software_only);

#endif
