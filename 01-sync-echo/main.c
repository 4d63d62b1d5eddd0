// SPDX-License-Identifier: MIT
/*
 * 01-sync-echo: a server for one client. It sends back what the client sends, and ends.
 *
 * Run:      build/01-sync-echo            and in a second terminal:  build/say 9000 hello
 * New:      a socket that listens (getaddrinfo, socket, setsockopt, bind, listen), and a
 *           conversation (accept, read, write, close). accept, read and write block: the program
 *           stands still until the kernel has what it asked for.
 * Limits:   one client, and it is over. Step 02 goes back to accept.
 *
 * The command line, the log lines and addresses as text come from common/: skip these for now.
 */
#include "../common/address.h"
#include "../common/log.h"
#include "../common/options.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* SO_REUSEADDR: our port is free at once when we are started again. The client's socket inherits
 * the others from the listener: socket(7), tcp(7), ipv6(7). */
static int set_options(int listener, int family)
{
    const int on = 1;

    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(listener, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == -1 ||
        setsockopt(listener, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) == -1 ||
        setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        return -1;
    if (family == AF_INET6) /* [::] does not mean IPv4 as well */
        return setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return 0;
}

/* Opens a socket that listens. A name may have several addresses: the first that works is ours. */
static int open_listener(const struct address *address, long backlog)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int listener = -1, why = 0;

    int error = getaddrinfo(address->host, address->port, &hints, &list);
    if (error != 0)
        die("cannot listen on %s: %s", address->text,
            error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
    for (struct addrinfo *at = list; at && listener == -1 && why != EADDRINUSE; at = at->ai_next) {
        listener = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (listener == -1 || set_options(listener, at->ai_family) == -1 ||
            bind(listener, at->ai_addr, at->ai_addrlen) == -1 ||
            listen(listener, (int)backlog) == -1) {
            why = more_telling_error(why, errno);
            if (listener != -1)
                close(listener);
            listener = -1;
        }
    }
    freeaddrinfo(list);
    if (listener == -1)
        die("cannot listen on %s: %s", address->text, strerror(why));
    return listener;
}

/* One write may take less than it was given, and a signal may interrupt it. */
static int write_all(int fd, const void *bytes, size_t n)
{
    const char *next = bytes;

    while (n > 0) {
        ssize_t written = write(fd, next, n);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return -1;
        next += written;
        n -= (size_t)written;
    }
    return 0;
}

/* Echoes until end of file: read returns 0 when the client has closed or half-closed its side and
 * all it sent has been read. Returns 0 then, or -1 with errno. Neither logs nor closes. */
static int echo_client(int fd)
{
    char buffer[4096];

    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n == 0)
            return 0;
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1 || write_all(fd, buffer, (size_t)n) == -1)
            return -1;
    }
}

int main(int argc, char *argv[])
{
    long backlog = BACKLOG_DEFAULT;
    const struct option options[] = {OPTION_BACKLOG(&backlog), {0}};
    const char *about = "Echoes what one client sends, then exits.\n";
    signal(SIGPIPE, SIG_IGN); /* writing to a client that has gone: EPIPE, not our death */
    struct address address = tcp_server_options(argc, argv, about, options);
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    char text[ADDRESS_TEXT];
    int client;

    int listener = open_listener(&address, backlog);
    log_line("listening on %s", local_address(listener, text));

    while ((client = accept(listener, (struct sockaddr *)&peer, &length)) == -1)
        if (errno != EINTR && errno != ECONNABORTED) /* a signal came; this client has gone */
            die("cannot accept: %s", strerror(errno));
    address_format((struct sockaddr *)&peer, length, text);
    if (echo_client(client) == -1)
        log_line("client %s: %s", text, strerror(errno));
    close(client);
    close(listener);
    log_line("server terminated");
    return 0;
}
