/* How mbedTLS is built from someone's own tree (make MBEDTLS_DIR=...): a TLS 1.2 client with forward secrecy
 * and AEAD ciphers, memory and time from the port, no file, no socket, no entropy of its own. One header for
 * 2.28 and 3.6; a name that one of them does not know does no harm.
 *
 * To be set with CPPFLAGS:
 *   MBEDTLS_SSL_IN_CONTENT_LEN   longest record that can be received; 16384 unless every server obeys
 *                                max_fragment (OpenSSL's do, Go's do not), then down to 4096
 *   MBEDTLS_SSL_OUT_CONTENT_LEN  longest record that is sent; any size works, 4096 unless set
 *   BERTH_MBEDTLS_SMALL          less code and RAM, slower: small windows and tables */
#ifndef BERTH_MBEDTLS_CONFIG_H
#define BERTH_MBEDTLS_CONFIG_H

#include <stddef.h>
#include <time.h>

/* ---- the system ---- */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_CALLOC_MACRO berth_mbedtls_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO berth_mbedtls_free
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_PLATFORM_TIME_TYPE_MACRO time_t
#define MBEDTLS_PLATFORM_TIME_MACRO berth_mbedtls_time
#define MBEDTLS_PLATFORM_GMTIME_R_ALT
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_NO_PLATFORM_ENTROPY
void *berth_mbedtls_calloc(size_t count, size_t len);
void berth_mbedtls_free(void *bytes);
time_t berth_mbedtls_time(time_t *out);

#define MBEDTLS_HAVE_ASM
#if defined(__x86_64__) && !defined(BERTH_MBEDTLS_SMALL)
#define MBEDTLS_AESNI_C
#endif

/* ---- ciphers and hashes ---- */
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_CIPHER_C
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_MD_C
#define MBEDTLS_SHA224_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C

/* ---- keys ---- */
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_MPI_MAX_SIZE 512 /* RSA up to 4096 bits */
#define MBEDTLS_OID_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_CTR_DRBG_C /* 2.28 hides private keys with it while they are checked */
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PKCS5_C /* encrypted keys: PKCS#8 with AES (3.6) ... */
#define MBEDTLS_MD5_C   /* ... and the older PEM form */
#define MBEDTLS_CIPHER_MODE_CBC
#define MBEDTLS_CIPHER_PADDING_PKCS7

/* ---- certificates ---- */
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_CRL_PARSE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_X509_CHECK_KEY_USAGE
#define MBEDTLS_X509_CHECK_EXTENDED_KEY_USAGE

/* ---- TLS ---- */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_SESSION_TICKETS

#ifndef MBEDTLS_SSL_IN_CONTENT_LEN
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384
#endif
#ifndef MBEDTLS_SSL_OUT_CONTENT_LEN
#define MBEDTLS_SSL_OUT_CONTENT_LEN 4096
#endif
/* 2.28 alone looks at this one. */
#if MBEDTLS_SSL_IN_CONTENT_LEN > MBEDTLS_SSL_OUT_CONTENT_LEN
#define MBEDTLS_SSL_MAX_CONTENT_LEN MBEDTLS_SSL_IN_CONTENT_LEN
#else
#define MBEDTLS_SSL_MAX_CONTENT_LEN MBEDTLS_SSL_OUT_CONTENT_LEN
#endif

#if defined(BERTH_MBEDTLS_SMALL)
#define MBEDTLS_ECP_WINDOW_SIZE 2
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0
#define MBEDTLS_MPI_WINDOW_SIZE 1
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_SHA256_SMALLER
#endif

/* 2.28 has its checks included here; 3.6 includes them itself. */
#include <mbedtls/version.h>
#if MBEDTLS_VERSION_NUMBER < 0x03000000
#include <mbedtls/check_config.h>
#endif

#endif
