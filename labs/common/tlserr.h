/* tlserr.h - err(3) and warn(3) for OpenSSL. */
#ifndef TLSERR_H
#define TLSERR_H

#include <openssl/ssl.h>

#define LIKE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

_Noreturn void tls_err(int status, const char *fmt, ...) LIKE_PRINTF(2, 3);
void tls_warn(const char *fmt, ...) LIKE_PRINTF(1, 2);

/* Why a handshake failed; what we have against the peer's certificate comes
 * first. NULL: why the last call failed. Empties the queue of errors. */
const char *tls_cause(const SSL *ssl);

#endif
