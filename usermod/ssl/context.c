// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mperrno.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include "mbedtls/ssl.h"

#include "context.h"
#include "binding.h"
#include "memory.h"
#include "session_cache.h"
#include "socket.h"
#include "sslsession.h"
#include "version.h"

#if defined(MBEDTLS_SSL_SESSION_TICKETS)
#define HAVE_RESUMPTION 1
#else
#define HAVE_RESUMPTION 0
#endif

#define HOSTNAME_MAX_LEN 255 // RFC 1035, 2.3.4

// --- Settings -------------------------------------------------------------------------------------------------

static mpy_ssl_context_t *context_new(mp_int_t protocol) {
    mpy_ssl_context_t *self = mp_obj_malloc_with_finaliser(mpy_ssl_context_t, &mpy_ssl_type_context);
    self->protocol = (uint8_t)protocol;
    bool is_client = !(protocol & MPY_SSL_PROTOCOL_TLS_SERVER);
    self->verify_mode = is_client ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE;
    self->minimum_version = MPY_SSL_VERSION_OLDEST;
    self->maximum_version = is_client ? MPY_SSL_VERSION_CLIENT_DEFAULT : MPY_SSL_VERSION_SERVER_DEFAULT;
    self->identity = NULL;
    self->other_identity = NULL;
    self->trust = NULL;
    self->ciphers = NULL;
    self->groups = NULL;
    self->alpn = NULL;
    self->tickets = NULL;
    self->verify_serial = 0;
    self->options = 0;
    self->session_cache = true;
    self->fragment = MBEDTLS_SSL_MAX_FRAG_LEN_NONE;
    #if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
    self->record_size_limit = 0;
    #endif
    self->keylog_filename = mp_const_none;
    self->keylog_callback = mp_const_none;
    mpy_ssl_psk_init(&self->psk);
    self->cookies = NULL;
    self->verify_callback = mp_const_none;
    self->sni_callback = mp_const_none;
    return self;
}

static mp_int_t checked_protocol(mp_obj_t value) {
    mp_int_t protocol = mp_obj_get_int(value);
    if (protocol < MPY_SSL_PROTOCOL_TLS_CLIENT
        || protocol > (MPY_SSL_HAVE_DTLS ? MPY_SSL_PROTOCOL_DTLS_SERVER : MPY_SSL_PROTOCOL_TLS_SERVER)) {
        mp_raise_ValueError(MP_ERROR_TEXT("protocol must be one of PROTOCOL_*"));
    }
    return protocol;
}

static mp_obj_t context_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    mp_arg_check_num(n_args, n_kw, 1, 1, false);
    return MP_OBJ_FROM_PTR(context_new(checked_protocol(args[0])));
}

static void set_verify_mode(mpy_ssl_context_t *self, mp_obj_t value) {
    mp_int_t mode = mp_obj_get_int(value);
    if (mode < MBEDTLS_SSL_VERIFY_NONE || mode > MBEDTLS_SSL_VERIFY_REQUIRED) {
        mp_raise_ValueError(MP_ERROR_TEXT("verify_mode must be CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED"));
    }
    self->verify_mode = (uint8_t)mode;
}

static void set_verify_callback(mpy_ssl_context_t *self, mp_obj_t value) {
    if (value != mp_const_none && !mp_obj_is_callable(value)) {
        mp_raise_TypeError(MP_ERROR_TEXT("verify_callback must be callable or None"));
    }
    static uint32_t assigned;
    self->verify_serial = value != mp_const_none ? ++assigned : 0;
    self->verify_callback = value;
}

#if MPY_SSL_HAVE_FRAGMENT
static void set_fragment(mpy_ssl_context_t *self, mp_obj_t value) {
    if (self->protocol != MPY_SSL_PROTOCOL_TLS_CLIENT) {
        mp_raise_ValueError(MP_ERROR_TEXT("max_fragment_length is for clients to ask for"));
    }
    self->fragment = mpy_ssl_fragment_code(value);
}
#endif

#if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
static void set_record_size_limit(mpy_ssl_context_t *self, mp_obj_t value) {
    if (self->protocol & MPY_SSL_PROTOCOL_DTLS_CLIENT) {
        mp_raise_ValueError(MP_ERROR_TEXT("record_size_limit is for TLS 1.3"));
    }
    self->record_size_limit = mpy_ssl_record_size_limit_bytes(value);
}
#endif

#if MPY_SSL_SNI_CALLBACK
static void set_sni_callback(mpy_ssl_context_t *self, mp_obj_t value) {
    if (self->protocol != MPY_SSL_PROTOCOL_TLS_SERVER) {
        mp_raise_ValueError(MP_ERROR_TEXT("sni_callback needs a PROTOCOL_TLS_SERVER context"));
    }
    if (value != mp_const_none && !mp_obj_is_callable(value)) {
        mp_raise_TypeError(MP_ERROR_TEXT("sni_callback must be callable or None"));
    }
    self->sni_callback = value;
}
#endif

static void load_identity(mpy_ssl_context_t *self, mp_obj_t cert, mp_obj_t key, mp_obj_t password) {
    mpy_ssl_stack_check();
    mpy_ssl_identity_t *identity = mpy_ssl_identity_load(cert, key, password);
    mpy_ssl_identity_t *replaced = self->identity;
    if (replaced != NULL && !mpy_ssl_identity_is_like(identity, replaced)) {
        replaced = self->other_identity;
        self->other_identity = self->identity;
    }
    self->identity = identity;
    mpy_ssl_counted_unref(replaced);
}

#if HAVE_RESUMPTION
static void set_options(mpy_ssl_context_t *self, mp_obj_t value) {
    mp_int_t options = mp_obj_get_int(value);
    if (options & ~MPY_SSL_OP_NO_TICKET) {
        mp_raise_ValueError(MP_ERROR_TEXT("options may hold OP_NO_TICKET"));
    }
    self->options = (uint32_t)options;
}
#endif

// False if there is no such attribute to store to.
static bool store_attr(mpy_ssl_context_t *self, qstr attr, mp_obj_t value) {
    if (attr == MP_QSTR_verify_mode) {
        set_verify_mode(self, value);
    } else if (attr == MP_QSTR_verify_callback) {
        set_verify_callback(self, value);
    #if HAVE_RESUMPTION
    } else if (attr == MP_QSTR_session_cache) {
        self->session_cache = mp_obj_is_true(value);
    } else if (attr == MP_QSTR_options) {
        set_options(self, value);
    #endif
    #if MPY_SSL_KEYLOG
    } else if (attr == MP_QSTR_keylog_filename) {
        mpy_ssl_keylog_check(value);
        self->keylog_filename = value;
    } else if (attr == MP_QSTR_keylog_callback) {
        mpy_ssl_keylog_check_callback(value);
        self->keylog_callback = value;
    #endif
    #if MPY_SSL_HAVE_FRAGMENT
    } else if (attr == MP_QSTR_max_fragment_length) {
        set_fragment(self, value);
    #endif
    #if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
    } else if (attr == MP_QSTR_record_size_limit) {
        set_record_size_limit(self, value);
    #endif
    #if MPY_SSL_SNI_CALLBACK
    } else if (attr == MP_QSTR_sni_callback) {
        set_sni_callback(self, value);
    #endif
    } else if (attr == MP_QSTR_minimum_version) {
        self->minimum_version = mpy_ssl_version_minimum(value);
    } else if (attr == MP_QSTR_maximum_version) {
        self->maximum_version = mpy_ssl_version_maximum(value);
    } else {
        return mpy_ssl_psk_store(&self->psk, attr, value);
    }
    return true;
}

static void context_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    mpy_ssl_context_t *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] == MP_OBJ_NULL) {
        if (attr == MP_QSTR_verify_mode) {
            dest[0] = MP_OBJ_NEW_SMALL_INT(self->verify_mode);
        } else if (attr == MP_QSTR_verify_callback) {
            dest[0] = self->verify_callback;
        } else if (attr == MP_QSTR_protocol) {
            dest[0] = MP_OBJ_NEW_SMALL_INT(self->protocol);
        #if HAVE_RESUMPTION
        } else if (attr == MP_QSTR_session_cache) {
            dest[0] = mp_obj_new_bool(self->session_cache);
        } else if (attr == MP_QSTR_options) {
            dest[0] = MP_OBJ_NEW_SMALL_INT(self->options);
        #endif
        #if MPY_SSL_KEYLOG
        } else if (attr == MP_QSTR_keylog_filename) {
            dest[0] = self->keylog_filename;
        } else if (attr == MP_QSTR_keylog_callback) {
            dest[0] = self->keylog_callback;
        #endif
        #if MPY_SSL_HAVE_FRAGMENT
        } else if (attr == MP_QSTR_max_fragment_length) {
            dest[0] = mpy_ssl_fragment_length(self->fragment);
        #endif
        #if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
        } else if (attr == MP_QSTR_record_size_limit) {
            dest[0] = self->record_size_limit != 0 ? MP_OBJ_NEW_SMALL_INT(self->record_size_limit) : mp_const_none;
        #endif
        #if MPY_SSL_SNI_CALLBACK
        } else if (attr == MP_QSTR_sni_callback) {
            dest[0] = self->sni_callback;
        #endif
        } else if (attr == MP_QSTR_minimum_version) {
            dest[0] = MP_OBJ_NEW_SMALL_INT(self->minimum_version);
        } else if (attr == MP_QSTR_maximum_version) {
            dest[0] = MP_OBJ_NEW_SMALL_INT(self->maximum_version);
        } else if (!mpy_ssl_psk_attr(&self->psk, attr, &dest[0])) {
            dest[1] = MP_OBJ_SENTINEL; // look among the methods
        }
    } else if (dest[1] != MP_OBJ_NULL && store_attr(self, attr, dest[1])) {
        dest[0] = MP_OBJ_NULL; // stored
    }
}

// --- Methods --------------------------------------------------------------------------------------------------

// load_cert_chain(certfile, keyfile, password=None)
static mp_obj_t context_load_cert_chain(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_certfile, ARG_keyfile, ARG_password };
    static const mp_arg_t allowed[] = {
        {MP_QSTR_certfile, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_keyfile, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_password, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed), allowed, args);
    load_identity(MP_OBJ_TO_PTR(pos_args[0]), args[ARG_certfile].u_obj, args[ARG_keyfile].u_obj, args[ARG_password].u_obj);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(context_load_cert_chain_obj, 1, context_load_cert_chain);

// load_verify_locations(cafile=None, cadata=None): exactly one
static mp_obj_t context_load_verify_locations(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_cafile, ARG_cadata };
    static const mp_arg_t allowed[] = {
        {MP_QSTR_cafile, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_cadata, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed), allowed, args);
    mpy_ssl_context_t *self = MP_OBJ_TO_PTR(pos_args[0]);
    mp_obj_t cafile = args[ARG_cafile].u_obj;
    mp_obj_t cadata = args[ARG_cadata].u_obj;
    if ((cafile == mp_const_none) == (cadata == mp_const_none)) {
        mp_raise_ValueError(MP_ERROR_TEXT("give one of cafile and cadata"));
    }
    mpy_ssl_trust_load(&self->trust, cafile != mp_const_none ? cafile : cadata);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(context_load_verify_locations_obj, 1, context_load_verify_locations);

static mp_obj_t context_get_ciphers(mp_obj_t self_in) {
    mpy_ssl_context_t *self = MP_OBJ_TO_PTR(self_in);
    return mpy_ssl_ciphers_names(mpy_ssl_ciphers_ids(self->ciphers, mpy_ssl_psk_is_set(&self->psk)));
}
static MP_DEFINE_CONST_FUN_OBJ_1(context_get_ciphers_obj, context_get_ciphers);

static mp_obj_t context_set_ciphers(mp_obj_t self_in, mp_obj_t names) {
    mpy_ssl_context_t *self = MP_OBJ_TO_PTR(self_in);
    mpy_ssl_ciphers_t *ciphers = mpy_ssl_ciphers_new(names);
    mpy_ssl_counted_unref(self->ciphers);
    self->ciphers = ciphers;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(context_set_ciphers_obj, context_set_ciphers);

#if MPY_SSL_GROUPS
static mp_obj_t context_get_groups(mp_obj_t self_in) {
    (void)self_in;
    return mpy_ssl_groups_names();
}
static MP_DEFINE_CONST_FUN_OBJ_1(context_get_groups_obj, context_get_groups);

// set_groups(names): in order of preference; set_ecdh_curve(name) is the same for one
static mp_obj_t context_set_groups(mp_obj_t self_in, mp_obj_t names) {
    mpy_ssl_context_t *self = MP_OBJ_TO_PTR(self_in);
    mpy_ssl_groups_t *groups = mpy_ssl_groups_new(names);
    mpy_ssl_counted_unref(self->groups);
    self->groups = groups;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(context_set_groups_obj, context_set_groups);

static mp_obj_t context_set_ecdh_curve(mp_obj_t self_in, mp_obj_t name) {
    return context_set_groups(self_in, mp_obj_new_tuple(1, &name));
}
static MP_DEFINE_CONST_FUN_OBJ_2(context_set_ecdh_curve_obj, context_set_ecdh_curve);
#endif

#if defined(MBEDTLS_SSL_ALPN)
// set_alpn_protocols(list): in order of preference; an empty list negotiates nothing
static mp_obj_t context_set_alpn_protocols(mp_obj_t self_in, mp_obj_t names) {
    mpy_ssl_context_t *self = MP_OBJ_TO_PTR(self_in);
    mpy_ssl_alpn_t *alpn = mpy_ssl_alpn_new(names);
    mpy_ssl_counted_unref(self->alpn);
    self->alpn = alpn;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(context_set_alpn_protocols_obj, context_set_alpn_protocols);
#endif

static mp_obj_t context_del(mp_obj_t self_in) {
    mpy_ssl_context_t *self = MP_OBJ_TO_PTR(self_in);
    mpy_ssl_counted_unref(self->identity);
    mpy_ssl_counted_unref(self->other_identity);
    mpy_ssl_counted_unref(self->trust);
    mpy_ssl_counted_unref(self->ciphers);
    mpy_ssl_counted_unref(self->groups);
    mpy_ssl_counted_unref(self->alpn);
    mpy_ssl_counted_unref(self->tickets);
    mpy_ssl_counted_unref(self->cookies);
    self->cookies = NULL;
    self->tickets = NULL;
    self->identity = NULL;
    self->other_identity = NULL;
    self->trust = NULL;
    self->ciphers = NULL;
    self->groups = NULL;
    self->alpn = NULL;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(context_del_obj, context_del);

// --- wrap_socket ----------------------------------------------------------------------------------------------

static const char *checked_hostname(mp_obj_t name_in) {
    if (name_in == mp_const_none) {
        return NULL;
    }
    size_t len;
    const char *name = mp_obj_str_get_data(name_in, &len);
    if (len == 0 || len > HOSTNAME_MAX_LEN || name[0] == '.' || strlen(name) != len) {
        mp_raise_ValueError(MP_ERROR_TEXT("server_hostname is empty, too long, or begins with a dot, or holds a NUL"));
    }
    return name;
}

#if HAVE_RESUMPTION
// The session that a client is to go on with. Raises ValueError if it is bound to something else.
static void use_session(mpy_ssl_options_t *options, mp_obj_t session) {
    options->saved = mpy_ssl_sslsession_get(session);
    if (options->saved == NULL) {
        return;
    }
    uint8_t binding[MPY_SSL_BINDING];
    const char *name = options->server_hostname;
    int ret = options->server_side ? MBEDTLS_ERR_SSL_BAD_INPUT_DATA : mpy_ssl_binding_settings(options, binding);
    if (ret == 0) {
        ret = mpy_ssl_binding_name(binding, name, name != NULL ? strlen(name) : 0, binding);
    }
    if (ret != 0 || !mpy_ssl_saved_is_bound(options->saved, binding)) {
        mp_raise_ValueError(MP_ERROR_TEXT("the session belongs to another server_hostname or to other settings of the context"));
    }
}

static void forbid_resumption(mpy_ssl_options_t *options, mp_obj_t session) {
    if (session != mp_const_none) {
        mp_raise_ValueError(MP_ERROR_TEXT("a context with PSK or DTLS resumes no sessions"));
    }
    options->session_cache = false;
    options->tickets_allowed = false;
}

static void prepare_resumption(mpy_ssl_context_t *self, mpy_ssl_options_t *options, mp_obj_t session) {
    if ((MPY_SSL_HAVE_DTLS && options->datagrams) || mpy_ssl_psk_is_set(&self->psk)) {
        forbid_resumption(options, session);
        return;
    }
    use_session(options, session);
    if (options->server_side && self->tickets == NULL) {
        self->tickets = mpy_ssl_tickets_new();
        if (self->tickets == NULL) {
            mp_raise_OSError(MP_ENOMEM);
        }
    } else if (!options->server_side && self->session_cache) {
        mpy_ssl_session_cache_prepare();
    }
    options->tickets = self->tickets;
}
#else
static void prepare_resumption(mpy_ssl_context_t *self, mpy_ssl_options_t *options, mp_obj_t session) {
    (void)self;
    (void)options;
    if (session != mp_const_none) {
        mp_raise_NotImplementedError(MP_ERROR_TEXT("this firmware resumes no sessions"));
    }
}
#endif

// Raises ValueError for settings that contradict each other.
static void check_options(const mpy_ssl_options_t *options) {
    bool psk = mpy_ssl_psk_is_set(options->psk);
    mpy_ssl_psk_check(options->psk, options->server_side);
    if (options->ciphers != NULL && !mpy_ssl_ciphers_are(options->ciphers->ids, psk)) {
        mp_raise_ValueError(psk ? MP_ERROR_TEXT("a context with PSK takes suites with PSK only, see set_ciphers()")
            : MP_ERROR_TEXT("set_ciphers() names suites with PSK, and there is no PSK"));
    }
    bool anonymous = options->server_side || options->verify_mode != MBEDTLS_SSL_VERIFY_REQUIRED || psk;
    if (options->server_hostname == NULL && !anonymous) {
        mp_raise_ValueError(MP_ERROR_TEXT("CERT_REQUIRED requires server_hostname"));
    }
    if (options->minimum_version > (psk ? MBEDTLS_SSL_VERSION_TLS1_2 : options->maximum_version)) {
        mp_raise_ValueError(psk ? MP_ERROR_TEXT("PSK needs TLS 1.2, and minimum_version is above it")
            : MP_ERROR_TEXT("minimum_version is above maximum_version"));
    }
}

#if MPY_SSL_HAVE_DTLS
static void prepare_datagrams(mpy_ssl_context_t *self, mpy_ssl_options_t *options, mp_obj_t client_id) {
    mp_buffer_info_t id = {.len = 0};
    if (!options->datagrams || !options->server_side) {
        if (client_id != mp_const_none) {
            mp_raise_ValueError(MP_ERROR_TEXT("client_id is for PROTOCOL_DTLS_SERVER contexts"));
        }
        return;
    }
    if (!mp_get_buffer(client_id, &id, MP_BUFFER_READ) || id.len == 0) {
        // As in MicroPython, no TypeError.
        mpy_ssl_error_raise_text(MBEDTLS_ERR_SSL_BAD_INPUT_DATA, "a server with DTLS needs client_id, bytes that name the client's address");
    }
    options->client_id = id.buf;
    options->client_id_len = id.len;
    if (self->cookies == NULL) {
        self->cookies = mpy_ssl_cookies_new();
        if (self->cookies == NULL) {
            mp_raise_OSError(MP_ENOMEM);
        }
    }
    options->cookies = self->cookies;
}
#else
#define prepare_datagrams(self, options, client_id) ((void)(client_id))
#endif

// Without server_hostname and what resumption and datagrams need.
static mpy_ssl_options_t options_of(const mpy_ssl_context_t *self) {
    bool datagrams = MPY_SSL_HAVE_DTLS && (self->protocol & MPY_SSL_PROTOCOL_DTLS_CLIENT);
    return (mpy_ssl_options_t) {
        .server_side = self->protocol & MPY_SSL_PROTOCOL_TLS_SERVER,
        #if MPY_SSL_HAVE_DTLS
        .datagrams = datagrams,
        #endif
        .minimum_version = self->minimum_version,
        .maximum_version = datagrams ? MBEDTLS_SSL_VERSION_TLS1_2 : self->maximum_version,
        .verify_mode = self->verify_mode,
        .identity = self->identity,
        .other_identity = self->other_identity,
        .trust = self->trust,
        .ciphers = self->ciphers,
        .groups = self->groups,
        .alpn = self->alpn,
        .verify_callback = self->verify_callback,
        .keylog = self->keylog_filename,
        .keylog_callback = self->keylog_callback,
        .psk = &self->psk,
        .verify_serial = self->verify_serial,
        .fragment = self->fragment,
        #if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
        .record_size_limit = self->record_size_limit,
        #endif
        .session_cache = self->session_cache,
        .tickets_allowed = !(self->options & MPY_SSL_OP_NO_TICKET),
    };
}

#if MPY_SSL_SNI_CALLBACK
void mpy_ssl_context_server_options(mp_obj_t context, mpy_ssl_options_t *options) {
    if (!mp_obj_is_type(context, &mpy_ssl_type_context)) {
        mp_raise_TypeError(MP_ERROR_TEXT("context must be an SSLContext"));
    }
    mpy_ssl_context_t *self = MP_OBJ_TO_PTR(context);
    if (self->protocol != MPY_SSL_PROTOCOL_TLS_SERVER) {
        mp_raise_ValueError(MP_ERROR_TEXT("context must be a PROTOCOL_TLS_SERVER one"));
    }
    *options = options_of(self);
    prepare_resumption(self, options, mp_const_none);
}
#endif

static mp_obj_t wrap(mpy_ssl_context_t *self, mp_obj_t stream, bool server_side, mpy_ssl_wrapping_t *wrapping) {
    server_side = server_side || self->protocol == MPY_SSL_PROTOCOL_DTLS_SERVER; // as in MicroPython
    if (server_side != (bool)(self->protocol & MPY_SSL_PROTOCOL_TLS_SERVER)) {
        mp_raise_ValueError(server_side
            ? MP_ERROR_TEXT("server_side=True needs a PROTOCOL_TLS_SERVER context")
            : MP_ERROR_TEXT("a PROTOCOL_TLS_SERVER context needs server_side=True"));
    }
    mpy_ssl_options_t options = options_of(self);
    options.server_hostname = checked_hostname(wrapping->server_hostname);
    check_options(&options);
    prepare_resumption(self, &options, wrapping->session);
    prepare_datagrams(self, &options, wrapping->client_id);
    wrapping->context = MP_OBJ_FROM_PTR(self);
    wrapping->sni_callback = self->sni_callback;
    return mpy_ssl_socket_new(stream, &options, wrapping);
}

// SSLContext.wrap_socket(sock, *, server_side=False, do_handshake_on_connect=True, server_hostname=None,
//     session=None, handshake_timeout=None, client_id=None)
static mp_obj_t context_wrap_socket(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_sock, ARG_server_side, ARG_do_handshake_on_connect, ARG_server_hostname, ARG_session, ARG_handshake_timeout, ARG_client_id };
    static const mp_arg_t allowed[] = {
        {MP_QSTR_sock, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_server_side, MP_ARG_KW_ONLY | MP_ARG_BOOL, {.u_bool = false}},
        {MP_QSTR_do_handshake_on_connect, MP_ARG_KW_ONLY | MP_ARG_BOOL, {.u_bool = true}},
        {MP_QSTR_server_hostname, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_session, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_handshake_timeout, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        #if MPY_SSL_HAVE_DTLS
        {MP_QSTR_client_id, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        #endif
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed), allowed, args);
    mpy_ssl_wrapping_t wrapping = {
        .server_hostname = args[ARG_server_hostname].u_obj,
        .session = args[ARG_session].u_obj,
        .timeout = mpy_ssl_timeout_ms(args[ARG_handshake_timeout].u_obj),
        .do_handshake = args[ARG_do_handshake_on_connect].u_bool,
        #if MPY_SSL_HAVE_DTLS
        .client_id = args[ARG_client_id].u_obj,
        #endif
    };
    return wrap(MP_OBJ_TO_PTR(pos_args[0]), args[ARG_sock].u_obj, args[ARG_server_side].u_bool, &wrapping);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(context_wrap_socket_obj, 1, context_wrap_socket);

// ssl.wrap_socket(sock, server_side=False, keyfile=None, certfile=None, cert_reqs=CERT_NONE, cadata=None,
//     server_hostname=None, do_handshake=True, ca_certs=None); key and cert are older names of keyfile and certfile
static mp_obj_t wrap_socket(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_sock, ARG_server_side, ARG_keyfile, ARG_certfile, ARG_cert_reqs, ARG_cadata, ARG_server_hostname,
           ARG_do_handshake, ARG_ca_certs, ARG_key, ARG_cert };
    static const mp_arg_t allowed[] = {
        {MP_QSTR_sock, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_server_side, MP_ARG_BOOL, {.u_bool = false}},
        {MP_QSTR_keyfile, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_certfile, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_cert_reqs, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_INT(MBEDTLS_SSL_VERIFY_NONE)}},
        {MP_QSTR_cadata, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_server_hostname, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_do_handshake, MP_ARG_BOOL, {.u_bool = true}},
        {MP_QSTR_ca_certs, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_key, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_cert, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args, pos_args, kw_args, MP_ARRAY_SIZE(allowed), allowed, args);
    bool server_side = args[ARG_server_side].u_bool;
    mp_obj_t key = args[args[ARG_key].u_obj != mp_const_none ? ARG_key : ARG_keyfile].u_obj;
    mp_obj_t cert = args[args[ARG_cert].u_obj != mp_const_none ? ARG_cert : ARG_certfile].u_obj;
    mpy_ssl_context_t *context = context_new(server_side ? MPY_SSL_PROTOCOL_TLS_SERVER : MPY_SSL_PROTOCOL_TLS_CLIENT);
    set_verify_mode(context, args[ARG_cert_reqs].u_obj);
    if (key != mp_const_none || cert != mp_const_none) {
        load_identity(context, cert, key, mp_const_none);
    }
    if (args[ARG_cadata].u_obj != mp_const_none) {
        mpy_ssl_trust_load(&context->trust, args[ARG_cadata].u_obj);
    }
    if (args[ARG_ca_certs].u_obj != mp_const_none) {
        mpy_ssl_trust_load(&context->trust, args[ARG_ca_certs].u_obj);
    }
    mpy_ssl_wrapping_t wrapping = {
        .server_hostname = args[ARG_server_hostname].u_obj,
        .session = mp_const_none,
        .client_id = mp_const_none,
        .do_handshake = args[ARG_do_handshake].u_bool,
    };
    return wrap(context, args[ARG_sock].u_obj, server_side, &wrapping);
}
MP_DEFINE_CONST_FUN_OBJ_KW(mpy_ssl_wrap_socket_obj, 1, wrap_socket);

// --- create_default_context -----------------------------------------------------------------------------------

// The peer's role, as in CPython: a context that authenticates servers is a client's. The numbers are those of PROTOCOL_*.
static const mp_rom_map_elem_t purpose_table[] = {
    {MP_ROM_QSTR(MP_QSTR_SERVER_AUTH), MP_ROM_INT(MPY_SSL_PROTOCOL_TLS_CLIENT)},
    {MP_ROM_QSTR(MP_QSTR_CLIENT_AUTH), MP_ROM_INT(MPY_SSL_PROTOCOL_TLS_SERVER)},
};
static MP_DEFINE_CONST_DICT(purpose, purpose_table);

MP_DEFINE_CONST_OBJ_TYPE(mpy_ssl_type_purpose, MP_QSTR_Purpose, MP_TYPE_FLAG_NONE, locals_dict, &purpose);

static mp_obj_t create_default_context(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_purpose, ARG_cafile, ARG_cadata };
    static const mp_arg_t allowed[] = {
        {MP_QSTR_purpose, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_INT(MPY_SSL_PROTOCOL_TLS_CLIENT)}},
        {MP_QSTR_cafile, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_cadata, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args, pos_args, kw_args, MP_ARRAY_SIZE(allowed), allowed, args);
    mpy_ssl_context_t *context = context_new(checked_protocol(args[ARG_purpose].u_obj));
    for (size_t i = ARG_cafile; i <= ARG_cadata; ++i) {
        if (args[i].u_obj != mp_const_none) {
            mpy_ssl_trust_load(&context->trust, args[i].u_obj);
        }
    }
    return MP_OBJ_FROM_PTR(context);
}
MP_DEFINE_CONST_FUN_OBJ_KW(mpy_ssl_create_default_context_obj, 0, create_default_context);

static const mp_rom_map_elem_t context_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_load_cert_chain), MP_ROM_PTR(&context_load_cert_chain_obj)},
    {MP_ROM_QSTR(MP_QSTR_load_verify_locations), MP_ROM_PTR(&context_load_verify_locations_obj)},
    {MP_ROM_QSTR(MP_QSTR_get_ciphers), MP_ROM_PTR(&context_get_ciphers_obj)},
    {MP_ROM_QSTR(MP_QSTR_set_ciphers), MP_ROM_PTR(&context_set_ciphers_obj)},
    #if MPY_SSL_GROUPS
    {MP_ROM_QSTR(MP_QSTR_get_groups), MP_ROM_PTR(&context_get_groups_obj)},
    {MP_ROM_QSTR(MP_QSTR_set_groups), MP_ROM_PTR(&context_set_groups_obj)},
    {MP_ROM_QSTR(MP_QSTR_set_ecdh_curve), MP_ROM_PTR(&context_set_ecdh_curve_obj)},
    #endif
    #if defined(MBEDTLS_SSL_ALPN)
    {MP_ROM_QSTR(MP_QSTR_set_alpn_protocols), MP_ROM_PTR(&context_set_alpn_protocols_obj)},
    #endif
    #if MPY_SSL_HAVE_PSK
    {MP_ROM_QSTR(MP_QSTR_set_psk_client_callback), MP_ROM_PTR(&mpy_ssl_psk_set_client_callback_obj)},
    {MP_ROM_QSTR(MP_QSTR_set_psk_server_callback), MP_ROM_PTR(&mpy_ssl_psk_set_server_callback_obj)},
    #endif
    {MP_ROM_QSTR(MP_QSTR_wrap_socket), MP_ROM_PTR(&context_wrap_socket_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&context_del_obj)},
};
static MP_DEFINE_CONST_DICT(context_locals, context_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    mpy_ssl_type_context, MP_QSTR_SSLContext, MP_TYPE_FLAG_NONE,
    make_new, context_make_new,
    attr, context_attr,
    locals_dict, &context_locals
    );
