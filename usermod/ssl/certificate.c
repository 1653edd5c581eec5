// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/objstr.h"
#include "py/runtime.h"

#include "mbedtls/asn1.h"
#include "mbedtls/error.h"
#include "mbedtls/pem.h"
#include "mbedtls/platform.h"
#include "mbedtls/sha256.h"

#include "blob.h"
#include "certificate.h"
#include "error.h"
#include "memory.h"
#include "random.h"

#define CERTIFICATE_BEGIN "-----BEGIN CERTIFICATE-----"
#define CERTIFICATE_END "-----END CERTIFICATE-----"
#define DER_SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)

// --- Parsing --------------------------------------------------------------------------------------------------

// Total length of the DER element at the start of data, or 0 if there is no SEQUENCE that fits.
static size_t der_len(const unsigned char *data, size_t len) {
    unsigned char *p = (unsigned char *)data;
    size_t body;
    int ret = mbedtls_asn1_get_tag(&p, data + len, &body, DER_SEQUENCE);
    return ret == 0 ? (size_t)(p - data) + body : 0;
}

// Appends the PEM certificate that comes next and moves on; *done if there is none.
static int parse_next_pem(mbedtls_x509_crt *chain, mpy_ssl_blob_t *rest, bool *done) {
    mbedtls_pem_context pem;
    mbedtls_pem_init(&pem);
    size_t used = 0;
    int ret = mbedtls_pem_read_buffer(&pem, CERTIFICATE_BEGIN, CERTIFICATE_END, rest->data, NULL, 0, &used);
    if (ret == MBEDTLS_ERR_PEM_NO_HEADER_FOOTER_PRESENT) {
        *done = strstr((const char *)rest->data, CERTIFICATE_BEGIN) == NULL;
        ret = *done ? 0 : ret;
    } else if (ret == 0) {
        size_t len;
        const unsigned char *der = mbedtls_pem_get_buffer(&pem, &len);
        ret = mbedtls_x509_crt_parse_der(chain, der, len);
    }
    rest->data += used;
    rest->len -= used;
    mbedtls_pem_free(&pem);
    return ret;
}

static int parse_next_der(mbedtls_x509_crt *chain, mpy_ssl_blob_t *rest, bool *done) {
    *done = rest->len == 0;
    if (*done) {
        return 0;
    }
    size_t len = der_len(rest->data, rest->len);
    if (len == 0) {
        return MBEDTLS_ERR_X509_INVALID_FORMAT;
    }
    int ret = mbedtls_x509_crt_parse_der(chain, rest->data, len);
    rest->data += len;
    rest->len -= len;
    return ret;
}

static bool is_unsupported(int ret) {
    int high = MPY_SSL_HIGH_LEVEL(ret);
    return high == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG || high == MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE
           || high == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG || high == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE
           || high == MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;
}

// Appends all certificates of a blob; *number is the ordinal, from 1, of the one that was parsed last. An unsupported
// one is left out if `lenient`, but is the result if there is no other.
static int parse_chain(mbedtls_x509_crt *chain, const mpy_ssl_blob_t *blob, bool lenient, unsigned *number) {
    mpy_ssl_blob_t rest = *blob;
    int unsupported = 0;
    bool done = false;
    for (*number = 1;; ++*number) {
        int ret = blob->pem ? parse_next_pem(chain, &rest, &done) : parse_next_der(chain, &rest, &done);
        if (done) {
            break;
        }
        if (ret != 0 && lenient && is_unsupported(ret)) {
            unsupported = ret;
        } else if (ret != 0) {
            return ret;
        }
    }
    if (chain->version == 0) {
        return unsupported != 0 ? unsupported : MBEDTLS_ERR_X509_CERT_UNKNOWN_FORMAT;
    }
    return 0;
}

// --- What went wrong ------------------------------------------------------------------------------------------

// Found while something is held that has to be freed before the exception is made and raised.
typedef struct {
    mp_obj_t exception; // ready made, or MP_OBJ_NULL
    const char *text;   // of a ValueError, or NULL; may print %u, number, and then %x, the code
    unsigned number;
    int code;           // negative Mbed TLS error, or 0 if all is well
} fault_t;

static void raise_if(const fault_t *fault) {
    if (fault->exception != MP_OBJ_NULL) {
        nlr_raise(fault->exception);
    }
    if (fault->code == 0) {
        return;
    }
    if (mpy_ssl_error_is_no_memory(fault->code)) {
        mpy_ssl_error_no_memory();
    }
    vstr_t text;
    vstr_init(&text, 64);
    vstr_printf(&text, fault->text, fault->number, (unsigned)-fault->code);
    mp_obj_t arg = mp_obj_new_str_from_vstr(&text);
    nlr_raise(mp_obj_new_exception_arg1(&mp_type_ValueError, arg));
}

// Mbed TLS often reports a lack of memory as something else: a wrong password, a malformed key, an unknown kind.
static void blame_memory(fault_t *fault, size_t failures_before) {
    if (fault->exception == MP_OBJ_NULL && mpy_ssl_alloc_failures() != failures_before) {
        fault->code = MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
}

static bool is_asn1_or_pem(const mpy_ssl_blob_t *blob) {
    return blob->pem || (blob->len > 1 && blob->data[0] == DER_SEQUENCE);
}

static const char *certificate_text(const mpy_ssl_blob_t *blob, int ret) {
    if (!is_asn1_or_pem(blob)) {
        return "invalid cert";
    }
    if (ret == MBEDTLS_ERR_X509_CERT_UNKNOWN_FORMAT) {
        return "invalid cert: no certificate in the PEM data";
    }
    return is_unsupported(ret)
        ? "invalid cert: certificate %u has a key or signature that this firmware does not have (-0x%04x)"
        : "invalid cert: certificate %u is malformed (-0x%04x)";
}

// PKCS#8's EncryptedPrivateKeyInfo begins with an AlgorithmIdentifier: a SEQUENCE whose first element is an OID. All plain
// keys begin with an INTEGER, certificates with a SEQUENCE of other things.
static bool is_encrypted(const mpy_ssl_blob_t *blob) {
    if (blob->pem) {
        return strstr((const char *)blob->data, "ENCRYPTED") != NULL;
    }
    unsigned char *p = (unsigned char *)blob->data;
    const unsigned char *end = blob->data + blob->len;
    size_t len;
    return mbedtls_asn1_get_tag(&p, end, &len, DER_SEQUENCE) == 0 && mbedtls_asn1_get_tag(&p, end, &len, DER_SEQUENCE) == 0
           && len > 0 && *p == MBEDTLS_ASN1_OID;
}

static const char *key_text(const mpy_ssl_blob_t *blob, bool has_password, int ret) {
    if (!is_asn1_or_pem(blob)) {
        return "invalid key";
    }
    if (ret == MBEDTLS_ERR_PK_PASSWORD_MISMATCH) {
        return "invalid key: wrong password";
    }
    if (is_encrypted(blob)) { // CBC's padding is right by chance for one wrong password in a hundred
        return has_password
            ? "invalid key: wrong password, or encrypted in a way that this firmware does not have: use PKCS#8 with PBES2 and AES"
            : "invalid key: it is encrypted: give password= or decrypt it with 'openssl pkey'";
    }
    return "invalid key: malformed, or of a kind that this firmware does not have";
}

// --- Identity -------------------------------------------------------------------------------------------------

static void parse_key(mbedtls_pk_context *key, mp_obj_t source, mp_obj_t password_in, fault_t *fault) {
    mpy_ssl_blob_t blob;
    fault->exception = mpy_ssl_blob_read(&blob, source);
    if (fault->exception == MP_OBJ_NULL) {
        mp_buffer_info_t password = {0};
        mp_get_buffer(password_in, &password, MP_BUFFER_READ);
        size_t len = blob.len + blob.pem; // PEM is counted with its NUL
        fault->code = mbedtls_pk_parse_key(key, blob.data, len, password.buf, password.len, mpy_ssl_random, NULL);
        fault->text = key_text(&blob, password.len > 0, fault->code);
    }
    mpy_ssl_blob_free(&blob);
}

static void parse_certificates(mbedtls_x509_crt *chain, mp_obj_t source, bool lenient, fault_t *fault) {
    mpy_ssl_blob_t blob;
    fault->exception = mpy_ssl_blob_read(&blob, source);
    if (fault->exception == MP_OBJ_NULL) {
        fault->code = parse_chain(chain, &blob, lenient, &fault->number);
        fault->text = certificate_text(&blob, fault->code);
    }
    mpy_ssl_blob_free(&blob);
}

static bool is_fault(const fault_t *fault) {
    return fault->exception != MP_OBJ_NULL || fault->code != 0;
}

static void identity_parse(mpy_ssl_identity_t *identity, mp_obj_t cert, mp_obj_t key, mp_obj_t password, fault_t *fault) {
    parse_key(&identity->key, key, password, fault);
    if (!is_fault(fault)) {
        parse_certificates(&identity->chain, cert, false, fault);
    }
    if (!is_fault(fault)) {
        fault->code = mbedtls_pk_check_pair(&identity->chain.pk, &identity->key, mpy_ssl_random, NULL);
        fault->text = "key does not match the certificate";
    }
}

static void identity_destroy(void *self) {
    mpy_ssl_identity_t *identity = self;
    mpy_ssl_usage_t usage = identity->usage;
    mpy_ssl_meter_t meter;
    mpy_ssl_meter_start(&meter, &usage); // it may be the finaliser's turn in the middle of somebody else's count
    mbedtls_pk_free(&identity->key);
    mbedtls_x509_crt_free(&identity->chain);
    mpy_ssl_free(identity);
    mpy_ssl_meter_stop(&meter);
}

mpy_ssl_identity_t *mpy_ssl_identity_load(mp_obj_t cert, mp_obj_t key, mp_obj_t password) {
    mpy_ssl_identity_t *identity = mpy_ssl_counted_new(sizeof(*identity), identity_destroy);
    if (identity == NULL) {
        mpy_ssl_error_no_memory();
    }
    fault_t fault = {.exception = MP_OBJ_NULL};
    size_t failures = mpy_ssl_alloc_failures();
    mpy_ssl_meter_t meter;
    identity->usage.bytes = mpy_ssl_size(identity);
    mbedtls_x509_crt_init(&identity->chain);
    mbedtls_pk_init(&identity->key);
    mpy_ssl_meter_start(&meter, &identity->usage);
    identity_parse(identity, cert, key, password, &fault);
    mpy_ssl_meter_stop(&meter);
    blame_memory(&fault, failures);
    if (is_fault(&fault)) {
        mpy_ssl_counted_unref(identity);
        raise_if(&fault);
    }
    return identity;
}

bool mpy_ssl_identity_is_like(const mpy_ssl_identity_t *a, const mpy_ssl_identity_t *b) {
    return mbedtls_pk_get_type(&a->key) == mbedtls_pk_get_type(&b->key);
}

// --- Peers ----------------------------------------------------------------------------------------------------

mpy_ssl_der_t *mpy_ssl_der_new(const uint8_t *bytes, uint16_t len) {
    mpy_ssl_der_t *der = mpy_ssl_counted_new(sizeof(*der) + len, mpy_ssl_free);
    if (der != NULL) {
        der->len = len;
        memcpy(der->bytes, bytes, len);
    }
    return der;
}

void mpy_ssl_certificate_keep_der(mbedtls_x509_crt *chain) {
    if (chain != NULL && chain->MBEDTLS_PRIVATE(own_buffer)) {
        mbedtls_x509_buf raw = chain->raw;
        chain->MBEDTLS_PRIVATE(own_buffer) = 0;
        mbedtls_x509_crt_free(chain);
        chain->raw = raw;
        chain->MBEDTLS_PRIVATE(own_buffer) = 1;
    }
}

// --- Trust ----------------------------------------------------------------------------------------------------

// Elements of lists come from Mbed TLS's allocator, which an SDK may have chosen, because it adds some itself.
static void free_list(mbedtls_x509_crt *first) {
    if (first != NULL) {
        mbedtls_x509_crt_free(first); // frees all that follow, but not the first itself
        mbedtls_free(first);
    }
}

static bool contains(const mbedtls_x509_crt *list, const mbedtls_x509_crt *certificate) {
    for (; list != NULL; list = list->next) {
        if (list->raw.len == certificate->raw.len && memcmp(list->raw.p, certificate->raw.p, list->raw.len) == 0) {
            return true;
        }
    }
    return false;
}

// Moves the certificates of a list to the end of *first, except those that are there already.
static void merge(mbedtls_x509_crt **first, mbedtls_x509_crt *list) {
    while (list != NULL) {
        mbedtls_x509_crt *next = list->next;
        list->next = NULL;
        if (contains(*first, list)) {
            free_list(list);
        } else {
            mbedtls_x509_crt **end = first;
            while (*end != NULL) {
                end = &(*end)->next;
            }
            *end = list;
        }
        list = next;
    }
}

static void trust_destroy(void *self) {
    mpy_ssl_trust_t *trust = self;
    mpy_ssl_usage_t usage = trust->usage;
    mpy_ssl_meter_t meter;
    mpy_ssl_meter_start(&meter, &usage);
    free_list(trust->first);
    mpy_ssl_free(trust->ders);
    mpy_ssl_free(trust);
    mpy_ssl_meter_stop(&meter);
}

int mpy_ssl_trust_take_out(const mpy_ssl_trust_t *trust, mbedtls_x509_crt **list) {
    *list = trust->first;
    if (trust->ders == NULL) {
        return 0;
    }
    mpy_ssl_blob_t ders = {.data = trust->ders, .len = mpy_ssl_size(trust->ders)};
    mbedtls_x509_crt *made = mbedtls_calloc(1, sizeof(*made));
    unsigned number;
    if (made != NULL) {
        mbedtls_x509_crt_init(made);
    }
    if (made != NULL && parse_chain(made, &ders, false, &number) != 0) { // it did once, so it is memory that is short
        free_list(made);
        made = NULL;
    }
    *list = made;
    return made != NULL ? 0 : MBEDTLS_ERR_X509_ALLOC_FAILED;
}

void mpy_ssl_trust_put_away(const mpy_ssl_trust_t *trust, mbedtls_x509_crt *list) {
    if (list != NULL && list != trust->first) {
        free_list(list);
    }
}

// The store that is to be added to: a bundle itself, or a new one with the same certificates, because others may use a packed one.
// NULL: no memory.
static mpy_ssl_trust_t *unpack(mpy_ssl_trust_t *trust) {
    if (trust != NULL && trust->first != NULL) {
        return trust;
    }
    mpy_ssl_trust_t *made = mpy_ssl_counted_new(sizeof(*made), trust_destroy);
    if (made != NULL && trust != NULL && mpy_ssl_trust_take_out(trust, &made->first) != 0) {
        mpy_ssl_counted_unref(made);
        made = NULL;
    }
    return made;
}

// A bundle stays as it is.
static int pack(mpy_ssl_trust_t *trust) {
    size_t len = 0;
    for (const mbedtls_x509_crt *ca = trust->first; ca != NULL; ca = ca->next) {
        len += ca->raw.len;
    }
    if (len > MPY_SSL_FEW_CERTIFICATES) {
        return 0;
    }
    trust->ders = mpy_ssl_calloc(1, len);
    if (trust->ders == NULL) {
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
    uint8_t *p = trust->ders;
    for (const mbedtls_x509_crt *ca = trust->first; ca != NULL; ca = ca->next) {
        memcpy(p, ca->raw.p, ca->raw.len);
        p += ca->raw.len;
    }
    free_list(trust->first);
    trust->first = NULL;
    return 0;
}

// Takes the list over. 0 or MBEDTLS_ERR_X509_ALLOC_FAILED.
static int trust_add(mpy_ssl_trust_t **trust, mbedtls_x509_crt *list, size_t bytes) {
    mpy_ssl_usage_t usage = {.bytes = bytes};
    mpy_ssl_meter_t meter;
    mpy_ssl_meter_start(&meter, &usage);
    mpy_ssl_trust_t *store = unpack(*trust);
    bool is_new = store != *trust;
    int ret = 0;
    if (store == NULL) {
        free_list(list);
        ret = MBEDTLS_ERR_X509_ALLOC_FAILED;
    } else {
        merge(&store->first, list);
        ret = is_new ? pack(store) : 0;
    }
    mpy_ssl_meter_stop(&meter);
    if (store != NULL) {
        store->usage.bytes += usage.bytes;
        store->digested = false;
    }
    if (is_new) {
        mpy_ssl_counted_unref(ret == 0 ? *trust : store);
        *trust = ret == 0 ? store : *trust;
    }
    return ret;
}

// The store changes last: reading a file can run Python code, which can load into the same context.
void mpy_ssl_trust_load(mpy_ssl_trust_t **trust, mp_obj_t source) {
    fault_t fault = {.exception = MP_OBJ_NULL};
    mbedtls_x509_crt *list = mbedtls_calloc(1, sizeof(*list));
    if (list == NULL) {
        mpy_ssl_error_no_memory();
    }
    mbedtls_x509_crt_init(list);
    size_t failures = mpy_ssl_alloc_failures();
    mpy_ssl_usage_t usage = {.bytes = sizeof(*list)};
    mpy_ssl_meter_t meter;
    mpy_ssl_meter_start(&meter, &usage);
    parse_certificates(list, source, true, &fault);
    mpy_ssl_meter_stop(&meter);
    blame_memory(&fault, failures);
    if (is_fault(&fault)) {
        free_list(list);
    } else {
        fault.code = trust_add(trust, list, usage.bytes);
    }
    raise_if(&fault);
}

static int digest_of(const mpy_ssl_trust_t *trust, uint8_t digest[32]) {
    mbedtls_sha256_context hash;
    mbedtls_sha256_init(&hash);
    int ret = mbedtls_sha256_starts(&hash, 0);
    if (ret == 0 && trust->ders != NULL) {
        ret = mbedtls_sha256_update(&hash, trust->ders, mpy_ssl_size(trust->ders));
    }
    for (const mbedtls_x509_crt *ca = trust->first; ca != NULL && ret == 0; ca = ca->next) {
        ret = mbedtls_sha256_update(&hash, ca->raw.p, ca->raw.len);
    }
    if (ret == 0) {
        ret = mbedtls_sha256_finish(&hash, digest);
    }
    mbedtls_sha256_free(&hash);
    return ret;
}

int mpy_ssl_trust_digest(mpy_ssl_trust_t *trust, uint8_t digest[32]) {
    int ret = 0;
    if (!trust->digested) {
        ret = digest_of(trust, trust->digest);
        trust->digested = ret == 0;
    }
    memcpy(digest, trust->digest, sizeof(trust->digest));
    return ret;
}
