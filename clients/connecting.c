// SPDX-License-Identifier: MIT
/* connecting.c: see connecting.h */
#include "connecting.h"

#include "../common/io.h"
#include "../common/log.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct {
    char line[1024]; /* made before, as printf(3) is not for signal handlers: signal-safety(7) */
    size_t length;
    int status;
} late;

static void on_alarm(int signal)
{
    struct pollfd err = {.fd = STDERR_FILENO, .events = POLLOUT};

    (void)signal;
    if (poll(&err, 1, 0) == 1) /* else it would have to wait */
        write_all(STDERR_FILENO, late.line, late.length);
    _exit(late.status);
}

void connecting_begins(long ms, const char *server, int status)
{
    const struct itimerval limit = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    struct sigaction action = {.sa_handler = on_alarm};
    sigset_t alarm;

    if (ms <= 0)
        return;
    int length = snprintf(late.line, sizeof late.line, "%s: cannot connect to %s: timed out\n",
                          log_name(), server);
    late.length = (size_t)length < sizeof late.line ? (size_t)length : sizeof late.line - 1;
    late.line[late.length - 1] = '\n'; /* also where it was cut */
    late.status = status;
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm, NULL); /* our parent may have blocked it */
    setitimer(ITIMER_REAL, &limit, NULL);
}

void connecting_ends(void)
{
    const struct itimerval none = {0};
    setitimer(ITIMER_REAL, &none, NULL);
}

bool is_connected_to_itself(int fd)
{
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_length = sizeof own, peer_length = sizeof peer;

    return getsockname(fd, (struct sockaddr *)&own, &own_length) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
           own_length == peer_length && memcmp(&own, &peer, own_length) == 0;
}
