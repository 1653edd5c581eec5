// SPDX-License-Identifier: MIT
#include <string.h>

#include "pico/bootrom.h"
#include "py/mpconfig.h"
#include "py/misc.h"

#include "mbedtls/ctr_drbg.h"
#include "mbedtls/entropy.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/sha256.h"

#include "accelerator.h"
#include "entropy.h"
#include "random.h"

// The project's boot ROM for the emulator has a data table entry with this code; a real one has none.
#define ROM_DATA_EMULATED ROM_TABLE_CODE('E', 'M')

static bool is_emulated(void) {
    #if PICO_RP2040
    return rom_data_lookup(ROM_DATA_EMULATED) != NULL;
    #else
    return false;
    #endif
}

// The samples of an emulator come from a seeded generator and are worth nothing, and whoever uses them has to know.
const char *mpy_ssl_entropy_name(void) {
    return is_emulated() ? "emulated entropy" : entropy_source.name;
}

// SHA-256 is a vetted conditioner (SP 800-90B, 3.1.5.1.1); what it gives is cut to half of its width.
static int condition(const uint8_t raw[ENTROPY_RAW_BYTES], unsigned char out[ENTROPY_OUT_BYTES]) {
    unsigned char digest[32];
    int ret = mbedtls_sha256(raw, ENTROPY_RAW_BYTES, digest, 0);
    memcpy(out, digest, ENTROPY_OUT_BYTES);
    mbedtls_platform_zeroize(digest, sizeof(digest));
    return ret;
}

int mbedtls_hardware_poll(void *data, unsigned char *output, size_t len, size_t *olen) {
    (void)data;
    uint8_t raw[ENTROPY_RAW_BYTES];
    unsigned char out[ENTROPY_OUT_BYTES];
    int ret = MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    *olen = 0;
    if (entropy_source.sample(raw) && entropy_is_healthy(raw)) {
        ret = condition(raw, out);
    }
    if (ret == 0) {
        *olen = MIN(len, sizeof(out));
        memcpy(output, out, *olen);
    }
    mbedtls_platform_zeroize(raw, sizeof(raw));
    mbedtls_platform_zeroize(out, sizeof(out));
    return ret;
}
