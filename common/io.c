// SPDX-License-Identifier: MIT
/* io.c: see io.h */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int write_all(int fd, const void *bytes, size_t n)
{
    const char *next = bytes;

    while (n > 0) {
        ssize_t written = write(fd, next, n);
        if (written == -1) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        next += written;
        n -= (size_t)written;
    }
    return 0;
}

bool not_now(int error)
{
    return error == EAGAIN || error == EINTR;
}

int set_nonblocking(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags == -1)
        return -1;
    return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

void hang_up(int fd)
{
    char scrap[16 * 1024];

    shutdown(fd, SHUT_WR);
    for (int turns = 256 / 16; turns > 0; turns--)
        if (recv(fd, scrap, sizeof scrap, MSG_DONTWAIT) <= 0)
            break;
    close(fd);
}

long raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return 256; /* what every system allows */
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1 && getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return 256;
    return limit.rlim_cur < INT_MAX ? (long)limit.rlim_cur : INT_MAX;
}
