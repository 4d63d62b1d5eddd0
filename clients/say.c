// SPDX-License-Identifier: MIT
/*
 * say: one client. Sends text, then prints what comes back until the server has no more to say.
 *
 * Run:      build/say 9000 hello            each TEXT is a line
 *           build/say 9000 < file           standard input goes as it is
 *
 * It sends and receives at once. A client that first sends all and then reads may wait for ever:
 * the server, whose answers nobody takes, stops reading.
 */
#include "../common/address.h"
#include "../common/io.h"
#include "../common/options.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum status { WELL, OTHER, USAGE, REFUSED, RESET, TIMED_OUT };

static long timeout = -1; /* ms without anything sent or received; -1: none */
static bool answered;     /* something has come */
static const char *server;

_Noreturn static void fail(enum status status, const char *what, const char *why)
{
    log_line("%s %s: %s", what, server, why);
    exit((int)status);
}

_Noreturn static void fail_errno(const char *what)
{
    enum status status = OTHER;

    if (errno == ECONNREFUSED)
        status = REFUSED;
    else if (errno == ECONNRESET || errno == EPIPE)
        status = RESET;
    else if (errno == ETIMEDOUT || errno == EAGAIN || errno == EINPROGRESS)
        status = TIMED_OUT; /* the latter two: SO_SNDTIMEO ended connect(2), socket(7) */
    fail(status, what, status == TIMED_OUT ? "timed out" : strerror(errno));
}

/* Connects to the first of the server's addresses that answers. */
static int connect_to(const struct address *address)
{
    const char *why;
    int fd = -1;
    struct addrinfo *list = address_resolve(address, &why);

    if (!list)
        fail(OTHER, "cannot connect to", why);
    for (struct addrinfo *info = list; info && fd == -1; info = info->ai_next) {
        fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
        if (fd == -1)
            continue;
        if (timeout > 0) {
            struct timeval limit = {timeout / 1000, timeout % 1000 * 1000};
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        }
        if (connect(fd, info->ai_addr, info->ai_addrlen) == -1) {
            int saved = errno;
            close(fd);
            fd = -1;
            errno = saved;
        }
    }
    if (fd == -1)
        fail_errno("cannot connect to");
    address_free(list);
    if (set_nonblocking(fd, true) == -1)
        fail_errno("cannot talk to");
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
    if (n == -1 && not_now(errno))
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
    } else if (!not_now(errno)) {
        fail_errno("cannot send to");
    }
}

/* Prints what has come. Returns false at the end. */
static bool receive(int fd)
{
    char buffer[64 * 1024];

    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n == -1 && not_now(errno))
        return true;
    if (n == -1)
        fail_errno("cannot receive from");
    answered = answered || n > 0;
    if (write_all(STDOUT_FILENO, buffer, (size_t)n) == -1)
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
        int n = poll(ready, 2, timeout > 0 ? (int)timeout : -1);
        if (n == -1 && errno != EINTR)
            die("cannot wait: %s", strerror(errno));
        if (n == 0)
            fail(TIMED_OUT, answered ? "nothing more from" : "no answer from", "timed out");
        if (n <= 0)
            continue;
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
        {"timeout", "SECONDS", &timeout, 1, 1000000000, "how long to wait when nothing moves"},
        {"half-close", NULL, &half_close, 0, 0, "say when all is sent (the default)"},
        {"no-half-close", NULL, &no_half_close, 0, 0, "do not; wait until the server closes"},
        {0}};
    const struct command command = {
        .words = "ADDRESS [TEXT]...",
        .about = "Sends each TEXT as a line, or else standard input as it is, and prints what\n"
                 "comes back. Exit status: 0 well, 2 wrong words, 3 refused, 4 reset,\n"
                 "5 timed out, 1 anything else.\n",
        .options = options,
        .options_first = true};
    struct address address;
    const char *why;

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
    signal(SIGPIPE, SIG_IGN); /* a server, or a reader of our output, that has gone: EPIPE */

    int fd = connect_to(&address);
    take_texts(argv + 2);
    talk(fd, !no_half_close);
    close(fd);
    free(out.bytes);
    return WELL;
}
