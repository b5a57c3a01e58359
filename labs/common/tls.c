/* tls.c - what makes TLS mutual, moved here from lab 4 as it stands. */
#include "tls.h"
#include "tlserr.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

/* Ask clients for a certificate of this CA, and take no for no answer. */
void tls_ask(SSL_CTX *ctx, const char *ca, const char *crl)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509_LOOKUP *file = X509_STORE_add_lookup(store, X509_LOOKUP_file());

    if (SSL_CTX_load_verify_file(ctx, ca) != 1)
        tls_err(1, "CA %s", ca);
    if (file == NULL || X509_load_crl_file(file, crl, X509_FILETYPE_PEM) < 1)
        tls_err(1, "CRL %s", crl);
    X509_STORE_set_flags(store,
                         X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(ca));
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    /* Who resumes a session is not checked anew: let it at least be ours. */
    if (SSL_CTX_set_session_id_context(ctx, (const void *)"lab 4", 5) != 1)
        tls_err(1, "session context");
}

/* Who we are, should the server ask. */
void tls_present(SSL_CTX *ctx, const char *cert, const char *key)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        tls_err(1, "certificate %s", cert);
    /* Nobody is here to type the password of an encrypted key. */
    SSL_CTX_set_default_passwd_cb_userdata(ctx, "");
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        tls_err(1, "key %s", key);
}

/* A write failed. If that was a reset, an alert may have come before it: it can
 * still be read, and says why. If there is none, the write knows better. */
void tls_last_word(SSL *ssl)
{
    int saved = errno;
    size_t n;
    char c;

    if (saved != EPIPE && saved != ECONNRESET)
        return;
    ERR_clear_error(); /* from OpenSSL 3.2 on, the write is in there, too */
    SSL_read_ex(ssl, &c, 1, &n);
    if (ERR_GET_REASON(ERR_peek_error()) < SSL_AD_REASON_OFFSET)
        ERR_clear_error(); /* no alert */
    errno = saved;
}
