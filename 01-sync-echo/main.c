// SPDX-License-Identifier: MIT
/*
 * 01-sync-echo: a server for one client. It sends back what the client sends, and ends.
 *
 * Run:      build/01-sync-echo            and in a second terminal:  build/say 9000 hello
 *           (it listens on 127.0.0.1:9000 if it is given no other address)
 * New:      a socket that listens (getaddrinfo, socket, setsockopt, bind, listen), and a
 *           conversation (accept, read, write, close). accept, read and write block: the program
 *           stands still until there is a client, bytes to read, or room to write.
 * Limits:   one client, and it is over. Step 02 goes back to accept.
 *
 * The command line, the log lines and addresses as text come from common/: skip these for now. When
 * several addresses fail, more_telling_error() chooses the error to report.
 */
#include "../common/address.h"
#include "../common/log.h"
#include "../common/options.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Opens a socket that listens. A name may have several addresses: we take the first that works, but
 * stop at one that is in use, because then there is a server already. */
static int listener_open(const struct address *address, long backlog)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM}; /* TCP, a stream of bytes */
    struct addrinfo *list;
    const int on = 1;
    int listener = -1, best_error = 0;

    int error = getaddrinfo(address->host, address->port, &hints, &list);
    if (error != 0) /* it has error numbers of its own; EAI_SYSTEM means: see errno */
        die("cannot listen on %s: %s", address->text,
            error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
    for (struct addrinfo *at = list; at && listener == -1; at = at->ai_next) {
        listener = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        /* bind gives the socket our address, and listen makes the kernel queue clients for accept.
         * SO_REUSEADDR: old connections that linger in TIME_WAIT do not keep us from the port.
         * Three are for the client's socket, which inherits them: SO_KEEPALIVE, so that the kernel
         * notices a client that has vanished, after some two hours; SO_OOBINLINE, so that urgent
         * data are bytes like all others; TCP_NODELAY, so that a small answer is not held back.
         * IPV6_V6ONLY: [::] does not stand for all IPv4 addresses as well. socket(7), tcp(7) */
        if (listener == -1 ||
            setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
            setsockopt(listener, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == -1 ||
            setsockopt(listener, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) == -1 ||
            setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1 ||
            (at->ai_family == AF_INET6 &&
             setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == -1) ||
            bind(listener, at->ai_addr, at->ai_addrlen) == -1 ||
            listen(listener, (int)backlog) == -1) {
            best_error = more_telling_error(best_error, errno);
            if (listener != -1)
                close(listener);
            listener = -1;
            if (best_error == EADDRINUSE)
                break;
        }
    }
    freeaddrinfo(list);
    if (listener == -1)
        die("cannot listen on %s: %s", address->text, strerror(best_error));
    return listener;
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
            continue; /* a signal came first: read again */
        if (n == -1)
            return -1;
        for (ssize_t sent = 0; sent < n;) { /* write may take less than it is given */
            ssize_t written = write(fd, buffer + sent, (size_t)(n - sent));
            if (written == -1 && errno != EINTR)
                return -1;
            if (written > 0)
                sent += written;
        }
    }
}

int main(int argc, char *argv[])
{
    long backlog = BACKLOG_DEFAULT; /* how many clients may wait for accept */
    const struct option options[] = {OPTION_BACKLOG(&backlog), {0}};
    const char *about = "Echoes what one client sends, then exits.\n";
    signal(SIGPIPE, SIG_IGN); /* or writing to a client that has left would kill us */
    struct address address = tcp_server_options(argc, argv, about, options);
    char own_text[ADDRESS_TEXT], peer_text[ADDRESS_TEXT];
    struct sockaddr_storage peer;   /* room for an address of any kind */
    socklen_t length = sizeof peer; /* in: the room; out: how much is used */

    int listener = listener_open(&address, backlog);
    log_line("listening on %s", local_address(listener, own_text));

    int client;
    while ((client = accept(listener, (struct sockaddr *)&peer, &length)) == -1)
        if (errno != EINTR && errno != ECONNABORTED) /* a signal; a client that left the queue */
            die("cannot accept: %s", strerror(errno));
    address_format((struct sockaddr *)&peer, length, peer_text);
    if (echo_client(client) == -1)
        log_line("client %s: %s", peer_text, strerror(errno));
    close(client);
    close(listener);
    log_line("server terminated");
    return 0;
}
