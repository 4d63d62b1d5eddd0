// SPDX-License-Identifier: MIT
/*
 * 02-loop-echo: a server for one client after another.
 *
 * Run:      build/02-loop-echo            and in a second terminal:  build/say 9000 hello
 *           It runs until you press Ctrl-C.
 * New:      the loop around accept. After each client, with or without an error, we accept the
 *           next. When accept fails because something has run out, we pause and try again; when it
 *           can never work, we exit (common/accept.h).
 *           listener_open() has moved to common/listener.c, where it also knows unix:PATH and fd:N,
 *           as server_options() does. accept has moved to common/accept.c, with struct peer, the
 *           client's address.
 * Limits:   a second client is connected, by the kernel, but gets no answer until the first has
 *           left. Step 03 gives each client a process of its own.
 */
#include "../common/accept.h"
#include "../common/listener.h"
#include "../common/log.h"
#include "../common/options.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

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
    long backlog = BACKLOG_DEFAULT;
    const struct option options[] = {OPTION_BACKLOG(&backlog), {0}};
    const char *about = "Echoes what clients send, one client after another.\n";
    signal(SIGPIPE, SIG_IGN); /* or writing to a client that has left would kill us */
    struct address address = server_options(argc, argv, about, options);
    struct peer peer;
    char text[ADDRESS_TEXT];

    int listener = listener_open(&address, backlog);
    log_line("listening on %s", local_address(listener, text));

    for (;;) {
        int client = accept_client(listener, &peer);
        if (client == -1) {
            accept_pause_or_die(listener, errno);
            continue;
        }
        if (echo_client(client) == -1)
            log_client(&peer, errno);
        close(client);
    }
}
