// SPDX-License-Identifier: MIT
/*
 * 03-fork-echo: a server for many clients, with a process for each.
 *
 * Run:      build/03-fork-echo            and in two more terminals:  build/say 9000
 *           (type lines; Ctrl-D ends a client, Ctrl-C the server)
 * New:      fork: the parent accepts, a child serves. A child that has ended is a zombie until the
 *           parent reaps it (children.c), when SIGCHLD tells of it. And the server can be stopped:
 *           TERM and INT stop it at once, QUIT when its clients have left.
 * Limits:   a process for each client is expensive, and processes share nothing: a counter here
 *           would be a private copy in each child. Step 04 serves all clients in one process.
 */
#include "../common/accept.h"
#include "../common/io.h"
#include "../common/listener.h"
#include "../common/log.h"
#include "../common/options.h"
#include "children.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* The signals that we catch. They are blocked except where a comment says "unblocked". Otherwise a
 * child might end, and be reaped, between fork and children_add, which would then add it for good;
 * and a signal to stop might come after we looked for it, and before we sleep. */
static const int caught[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGALRM, 0};
static sigset_t caught_set, empty_set; /* the same as a set; and no signal */

/* What the handler shares with the rest of the program is volatile sig_atomic_t, which a handler
 * may set at any moment (C11, 7.14.1.1). The table in children.c is not, so it is touched only
 * while the signals are blocked, or by the handler itself. */
static volatile sig_atomic_t listener = -1;   /* -1: closed, because we are to stop */
static volatile sig_atomic_t stop_now;        /* 1: without waiting for the clients to leave */
static volatile sig_atomic_t our_client = -1; /* in a child: the one that it serves */

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

static void on_signal(int number)
{
    int saved = errno;

    if (our_client != -1) { /* this is a child */
        if (number == SIGTERM || number == SIGINT) {
            stop_now = 1;
            set_nonblocking(our_client); /* read and write wait no more: they fail with EAGAIN */
        }
    } else if (number == SIGCHLD) {
        children_reap();
    } else if (number == SIGALRM) {
        if (stop_now) /* or another process has sent it */
            children_signal(SIGKILL);
    } else {
        listener_close(listener); /* does nothing with -1 */
        listener = -1;
        if (number != SIGQUIT)
            stop_now = 1;
    }
    errno = saved;
}

static void catch_signals(void)
{
    sigemptyset(&empty_set);
    sigemptyset(&caught_set);
    for (const int *number = caught; *number; number++)
        sigaddset(&caught_set, *number);
    sigprocmask(SIG_SETMASK, &caught_set, NULL);
    const struct sigaction action = {.sa_handler = on_signal, .sa_mask = caught_set};
    for (const int *number = caught; *number; number++)
        sigaction(*number, &action, NULL);
}

_Noreturn static void serve(int client, const struct peer *peer)
{
    close(listener); /* fork has copied the descriptors: each side closes what it does not use */
    our_client = client;
    /* Unblocked as long as the child lives: the handler changes only what read and write do. */
    sigprocmask(SIG_SETMASK, &empty_set, NULL);

    if (echo_client(client) == -1 && !(stop_now && errno == EAGAIN))
        log_client(peer, errno);
    drain_and_shutdown(client); /* we may stop with input unread: a plain close would reset */
    close(client);
    _exit(0); /* not exit: what it cleans up is the parent's, such as unix:PATH */
}

static void accept_clients(long max)
{
    struct peer peer;

    while (listener != -1) {
        /* Unblocked inside of sigsuspend, which unblocks, sleeps and blocks again in one step. With
         * sigprocmask and then pause, the last SIGCHLD could come in between, and pause would sleep
         * forever. */
        if (children_count() == max) {
            sigsuspend(&empty_set);
            continue;
        }
        /* Unblocked around accept. A signal that comes a moment before it does no harm. SIGCHLD is
         * dealt with in its handler. A signal to stop closes the listener: accept, or the accept
         * after an EINTR, fails with EBADF. */
        sigprocmask(SIG_SETMASK, &empty_set, NULL);
        int client = accept_client(listener, &peer);
        if (client == -1 && listener != -1) /* or the EBADF is our own doing, and no error */
            accept_pause_or_die(listener, errno);
        sigprocmask(SIG_SETMASK, &caught_set, NULL);
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
}

static void end_children(void)
{
    while (children_count() > 0 && !stop_now)
        sigsuspend(&empty_set); /* unblocked, as above */
    children_signal(SIGTERM);
    children_signal(SIGCONT); /* for a child that was suspended */
    alarm(1);                 /* then those that are still here are killed */
    while (children_count() > 0)
        sigsuspend(&empty_set); /* the same */
}

int main(int argc, char *argv[])
{
    long backlog = BACKLOG_DEFAULT, max = 256;
    const struct option options[] = {
        OPTION_BACKLOG(&backlog), OPTION_MAX_CONNECTIONS(&max, 100000), {0}};
    const char *about = "Echoes what clients send, each served by a process of its own.\n";
    signal(SIGPIPE, SIG_IGN); /* or writing to a client that has left would kill us */
    struct address address = server_options(argc, argv, about, options);
    char text[ADDRESS_TEXT];

    listener = listener_open(&address, backlog);
    children_reserve(max);
    catch_signals();
    log_line("listening on %s", local_address(listener, text));

    accept_clients(max);
    end_children();
    log_line("server terminated");
    return 0;
}
