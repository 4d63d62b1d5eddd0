// SPDX-License-Identifier: MIT
/* unix_socket.c: see unix_socket.h */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* or where long has 32 bits lstat(2) fails for some files */
#endif
#include "unix_socket.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The socket that we made: the path is ours as long as it leads to this file. */
static struct {
    int listener;
    struct sockaddr_un at;
    dev_t device;
    ino_t inode;
} made = {.listener = -1};

static bool is_ours(void)
{
    struct stat file;
    return lstat(made.at.sun_path, &file) == 0 && file.st_dev == made.device &&
           file.st_ino == made.inode;
}

static void remove_path(void)
{
    if (made.listener != -1 && is_ours())
        unlink(made.at.sun_path);
    made.listener = -1;
}

void unix_socket_remove(int listener)
{
    if (listener != -1 && listener == made.listener)
        remove_path();
}

static int bind_at(int fd, const struct sockaddr_un *at)
{
    return bind(fd, (const struct sockaddr *)at, sizeof *at);
}

/*
 * Is the unix socket at this path one that no process has open any more? A datagram socket cannot
 * connect to a stream socket, so the answer is EPROTOTYPE where there is an owner, and ECONNREFUSED
 * where there is none. A living server notices nothing of the question. Returns false with errno:
 * EADDRINUSE if it is in use, or why we could not find out.
 */
static bool is_stale(const struct sockaddr_un *at)
{
    struct stat file;

    if (lstat(at->sun_path, &file) == -1)
        return false;
    errno = EADDRINUSE;
    int probe = S_ISSOCK(file.st_mode) ? socket(AF_UNIX, SOCK_DGRAM, 0) : -1;
    if (probe == -1)
        return false;
    int error = connect(probe, (const struct sockaddr *)at, sizeof *at) == -1 ? errno : EPROTOTYPE;
    close(probe);
    errno = error == EPROTOTYPE ? EADDRINUSE : error;
    return error == ECONNREFUSED;
}

/* Locks a directory, for as long as the descriptor is open. Waits for a second at most: another
 * server that has the lock is starting, too, and holds it for a moment. */
static bool lock_directory(int fd)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000000};

    for (int tries = 100; tries > 0; tries--) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* Removes a stale socket and binds in its place. Holds a lock on the directory meanwhile, so that
 * of two servers that start at once one does not remove what the other has just made. Returns 0, or
 * -1 with errno, and with *why if errno does not say it all. */
static int replace_stale(int fd, const struct sockaddr_un *at, const char **why)
{
    char directory[ADDRESS_TEXT] = ".";
    const char *slash = strrchr(at->sun_path, '/');
    int result = -1;

    if (slash)
        snprintf(directory, sizeof directory, "%.*s", (int)(slash - at->sun_path + 1),
                 at->sun_path);
    int lock = open(directory, O_RDONLY);
    if (lock != -1 && !lock_directory(lock)) { /* every user that may open it may lock it */
        *why = "Address already in use, and somebody else holds a lock (flock) on its directory";
        close(lock);
        return -1;
    }
    if (is_stale(at) && unlink(at->sun_path) == 0)
        result = bind_at(fd, at);
    int error = errno;
    if (lock != -1)
        close(lock); /* and with it the lock */
    errno = error;
    return result;
}

int unix_socket_open(const struct address *address, long backlog)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct stat file;
    const char *why = NULL;

    memcpy(at.sun_path, address->path, strlen(address->path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd == -1 ||
        (bind_at(fd, &at) == -1 && (errno != EADDRINUSE || replace_stale(fd, &at, &why) == -1)))
        die("cannot listen on %s: %s", address->text, why ? why : strerror(errno));
    if (lstat(at.sun_path, &file) == 0) {
        made.listener = fd;
        made.at = at;
        made.device = file.st_dev;
        made.inode = file.st_ino;
        atexit(remove_path);
    }
    if (listen(fd, (int)backlog) == -1)
        die("cannot listen on %s: %s", address->text, strerror(errno));
    return fd;
}
