// SPDX-License-Identifier: MIT
/*
 * say: one client. Sends text, then prints what comes back until the server has no more to say.
 *
 * Run:      build/say 9000 hello            each TEXT is a line
 *           build/say 9000 < file           standard input goes as it is
 *
 * With --timeout it gives up if it is not connected within so many seconds, which are for the
 * look-up of the server's name and for all its addresses together. Once connected, it gives up when
 * nothing has been sent or received for as long.
 *
 * It sends and receives at once. A client that first sends all and then reads may wait forever:
 * the server, whose answers nobody takes, stops reading.
 */
#include "../common/address.h"
#include "../common/io.h"
#include "../common/options.h"
#include "connecting.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum status { WELL, OTHER, USAGE, REFUSED, RESET, TIMED_OUT };

static long timeout = -1; /* ms to connect, and then ms in which nothing moves; -1: none */
static bool answered;     /* something has come */
static const char *server;

_Noreturn static void fail(enum status status, const char *what, const char *why)
{
    log_line("%s %s: %s", what, server, why);
    exit((int)status);
}

_Noreturn static void fail_errno(const char *what, int error)
{
    enum status status = OTHER;

    if (error == ECONNREFUSED)
        status = REFUSED;
    else if (error == ECONNRESET || error == EPIPE)
        status = RESET;
    else if (error == ETIMEDOUT)
        status = TIMED_OUT;
    fail(status, what, status == TIMED_OUT ? "timed out" : strerror(error));
}

/* An interrupted connect(2) goes on by itself, and must not be called again: we wait for its end.
 * Returns 0, or the errno of the attempt. */
static int await_connection(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t length = sizeof error;

    while (poll(&ready, 1, -1) == -1)
        if (errno != EINTR)
            return errno;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
}

/* Tries one of the server's addresses. Returns 0, or an errno. */
static int connect_socket(int fd, const struct addrinfo *info)
{
    int error = connect(fd, info->ai_addr, info->ai_addrlen) == -1 ? errno : 0;

    if (error == EINTR)
        error = await_connection(fd);
    if (error == 0 && is_connected_to_itself(fd))
        error = ECONNREFUSED;
    return error;
}

/* Connects to the first of the server's addresses that answers. */
static int connect_to(const struct address *address)
{
    const char *why;
    int fd = -1, telling = 0;

    connecting_begins(timeout, server, TIMED_OUT);
    struct addrinfo *list = address_resolve(address, &why);
    if (!list)
        fail(OTHER, "cannot connect to", why);
    for (struct addrinfo *info = list; info && fd == -1; info = info->ai_next) {
        fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
        int error = fd == -1 ? errno : connect_socket(fd, info);
        if (error == 0)
            break;
        telling = more_telling_error(telling, error);
        if (fd != -1)
            close(fd);
        fd = -1;
    }
    connecting_ends();
    address_free(list);
    if (fd == -1)
        fail_errno("cannot connect to", telling);
    if (set_nonblocking(fd) == -1)
        fail_errno("cannot talk to", errno);
    return fd;
}

/* What is to be sent: the TEXTs first, all in one piece, or else standard input, piece by piece. */
static struct {
    char *bytes;
    size_t length, sent;
    bool more;   /* standard input may have more */
    bool broken; /* the server takes no more */
} out;

static void take_texts(char *texts[])
{
    size_t room = 0;

    for (int i = 0; texts[i]; i++)
        room += strlen(texts[i]) + 1;
    out.more = !texts[0];
    out.bytes = malloc(out.more ? 64 * 1024 : room);
    if (!out.bytes)
        die("cannot keep the text: %s", strerror(errno));
    for (int i = 0; texts[i]; i++) {
        size_t length = strlen(texts[i]);
        memcpy(out.bytes + out.length, texts[i], length);
        out.bytes[out.length + length] = '\n';
        out.length += length + 1;
    }
}

static void take_input(void)
{
    ssize_t n = read(STDIN_FILENO, out.bytes, 64 * 1024);
    if (n == -1 && would_block(errno))
        return;
    if (n == -1)
        die("cannot read the input: %s", strerror(errno));
    out.length = (size_t)n;
    out.sent = 0;
    out.more = n > 0;
}

static void send_some(int fd)
{
    ssize_t n = write(fd, out.bytes + out.sent, out.length - out.sent);
    if (n == -1 && (errno == EPIPE || errno == ECONNRESET)) {
        out.broken = true; /* but what it has answered before may still be read */
        out.length = 0;
        out.sent = 0;
        out.more = false;
    } else if (n >= 0) {
        out.sent += (size_t)n;
    } else if (!would_block(errno)) {
        fail_errno("cannot send to", errno);
    }
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* poll(2) that no signal ends, nor begins anew. Returns 0 when nothing has moved for --timeout. */
static int await(struct pollfd ready[], nfds_t n)
{
    int64_t deadline = timeout > 0 ? now_ms() + timeout : 0, left = timeout > 0 ? timeout : -1;
    int moved;

    while ((moved = poll(ready, n, (int)left)) == -1 && errno == EINTR)
        if (timeout > 0 && (left = deadline - now_ms()) < 0)
            left = 0;
    return moved;
}

/* Prints all of it. Our standard output may be non-blocking: that belongs to the open file
 * description, and another program that has it, too, may have asked for it. Returns 0, or -1 with
 * errno. */
static int print(const char *bytes, size_t n)
{
    struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};

    while (n > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, n);
        if (written == -1 && !would_block(errno))
            return -1;
        if (written == -1) {
            if (await(&ready, 1) == 0)
                fail(TIMED_OUT, "cannot print what came from", "timed out");
            continue;
        }
        bytes += written;
        n -= (size_t)written;
    }
    return 0;
}

/* Prints what has come. Returns false at the end. */
static bool receive(int fd)
{
    char buffer[64 * 1024];

    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n == -1 && would_block(errno))
        return true;
    if (n == -1)
        fail_errno("cannot receive from", errno);
    answered = answered || n > 0;
    if (print(buffer, (size_t)n) == -1)
        die("cannot print: %s", strerror(errno));
    return n > 0;
}

static void talk(int fd, bool half_close)
{
    bool all_sent = false;

    for (;;) {
        bool unsent = out.sent < out.length;
        if (!unsent && !out.more && !all_sent) {
            all_sent = true;
            if (half_close)
                shutdown(fd, SHUT_WR); /* no more will come: the server sees the end */
        }
        struct pollfd ready[] = {{.fd = fd, .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN)},
                                 {.fd = out.more && !unsent ? STDIN_FILENO : -1, .events = POLLIN}};
        int n = await(ready, 2);
        if (n == -1)
            die("cannot wait: %s", strerror(errno));
        if (n == 0)
            fail(TIMED_OUT, answered ? "nothing more from" : "no answer from", "timed out");
        if (ready[1].revents)
            take_input();
        if (unsent && ready[0].revents & (POLLOUT | POLLERR | POLLHUP))
            send_some(fd);
        if (ready[0].revents & (POLLIN | POLLERR | POLLHUP) && !receive(fd)) {
            if (out.broken)
                fail(RESET, "cannot send to", strerror(EPIPE));
            if (!all_sent)
                fail(OTHER, "cut off by", "it has closed the connection before we had finished");
            return;
        }
    }
}

int main(int argc, char *argv[])
{
    long half_close = 0, no_half_close = 0;
    const struct option options[] = {
        {"timeout", "SECONDS", &timeout, 1, 1000000000, "limit for connecting, then for each wait"},
        {"half-close", NULL, &half_close, 0, 0, "say when all is sent (the default)"},
        {"no-half-close", NULL, &no_half_close, 0, 0, "do not; wait until the server closes"},
        {0}};
    const struct command command = {
        .words = "ADDRESS [TEXT]...",
        .addresses = "PORT, HOST:PORT, [IPV6]:PORT or unix:PATH",
        .about = "Sends each TEXT as a line, or else standard input as it is, and prints what\n"
                 "comes back. Exit status: 0 well, 2 wrong words, 3 refused, 4 reset,\n"
                 "5 timed out, 1 anything else.\n",
        .options = options,
        .options_first = true};
    struct address address;
    const char *why;

    signal(SIGPIPE, SIG_IGN); /* a server, or a reader of our output, that has gone: EPIPE */
    int words = options_parse(argc, argv, &command);
    if (words == 0)
        usage_error("to whom?", "ADDRESS");
    if (half_close && no_half_close)
        usage_error("one excludes the other", "--half-close --no-half-close");
    server = argv[1];
    if (address_parse(&address, server, &why) == -1)
        usage_error(why, server);
    if (address.kind == ADDRESS_FD)
        usage_error("a client needs an address to connect to, not", server);

    int fd = connect_to(&address);
    take_texts(argv + 2);
    talk(fd, !no_half_close);
    close(fd);
    free(out.bytes);
    return WELL;
}
