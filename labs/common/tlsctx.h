/* tlsctx.h - TLS with a checked server, moved here from lab 3 as it stands. */
#ifndef TLSCTX_H
#define TLSCTX_H

#include <openssl/ssl.h>

/* These exit on failure. */
SSL_CTX *tls_server_ctx(const char *cert, const char *key);
SSL_CTX *tls_client_ctx(const char *ca);
void tls_handshake(SSL *ssl, const char *host);

SSL *tls_accept(SSL_CTX *ctx, int fd, const char *peer); /* NULL on failure */
int tls_again(const SSL *ssl); /* was the last call only interrupted? */
int tls_goodbye(SSL *ssl); /* 1 if it could be said */

#endif
