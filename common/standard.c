// SPDX-License-Identifier: MIT
/* standard.c: see standard.h */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* or where long has 32 bits fstat(2) fails for some files */
#endif
#include "standard.h"

#include "io.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* To where nothing can be written: a program that is started without stdout must not be told that
 * all was printed. Without /dev/null to a directory. */
void standard_occupy(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDONLY);
        if (fd == -1)
            fd = open("/", O_RDONLY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
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

static bool may_block(int fd)
{
    struct stat file;
    return fstat(fd, &file) == 0 &&
           (S_ISFIFO(file.st_mode) || S_ISSOCK(file.st_mode) || isatty(fd));
}

/* Puts a non-blocking open file description of our own in the place of the inherited one. Returns
 * whether it could. */
static bool reopen(int fd)
{
    char path[40];
    int flags = fcntl(fd, F_GETFL), own = -1;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (flags != -1 && !is_master(fd)) /* without waiting for a reader, or getting a terminal */
        own = open(path, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY);
    if (own == -1)
        return false;
    bool reopened = dup2(own, fd) != -1;
    close(own);
    return reopened;
}

void standard_blocking(int fd)
{
    if (!may_block(fd))
        return;
    reopen(fd);
    set_blocking(fd);
}

void standard_nonblocking(int fd)
{
    if (may_block(fd) && !reopen(fd))
        set_nonblocking(fd);
}
