// SPDX-License-Identifier: MIT
//
// The Python module `_ssl_primitives`: single operations of Mbed TLS by the way that TLS takes to them, engines included. For
// examples/selftest.py, which brings the vectors; programs have hashlib, cryptolib and ssl. Compiled in unless MPY_SSL_PRIMITIVES=0;
// 1.5 KB of flash on the RP2040.
//
//   digest(size, data)                         SHA-1, SHA-256, SHA-384 or SHA-512, by the digest's size in bytes
//   crypt(mode, encrypt, key, iv, data, aad)   AES in mode CBC (whole blocks, no padding), CTR or GCM, or CHACHAPOLY. GCM and
//                                              CHACHAPOLY have the tag of 16 bytes behind the encrypted data; of the others `aad`
//                                              is ignored. OSError if the tag is wrong
//   sign(key, digest)                          by a private key (PKCS#1, SEC1 or PKCS#8, DER): RSASSA-PKCS1-v1_5, or ECDSA as DER,
//                                              deterministic (RFC 6979); of a digest of SHA-1 to SHA-512
//   verify(key, digest, signature)             by the public part of that key: True or False
//   agree(group, private, public)              ECDH: the shared secret; group as TLS numbers it (RFC 8422, 5.1.1), keys as there
//   software_only(flag)                        whether what is compiled in for both uses no engine from here on; a list of what
//                                              that is, as ssl.engines() names it
//
// But for the last, all give (result, microseconds of the operation alone). ValueError for what this build does not have; OSError
// for a failure of Mbed TLS.
#ifndef MPY_SSL_PRIMITIVES_H
#define MPY_SSL_PRIMITIVES_H

#ifndef MPY_SSL_PRIMITIVES
#define MPY_SSL_PRIMITIVES 1
#endif

#endif
