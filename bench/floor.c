// SPDX-License-Identifier: MIT
/*
 * floor: the least that an echo server on epoll can do. No server of one thread that reads and
 * writes is far below its CPU time for a small echo; how far the others are above it is what they
 * add. (For large messages the size of the buffer counts: --buffer.)
 *
 * Run:      build/bench/floor [--buffer BYTES] PORT
 *
 * One read and one write for each event, level-triggered; one client accepted for each event. What
 * a socket does not take is kept, and the client is not read from until it has taken it: without
 * that the bytes would not come back whole. All else is left out: no log, no limit on clients, no
 * order at the end, a busy loop when descriptors run out. The listener is that of our servers, so
 * the clients' sockets have the same options (TCP_NODELAY among them).
 */
#define _GNU_SOURCE /* accept4 */
#include "../common/descriptors.h"
#include "../common/io.h"
#include "../common/listener.h"
#include "../common/options.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_MAX 256
#define DESCRIPTORS_MAX (1 << 20)

struct owed {
    size_t length, sent;
    char bytes[];
};

static struct owed *owed[DESCRIPTORS_MAX]; /* by descriptor */
static char *buffer;
static long size = 64 * 1024;
static int epoll, listener;

static void watch(int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(epoll, operation, fd, &event);
}

static void leave(int fd)
{
    close(fd);
    free(owed[fd]);
    owed[fd] = NULL;
}

static void write_owed(int fd)
{
    struct owed *o = owed[fd];
    ssize_t n = write(fd, o->bytes + o->sent, o->length - o->sent);

    if (n == -1 && !would_block(errno)) {
        leave(fd);
    } else if (n > 0 && (o->sent += (size_t)n) == o->length) {
        free(o);
        owed[fd] = NULL;
        watch(EPOLL_CTL_MOD, fd, EPOLLIN);
    }
}

static void echo(int fd)
{
    ssize_t n = read(fd, buffer, (size_t)size);
    ssize_t sent = n > 0 ? write(fd, buffer, (size_t)n) : 0;

    if (n == 0 || ((n == -1 || sent == -1) && !would_block(errno))) {
        leave(fd);
    } else if (sent < n) {
        size_t skip = sent > 0 ? (size_t)sent : 0, rest = (size_t)n - skip;
        owed[fd] = malloc(sizeof *owed[fd] + rest);
        if (!owed[fd]) {
            leave(fd);
            return;
        }
        owed[fd]->length = rest;
        owed[fd]->sent = 0;
        memcpy(owed[fd]->bytes, buffer + skip, rest);
        watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
    }
}

static void enter(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd != -1)
        watch(EPOLL_CTL_ADD, fd, EPOLLIN);
}

int main(int argc, char *argv[])
{
    const struct option options[] = {
        {"buffer", "BYTES", &size, 1, 1L << 30, "how much is read at once"}, {0}};
    struct epoll_event events[EVENTS_MAX];

    signal(SIGPIPE, SIG_IGN);
    struct address address = server_options(argc, argv, "Echoes, and nothing else.\n", options);
    char text[ADDRESS_TEXT];
    raise_descriptor_limit();
    listener = listener_open_nonblocking(&address, 4096);
    buffer = malloc((size_t)size);
    epoll = epoll_create1(0);
    if (!buffer || epoll == -1)
        die("cannot set up: %s", strerror(errno));
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    log_line("listening on %s", local_address(listener, text));
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                enter();
            else if (owed[fd])
                write_owed(fd);
            else
                echo(fd);
        }
    }
}
