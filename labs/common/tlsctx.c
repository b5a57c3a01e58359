/* tlsctx.c - TLS with a checked server, moved here from lab 3 as it stands. */
#include "tlsctx.h"
#include "tlserr.h"

#include <err.h>
#include <errno.h>
#include <openssl/x509v3.h>

/* What all connections share: version and ciphers, who we are, our key. */
SSL_CTX *tls_server_ctx(const char *cert, const char *key)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL ||
        SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
        tls_err(1, "SSL_CTX_new");
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_read_ahead(ctx, 1); /* not each record in two reads */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets do */
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        tls_err(1, "certificate %s", cert);
    /* Nobody is here to type the password of an encrypted key. */
    SSL_CTX_set_default_passwd_cb_userdata(ctx, "");
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        tls_err(1, "key %s", key);
    return ctx;
}

/* Only interrupted, as by Ctrl-Z and fg? Then the same call once more. */
int tls_again(const SSL *ssl)
{
    return SSL_want(ssl) != SSL_NOTHING && errno == EINTR;
}

/* The handshake; if it fails, a line in the log, and NULL. */
SSL *tls_accept(SSL_CTX *ctx, int fd, const char *peer)
{
    SSL *ssl = SSL_new(ctx);
    int ok = 0;

    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1)
        while ((ok = SSL_accept(ssl)) != 1 && tls_again(ssl))
            continue;
    if (ok == 1) {
        warnx("%s: %s %s", peer, SSL_get_version(ssl), SSL_get_cipher(ssl));
        return ssl;
    }
    warnx("%s: handshake: %s", peer, tls_cause(ssl));
    SSL_free(ssl);
    return NULL;
}

/* Say goodbye, too; to wait for more is not needed. */
int tls_goodbye(SSL *ssl)
{
    return SSL_shutdown(ssl) >= 0 || (tls_again(ssl) && tls_goodbye(ssl));
}

/* What all connections share: whom we believe, and that we insist. */
SSL_CTX *tls_client_ctx(const char *ca)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
        tls_err(1, "SSL_CTX_new");
    if (SSL_CTX_load_verify_file(ctx, ca) != 1)
        tls_err(1, "CA %s", ca);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

/* An honest certificate of somebody else will not do: it must be host's. */
void tls_handshake(SSL *ssl, const char *host)
{
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (SSL_set1_host(ssl, host) != 1)
        tls_err(1, "name %s", host);
    /* And ask for it, if it is a name: one address may have many (SNI). */
    if (X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0) != NULL &&
        SSL_set_tlsext_host_name(ssl, host) != 1)
        tls_err(1, "name %s", host);
    while (SSL_connect(ssl) != 1)
        if (SSL_get_verify_result(ssl) != X509_V_OK)
            errx(1, "not %s: %s", host, tls_cause(ssl));
        else if (!tls_again(ssl))
            tls_err(1, "handshake");
    warnx("%s %s, with %s", SSL_get_version(ssl), SSL_get_cipher(ssl), host);
}
