// SPDX-License-Identifier: MIT
/* io.c: see io.h */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* or where long has 32 bits fstat(2) fails for some files */
#endif
#include "io.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much hang_up() throws away of what arrives while it does: more than a peer's kernel keeps
 * back for want of room on our side, unless it was told to keep a lot. tcp(7), tcp_wmem */
#define MEANWHILE (16L << 20)

#define MOMENT_MS 20     /* how long it waits for it, */
#define WAITS_IN_VAIN 20 /* and how often nothing may come of that */

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

/* Is it the master of a pseudoterminal? To open that again makes a new one: ptmx(4). */
static bool is_master(int fd)
{
#ifdef TIOCGPTN
    unsigned number;
    return ioctl(fd, TIOCGPTN, &number) == 0;
#else
    return false;
#endif
}

void reopen_own(int fd, bool nonblocking)
{
    struct stat file;
    char path[40];
    int flags = fcntl(fd, F_GETFL), own = -1;

    if (flags == -1 || fstat(fd, &file) == -1 ||
        !(S_ISFIFO(file.st_mode) || S_ISSOCK(file.st_mode) || isatty(fd)))
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!is_master(fd)) /* not to wait for a reader, nor to get a controlling terminal: open(2) */
        own = open(path, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY);
    bool ours = own != -1 && dup2(own, fd) != -1;
    if (own != -1)
        close(own);
    if (!ours || !nonblocking)
        set_nonblocking(fd, nonblocking);
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

void hang_up(int fd)
{
    char scrap[16 * 1024];
    int arrived = 0;
    long discarded = 0;

    ioctl(fd, FIONREAD, &arrived);
    while (discarded < arrived + MEANWHILE) {
        ssize_t n = recv(fd, scrap, sizeof scrap, MSG_DONTWAIT);
        if (n > 0)
            discarded += n;
        else if (n == 0 || !not_now(errno) ||
                 (errno == EAGAIN && !(discarded > 0 && more_comes(fd))))
            break;
    }
    shutdown(fd, SHUT_WR);
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

void lower_descriptor_limit(long most)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        if (limit.rlim_cur > (rlim_t)most)
            limit.rlim_cur = (rlim_t)most;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
            return;
    }
    die("cannot limit the descriptors to %ld: %s", most, strerror(errno));
}
