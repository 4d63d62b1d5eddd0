// SPDX-License-Identifier: MIT
/*
 * 06-parallel: the server of step 05, or the echo of step 04, on every core.
 *
 * Run:      build/06-parallel --protocol counter     and in two more terminals:  build/say 9000
 * New:      a thread for each core, each with an event loop of its own (worker.c). The counter is
 *           changed by several threads at once and must be an atomic (counter.c). And who accepts?
 *           --accept each: every worker, from a listener of its own on the same port, among which
 *           the system divides the clients. --accept one: this thread, which hands clients out.
 * Wrong:    one machine.
 *
 * This thread starts the workers and takes the signals: TERM and INT stop the server now, QUIT when
 * its clients have left; USR1 prints how many there are, USR2 turns the dropping of new ones on or
 * off.
 */
#ifndef __linux__
#error "epoll is Linux's: on another system compile this step in a Linux container"
#endif
#include "../common/accept.h"
#include "../common/io.h"
#include "../common/listener.h"
#include "../common/options.h"
#include "../common/signals.h"
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long backlog = BACKLOG_DEFAULT, threads, accept_one, counter, write_timeout = 120000;
static int door; /* the first listener; -1: closed, we are to end */
static struct worker *workers;

/* The system keeps the time: tcp(7). Sockets inherit it from their listener. */
static void set_write_timeout(int listener)
{
    unsigned ms = (unsigned)write_timeout;
    int result = setsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
    if (result == -1 && errno != EOPNOTSUPP && errno != ENOPROTOOPT) /* a unix socket has none */
        die("cannot set the write timeout: %s", strerror(errno));
}

/* Another listener at the same address. The first was bound without SO_REUSEPORT, so that a second
 * server is refused, and has it since; now further ones of ours may join it: socket(7). */
static int open_sibling(void)
{
    const int on = 1;
    struct sockaddr_storage at;
    socklen_t length = sizeof at;
    int fd = -1;

    if (getsockname(door, (struct sockaddr *)&at, &length) == 0)
        fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd == -1 || setsockopt(door, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1 ||
        (at.ss_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == -1) ||
        bind(fd, (struct sockaddr *)&at, length) == -1 || listen(fd, (int)backlog) == -1)
        die("cannot open one more listener: %s", strerror(errno));
    set_write_timeout(fd);
    return fd;
}

/* The listener of the i-th worker. Where the system cannot have several at one address, the workers
 * share one, and its next client wakes one of them. */
static int listener_of(long i)
{
    if (accept_one)
        return -1;
    int fd = i > 0 && !settings.exclusive ? open_sibling() : dup(door);
    if (fd == -1)
        die("cannot open one more listener: %s", strerror(errno));
    return fd;
}

static void start_workers(void)
{
    sigset_t all, before;

    workers = aligned_alloc(_Alignof(struct worker), (size_t)threads * sizeof *workers);
    if (!workers)
        die("cannot set up %ld workers: %s", threads, strerror(errno));
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* a thread inherits the mask of its creator */
    for (long i = 0; i < threads; i++)
        worker_start(&workers[i], listener_of(i));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_workers(enum stop stop)
{
    if (stop <= shared.stop)
        return;
    listener_close(door);
    door = -1;
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
    if (counter)
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
        int rest = accept_rest();
        struct pollfd ready[] = {{.fd = signals, .events = POLLIN},
                                 {.fd = accept_one && rest == -1 ? door : -1, .events = POLLIN}};
        if (poll(ready, 2, rest) == -1 && errno != EINTR)
            die("cannot wait: %s", strerror(errno));
        take_signals();
        bool knocked = door != -1 && ready[1].revents;
        for (long i = 0; knocked && i < settings.max_accepts_per_batch; i++)
            knocked = worker_accept(&workers[next++ % threads], door);
    }
}

int main(int argc, char *argv[])
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, 0};
    long max = raise_descriptor_limit() / 10 * 9, batch = 1, on_error = ERROR_LOG, dropping = 0;
    const struct option options[] = {
        OPTION_BACKLOG(&backlog),
        OPTION_MAX_CONNECTIONS(&max, 1000000),
        OPTION_BATCH(&batch),
        {"threads", "N", &threads, 1, 1024, "workers"},
        {"accept", "each|one", &accept_one, 0, 0, "who accepts: each worker or one thread"},
        {"protocol", "echo|counter", &counter, 0, 0, "what clients are answered"},
        {"write-timeout", "SECONDS", &write_timeout, 0, 1000000000,
         "for an answer to be taken; 0: no limit"},
        {"on-handler-error", "raise|ignore|log", &on_error, 0, 0,
         "what a client's failure leads to"},
        {"drop-incoming", NULL, &dropping, 0, 0, "accept clients and close at once"},
        {"work", "MICROSECONDS", &settings.work, 0, 1000000, "CPU time for each request"},
        {0}};
    const char *about = "Echoes or counts for its clients, served by several threads.\n";

    threads = sysconf(_SC_NPROCESSORS_ONLN);
    if (max > 1000000)
        max = 1000000;
    struct address address = server_options(argc, argv, about, options);
    settings.protocol = counter ? &counter_protocol : &echo_protocol;
    settings.max_connections = max;
    settings.max_accepts_per_batch = batch;
    settings.on_error = (int)on_error;
    settings.exclusive = address.kind != ADDRESS_INET;
    shared.dropping = dropping;

    door = listener_open(&address, backlog);
    set_write_timeout(door);
    if (set_nonblocking(door, true) == -1)
        die("cannot make the listener non-blocking: %s", strerror(errno));
    int pipe = signals_catch(signals);
    start_workers();
    listener_announce(door);

    run(pipe);
    for (long i = 0; i < threads; i++)
        worker_join(&workers[i]);
    free(workers);
    if (counter)
        log_line("counter=%" PRIu64, counter_value());
    log_line("server terminated");
    return shared.failed ? 1 : 0;
}
