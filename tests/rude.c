// SPDX-License-Identifier: MIT
/*
 * rude: what the tests need and no well-mannered client does.
 *
 *   rude reset ADDRESS N TEXT      N times: connect, send TEXT, reset the connection
 *   rude leave ADDRESS TEXT        connect, send TEXT, half-close, reset: the server reads TEXT,
 *                                  and gets EPIPE for what it writes then
 *   rude hold ADDRESS N            connect N times, print "connected", wait for a line or EOF
 *   rude stuff ADDRESS TEXT REPLY  send TEXT for ever without reading; when no more is taken, print
 *                                  "stuck N" (how many went out whole); after a line on stdin read,
 *                                  compare with N times REPLY, await the end; print "got N"
 *   rude drain ADDRESS TEXT REPLY  the same, but when all has come print "drained", and stay until
 *                                  there is one more line
 *   rude sip ADDRESS               send standard input, and take what comes through a narrow window
 *   rude drip ADDRESS MS           send standard input byte by byte, MS apart; print what comes
 *   rude urgent ADDRESS            send abc, d as urgent data, e; print what comes
 *   rude lie HOW                   be an echo server that alters, cuts, adds or is silent
 *   rude inherit COMMAND...        run COMMAND with all signals ignored and blocked
 *   rude listen FD COMMAND...      run COMMAND with descriptor FD listening on 127.0.0.1
 *   rude narrow FD COMMAND...      the same, and it can send little at a time
 *   rude socket FD COMMAND...      run COMMAND with descriptor FD a socket that does not listen
 */
#include "../common/address.h"
#include "../common/io.h"
#include "../common/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(bool well, const char *what)
{
    if (!well)
        die("%s: %s", what, strerror(errno));
}

static int connect_to(const char *text, bool wait)
{
    struct address address;
    const char *why;

    if (address_parse(&address, text, &why) == -1)
        die("%s: %s", why, text);
    struct addrinfo *info = address_resolve(&address, &why);
    if (!info)
        die("%s: %s", text, why);
    // cppcheck-suppress nullPointerRedundantCheck ; die() does not return
    int fd = socket(info->ai_family, SOCK_STREAM, 0);
    check(fd != -1 && set_nonblocking(fd, !wait) == 0, "socket");
    if (connect(fd, info->ai_addr, info->ai_addrlen) == -1)
        check(!wait && (errno == EINPROGRESS || errno == EAGAIN), "connect");
    address_free(info);
    return fd;
}

static void reset(const char *address, int n, const char *text, bool half_close)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    for (; n > 0; n--) {
        int fd = connect_to(address, true);
        check(write_all(fd, text, strlen(text)) == 0, "write");
        if (half_close)
            shutdown(fd, SHUT_WR);
        check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0, "SO_LINGER");
        close(fd);
    }
}

static void wait_for_line(void)
{
    if (getchar() == EOF)
        clearerr(stdin);
}

static void hold(const char *address, int n)
{
    raise_descriptor_limit();
    while (n-- > 0)
        connect_to(address, false);
    puts("connected");
    wait_for_line();
}

static void stuff(const char *address, const char *text, const char *reply, bool stay)
{
    size_t length = strlen(text), sent = 0, got = 0, reply_length = strlen(reply);
    int fd = connect_to(address, true);
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    char out[64 * 1024], in[64 * 1024];

    for (size_t i = 0; i < sizeof out; i++)
        out[i] = text[i % length];
    check(set_nonblocking(fd, true) == 0, "fcntl");
    while (poll(&room, 1, 700) == 1) {
        size_t from = sent % length;
        ssize_t n = write(fd, out + from, sizeof out / length * length - from);
        check(n > 0 || not_now(errno), "write");
        if (n > 0)
            sent += (size_t)n;
    }
    printf("stuck %zu\n", sent / length);
    wait_for_line();
    check(set_nonblocking(fd, false) == 0, "fcntl");
    /* What is left of the last TEXT goes out while we read. */
    size_t replies = sent / length * reply_length;
    size_t cut = sent % length;
    bool closed = false;
    while (true) {
        if (!closed && (cut == 0 || got > replies / 2)) {
            if (cut > 0) {
                check(write_all(fd, text + cut, length - cut) == 0, "write");
                replies += reply_length;
            }
            if (!stay)
                shutdown(fd, SHUT_WR);
            closed = true;
        }
        if (stay && closed && got == replies) {
            puts("drained");
            wait_for_line();
            shutdown(fd, SHUT_WR);
            stay = false;
        }
        ssize_t n = read(fd, in, sizeof in);
        check(n >= 0, "read");
        if (n == 0)
            break;
        for (ssize_t i = 0; i < n; i++, got++)
            if (in[i] != reply[got % reply_length])
                die("byte %zu of the replies is wrong", got);
    }
    if (got != replies)
        die("%zu bytes came back, not %zu", got, replies);
    printf("got %zu\n", got / reply_length);
}

static void print_all(int fd)
{
    char in[4096];

    for (ssize_t n; (n = read(fd, in, sizeof in)) != 0;) {
        check(n > 0, "read");
        check(write_all(STDOUT_FILENO, in, (size_t)n) == 0, "write");
    }
}

static void drip(const char *address, int ms)
{
    int fd = connect_to(address, true);
    int c;

    while ((c = getchar()) != EOF) {
        char byte = (char)c;
        check(write_all(fd, &byte, 1) == 0, "write");
        poll(NULL, 0, ms);
    }
    shutdown(fd, SHUT_WR);
    print_all(fd);
}

static void sip(const char *text)
{
    char bytes[4096];
    int narrow = 1; /* the system makes the least it allows of it */
    struct address address;
    const char *why;

    if (address_parse(&address, text, &why) == -1)
        die("%s: %s", why, text);
    struct addrinfo *info = address_resolve(&address, &why);
    int fd = info ? socket(info->ai_family, SOCK_STREAM, 0) : -1;
    check(fd != -1 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof narrow) == 0, "socket");
    check(connect(fd, info->ai_addr, info->ai_addrlen) == 0, "connect");
    address_free(info);
    pid_t sender = fork();
    check(sender != -1, "fork");
    if (sender > 0) {
        print_all(fd);
        return;
    }
    for (ssize_t n; (n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0;)
        check(write_all(fd, bytes, (size_t)n) == 0, "write");
    shutdown(fd, SHUT_WR);
    _exit(0);
}

static void send_urgent(const char *address)
{
    int fd = connect_to(address, true);

    check(send(fd, "abc", 3, 0) == 3 && send(fd, "d", 1, MSG_OOB) == 1 && send(fd, "e", 1, 0) == 1,
          "send");
    shutdown(fd, SHUT_WR);
    print_all(fd);
}

static int listen_somewhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(fd != -1 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0, "bind");
    check(listen(fd, 64) == 0, "listen");
    return fd;
}

static void lie(const char *how)
{
    char bytes[4096], text[ADDRESS_TEXT];
    struct sockaddr_storage at;
    socklen_t length = sizeof at;
    int listener = listen_somewhere();

    check(getsockname(listener, (struct sockaddr *)&at, &length) == 0, "getsockname");
    log_line("listening on %s", address_format((struct sockaddr *)&at, length, text));
    int fd = accept(listener, NULL, NULL);
    for (ssize_t n; (n = read(fd, bytes, sizeof bytes - 1)) > 0;) {
        if (strcmp(how, "silent") == 0)
            continue;
        if (strcmp(how, "cuts") == 0)
            break;
        if (strcmp(how, "alters") == 0)
            bytes[n - 1] ^= 1;
        if (strcmp(how, "adds") == 0)
            bytes[n++] = 'x';
        check(write_all(fd, bytes, (size_t)n) == 0, "write");
    }
}

static void run_with_signals_off(char *command[])
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int i = 1; i < 32; i++)
        signal(i, SIG_IGN);
    execvp(command[0], command);
    die("cannot run %s: %s", command[0], strerror(errno));
}

static void run_with_socket(bool listens, int room, int fd, char *command[])
{
    int made = listens ? listen_somewhere() : socket(AF_INET, SOCK_STREAM, 0);

    check(made != -1 && dup2(made, fd) == fd, "dup2");
    if (room > 0) /* accepted sockets inherit it */
        check(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0, "SO_SNDBUF");
    if (made != fd)
        close(made);
    signal(SIGPIPE, SIG_DFL); /* or the command would inherit our protection */
    execvp(command[0], command);
    die("cannot run %s: %s", command[0], strerror(errno));
}

int main(int argc, char *argv[])
{
    const char *what = argc > 2 ? argv[1] : "";

    log_start(argv[0]);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(what, "reset") == 0 && argc == 5)
        reset(argv[2], atoi(argv[3]), argv[4], false);
    else if (strcmp(what, "leave") == 0 && argc == 4)
        reset(argv[2], 1, argv[3], true);
    else if (strcmp(what, "hold") == 0 && argc == 4)
        hold(argv[2], atoi(argv[3]));
    else if (strcmp(what, "stuff") == 0 && argc == 5)
        stuff(argv[2], argv[3], argv[4], false);
    else if (strcmp(what, "drain") == 0 && argc == 5)
        stuff(argv[2], argv[3], argv[4], true);
    else if (strcmp(what, "sip") == 0 && argc == 3)
        sip(argv[2]);
    else if (strcmp(what, "drip") == 0 && argc == 4)
        drip(argv[2], atoi(argv[3]));
    else if (strcmp(what, "urgent") == 0 && argc == 3)
        send_urgent(argv[2]);
    else if (strcmp(what, "lie") == 0 && argc > 2)
        lie(argv[2]);
    else if (strcmp(what, "inherit") == 0 && argc > 2)
        run_with_signals_off(argv + 2);
    else if (strcmp(what, "listen") == 0 && argc > 3)
        run_with_socket(true, 0, atoi(argv[2]), argv + 3);
    else if (strcmp(what, "narrow") == 0 && argc > 3)
        run_with_socket(true, 1, atoi(argv[2]), argv + 3);
    else if (strcmp(what, "socket") == 0 && argc > 3)
        run_with_socket(false, 0, atoi(argv[2]), argv + 3);
    else
        die("these words are no use to me; see tests/rude.c");
    return 0;
}
