# SPDX-License-Identifier: MIT
#
# The user C module `ssl` for MicroPython's make ports: USER_C_MODULES=<the folder above this one>.
#
# MBEDTLS_DIR          Mbed TLS 3.6; default: MicroPython's own submodule lib/mbedtls
# MPY_SSL_VERSION      compiled in as ssl.VERSION; default: what git says of this checkout
# MPY_SSL_TLS1_3       1: TLS 1.3 beside 1.2; 0: 1.2 only. Default: 1 if that Mbed TLS is 3.6.3 or newer and has what its PSA is generated from
# MPY_SSL_SLICES       1: handshakes in pieces for sockets that do not block; 0: each step as a whole. Default: 1
# MPY_SSL_PSK          1: pre-shared keys; 0: none. Default: 1
# MPY_SSL_DEBUG        1: ssl.debug(), 50 KB of flash; needs an Mbed TLS with its generated sources. Default: 0
# MPY_SSL_MESSAGE_CHECKS 0: without guard.h's checks of messages, which take the place of Mbed TLS's alerts; default: 1 with Mbed TLS 3.6.3
#                      or newer
# MPY_SSL_DTLS         1: DTLS 1.2; 0: none. Default: 1
# MPY_SSL_CFLAGS       more flags for the module and Mbed TLS; -DMPY_SSL_PRIMITIVES=0 leaves out what examples/selftest.py needs,
#                      -DMPY_SSL_X25519=0 that group, -DMPY_SSL_GROUPS=0 set_groups() and its like, -DMPY_SSL_SNI_CALLBACK=0 that,
#                      -DMPY_SSL_MFL=0 max_fragment_length and record_size_limit; -DMPY_SSL_SHA1_SMALL=1 is SHA-1 in 4 KB less, and slower
#
# The port must not build Mbed TLS itself, and does not: the stock module is switched off, and with it its library.

MPY_SSL_DIR := $(USERMOD_DIR)
MPY_SSL_MBEDTLS_DIR := $(if $(MBEDTLS_DIR),$(abspath $(MBEDTLS_DIR)),$(abspath $(TOP)/lib/mbedtls))
MPY_SSL_VERSION ?= $(shell git -C $(MPY_SSL_DIR) describe --tags --always --dirty 2>/dev/null || echo unknown)

ifeq ($(wildcard $(MPY_SSL_MBEDTLS_DIR)/library/ssl_tls.c),)
$(error No Mbed TLS in $(MPY_SSL_MBEDTLS_DIR): run 'git submodule update --init lib/mbedtls' in MicroPython, or give MBEDTLS_DIR=)
endif

# Mbed TLS before 3.6.3 does not put handshake messages together; what looks into it needs what has come with that.
MPY_SSL_MBEDTLS_3_6_3 := $(shell grep -q badmac_seen_or_in_hsfraglen $(MPY_SSL_MBEDTLS_DIR)/include/mbedtls/ssl.h && echo 1)
MPY_SSL_TLS1_3 ?= $(if $(and $(MPY_SSL_MBEDTLS_3_6_3),$(wildcard $(MPY_SSL_MBEDTLS_DIR)/library/psa_crypto_driver_wrappers_no_static.c)),1,0)
MPY_SSL_HAVE_TLS1_3 := $(filter-out 0,$(MPY_SSL_TLS1_3))
MPY_SSL_PSK ?= 1
MPY_SSL_DTLS ?= 1

MPY_SSL_SLICES ?= 1
MPY_SSL_DEBUG ?= 0

override MICROPY_PY_SSL := 0

SRC_USERMOD_C += $(addprefix $(MPY_SSL_DIR)/, \
	accelerator.c \
	after_handshake.c \
	alpn.c \
	binding.c \
	blob.c \
	buffers.c \
	certificate.c \
	ciphers.c \
	clock.c \
	context.c \
	counted.c \
	debug.c \
	dtls.c \
	ec_comb.c \
	ec_field.c \
	ec_mbedtls.c \
	ec_point.c \
	ec_x25519.c \
	error.c \
	fragment.c \
	groups.c \
	guard.c \
	hello.c \
	hmac.c \
	keylog.c \
	memory.c \
	memory_info.c \
	message_header.c \
	messages.c \
	module.c \
	mont_r2.c \
	packed.c \
	pool.c \
	primitives.c \
	psk.c \
	random.c \
	record.c \
	record_size_limit.c \
	resume.c \
	saved.c \
	seal.c \
	session.c \
	session_cache.c \
	sha1_small.c \
	slices.c \
	sni.c \
	socket.c \
	sslsession.c \
	stream.c \
	ticket.c \
	tls13_secrets.c \
	version.c)

# hashlib and cryptolib go on using Mbed TLS.
CFLAGS_USERMOD += -DMP_CONFIGFILE='"$(abspath $(MPY_SSL_DIR))/mpconfig_without_stock_ssl.h"' -DMICROPY_SSL_MBEDTLS=1 -DMPY_SSL_VERSION=\"$(MPY_SSL_VERSION)\" \
	-DMBEDTLS_CONFIG_FILE='"$(abspath $(MPY_SSL_DIR))/mbedtls_config.h"' \
	-I$(MPY_SSL_MBEDTLS_DIR)/include $(if $(MPY_SSL_HAVE_TLS1_3),-DMPY_SSL_TLS1_3 -DMBEDTLS_PSA_CRYPTO_CONFIG_FILE='"$(abspath $(MPY_SSL_DIR))/psa_config.h"') \
	$(if $(filter-out 0,$(MPY_SSL_PSK)),-DMPY_SSL_PSK) $(if $(filter-out 0,$(MPY_SSL_DTLS)),-DMPY_SSL_DTLS) $(MPY_SSL_CFLAGS)

# Objects of Mbed TLS are placed by name alone, so that they do not depend on where its source is.
PY_O += $(addprefix $(BUILD)/mbedtls/, \
	aes.o asn1parse.o asn1write.o base64.o bignum.o bignum_core.o bignum_mod.o bignum_mod_raw.o block_cipher.o chacha20.o chachapoly.o \
	cipher.o cipher_wrap.o constant_time.o ctr_drbg.o ecdh.o ecdsa.o ecp.o ecp_curves.o gcm.o hmac_drbg.o md.o md5.o oid.o \
	pem.o pk.o pk_ecc.o pk_wrap.o pkcs5.o pkparse.o platform.o platform_util.o poly1305.o rsa.o rsa_alt_helpers.o sha1.o \
	sha256.o sha512.o ssl_ciphersuites.o ssl_client.o ssl_cookie.o ssl_msg.o ssl_tls.o ssl_tls12_client.o ssl_tls12_server.o x509.o x509_crt.o)
PY_O += $(addprefix $(BUILD)/mbedtls/,$(if $(MPY_SSL_HAVE_TLS1_3), \
	psa_crypto.o psa_crypto_client.o psa_crypto_driver_wrappers_no_static.o psa_crypto_ecp.o psa_crypto_hash.o psa_crypto_mac.o \
	psa_crypto_slot_management.o psa_util.o ssl_tls13_client.o ssl_tls13_generic.o ssl_tls13_keys.o ssl_tls13_server.o threading.o))

ifneq ($(filter-out 0,$(MPY_SSL_DEBUG)),)
PY_O += $(BUILD)/mbedtls/ssl_debug_helpers_generated.o
CFLAGS_USERMOD += -DMPY_SSL_DEBUG=1
endif

$(BUILD)/mbedtls/%.o: $(MPY_SSL_MBEDTLS_DIR)/library/%.c
	$(call compile_c)

# Where the instructions of a handshake and of a record go. -O2 for these files takes 4 KB of flash, and away: 20 % of a
# P-256 handshake, 42 % of ChaCha20-Poly1305, 24 % of AES-256-GCM (RV32IMAC). Those that are not listed gain nothing.
MPY_SSL_FAST ?= bignum bignum_core chacha20 gcm poly1305
$(addprefix $(BUILD)/mbedtls/,$(addsuffix .o,$(MPY_SSL_FAST))): CFLAGS += -O2
# GHASH by words instead of bytes: right on every chip, but faster with -O2 only.
$(addprefix $(BUILD)/mbedtls/,$(addsuffix .o,$(filter gcm,$(MPY_SSL_FAST)))): CFLAGS += -DMBEDTLS_EFFICIENT_UNALIGNED_ACCESS=

# P-256, P-384 and X25519 are the module's own; Mbed TLS's functions get other names. See ec_mbedtls.h.
MPY_SSL_ECP_WRAPS := $(addprefix mbedtls_ecp_,mul mul_restartable check_pubkey check_pub_priv)
MPY_SSL_ECDSA_WRAPS := mbedtls_ecdsa_read_signature
MPY_SSL_O := $(BUILD)/$(patsubst $(USER_C_MODULES)/%,%,$(MPY_SSL_DIR))
$(BUILD)/mbedtls/ecp.o: CFLAGS += $(foreach name,$(MPY_SSL_ECP_WRAPS),-D$(name)=__real_$(name))
$(BUILD)/mbedtls/ecdsa.o: CFLAGS += $(foreach name,$(MPY_SSL_ECDSA_WRAPS),-D$(name)=__real_$(name))
$(MPY_SSL_O)/ec_mbedtls.o: CFLAGS += $(foreach name,$(MPY_SSL_ECP_WRAPS) $(MPY_SSL_ECDSA_WRAPS),-D__wrap_$(name)=$(name))
$(addprefix $(MPY_SSL_O)/,ec_field.o ec_x25519.o): CFLAGS += -O2 -fno-schedule-insns

# Key derivation with fewer compressions, see hmac.h.
$(BUILD)/mbedtls/ssl_tls.o: CFLAGS += -Dmbedtls_md_hmac_reset=__wrap_mbedtls_md_hmac_reset -Dmbedtls_md_hmac_finish=__wrap_mbedtls_md_hmac_finish

# The first use of an RSA key, see mont_r2.h.
$(addprefix $(BUILD)/mbedtls/,bignum.o rsa.o): CFLAGS += -Dmbedtls_mpi_core_get_mont_r2_unsafe=__wrap_mbedtls_mpi_core_get_mont_r2_unsafe

# RSA keys of TLS 1.2 sign and decrypt by PKCS #1 v1.5 only. Named outright, it leaves OAEP and the signing half of PSS to the linker: 1.1 KB.
$(BUILD)/mbedtls/pk_wrap.o: CFLAGS += -Dmbedtls_rsa_pkcs1_sign=mbedtls_rsa_rsassa_pkcs1_v15_sign \
	$(foreach way,encrypt decrypt,-Dmbedtls_rsa_pkcs1_$(way)=mbedtls_rsa_rsaes_pkcs1_v15_$(way))

# What no key here needs, see there.
$(BUILD)/mbedtls/rsa.o: CFLAGS += -I$(MPY_SSL_MBEDTLS_DIR)/library -include $(MPY_SSL_DIR)/rsa_complete.h

# Handshakes in pieces, see slices.h.
ifneq ($(filter-out 0,$(MPY_SSL_SLICES)),)
CFLAGS_USERMOD += -DMPY_SSL_SLICES=1
$(BUILD)/mbedtls/ssl_tls.o: CFLAGS += -Dmbedtls_x509_crt_verify_restartable=__wrap_mbedtls_x509_crt_verify_restartable
$(BUILD)/mbedtls/x509_crt.o: CFLAGS += -Dmbedtls_pk_verify_ext=__wrap_mbedtls_pk_verify_ext
$(MPY_SSL_O)/slices.o: CFLAGS += $(foreach name,x509_crt_verify_restartable pk_verify_ext,-D__real_mbedtls_$(name)=mbedtls_$(name))
endif

# HelloRetryRequest clears record buffers at full size, which ours do not have. See buffers.h.
MPY_SSL_RESET := mbedtls_ssl_session_reset_msg_layer
$(addprefix $(BUILD)/mbedtls/,ssl_tls13_client.o ssl_tls13_server.o): CFLAGS += -D$(MPY_SSL_RESET)=__wrap_$(MPY_SSL_RESET)
$(MPY_SSL_O)/buffers.o: CFLAGS += -D__real_$(MPY_SSL_RESET)=$(MPY_SSL_RESET)

# What each end says of its records in TLS 1.3. See record_size_limit.h.
MPY_SSL_LIMIT_WRAPS := $(foreach verb,parse write,mbedtls_ssl_tls13_$(verb)_record_size_limit_ext)
$(addprefix $(BUILD)/mbedtls/,ssl_tls13_client.o ssl_tls13_server.o): CFLAGS += $(foreach name,$(MPY_SSL_LIMIT_WRAPS),-D$(name)=__wrap_$(name))
$(MPY_SSL_O)/record_size_limit.o: CFLAGS += $(foreach name,$(MPY_SSL_LIMIT_WRAPS),-D__real_$(name)=$(name))

# What is done to handshake messages on their way out. See messages.h.
MPY_SSL_WRITE := mbedtls_ssl_write_handshake_msg_ext
MPY_SSL_FINISH := mbedtls_ssl_finish_handshake_msg
$(addprefix $(BUILD)/mbedtls/,ssl_tls.o ssl_tls12_client.o ssl_tls12_server.o): CFLAGS += -D$(MPY_SSL_WRITE)=__wrap_$(MPY_SSL_WRITE)
$(addprefix $(BUILD)/mbedtls/,ssl_tls13_client.o ssl_tls13_generic.o ssl_tls13_server.o): CFLAGS += -D$(MPY_SSL_FINISH)=__wrap_$(MPY_SSL_FINISH)
$(MPY_SSL_O)/messages.o: CFLAGS += -D__real_$(MPY_SSL_WRITE)=$(MPY_SSL_WRITE)

# Mistakes of Mbed TLS 3.6.6 that can be mended from outside, each in a header that its source file gets in front.
$(addprefix $(BUILD)/mbedtls/,ssl_tls12_server.o ssl_tls13_server.o): CFLAGS += -I$(MPY_SSL_MBEDTLS_DIR)/library \
	-include $(MPY_SSL_DIR)/hello_version.h
ifneq ($(MPY_SSL_HAVE_TLS1_3),)
$(BUILD)/mbedtls/ssl_client.o: CFLAGS += -I$(MPY_SSL_MBEDTLS_DIR)/library -include $(MPY_SSL_DIR)/tls13_offer.h
$(BUILD)/mbedtls/ssl_tls12_client.o: CFLAGS += -I$(MPY_SSL_MBEDTLS_DIR)/library -include $(MPY_SSL_DIR)/tls12_signatures.h
$(BUILD)/mbedtls/ssl_tls13_client.o: CFLAGS += -I$(MPY_SSL_MBEDTLS_DIR)/library \
	-include $(MPY_SSL_DIR)/tls13_server_hello.h -include $(MPY_SSL_DIR)/tls13_fragment.h
$(BUILD)/mbedtls/ssl_tls13_generic.o: CFLAGS += -I$(MPY_SSL_MBEDTLS_DIR)/library -include $(MPY_SSL_DIR)/tls13_alerts.h
$(BUILD)/mbedtls/ssl_tls13_keys.o: CFLAGS += -I$(MPY_SSL_MBEDTLS_DIR)/library -include $(MPY_SSL_DIR)/tls13_transforms.h
endif

# Structures that Mbed TLS's public headers do not show. Its own folder has to come last: names like version.h are ours, too.
$(MPY_SSL_O)/tls13_secrets.o: CFLAGS += -idirafter $(MPY_SSL_MBEDTLS_DIR)/library

# What Mbed TLS 3.6.6 lets pass, or answers by another alert than the RFCs name, is looked at before it is parsed. See guard.h.
MPY_SSL_MESSAGE_CHECKS ?= $(or $(MPY_SSL_MBEDTLS_3_6_3),0)
ifneq ($(filter-out 0,$(MPY_SSL_MESSAGE_CHECKS)),)
MPY_SSL_READERS := ssl_tls.o ssl_tls12_client.o ssl_tls12_server.o ssl_tls13_client.o ssl_tls13_generic.o ssl_tls13_server.o
$(addprefix $(BUILD)/mbedtls/,$(MPY_SSL_READERS)): CFLAGS += \
	$(foreach name,read_record parse_change_cipher_spec,-Dmbedtls_ssl_$(name)=mpy_ssl_guard_$(name))
$(addprefix $(MPY_SSL_O)/,guard.o message_header.o): CFLAGS += -idirafter $(MPY_SSL_MBEDTLS_DIR)/library
CFLAGS_USERMOD += -DMPY_SSL_MESSAGE_CHECKS
endif

# The version changes with every commit, and make does not see that in a flag: this file changes with it.
$(MPY_SSL_O)/module.o: $(BUILD)/ssl_version
$(BUILD)/ssl_version: FORCE
	$(Q)mkdir -p $(@D) && echo '$(MPY_SSL_VERSION)' | cmp -s - $@ || echo '$(MPY_SSL_VERSION)' > $@
