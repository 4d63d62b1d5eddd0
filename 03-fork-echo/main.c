// SPDX-License-Identifier: MIT
/*
 * 03-fork-echo: a server for many clients, with a process for each.
 *
 * Run:      build/03-fork-echo            and in two more terminals:  build/say 9000
 *           (type lines; Ctrl-D ends a client, Ctrl-C the server)
 * New:      fork: the parent accepts, a child serves. A child that has ended is a zombie until the
 *           parent reaps it (children.c), when SIGCHLD tells of it. And the server can be stopped:
 *           now by TERM or INT, or by QUIT when its clients have left.
 * Limits:   a process for each client is expensive, and processes share nothing: a counter here
 *           would be a private copy in each child. Step 04 serves all clients in one process.
 */
#include "../common/accept.h"
#include "../common/io.h"
#include "../common/listener.h"
#include "../common/options.h"
#include "children.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* What we catch is blocked except where the parent waits, at accept and in sigsuspend, so that the
 * handler never interrupts it between two steps that belong together. */
static const int caught[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGALRM, 0};
static sigset_t all, none;             /* all of these, and none */
static volatile sig_atomic_t listener; /* -1: closed, we are to end */
static volatile sig_atomic_t stop_now; /* 1: without waiting for the clients to leave */
static int served = -1;                /* in a child: its client */

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

static void on_signal(int signal)
{
    int saved = errno;

    if (served != -1) {
        stop_now |= signal == SIGTERM || signal == SIGINT;
        set_nonblocking(served, stop_now); /* what has arrived is answered; then EAGAIN, no wait */
    } else if (signal == SIGCHLD) {
        children_reap();
    } else if (signal == SIGALRM) {
        children_signal(stop_now ? SIGKILL : 0); /* 0, nothing: this alarm is not ours */
    } else {
        listener_close(listener); /* ends even an accept that is only about to begin */
        listener = -1;
        stop_now |= signal != SIGQUIT;
    }
    errno = saved;
}

_Noreturn static void serve(int client, const struct peer *peer)
{
    close(listener);
    served = client;
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (echo_client(client) == -1 && !(stop_now && errno == EAGAIN))
        log_client(peer, errno);
    hang_up(client); /* a plain close would reset it if something has come that was not read */
    _exit(0);        /* exit would run what the parent is to run at its end */
}

int main(int argc, char *argv[])
{
    long backlog = BACKLOG_DEFAULT, max = 256;
    const struct option options[] = {
        OPTION_BACKLOG(&backlog), OPTION_MAX_CONNECTIONS(&max, 100000), {0}};
    const char *about = "Echoes what clients send, each served by a process of its own.\n";
    signal(SIGPIPE, SIG_IGN); /* writing to a client that has gone: EPIPE, not our death */
    struct address address = server_options(argc, argv, about, options);
    struct peer peer;
    int client;

    listener = listener_open(&address, backlog, false);
    children_reserve(max);
    sigemptyset(&none);
    all = none;
    for (const int *signal = caught; *signal; signal++)
        sigaddset(&all, *signal);
    sigprocmask(SIG_SETMASK, &all, NULL);
    const struct sigaction action = {.sa_handler = on_signal, .sa_mask = all};
    for (const int *signal = caught; *signal; signal++)
        sigaction(*signal, &action, NULL);
    listener_announce(listener);

    while (listener != -1) {
        while (children_count() == max && listener != -1)
            sigsuspend(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        client = accept_client(listener, false, &peer);
        if (client == -1 && listener != -1)
            accept_back_off(listener, errno);
        sigprocmask(SIG_SETMASK, &all, NULL);
        if (client == -1)
            continue;

        pid_t pid = fork();
        if (pid == 0)
            serve(client, &peer);
        if (pid == -1)
            log_client(&peer, errno); /* this client's loss; the others are served */
        else
            children_add(pid);
        close(client);
    }
    while (children_count() > 0 && !stop_now)
        sigsuspend(&none);
    children_signal(SIGTERM);
    children_signal(SIGCONT); /* for one that somebody has suspended */
    alarm(1);                 /* then those that are still here are killed */
    while (children_count() > 0)
        sigsuspend(&none);
    log_line("server terminated");
    return 0;
}
