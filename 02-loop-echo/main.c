// SPDX-License-Identifier: MIT
/*
 * 02-loop-echo: a server for one client after another.
 *
 * Run:      build/02-loop-echo            and in a second terminal:  build/say 9000 hello
 *           Ctrl-C ends it: nothing else does.
 * New:      the loop around accept, and what a server needs that goes on: an error ends a client
 *           and not the server, and when accept fails there is a pause (common/accept.h). The
 *           functions of step 01 are now in common/listener.c and common/io.c.
 * Limits:   a second client is connected, by the kernel, but gets no answer until the first has
 *           left. Step 03 gives each client a process of its own.
 */
#include "../common/accept.h"
#include "../common/io.h"
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
            continue;
        if (n == -1 || write_all(fd, buffer, (size_t)n) == -1)
            return -1;
    }
}

int main(int argc, char *argv[])
{
    long backlog = BACKLOG_DEFAULT;
    const struct option options[] = {OPTION_BACKLOG(&backlog), {0}};
    const char *about = "Echoes what clients send, one client after another.\n";
    signal(SIGPIPE, SIG_IGN); /* writing to a client that has gone: EPIPE, not our death */
    struct address address = server_options(argc, argv, about, options);
    struct peer peer;
    char text[ADDRESS_TEXT];

    int listener = listener_open(&address, backlog);
    log_line("listening on %s", local_address(listener, text));

    for (;;) {
        int client = accept_client(listener, &peer);
        if (client == -1) {
            accept_pause(listener, errno); /* or exits: accept.h */
            continue;
        }
        if (echo_client(client) == -1)
            log_client(&peer, errno);
        close(client);
    }
}
