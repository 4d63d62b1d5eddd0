// SPDX-License-Identifier: MIT
/* sink.c: see sink.h */
#define _GNU_SOURCE
#include "sink.h"

#include "../../common/io.h"
#include "../../common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL 4096 /* bytes: a page, the least that a pipe holds */

const char *const sink_names[N_SINKS] = {"terminal", "pipe", "fifo", "socket", "file"};

static bool is_a(const struct sink *sink, const char *name)
{
    return strcmp(sink->name, name) == 0;
}

/* Returns false with errno. */
static bool open_terminal(struct sink *sink)
{
    sink->out = posix_openpt(O_RDWR | O_NOCTTY);
    if (sink->out == -1 || grantpt(sink->out) == -1 || unlockpt(sink->out) == -1)
        return false;
    const char *name = ptsname(sink->out);
    sink->in = name ? open(name, O_RDWR | O_NOCTTY) : -1;
    return sink->in != -1;
}

static bool open_pair(struct sink *sink)
{
    int ends[2];

    if ((is_a(sink, "pipe") ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) == -1)
        return false;
    sink->out = ends[0];
    sink->in = ends[1];
    return true;
}

static bool open_path(struct sink *sink)
{
    static int n;

    snprintf(sink->path, sizeof sink->path, "/tmp/torture.%d.%d", (int)getpid(), ++n);
    unlink(sink->path);
    bool fifo = is_a(sink, "fifo");
    if (fifo && mkfifo(sink->path, 0600) == -1)
        return false;
    sink->in = open(sink->path, O_RDWR | O_CREAT, 0600); /* to wait for no reader */
    sink->out = open(sink->path, O_RDONLY | O_NONBLOCK);
    if (fifo && sink->in != -1) { /* but what the server has must not keep it readable */
        int both = sink->in;
        sink->in = open(sink->path, O_WRONLY);
        close(both);
    }
    return sink->in != -1 && sink->out != -1;
}

static bool try_open(struct sink *sink, const char *name)
{
    *sink = (struct sink){.name = name, .in = -1, .out = -1, .limit = SMALL};
    if (is_a(sink, "terminal"))
        return open_terminal(sink);
    return is_a(sink, "fifo") || is_a(sink, "file") ? open_path(sink) : open_pair(sink);
}

const char *sink_why_not(const char *name)
{
    struct sink sink;

    const char *why = try_open(&sink, name) ? NULL : strerror(errno);
    sink_close(&sink);
    return why;
}

void sink_open(struct sink *sink, const char *name, int small)
{
    const int bytes = SMALL;

    if (!try_open(sink, name) || set_nonblocking(sink->out) == -1)
        die("cannot make a %s: %s", name, strerror(errno));
    if (small && (is_a(sink, "pipe") || is_a(sink, "fifo")))
        fcntl(sink->in, F_SETPIPE_SZ, SMALL);
    if (small && is_a(sink, "socket"))
        setsockopt(sink->in, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* Writes until there is no more room. Returns whether there was some. */
static bool fill_up(int fd)
{
    char chunk[64];
    bool wrote = false;

    memset(chunk, SINK_FILLER, sizeof chunk);
    for (size_t n = sizeof chunk; n > 0; n = n > 1 ? 1 : 0)
        while (write(fd, chunk, n) > 0)
            wrote = true;
    return wrote;
}

static void take(int fd, size_t n)
{
    char scrap[64];

    while (n > 0) {
        ssize_t taken = read(fd, scrap, n < sizeof scrap ? n : sizeof scrap);
        if (taken <= 0)
            return;
        n -= (size_t)taken;
    }
}

void sink_fill(struct sink *sink, size_t leave)
{
    char filler[SMALL];
    struct stat file;

    if (is_a(sink, "terminal") || is_a(sink, "socket")) {
        set_nonblocking(sink->in);
        while (fill_up(sink->in)) /* a terminal's buffer is moved on in the background, */
            poll(NULL, 0, 5);     /* and then there is room again */
        set_blocking(sink->in);
        take(sink->out, leave);
        return;
    }
    size_t room = SMALL - leave;
    if (is_a(sink, "file") && fstat(sink->in, &file) == 0)
        room = (size_t)file.st_size < room ? room - (size_t)file.st_size : 0;
    memset(filler, SINK_FILLER, sizeof filler);
    write_all(sink->in, filler, room);
}

void sink_close_in(struct sink *sink)
{
    if (sink->in != -1)
        close(sink->in);
    sink->in = -1;
}

void sink_close_out(struct sink *sink)
{
    if (sink->out != -1)
        close(sink->out);
    sink->out = -1;
}

void sink_close(struct sink *sink)
{
    sink_close_in(sink);
    sink_close_out(sink);
    if (sink->path[0] != '\0')
        unlink(sink->path);
    sink->path[0] = '\0';
}
