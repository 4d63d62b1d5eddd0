// SPDX-License-Identifier: MIT
/* io.c: see io.h */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* How much drain_and_shutdown() throws away of what arrives while it does: more than a peer's
 * kernel keeps back for want of room on our side, unless it was told to keep a lot. tcp(7),
 * tcp_wmem */
#define MEANWHILE (16L << 20)

#define MOMENT_MS 20     /* how long it waits for it, */
#define WAITS_IN_VAIN 20 /* and how often nothing may come of that */

int write_all(int fd, const void *bytes, size_t n)
{
    const char *next = bytes;

    while (n > 0) {
        ssize_t written = write(fd, next, n);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return -1;
        next += written;
        n -= (size_t)written;
    }
    return 0;
}

bool would_block(int error)
{
    return error == EAGAIN || error == EINTR;
}

int set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int set_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/* Does more come within a moment? The peer's kernel sends what it has kept back when it hears that
 * we have room. But not every peer has more to send: after some waits in vain nobody is waited for
 * any more, in the whole process. */
static bool more_comes(int fd)
{
    static atomic_int in_vain;
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    if (in_vain >= WAITS_IN_VAIN)
        return false;
    bool more = poll(&ready, 1, MOMENT_MS) > 0;
    in_vain += !more;
    return more;
}

void drain_and_shutdown(int fd)
{
    char ignored[16 * 1024];
    int arrived = 0;
    long discarded = 0;

    ioctl(fd, FIONREAD, &arrived);
    while (discarded < arrived + MEANWHILE) {
        ssize_t n = recv(fd, ignored, sizeof ignored, MSG_DONTWAIT);
        if (n > 0)
            discarded += n;
        else if (n == 0 || !would_block(errno) ||
                 (errno == EAGAIN && !(discarded > 0 && more_comes(fd))))
            break;
    }
    shutdown(fd, SHUT_WR);
}
