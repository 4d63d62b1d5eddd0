// SPDX-License-Identifier: MIT
/*
 * rude: what the tests need and no well-mannered client does. `build/rude --help` prints the list
 * of it below.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#endif
#include "../common/address.h"
#include "../common/descriptors.h"
#include "../common/io.h"
#include "../common/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open /* Linux 5.6; the same on all machines */
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static const char about[] =
    "Does what no well-mannered client does. WHAT is\n\n"
    "  reset ADDRESS N TEXT\n"
    "      N times: connect, send TEXT, reset the connection\n"
    "  leave ADDRESS TEXT\n"
    "      connect, send TEXT, half-close, reset: the server reads TEXT, and gets\n"
    "      EPIPE for what it writes then\n"
    "  hold ADDRESS N\n"
    "      connect N times, print \"connected\", wait for a line or EOF\n"
    "  stuff ADDRESS TEXT REPLY\n"
    "      send TEXT for ever without reading; when no more is taken, print \"stuck\n"
    "      N\" (how many went out whole); after a line on stdin read, compare with N\n"
    "      times REPLY, await the end; print \"got N\"\n"
    "  drain ADDRESS TEXT REPLY\n"
    "      the same, but when all has come print \"drained\", and stay until there is\n"
    "      one more line\n"
    "  sip ADDRESS\n"
    "      send standard input, and take what comes through a narrow window\n"
    "  drip ADDRESS MS\n"
    "      send standard input byte by byte, MS apart; print what comes\n"
    "  pester ADDRESS MS\n"
    "      send without reading until no more is taken, print \"stuck\", then a byte\n"
    "      each MS, until there is a line on stdin\n"
    "  drizzle ADDRESS N TEXT REPLY\n"
    "      N clients send TEXT over and over, a byte on each in turn; print \"round\n"
    "      I\" when each has sent I bytes; after a line on stdin finish each TEXT,\n"
    "      compare as stuff does; print \"got N\"\n"
    "  gush ADDRESS N TEXT REPLY\n"
    "      send N times x, print \"enough\", go on until there is a line on stdin;\n"
    "      send TEXT, await REPLY and no more; print \"got N\"\n"
    "  hoard ADDRESS N TEXT\n"
    "      N clients send TEXT for ever without reading, until there is a line on\n"
    "      stdin; print \"lost\" for each whom the server drops, and \"stuck\" when no\n"
    "      more is taken\n"
    "  scan ADDRESS N\n"
    "      connect N times, and close or reset at once; each 50th half-closes and\n"
    "      awaits the end, so that the server keeps up\n"
    "  urgent ADDRESS\n"
    "      send abc, d as urgent data, e; print what comes\n"
    "  lie HOW [ADDRESS]\n"
    "      be an echo server, anywhere, that alters, cuts, adds or is silent\n"
    "  inherit COMMAND...\n"
    "      run COMMAND with all signals ignored and blocked\n"
    "  unwilling COMMAND...\n"
    "      run COMMAND with a standard output that is non-blocking\n"
    "  grab PID\n"
    "      open the sockets of PID as well, print \"grabbed\", keep them until there\n"
    "      is a line on stdin\n"
    "  shrink PID\n"
    "      leave every pipe of PID as little room as there can be\n"
    "  listen FD COMMAND...\n"
    "      run COMMAND with descriptor FD listening on 127.0.0.1\n"
    "  swallow FD COMMAND...\n"
    "      the same, and beside it be a process that is woken for each client, and\n"
    "      takes none\n"
    "  narrow FD COMMAND...\n"
    "      the same, and it can send little at a time\n"
    "  socket FD COMMAND...\n"
    "      run COMMAND with descriptor FD a socket that does not listen\n";

static void check(bool well, const char *what)
{
    if (!well)
        die("%s: %s", what, strerror(errno));
}

/* Where nobody listens, connect(2) may choose the port it connects to: clients/connecting.h */
static bool is_connected_to_itself(int fd)
{
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_length = sizeof own, peer_length = sizeof peer;

    return getsockname(fd, (struct sockaddr *)&own, &own_length) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
           own_length == peer_length && memcmp(&own, &peer, own_length) == 0;
}

static int connect_with_room(const char *text, bool wait, int room_in, int room_out)
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
    check(fd != -1 && (wait ? 0 : set_nonblocking(fd)) == 0, "socket");
    if (room_in > 0) /* of what has come and what is to go; before connect(2): tcp(7) */
        check(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room_in, sizeof room_in) == 0 &&
                  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room_out, sizeof room_out) == 0,
              "setsockopt");
    if (connect(fd, info->ai_addr, info->ai_addrlen) == -1)
        check(!wait && (errno == EINPROGRESS || errno == EAGAIN), "connect");
    if (wait && is_connected_to_itself(fd)) /* or it would pass for an echo server */
        die("connect: %s", strerror(ECONNREFUSED));
    address_free(info);
    return fd;
}

static int connect_to(const char *text, bool wait)
{
    return connect_with_room(text, wait, 0, 0);
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
    check(set_nonblocking(fd) == 0, "fcntl");
    while (poll(&room, 1, 700) == 1) {
        size_t from = sent % length;
        ssize_t n = write(fd, out + from, sizeof out / length * length - from);
        check(n > 0 || would_block(errno), "write");
        if (n > 0)
            sent += (size_t)n;
    }
    printf("stuck %zu\n", sent / length);
    wait_for_line();
    check(set_blocking(fd) == 0, "fcntl");
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

/* Awaits n times REPLY, and the end. */
static void expect(int fd, const char *reply, size_t n)
{
    size_t length = strlen(reply), got = 0;
    char in[4096];

    for (ssize_t more; (more = read(fd, in, sizeof in)) != 0;) {
        check(more > 0, "read");
        for (ssize_t i = 0; i < more; i++, got++)
            if (got >= n * length || in[i] != reply[got % length])
                die("byte %zu of the replies is wrong", got);
    }
    if (got != n * length)
        die("%zu bytes came back, not %zu", got, n * length);
}

static bool is_told(int ms) /* by a line on stdin, which may come within so many ms */
{
    struct pollfd told = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&told, 1, ms) == 1;
}

/* Each sends one byte. Returns whether there is a line on stdin. */
static bool send_byte(const int fds[], int n, const char *byte)
{
    bool told = false;

    for (int i = 0; i < n; i++) {
        check(write_all(fds[i], byte, 1) == 0, "write");
        told = told || (i % 10 == 0 && is_told(1));
    }
    return told;
}

static void pester(const char *address, int ms)
{
    int fd = connect_to(address, true);
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    struct pollfd line = {.fd = STDIN_FILENO, .events = POLLIN};
    char lines[64 * 1024]; /* empty ones: a counter answers each */
    const int on = 1;      /* or bytes would wait for the acknowledgement of others: tcp(7) */

    memset(lines, '\n', sizeof lines);
    check(set_nonblocking(fd) == 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0,
          "setsockopt");
    while (poll(&room, 1, 700) == 1)
        check(write(fd, lines, sizeof lines) != -1 || would_block(errno), "write");
    puts("stuck");
    while (poll(&line, 1, ms) == 0)
        if (write(fd, "\n", 1) == -1 && !would_block(errno))
            break; /* the server has gone */
    wait_for_line();
}

static void drizzle(const char *address, int n, const char *text, const char *reply)
{
    size_t length = strlen(text), sent = 0; /* by each */
    int *fds = calloc((size_t)n, sizeof *fds);

    if (!fds || n < 1)
        die("there is no memory for %d clients, or nothing to do", n);
    raise_descriptor_limit();
    for (int i = 0; i < n; i++)
        fds[i] = connect_to(address, true);
    for (bool told = false; !told || sent % length != 0;) {
        told = send_byte(fds, n, &text[sent % length]);
        printf("round %zu\n", ++sent);
    }
    for (int i = 0; i < n; i++) {
        shutdown(fds[i], SHUT_WR);
        expect(fds[i], reply, sent / length);
        close(fds[i]);
    }
    printf("got %zu\n", sent / length * (size_t)n);
    free(fds);
}

static void gush(const char *address, long n, const char *text, const char *reply)
{
    static char out[64 * 1024];
    long long sent = 0;
    int fd = connect_to(address, true);

    memset(out, 'x', sizeof out);
    while (sent < n || !is_told(0)) {
        check(write_all(fd, out, sizeof out) == 0, "write");
        if (sent < n && sent + (long long)sizeof out >= n)
            puts("enough");
        sent += (long long)sizeof out;
    }
    check(write_all(fd, text, strlen(text)) == 0, "write");
    shutdown(fd, SHUT_WR);
    expect(fd, reply, 1);
    printf("got %lld\n", sent);
}

static void hoard(const char *address, int n, const char *text)
{
    struct pollfd *ready = calloc((size_t)n + 1, sizeof *ready);
    size_t length = strlen(text);
    char out[64 * 1024];
    int wait = 700;

    if (!ready)
        die("calloc: %s", strerror(errno));
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = text[i % length];
    for (int i = 0; i < n; i++) {
        ready[i].fd =
            connect_with_room(address, true, 1, 64 * 1024); /* all cost the system little */
        ready[i].events = POLLOUT;
        check(set_nonblocking(ready[i].fd) == 0, "fcntl");
    }
    ready[n].fd = STDIN_FILENO;
    ready[n].events = POLLIN;
    while (ready[n].revents == 0) {
        if (poll(ready, (nfds_t)n + 1, wait) == 0) {
            puts("stuck");
            wait = -1;
        }
        for (int i = 0; i < n; i++) {
            /* A TEXT that is cut matters to nobody: the replies are never read. */
            if (ready[i].revents != 0 && write(ready[i].fd, out, sizeof out) == -1 &&
                !would_block(errno)) {
                close(ready[i].fd);
                ready[i].fd = -1; /* poll(2) passes over it */
                puts("lost");
            }
        }
    }
    free(ready);
}

static void scan(const char *address, int n)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    for (int i = 1; i <= n; i++) {
        int fd = connect_to(address, true);
        if (i % 50 == 0) {
            shutdown(fd, SHUT_WR);
            expect(fd, "", 0);
        } else if (i % 2 == 0) {
            check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0,
                  "SO_LINGER");
        }
        close(fd);
    }
}

static void sip(const char *text)
{
    char bytes[4096];
    /* What is sent in segments larger than the window can wait: only a probe, each after twice as
       long, would tell the sender that there is room again. */
    int narrow = 4096, segment = 536;
    struct address address;
    const char *why;

    if (address_parse(&address, text, &why) == -1)
        die("%s: %s", why, text);
    struct addrinfo *info = address_resolve(&address, &why);
    int fd = info ? socket(info->ai_family, SOCK_STREAM, 0) : -1;
    check(fd != -1 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof narrow) == 0, "socket");
    check(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment) == 0, "TCP_MAXSEG");
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
    check(listen(fd, 4000) == 0, "listen");
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
    check(fd != -1, "accept");
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

static void run_with_nonblocking_output(char *command[])
{
    check(set_nonblocking(STDOUT_FILENO) == 0, "fcntl");
    signal(SIGPIPE, SIG_DFL); /* or the command would inherit our protection */
    execvp(command[0], command);
    die("cannot run %s: %s", command[0], strerror(errno));
}

static void grab(pid_t pid)
{
    long process = syscall(SYS_pidfd_open, pid, 0), fd;
    int type;
    socklen_t length = sizeof type;

    check(process != -1, "pidfd_open");
    for (int theirs = 3; theirs < 100; theirs++) {
        errno = 0;
        fd = syscall(SYS_pidfd_getfd, process, theirs, 0);
        check(fd != -1 || errno == EBADF, "pidfd_getfd");
        if (fd != -1 && getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &length) == -1)
            close((int)fd);
    }
    puts("grabbed");
    wait_for_line();
}

static void shrink(pid_t pid)
{
    char path[64];

    for (int theirs = 3; theirs < 100; theirs++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, theirs);
        int fd = open(path, O_WRONLY | O_NONBLOCK); /* of a socket this fails */
        if (fd == -1)
            continue;
        fcntl(fd, F_SETPIPE_SZ, 4096); /* of other files this does */
        close(fd);
    }
}

_Noreturn static void run(char *command[])
{
    signal(SIGPIPE, SIG_DFL); /* or the command would inherit our protection */
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
    run(command);
}

/* Is woken for each client before the command is, as it waits for them first, and takes none. */
static void swallow(int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLET};
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

    check(epoll_fd != -1 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    pid_t pid = fork();
    check(pid != -1, "fork");
    if (pid > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true)
        epoll_wait(epoll_fd, &event, 1, -1);
}

static int number(const char *word)
{
    long n = number_parse(word, INT_MAX);
    if (n == -1)
        usage_error("not a number", word);
    return (int)n;
}

int main(int argc, char *argv[])
{
    const struct command command = {
        .words = "WHAT [WORD]...", .about = about, .options_first = true};

    argc = options_parse(argc, argv, &command) + 1;
    const char *what = argc > 1 ? argv[1] : "WHAT";
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(what, "reset") == 0 && argc == 5)
        reset(argv[2], number(argv[3]), argv[4], false);
    else if (strcmp(what, "leave") == 0 && argc == 4)
        reset(argv[2], 1, argv[3], true);
    else if (strcmp(what, "hold") == 0 && argc == 4)
        hold(argv[2], number(argv[3]));
    else if (strcmp(what, "stuff") == 0 && argc == 5)
        stuff(argv[2], argv[3], argv[4], false);
    else if (strcmp(what, "drain") == 0 && argc == 5)
        stuff(argv[2], argv[3], argv[4], true);
    else if (strcmp(what, "sip") == 0 && argc == 3)
        sip(argv[2]);
    else if (strcmp(what, "drip") == 0 && argc == 4)
        drip(argv[2], number(argv[3]));
    else if (strcmp(what, "pester") == 0 && argc == 4)
        pester(argv[2], number(argv[3]));
    else if (strcmp(what, "drizzle") == 0 && argc == 6)
        drizzle(argv[2], number(argv[3]), argv[4], argv[5]);
    else if (strcmp(what, "gush") == 0 && argc == 6)
        gush(argv[2], number(argv[3]), argv[4], argv[5]);
    else if (strcmp(what, "hoard") == 0 && argc == 5)
        hoard(argv[2], number(argv[3]), argv[4]);
    else if (strcmp(what, "scan") == 0 && argc == 4)
        scan(argv[2], number(argv[3]));
    else if (strcmp(what, "urgent") == 0 && argc == 3)
        send_urgent(argv[2]);
    else if (strcmp(what, "lie") == 0 && argc > 2)
        lie(argv[2]);
    else if (strcmp(what, "inherit") == 0 && argc > 2)
        run_with_signals_off(argv + 2);
    else if (strcmp(what, "unwilling") == 0 && argc > 2)
        run_with_nonblocking_output(argv + 2);
    else if (strcmp(what, "grab") == 0 && argc == 3)
        grab(number(argv[2]));
    else if (strcmp(what, "shrink") == 0 && argc == 3)
        shrink(number(argv[2]));
    else if (strcmp(what, "listen") == 0 && argc > 3)
        run_with_socket(true, 0, number(argv[2]), argv + 3);
    else if (strcmp(what, "swallow") == 0 && argc > 3) {
        int fd = number(argv[2]), made = listen_somewhere();
        check(dup2(made, fd) == fd && (made == fd || close(made) == 0), "dup2");
        swallow(fd);
        run(argv + 3);
    } else if (strcmp(what, "narrow") == 0 && argc > 3)
        run_with_socket(true, 1, number(argv[2]), argv + 3);
    else if (strcmp(what, "socket") == 0 && argc > 3)
        run_with_socket(false, 0, number(argv[2]), argv + 3);
    else
        usage_error("this takes other words, or there is no such thing", what);
    return 0;
}
