// SPDX-License-Identifier: MIT
/* listeners.c: see listeners.h */
#include "listeners.h"

#include "../common/io.h"
#include "../common/listener.h"
#include "../common/log.h"
#include "settings.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* One more listener at the address of the first. */
static int open_sibling(int first)
{
    const int on = 1;
    struct sockaddr_storage at;
    socklen_t length = sizeof at;
    int fd = -1;

    if (getsockname(first, (struct sockaddr *)&at, &length) == 0)
        fd = socket(at.ss_family, SOCK_STREAM, 0);
    if (fd == -1 || listener_set_options(fd, at.ss_family) == -1 || set_nonblocking(fd) == -1 ||
        setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1 ||
        bind(fd, (struct sockaddr *)&at, length) == -1 || listen(fd, (int)settings.backlog) == -1)
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
