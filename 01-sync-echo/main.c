// SPDX-License-Identifier: MIT
/*
 * 01-sync-echo: a server for one client. It sends back what the client sends, and ends.
 *
 * Run:      build/01-sync-echo            and in a second terminal:  build/say 9000 hello
 * New:      socket, bind, listen (open_tcp() in common/listener.c), accept, read, write. The last
 *           three block: the program stands still until the system has what it asked for.
 * Limits:   one client, then it is over. Step 02 goes back to accept.
 */
#include "../common/accept.h"
#include "../common/io.h"
#include "../common/listener.h"
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
    const char *about = "Echoes what one client sends, then exits.\n";
    signal(SIGPIPE, SIG_IGN); /* writing to a client that has gone: EPIPE, not our death */
    struct address address = server_options(argc, argv, about, options);
    struct peer peer;
    int client;

    int listener = listener_open(&address, backlog, false);
    listener_announce(listener);

    while ((client = accept_client(listener, false, &peer)) == -1)
        accept_back_off(listener, errno); /* or exits: accept.h */
    if (echo_client(client) == -1)
        log_client(&peer, errno);
    close(client);

    listener_close(listener);
    log_line("server terminated");
    return 0;
}
