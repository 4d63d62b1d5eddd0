// SPDX-License-Identifier: MIT
/* operator.c: see operator.h */
#include "operator.h"

#include "../common/log.h"
#include "../common/signals.h"
#include "places.h"
#include "settings.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static atomic_bool failed;  /* with --on-handler-error raise: a client has */
static atomic_bool toggled; /* SIGUSR2 has come an odd number of times */

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

bool is_dropping(void)
{
    return settings.drop_incoming != toggled;
}

void drop_clients(int listener, struct backoff *backoff)
{
    struct peer peer;

    for (long i = 0; i < settings.accepts; i++) {
        int fd = accept_nonblocking(listener, &peer);
        if (fd == -1) {
            accept_failed(backoff, errno);
            return;
        }
        close(fd);
    }
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
    log_line("connections=%ld accepted=%" PRIu64 " bytes=%" PRIu64 "%s", places_taken(), accepted,
             bytes, value);
}

bool operator_signal(int number, const struct worker *workers)
{
    if (number == SIGUSR1) {
        report(workers);
    } else if (number == SIGUSR2) {
        toggled = !toggled;
        log_line("dropping incoming connections: %s", is_dropping() ? "on" : "off");
    }
    return number == SIGUSR1 || number == SIGUSR2;
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
