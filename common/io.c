// SPDX-License-Identifier: MIT
/* io.c: see io.h */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How much drain_and_shutdown() throws away of what arrives while it does: more than a peer's
 * kernel keeps back for want of room on our side, unless it was told to keep a lot. tcp(7),
 * tcp_wmem */
#define MEANWHILE (16L << 20)

/* How long it waits for that at a time, and how long in the life of the process. */
#define MOMENT_MS 20
#define PATIENCE_US 400000

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

static long long now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* Does more come within a moment? The peer's kernel sends what it has kept back when it hears that
 * we have room. But a peer may have nothing more to send, or may send a byte now and then for as
 * long as we wait: so all such waits together have a limit. */
static bool more_comes(int fd)
{
    static _Atomic long long waited_us;
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    if (waited_us >= PATIENCE_US)
        return false;
    long long began = now_us();
    int n = poll(&ready, 1, MOMENT_MS);
    bool more = n == 1 || (n == -1 && errno == EINTR);
    waited_us += now_us() - began;
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
