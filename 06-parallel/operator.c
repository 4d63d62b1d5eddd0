// SPDX-License-Identifier: MIT
/* operator.c: see operator.h */
#include "operator.h"

#include "../common/log.h"
#include "../common/signals.h"
#include "settings.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static atomic_long n_clients;      /* of all workers */
static atomic_bool acceptor_waits; /* the main thread is in a back-off, until a client leaves */
static atomic_bool failed;         /* with --on-handler-error raise: a client has */
static atomic_bool toggled;        /* SIGUSR2 has come an odd number of times */

void client_failed(const struct peer *peer, int error)
{
    if (settings.on_error != ERROR_IGNORE)
        log_client(peer, error);
    if (settings.on_error == ERROR_RAISE) {
        failed = true;
        signals_wake();
    }
}

bool operator_gave_up(void)
{
    return failed;
}

static bool is_dropping(void)
{
    return settings.drop_incoming != toggled;
}

static int drop_client(int listener, struct backoff *backoff)
{
    struct peer peer;
    int fd = accept_nonblocking(listener, &peer);

    if (fd == -1)
        accept_failed(backoff, errno);
    else
        close(fd);
    return -1;
}

int accept_if_room(int listener, struct backoff *backoff, struct peer *peer)
{
    if (is_dropping())
        return drop_client(listener, backoff);
    /* The place is taken before accept, or two threads would accept for the last one. */
    if (n_clients++ >= settings.max_connections) {
        n_clients--;
        backoff_begin(backoff);
        return -1;
    }
    int fd = accept_nonblocking(listener, peer);
    if (fd == -1) {
        n_clients--;
        accept_failed(backoff, errno);
    }
    return fd;
}

void client_left(void)
{
    n_clients--;
    if (acceptor_waits)
        signals_wake();
}

int acceptor_pause(struct backoff *backoff)
{
    int pause = backoff_left(backoff);
    acceptor_waits = settings.one_accepts && pause != -1;
    return pause;
}

int worker_pause(struct backoff *backoff)
{
    /* A full worker would be woken for a client, instead of another process that has room. */
    if (settings.share_listener && !is_dropping() && n_clients >= settings.max_connections)
        backoff_begin(backoff);
    return backoff_left(backoff);
}

static void report(const struct worker *workers)
{
    uint64_t accepted = 0, bytes = 0;
    char value[40] = "";

    for (long i = 0; i < settings.threads; i++) {
        accepted += workers[i].accepted;
        bytes += workers[i].bytes;
    }
    if (settings.answer == counter_answer)
        snprintf(value, sizeof value, " counter=%" PRIu64, counter_value());
    log_line("connections=%ld accepted=%" PRIu64 " bytes=%" PRIu64 "%s", (long)n_clients, accepted,
             bytes, value);
}

bool operator_signal(int signal, const struct worker *workers)
{
    if (signal == SIGUSR1) {
        report(workers);
    } else if (signal == SIGUSR2) {
        toggled = !toggled;
        log_line("dropping incoming connections: %s", is_dropping() ? "on" : "off");
    }
    return signal == SIGUSR1 || signal == SIGUSR2;
}

void limit_write_time(int fd, enum state before, enum state now)
{
    /* 0: what the kernel has taken may take its time. */
    unsigned ms = now == WRITING ? settings.write_timeout_ms : 0;

    if (before != now && (before == WRITING || now == WRITING))
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

static long long cpu_time_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

void do_work(void)
{
    if (settings.work > 0)
        for (long long end = cpu_time_us() + settings.work; cpu_time_us() < end;)
            ;
}
