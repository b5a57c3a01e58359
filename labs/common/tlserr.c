/*
 * tlserr.c - err(3) and warn(3) for OpenSSL.
 *
 * A system call leaves one number in errno. OpenSSL keeps a queue: its first
 * entry is the cause, the later ones say which caller gave up because of it.
 * We print the cause and empty the queue, so that it cannot be mistaken for
 * the cause of the next failure.
 */
#include "tlserr.h"

#include <err.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the first entry of the queue means to the person who has to act. */
static const char *cause(int saved_errno)
{
    unsigned long e = ERR_peek_error();
    const char *reason = ERR_reason_error_string(e);

    if (e == 0 && saved_errno == EAGAIN)
        return "60 s of silence";
    if (e == 0)
        return saved_errno != 0 ? strerror(saved_errno) : "connection closed";
    if (ERR_SYSTEM_ERROR(e))
        return strerror(ERR_GET_REASON(e));
    /* The reader of a file found nothing to read: in two dialects. */
    if ((ERR_GET_LIB(e) == ERR_LIB_PEM &&
         ERR_GET_REASON(e) == PEM_R_NO_START_LINE) ||
        (ERR_GET_LIB(e) == ERR_LIB_OSSL_DECODER &&
         ERR_GET_REASON(e) == ERR_R_UNSUPPORTED))
        return "nothing in it that fits; is it empty, or not in PEM format?";
    return reason != NULL ? reason : "unknown error";
}

const char *tls_cause(const SSL *ssl)
{
    long verdict = ssl == NULL ? X509_V_OK : SSL_get_verify_result(ssl);
    const char *why = verdict == X509_V_OK
                          ? cause(errno)
                          : X509_verify_cert_error_string(verdict);

    ERR_clear_error();
    return why;
}

static void report(const char *fmt, va_list ap)
{
    const char *why = tls_cause(NULL);
    char what[256];

    vsnprintf(what, sizeof(what), fmt, ap);
    warnx("%s: %s", what, why);
}

void tls_warn(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(fmt, ap);
    va_end(ap);
}

void tls_err(int status, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(fmt, ap);
    va_end(ap);
    exit(status);
}
