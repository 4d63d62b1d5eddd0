// SPDX-License-Identifier: MIT
/* io.c: see io.h */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* FIONREAD */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* or where long has 32 bits fstat(2) fails for some files */
#endif
#include "io.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/* Can this descriptor make a write(2) wait, and be opened a second time? */
static bool is_pipe_or_terminal(int fd)
{
    struct stat file;
    return fstat(fd, &file) == 0 && (S_ISFIFO(file.st_mode) || isatty(fd));
}

void reopen_own(int fd, bool nonblocking)
{
    char path[40];
    int saved = errno;

    if (is_pipe_or_terminal(fd)) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        /* Not to wait for a reader, and not to make it our controlling terminal: open(2). */
        int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
        bool ours = own != -1 && dup2(own, fd) != -1;
        if (own != -1)
            close(own);
        if (!ours || !nonblocking)
            set_nonblocking(fd, nonblocking);
    }
    errno = saved;
}

void hang_up(int fd)
{
    char scrap[16 * 1024];
    int arrived = 0;

    ioctl(fd, FIONREAD, &arrived);
    for (long left = (long)arrived + MEANWHILE; left > 0;) {
        ssize_t n = recv(fd, scrap, sizeof scrap, MSG_DONTWAIT);
        if (n == 0 || (n == -1 && errno != EINTR))
            break;
        left -= n > 0 ? n : 0;
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
