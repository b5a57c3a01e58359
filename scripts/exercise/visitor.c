/* visitor HOST PORT CA SESSION [CERT KEY]: a client that says lines, one after
 * the other, and prints the answers. What it was given to resume the session
 * later it keeps in the file SESSION, and uses what it finds there. */
#include "net.h"
#include "tls.h"
#include "tlsctx.h"
#include "tlserr.h"

#include <err.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void offer(SSL *ssl, const char *file)
{
    FILE *in = fopen(file, "r");
    SSL_SESSION *session;

    if (in == NULL)
        return;
    session = PEM_read_SSL_SESSION(in, NULL, NULL, NULL);
    if (session == NULL || SSL_set_session(ssl, session) != 1)
        tls_err(70, "%s", file);
    SSL_SESSION_free(session);
    fclose(in);
}

static void keep(SSL *ssl, const char *file)
{
    SSL_SESSION *session = SSL_get1_session(ssl);

    if (session != NULL && SSL_SESSION_is_resumable(session)) {
        FILE *out = fopen(file, "w");
        if (out == NULL || PEM_write_SSL_SESSION(out, session) != 1)
            tls_err(70, "%s", file);
        fclose(out);
    }
    SSL_SESSION_free(session);
}

/* Say a line, and print the one that is the answer. */
static void ask(SSL *ssl, const char *line)
{
    char c = '\0';
    size_t k;

    if (SSL_write_ex(ssl, line, strlen(line), &k) != 1)
        tls_err(1, "turned away");
    while (c != '\n') {
        if (SSL_read_ex(ssl, &c, 1, &k) != 1) {
            if (SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN)
                errx(1, "turned away: goodbye");
            tls_err(1, "turned away");
        }
        putchar(c);
    }
}

int main(int argc, char *argv[])
{
    char line[256];

    if (argc != 5 && argc != 7) {
        fprintf(stderr, "usage: visitor HOST PORT CA SESSION [CERT KEY]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *ctx = tls_client_ctx(argv[3]);
    if (argc == 7)
        tls_present(ctx, argv[5], argv[6]);
    int fd = tcp_connect(argv[1], argv[2]);
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        tls_err(70, "SSL_new");
    offer(ssl, argv[4]);
    tls_handshake(ssl, argv[1]);
    if (SSL_session_reused(ssl))
        warnx("the session is resumed");
    while (fgets(line, sizeof(line), stdin) != NULL)
        ask(ssl, line);
    keep(ssl, argv[4]);
    if (SSL_shutdown(ssl) != 1 && SSL_shutdown(ssl) != 1)
        warnx("the server did not say goodbye");
    /* The last FIN is the server's: then the capture of this is whole. */
    shutdown(fd, SHUT_WR);
    while (read(fd, line, sizeof(line)) > 0)
        continue;
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return 0;
}
