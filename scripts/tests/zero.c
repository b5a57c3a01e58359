/* zero.c - a library that makes each handshake end with 0. The manual allows it
 * for a peer that hung up in good order; only 1 is success. */
#include <openssl/ssl.h>

int SSL_connect(SSL *ssl)
{
    (void)ssl;
    return 0;
}

int SSL_accept(SSL *ssl)
{
    (void)ssl;
    return 0;
}
