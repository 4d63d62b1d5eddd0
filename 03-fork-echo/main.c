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
#include "../common/log.h"
#include "../common/options.h"
#include "children.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* The signals that we catch. They are blocked but in the places that say "open", so the handler
 * never comes between two steps that belong together. */
static const int caught[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGALRM, 0};
static sigset_t all, none; /* all of these, and none */

/* What the handler and the rest of the program share is volatile sig_atomic_t, the one type that a
 * handler may use at any moment: signal-safety(7). (The table in children.c is no such type. It is
 * used only while the signals are blocked, or by the handler itself.) */
static volatile sig_atomic_t listener;        /* -1: closed, because we are to stop */
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
            continue;
        if (n == -1 || write_all(fd, buffer, (size_t)n) == -1)
            return -1;
    }
}

static void on_signal_in_child(int signal)
{
    if (signal == SIGTERM || signal == SIGINT) {
        stop_now = 1;
        set_nonblocking(our_client); /* answers what has arrived; then EAGAIN instead of waiting */
    }
}

static void on_signal_in_parent(int signal)
{
    if (signal == SIGCHLD) {
        children_reap();
    } else if (signal == SIGALRM) {
        if (stop_now) /* or somebody else has sent it */
            children_signal(SIGKILL);
    } else {
        listener_close(listener);
        listener = -1;
        stop_now |= signal != SIGQUIT;
    }
}

static void on_signal(int signal)
{
    int saved = errno;

    if (our_client != -1)
        on_signal_in_child(signal);
    else
        on_signal_in_parent(signal);
    errno = saved;
}

static void catch_signals(void)
{
    sigemptyset(&none);
    sigemptyset(&all);
    for (const int *signal = caught; *signal; signal++)
        sigaddset(&all, *signal);
    sigprocmask(SIG_SETMASK, &all, NULL);
    const struct sigaction action = {.sa_handler = on_signal, .sa_mask = all};
    for (const int *signal = caught; *signal; signal++)
        sigaction(*signal, &action, NULL);
}

_Noreturn static void serve(int client, const struct peer *peer)
{
    close(listener);
    our_client = client;
    /* Open, as long as the child lives: the handler changes what read and write do. */
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (echo_client(client) == -1 && !(stop_now && errno == EAGAIN))
        log_client(peer, errno);
    drain_and_shutdown(client); /* a plain close would reset it if something has not been read */
    close(client);
    _exit(0); /* exit would run what the parent is to run at its end */
}

/* Waits for one signal, and handles it. Open, but only inside of sigsuspend: it opens, waits and
 * blocks in one call. With a call for each, a signal might come after the first and before the
 * second, which would then wait for another one, perhaps forever. */
static void wait_for_signal(void)
{
    sigsuspend(&none);
}

/* Returns -1 if accept failed, or if we are to stop. Open, around accept: two calls will do here,
 * because a handler that comes before accept closes the listener, and accept fails at once. */
static int accept_or_stop(struct peer *peer)
{
    sigprocmask(SIG_SETMASK, &none, NULL);
    int client = accept_client(listener, peer);
    if (client == -1 && listener != -1)
        accept_pause(listener, errno); /* or exits: accept.h */
    sigprocmask(SIG_SETMASK, &all, NULL);
    return client;
}

static void accept_clients(long max)
{
    struct peer peer;

    while (listener != -1) {
        if (children_count() == max) {
            wait_for_signal();
            continue;
        }
        int client = accept_or_stop(&peer);
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
        wait_for_signal();
    children_signal(SIGTERM);
    children_signal(SIGCONT); /* for a child that was suspended */
    alarm(1);                 /* then those that are still here are killed */
    while (children_count() > 0)
        wait_for_signal();
}

int main(int argc, char *argv[])
{
    long backlog = BACKLOG_DEFAULT, max = 256;
    const struct option options[] = {
        OPTION_BACKLOG(&backlog), OPTION_MAX_CONNECTIONS(&max, 100000), {0}};
    const char *about = "Echoes what clients send, each served by a process of its own.\n";
    signal(SIGPIPE, SIG_IGN); /* writing to a client that has gone: EPIPE, not our death */
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
