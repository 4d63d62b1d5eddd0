// SPDX-License-Identifier: MIT
/*
 * 06-parallel: the server of step 05, or the echo of step 04, on every core.
 *
 * Run:      build/06-parallel --protocol counter     and in two more terminals:  build/say 9000
 * New:      a thread for each core, each with an event loop of its own (worker.c). The counter is
 *           changed by several threads at once and must be an atomic (counter.c). And who accepts?
 *           --accept each: every worker, from a listener of its own on the same port, among which
 *           the system divides the clients. --accept one: this thread, which hands clients out.
 * Limits:   one machine.
 *
 * This thread starts the workers and takes the signals: TERM and INT stop the server now, QUIT when
 * its clients have left; USR1 prints how many there are, USR2 turns the dropping of new ones on or
 * off.
 */
#ifndef __linux__
#error "epoll is Linux's: on another system compile this step in a Linux container"
#endif
#include "../common/accept.h"
#include "../common/listener.h"
#include "../common/options.h"
#include "../common/signals.h"
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long backlog = BACKLOG_DEFAULT, threads, one_accepts, counting, write_timeout_ms = 120000;
static int first_listener; /* -1: closed, we are to end */
static const int caught[] = {SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, 0};
static struct worker *workers;

/* The listener of the i-th worker; -1: it has none. Where the system cannot have several at one
 * address (unix:PATH, fd:N) all workers share the first. */
static int listener_of(long i)
{
    if (one_accepts)
        return -1;
    if (i > 0 && !settings.share_listener)
        return listener_sibling(first_listener, backlog, true);
    int fd = dup(first_listener);
    if (fd == -1)
        die("cannot have one more listener: %s", strerror(errno));
    return fd;
}

/* The signals we catch are for this thread alone: a thread inherits the mask of its creator. */
static void start_workers(void)
{
    sigset_t ours;

    workers = aligned_alloc(_Alignof(struct worker), (size_t)threads * sizeof *workers);
    if (!workers)
        die("cannot set up %ld workers: %s", threads, strerror(errno));
    sigemptyset(&ours);
    for (const int *signal = caught; *signal; signal++)
        sigaddset(&ours, *signal);
    pthread_sigmask(SIG_BLOCK, &ours, NULL);
    for (long i = 0; i < threads; i++)
        worker_start(&workers[i], listener_of(i));
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
}

static void stop_workers(enum stop stop)
{
    if (stop <= shared.stop)
        return;
    listener_close(first_listener);
    first_listener = -1;
    shared.stop = stop;
    for (long i = 0; i < threads; i++)
        worker_wake(&workers[i]);
}

static void report(void)
{
    uint64_t accepted = 0, bytes = 0;
    char value[40] = "";

    for (long i = 0; i < threads; i++) {
        accepted += workers[i].accepted;
        bytes += workers[i].bytes;
    }
    if (counting)
        snprintf(value, sizeof value, " counter=%" PRIu64, counter_value());
    log_line("connections=%ld accepted=%" PRIu64 " bytes=%" PRIu64 "%s", (long)shared.connections,
             accepted, bytes, value);
}

static void take_signals(void)
{
    for (int signal; (signal = signals_take()) != 0;) {
        if (signal == SIGUSR1) {
            report();
        } else if (signal == SIGUSR2) {
            shared.dropping = !shared.dropping;
            log_line("dropping incoming connections: %s", shared.dropping ? "on" : "off");
        } else {
            stop_workers(signal == SIGQUIT ? STOP_WHEN_EMPTY : STOP_NOW);
        }
    }
    if (shared.failed)
        stop_workers(STOP_WHEN_EMPTY);
}

/* Takes signals, and accepts with --accept one, until the workers have ended. */
static void run(int signals)
{
    long next = 0;

    while (shared.running > 0) {
        int backoff = backoff_left();
        bool accepts = one_accepts && backoff == -1;
        struct pollfd ready[] = {{.fd = signals, .events = POLLIN},
                                 {.fd = accepts ? first_listener : -1, .events = POLLIN}};
        shared.acceptor_waits = backoff != -1;
        if (poll(ready, 2, backoff) == -1)
            wait_failed(errno);
        if (ready[0].revents)
            backoff_end(); /* a client has left, or a signal has come */
        take_signals();
        for (long i = 0; i < settings.accepts && ready[1].revents && first_listener != -1; i++) {
            if (!worker_accept(&workers[next % threads], first_listener))
                break;
            next++;
        }
    }
}

int main(int argc, char *argv[])
{
    long max = default_connections(), accepts = 1, on_error = ERROR_LOG, dropping = 0;
    const struct option options[] = {
        OPTION_BACKLOG(&backlog),
        OPTION_MAX_CONNECTIONS(&max, CONNECTIONS_MAX),
        OPTION_ACCEPTS(&accepts),
        {"threads", "N", &threads, 1, 1024, "workers"},
        {"accept", "each|one", &one_accepts, 0, 0, "who accepts: each worker or one thread"},
        {"protocol", "echo|counter", &counting, 0, 0, "what clients are answered"},
        {"write-timeout", "SECONDS", &write_timeout_ms, 0, 1000000000,
         "for answers to be taken; 0: the system's"},
        {"on-handler-error", "raise|ignore|log", &on_error, 0, 0,
         "what a client's failure leads to"},
        {"drop-incoming", NULL, &dropping, 0, 0, "accept clients and close at once"},
        {"work", "MICROSECONDS", &settings.work, 0, 1000000, "CPU time for each request"},
        {0}};
    const char *about = "Echoes or counts for its clients, served by several threads.\n";

    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    threads = cores > 0 ? cores : 1;
    signal(SIGPIPE, SIG_IGN); /* writing to a client that has gone: EPIPE, not our death */
    struct address address = server_options(argc, argv, about, options);
    settings.protocol = counting ? &counter_protocol : &echo_protocol;
    settings.max_connections = max;
    settings.accepts = accepts;
    settings.on_error = (enum on_error)on_error;
    settings.share_listener = address.kind != ADDRESS_INET;
    settings.look_ms = address.kind == ADDRESS_FD ? 100 : -1;
    settings.write_timeout_ms = (unsigned)write_timeout_ms;
    shared.dropping = dropping;

    first_listener = listener_open(&address, backlog, true);
    int signals = signals_catch(caught);
    start_workers();
    listener_announce(first_listener);

    run(signals);
    for (long i = 0; i < threads; i++)
        worker_join(&workers[i]);
    free(workers);
    if (counting)
        log_line("counter=%" PRIu64, counter_value());
    log_line("server terminated");
    return shared.failed ? 1 : 0;
}
