// SPDX-License-Identifier: MIT
/* listener.c: see listener.h */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* or where long has 32 bits lstat(2) fails for some files */
#endif
#include "listener.h"

#include "io.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Closes what could not be set up. Returns -1, with errno as it was. */
static int close_after_error(int fd)
{
    int saved = errno;
    listener_close(fd);
    errno = saved;
    return -1;
}

/* The options of a TCP listener: see listener.h. Returns 0, or -1 with errno. */
static int set_options(int fd, int family)
{
    const int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        return -1;
    if (family == AF_INET6)
        return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return 0;
}

/* What it takes to listen: a socket, an address, a queue. Returns the socket, or -1 with errno. */
static int open_tcp(const struct addrinfo *info, int backlog)
{
    int fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
    if (fd == -1)
        return -1;
    if (set_options(fd, info->ai_family) == -1 || bind(fd, info->ai_addr, info->ai_addrlen) == -1 ||
        listen(fd, backlog) == -1)
        return close_after_error(fd);
    return fd;
}

/* The unix socket that we made: a path is ours as long as it leads to this file. */
static struct {
    int listener;
    const char *path;
    dev_t device;
    ino_t inode;
} made = {.listener = -1};

static bool is_ours(void)
{
    struct stat file;
    return lstat(made.path, &file) == 0 && file.st_dev == made.device && file.st_ino == made.inode;
}

static void remove_path(void)
{
    if (made.listener != -1 && is_ours())
        unlink(made.path);
    made.listener = -1;
}

void listener_close(int listener)
{
    if (listener == -1)
        return;
    /* Unlink first: as long as the socket is open its inode's number is not given to another. */
    if (listener == made.listener)
        remove_path();
    close(listener);
}

/*
 * Is the unix socket at this path one that nobody has open any more? Asked without disturbing a
 * living server: a datagram socket cannot connect to a stream socket, so the answer is EPROTOTYPE
 * where there is an owner, and ECONNREFUSED where there is none. The server sees nothing of it.
 * Returns false with errno: EADDRINUSE if it is in use, or why that could not be found out.
 */
static bool is_stale(const struct addrinfo *info, const char *path)
{
    struct stat file;

    if (lstat(path, &file) == -1)
        return false;
    errno = EADDRINUSE;
    int probe = S_ISSOCK(file.st_mode) ? socket(AF_UNIX, SOCK_DGRAM, 0) : -1;
    if (probe == -1)
        return false;
    int error = connect(probe, info->ai_addr, info->ai_addrlen) == -1 ? errno : EPROTOTYPE;
    close(probe);
    errno = error == EPROTOTYPE ? EADDRINUSE : error;
    return error == ECONNREFUSED;
}

/* Locks a directory, for as long as the descriptor is open. Waits for it for a second at most: who
 * else has it is starting, too, and holds it for a moment. */
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
static int replace_stale(int fd, const struct addrinfo *info, const char *path, const char **why)
{
    char directory[ADDRESS_TEXT] = ".";
    const char *slash = strrchr(path, '/');
    int result = -1;

    if (slash)
        snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
    int lock = open(directory, O_RDONLY);
    if (lock != -1 && !lock_directory(lock)) { /* anyone may hold it who may open the directory */
        *why = "Address already in use, and somebody else holds a lock (flock) on its directory";
        return close_after_error(lock);
    }
    if (is_stale(info, path) && unlink(path) == 0)
        result = bind(fd, info->ai_addr, info->ai_addrlen);
    int error = errno;
    if (lock != -1)
        close(lock); /* and with it the lock */
    errno = error;
    return result;
}

static int open_unix(const struct addrinfo *info, const char *path, int backlog, const char **why)
{
    struct stat file;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd == -1)
        return -1;
    if (bind(fd, info->ai_addr, info->ai_addrlen) == -1 &&
        (errno != EADDRINUSE || replace_stale(fd, info, path, why) == -1))
        return close_after_error(fd);
    if (lstat(path, &file) == 0) {
        made.listener = fd;
        made.path = path;
        made.device = file.st_dev;
        made.inode = file.st_ino;
        atexit(remove_path); /* should we die before listener_close() */
    }
    return listen(fd, backlog) == 0 ? fd : close_after_error(fd);
}

/* Connections inherit the options of their listener, and who has opened this one may have set some
 * that break our promises: a close(2) that waits or resets, a limit of time for a client, a byte
 * that is held back or passed over. What the socket has not got need not be changed. */
static void reset_options(int fd)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {SOL_SOCKET, SO_RCVLOWAT, 1},       {SOL_SOCKET, SO_OOBINLINE, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},      {IPPROTO_TCP, TCP_NODELAY, 1},
#ifdef TCP_CORK
        {IPPROTO_TCP, TCP_CORK, 0},
#endif
#ifdef TCP_USER_TIMEOUT
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 0},
#endif
    };
    const struct linger off = {.l_onoff = 0};
    const struct timeval none = {0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

/* Takes a socket that was open when we started. */
static int adopt(int fd, const char *text)
{
    int listens = 0, type = 0;
    socklen_t length = sizeof(int);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == -1 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == -1)
        die("cannot listen on %s: %s", text, strerror(errno));
    if (!listens || type != SOCK_STREAM)
        die("cannot listen on %s: not a listening stream socket", text);
    reset_options(fd);
    return fd;
}

/* A name may stand for several addresses: the first that works is ours. But not the second because
 * the first is in use: then there is a server already. */
static int open_first(const struct address *address, int backlog)
{
    const char *why;
    int fd = -1, error = 0;
    struct addrinfo *list = address_resolve(address, &why);

    if (!list)
        die("cannot listen on %s: %s", address->text, why);
    why = NULL;
    errno = 0;
    for (struct addrinfo *info = list; info && fd == -1 && errno != EADDRINUSE;
         info = info->ai_next) {
        fd =
            address->path ? open_unix(info, address->path, backlog, &why) : open_tcp(info, backlog);
        error = address_error(error, fd == -1 ? errno : 0);
    }
    address_free(list);
    if (fd == -1)
        die("cannot listen on %s%s: %s",
            strchr(address->text, ':') ? "" : "127.0.0.1:", address->text,
            why ? why : strerror(error));
    return fd;
}

int listener_open(const struct address *address, long backlog, bool nonblocking)
{
    int fd = address->kind == ADDRESS_FD ? adopt(address->fd, address->text)
                                         : open_first(address, (int)backlog);
    if (set_nonblocking(fd, nonblocking) == -1)
        die("cannot listen on %s: %s", address->text, strerror(errno));
    return fd;
}

#ifdef SO_REUSEPORT
int listener_sibling(int first, long backlog, bool nonblocking)
{
    const int on = 1;
    struct sockaddr_storage at;
    socklen_t length = sizeof at;
    int fd = -1;

    if (getsockname(first, (struct sockaddr *)&at, &length) == 0)
        fd = socket(at.ss_family, SOCK_STREAM, 0);
    if (fd == -1 || set_options(fd, at.ss_family) == -1 || set_nonblocking(fd, nonblocking) == -1 ||
        setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1 ||
        bind(fd, (struct sockaddr *)&at, length) == -1 || listen(fd, (int)backlog) == -1)
        die("cannot open one more listener: %s", strerror(errno));
    return fd;
}
#endif

void listener_announce(int listener)
{
    struct sockaddr_storage at;
    socklen_t length = sizeof at;
    char text[ADDRESS_TEXT];

    if (getsockname(listener, (struct sockaddr *)&at, &length) == -1)
        die("cannot tell the address of the listener: %s", strerror(errno));
    log_line("listening on %s", address_format((struct sockaddr *)&at, length, text));
}
