/* tls.h - what makes TLS mutual, moved here from lab 4 as it stands. */
#ifndef TLS_H
#define TLS_H

#include <openssl/ssl.h>

/* Both exit on failure. */
void tls_ask(SSL_CTX *ctx, const char *ca, const char *crl);
void tls_present(SSL_CTX *ctx, const char *cert, const char *key);

/* After a write that failed: let tls_err say why, if the peer has said it. */
void tls_last_word(SSL *ssl);

#endif
