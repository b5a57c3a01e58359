/* net.h - TCP over IPv4 and IPv6, moved here from lab 1 as it stands. */
#ifndef NET_H
#define NET_H

/* Listens, and calls serve() for each connection, in a thread of its own.
 * Returns after SIGTERM or SIGINT; exits if it cannot listen. */
void tcp_serve(const char *host, const char *port,
               void (*serve)(int fd, const char *peer, void *arg), void *arg);

int tcp_connect(const char *host, const char *port); /* exits on failure */

#endif
