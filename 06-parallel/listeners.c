// SPDX-License-Identifier: MIT
/* listeners.c: see listeners.h */
#include "listeners.h"

#include "../common/io.h"
#include "../common/log.h"
#include "places.h"
#include "settings.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sets the options that open_tcp() in common/listener.c sets, and SO_REUSEPORT. */
static int set_options(int fd, int family)
{
    static const struct {
        int level, name;
    } options[] = {{SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_KEEPALIVE},
                   {SOL_SOCKET, SO_OOBINLINE}, {IPPROTO_TCP, TCP_NODELAY},
                   {SOL_SOCKET, SO_REUSEPORT}, {IPPROTO_IPV6, IPV6_V6ONLY}};
    const int on = 1;
    size_t n = sizeof options / sizeof *options;

    for (size_t i = 0; i < (family == AF_INET6 ? n : n - 1); i++)
        if (setsockopt(fd, options[i].level, options[i].name, &on, sizeof on) == -1)
            return -1;
    return 0;
}

/* One more listener at the address of the first. */
static int open_sibling(int first)
{
    const int on = 1;
    struct sockaddr_storage at;
    socklen_t length = sizeof at;
    int fd = -1;

    if (getsockname(first, (struct sockaddr *)&at, &length) == 0)
        fd = socket(at.ss_family, SOCK_STREAM, 0);
    if (fd == -1 || set_nonblocking(fd) == -1 ||
        setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1 ||
        set_options(fd, at.ss_family) == -1 || bind(fd, (struct sockaddr *)&at, length) == -1 ||
        listen(fd, (int)settings.backlog) == -1)
        die("cannot open one more listener: %s", strerror(errno));
    return fd;
}

int listener_for_worker(int first, long i)
{
    if (i > 0 && !settings.share_listener)
        return open_sibling(first);
    int fd = dup(first);
    if (fd == -1)
        die("cannot have one more listener: %s", strerror(errno));
    return fd;
}

/* A pipe is ready to be written to when it has room for PIPE_BUF bytes: pipe(7). So a message that
 * is written then does not wait. */
static bool has_room(const struct worker *worker)
{
    struct pollfd ready = {.fd = worker->inbox[1], .events = POLLOUT};
    return poll(&ready, 1, 0) == 1;
}

/* Of the workers from the first-th on, in a circle, the first whose inbox has room; -1: none. */
static long find_room(const struct worker *workers, long first)
{
    for (long i = 0; i < settings.threads; i++)
        if (has_room(&workers[(first + i) % settings.threads]))
            return (first + i) % settings.threads;
    return -1;
}

void accept_for_workers(int listener, struct backoff *backoff, struct worker *workers)
{
    static long next;
    struct peer peer;

    for (long i = 0; i < settings.accepts; i++) {
        long chosen = find_room(workers, next);
        if (chosen == -1) {
            backoff_begin(backoff);
            return;
        }
        int fd = accept_if_room(listener, backoff, &peer);
        if (fd == -1)
            return;
        worker_give(&workers[chosen], fd, &peer);
        next = chosen + 1;
    }
}
