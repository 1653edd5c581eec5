// SPDX-License-Identifier: MIT
#include "hmac.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "mbedtls/platform_util.h"
#include "mbedtls/sha256.h"

#define BLOCK 64
#define DIGEST 32

// The pad of the inner hash, then that of the outer one. A state has zeros behind it. A pad ends with 0x36, because a master secret has
// 48 bytes; a pre-shared one of 64 would have to be 0x36 in its whole second half to be taken for a state.
static unsigned char *pads(const mbedtls_md_context_t *ctx) {
    return ctx->MBEDTLS_PRIVATE(hmac_ctx);
}

static bool has_states(const mbedtls_md_context_t *ctx) {
    static const unsigned char zeros[BLOCK - DIGEST];
    return mbedtls_md_get_type(mbedtls_md_info_from_ctx(ctx)) == MBEDTLS_MD_SHA256
           && memcmp(pads(ctx) + DIGEST, zeros, sizeof(zeros)) == 0;
}

static int make_state(mbedtls_sha256_context *hash, unsigned char *pad) {
    int ret = mbedtls_sha256_starts(hash, 0);
    if (ret == 0) {
        ret = mbedtls_sha256_update(hash, pad, BLOCK);
        memcpy(pad, hash->MBEDTLS_PRIVATE(state), DIGEST);
        memset(pad + DIGEST, 0, BLOCK - DIGEST);
    }
    return ret;
}

static int start_behind(mbedtls_sha256_context *hash, const unsigned char *pad) {
    int ret = mbedtls_sha256_starts(hash, 0);
    memcpy(hash->MBEDTLS_PRIVATE(state), pad, DIGEST);
    hash->MBEDTLS_PRIVATE(total)[0] = BLOCK;
    return ret;
}

int __wrap_mbedtls_md_hmac_reset(mbedtls_md_context_t *ctx) {
    if (mbedtls_md_get_type(mbedtls_md_info_from_ctx(ctx)) != MBEDTLS_MD_SHA256) {
        return mbedtls_md_hmac_reset(ctx);
    }
    mbedtls_sha256_context *hash = ctx->MBEDTLS_PRIVATE(md_ctx);
    int ret = 0;
    if (!has_states(ctx)) {
        ret = make_state(hash, pads(ctx));
        ret = ret == 0 ? make_state(hash, pads(ctx) + BLOCK) : ret;
    }
    return ret == 0 ? start_behind(hash, pads(ctx)) : ret;
}

int __wrap_mbedtls_md_hmac_finish(mbedtls_md_context_t *ctx, unsigned char *output) {
    unsigned char inner[DIGEST];
    if (!has_states(ctx)) {
        return mbedtls_md_hmac_finish(ctx, output);
    }
    mbedtls_sha256_context *hash = ctx->MBEDTLS_PRIVATE(md_ctx);
    int ret = mbedtls_sha256_finish(hash, inner);
    ret = ret == 0 ? start_behind(hash, pads(ctx) + BLOCK) : ret;
    ret = ret == 0 ? mbedtls_sha256_update(hash, inner, sizeof(inner)) : ret;
    ret = ret == 0 ? mbedtls_sha256_finish(hash, output) : ret;
    mbedtls_platform_zeroize(inner, sizeof(inner));
    return ret;
}
