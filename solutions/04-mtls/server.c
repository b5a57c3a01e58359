/* Lab 4, exercise: a door that opens to some. "ring" and "open" are commands.
 * To do: 4.1 who may what, 4.2 who has been revoked in the meantime. */
#include "net.h"
#include "tls.h"
#include "tlsctx.h"
#include "tlserr.h"

#include <err.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct house {
    SSL_CTX *ctx;
    const char *crl;
};

static const struct {
    const char *name, *command;
} rights[] = {
    { "client", "ring" },
    { "admin", "ring" },
    { "admin", "open" },
};

/* TODO 4.1: may the owner of this certificate give this command? The names
 * that our CA has checked are those in subjectAltName. */
static int may(X509 *cert, const char *command)
{
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
        if (strcmp(rights[i].command, command) != 0)
            continue;
        /* BEGIN SOLUTION */
        if (X509_check_host(cert, rights[i].name, 0,
                            X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                X509_CHECK_FLAG_NO_WILDCARDS,
                            NULL) == 1)
            return 1;
        /* STARTER
        char name[64] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName,
                                  name, sizeof(name));
        if (strcmp(name, rights[i].name) == 0)
            return 1;
        END SOLUTION */
    }
    return 0;
}

/* TODO 4.2: is it in the list of its CA, as the file CRL is now? tls_ask() has
 * read it long ago, and a resumed session is not checked at all. The file has
 * several lists. If it cannot be read, nobody is to be believed. */
static int revoked(X509 *cert, const char *crl)
{
    /* BEGIN SOLUTION */
    BIO *in = BIO_new_file(crl, "r");
    X509_REVOKED *entry;
    X509_CRL *list;
    int good = 0, bad = 0;

    while (in != NULL &&
           (list = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL)) != NULL) {
        if (X509_NAME_cmp(X509_CRL_get_issuer(list),
                          X509_get_issuer_name(cert)) == 0) {
            good = 1;
            bad |= X509_CRL_get0_by_cert(list, &entry, cert) == 1;
        }
        X509_CRL_free(list);
    }
    BIO_free(in);
    ERR_clear_error(); /* the end of the file is an error, too */
    return bad || !good;
    /* STARTER
    (void)cert;
    (void)crl;
    return 0;
    END SOLUTION */
}

/* Answer each line, until the client says goodbye. */
static void answer(SSL *ssl, X509 *cert)
{
    char line[64], c;
    size_t n = 0, k;

    while (SSL_read_ex(ssl, &c, 1, &k) == 1) {
        if (c != '\n') { /* what is too long for line is no command */
            if (n < sizeof(line) - 1)
                line[n++] = c != '\0' ? c : '?'; /* NUL would end it */
            continue;
        }
        line[n] = '\0';
        n = 0;
        const char *words = may(cert, line) ? "done\n" : "not for you\n";
        if (SSL_write_ex(ssl, words, strlen(words), &k) != 1)
            break;
    }
}

static void serve(int fd, const char *peer, void *arg)
{
    struct house *house = arg;
    SSL *ssl = tls_accept(house->ctx, fd, peer);

    if (ssl == NULL)
        return;
    X509 *cert = SSL_get0_peer_certificate(ssl);
    if (revoked(cert, house->crl))
        warnx("%s: is revoked", peer);
    else
        answer(ssl, cert);
    SSL_shutdown(ssl);
    SSL_free(ssl);
}

int main(int argc, char *argv[])
{
    struct house house;

    if (argc != 7) {
        fprintf(stderr, "usage: server HOST PORT CERT KEY CA CRL\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    house.ctx = tls_server_ctx(argv[3], argv[4]);
    house.crl = argv[6];
    tls_ask(house.ctx, argv[5], argv[6]);
    tcp_serve(argv[1], argv[2], serve, &house);
    quick_exit(0); /* not exit(): threads may still need what it frees */
}
