// SPDX-License-Identifier: MIT
/*
 * odd: what the tests need besides rude: servers started in odd circumstances, and clients that are
 * odd rather than rude. `build/odd --help` prints the list of it below.
 */
#define _GNU_SOURCE
#include "../common/address.h"
#include "../common/io.h"
#include "../common/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SYS_pidfd_open /* the same number on all architectures */
#define SYS_pidfd_open 434
#endif

static const char about[] =
    "Starts servers in odd circumstances, or is an odd client. WHAT is\n\n"
    "  plain COMMAND...\n"
    "      run COMMAND as if nobody had set anything for it: no signal ignored or\n"
    "      blocked, umask 022, limits as high as they may be\n"
    "  stderr KIND COMMAND...\n"
    "      run COMMAND with a stderr that has room for a line or two and that\n"
    "      nobody reads: terminal, pipe, stream or datagram (sockets)\n"
    "  background COMMAND...\n"
    "      run COMMAND in the background of a terminal that lets only its\n"
    "      foreground write (stty tostop); stay, and end as COMMAND ends\n"
    "  listener KIND FD COMMAND...\n"
    "      run COMMAND with descriptor FD listening on 127.0.0.1, a socket with\n"
    "      SO_LINGER (linger, abort), SO_RCVLOWAT (lowat), room for 2 MB that are\n"
    "      not read and little for answers (roomy), limits of time and what holds\n"
    "      answers back (limits), or of another protocol (mptcp)\n"
    "  unread ADDRESS BYTES TEXT REPLY\n"
    "      send TEXT over and over, so many bytes; when all have arrived,\n"
    "      half-close and print \"sent\"; after a line read all, compare it with\n"
    "      REPLY, print \"got N, the end\" or what ended it\n"
    "  path PATH ADDRESS\n"
    "      connect from a unix socket bound to PATH, send a line, and leave without\n"
    "      taking the answer, which resets the connection\n"
    "  late PID SIGNAL US ADDRESS\n"
    "      send PID the signal, and connect so many microseconds later; print\n"
    "      \"answered\" or \"the end\"; end with status 1 after 5 s\n"
    "\n"
    "Exit status 3: this machine cannot do that.\n";

static void check(bool well, const char *what)
{
    if (!well)
        die("%s: %s", what, strerror(errno));
}

_Noreturn static void cannot(const char *what)
{
    log_line("this machine cannot: %s: %s", what, strerror(errno));
    exit(3);
}

_Noreturn static void run(char *command[])
{
    signal(SIGPIPE, SIG_DFL); /* or the command would inherit our protection */
    signal(SIGXFSZ, SIG_DFL);
    execvp(command[0], command);
    die("cannot run %s: %s", command[0], strerror(errno));
}

static void wait_for_line(void)
{
    if (getchar() == EOF)
        clearerr(stdin);
}

/* ---- plain -----------------------------------------------------------------------------------*/

/* Not higher than this: some programs look at each descriptor that they might have. */
#define DESCRIPTORS 4096
/* A thread's stack is as large as this limit. */
#define STACK (8 << 20)

static struct rlimit *raised(struct rlimit *limit, rlim_t most)
{
    if (most > limit->rlim_max) /* RLIM_INFINITY is the largest */
        most = limit->rlim_max;
    if (limit->rlim_cur < most)
        limit->rlim_cur = most;
    return limit;
}

/* A macro, since the type of a resource is not the same in all C libraries. */
#define RAISE(resource, most)                                                                      \
    check(getrlimit(resource, &limit) == 0 && setrlimit(resource, raised(&limit, most)) == 0,      \
          "limit of " #resource)

static void raise_limits(void)
{
    struct rlimit limit;

    RAISE(RLIMIT_AS, RLIM_INFINITY);
    RAISE(RLIMIT_CPU, RLIM_INFINITY);
    RAISE(RLIMIT_DATA, RLIM_INFINITY);
    RAISE(RLIMIT_FSIZE, RLIM_INFINITY);
    RAISE(RLIMIT_MEMLOCK, RLIM_INFINITY);
    RAISE(RLIMIT_NPROC, RLIM_INFINITY);
    RAISE(RLIMIT_NOFILE, DESCRIPTORS);
    RAISE(RLIMIT_STACK, STACK);
}

_Noreturn static void run_plain(char *command[])
{
    sigset_t none;

    sigemptyset(&none);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL); /* fails for KILL, STOP and those of the C library */
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(022);
    raise_limits();
    execvp(command[0], command);
    die("cannot run %s: %s", command[0], strerror(errno));
}

/* ---- stderr -----------------------------------------------------------------------------------*/

/* Opens a terminal: ends[0] is its master. */
static void open_terminal(int ends[2])
{
    ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
    check(ends[0] != -1 && grantpt(ends[0]) == 0 && unlockpt(ends[0]) == 0, "posix_openpt");
    ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
    check(ends[1] != -1, "open of a terminal");
}

/* Fills what is written to ends[1] and read from ends[0], but for a little: poll(2) says that there
 * is room, though a line or two is more than it takes. */
static void fill(int ends[2])
{
    /* What is read of a terminal makes room a moment later, of a socket at once. */
    int moment = isatty(ends[0]) ? 20 : 0;
    struct pollfd room = {.fd = ends[1], .events = POLLOUT};
    char bytes[64] = "";

    check(set_nonblocking(ends[1]) == 0, "fcntl");
    while (write(ends[1], bytes, sizeof bytes) > 0)
        ;
    while (poll(&room, 1, moment) == 0)
        check(read(ends[0], bytes, sizeof bytes) > 0, "read");
    check(set_blocking(ends[1]) == 0, "fcntl");
}

/* A process of its own keeps the other end, as long as the one that we become is there. */
static void keep_open(int fd)
{
    pid_t server = getpid(), child = fork();
    check(child != -1, "fork");
    if (child == 0 && fork() == 0) {
        for (int other = 0; other < 64; other++)
            if (other != fd)
                close(other);
        int pidfd = (int)syscall(SYS_pidfd_open, server, 0);
        struct pollfd gone = {.fd = pidfd, .events = POLLIN};
        poll(&gone, 1, pidfd == -1 ? 120000 : -1);
        _exit(0);
    }
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
}

_Noreturn static void run_mute(const char *kind, char *command[])
{
    int ends[2];

    if (strcmp(kind, "terminal") == 0)
        open_terminal(ends);
    else if (strcmp(kind, "pipe") == 0)
        check(pipe(ends) == 0, "pipe");
    else
        check(socketpair(AF_UNIX, strcmp(kind, "stream") == 0 ? SOCK_STREAM : SOCK_DGRAM, 0,
                         ends) == 0,
              "socketpair");
    fill(ends);
    keep_open(ends[0]);
    check(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO, "dup2");
    close(ends[0]);
    close(ends[1]);
    run(command);
}

static void run_in_background(char *command[])
{
    struct termios terminal;
    int ends[2], status;

    setsid();
    open_terminal(ends);
    check(ioctl(ends[1], TIOCSCTTY, 0) == 0 && tcsetpgrp(ends[1], getpgrp()) == 0, "tcsetpgrp");
    check(tcgetattr(ends[1], &terminal) == 0, "tcgetattr");
    terminal.c_lflag |= TOSTOP;
    check(tcsetattr(ends[1], TCSANOW, &terminal) == 0, "tcsetattr");
    pid_t child = fork();
    check(child != -1, "fork");
    if (child == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        run(command);
    }
    waitpid(child, &status, 0);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* ---- listeners --------------------------------------------------------------------------------*/

static void make_roomy(int fd)
{
    const int little = 64 * 1024, much = 2 << 20; /* of which the kernel makes twice as much */
    int room = 0;
    socklen_t length = sizeof room;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &much, sizeof much) == -1)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &much, sizeof much);
    check(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little) == 0 &&
              getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, &length) == 0,
          "SO_SNDBUF");
    errno = ENOBUFS;
    if (room < much)
        cannot("keep 2 MB for a reader");
}

static void set_limits(int fd)
{
    const struct timeval soon = {.tv_usec = 200000};
    const unsigned ms = 200;
    const int on = 1;

    check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon) == 0 &&
              setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon) == 0 &&
              setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms) == 0 &&
              setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on) == 0,
          "setsockopt");
}

_Noreturn static void run_with_listener(const char *kind, int fd, char *command[])
{
    const struct linger linger = {.l_onoff = 1, .l_linger = strcmp(kind, "linger") == 0 ? 100 : 0};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int much = 1000;
    bool mptcp = strcmp(kind, "mptcp") == 0;

    int made = socket(AF_INET, SOCK_STREAM, mptcp ? IPPROTO_MPTCP : 0);
    if (made == -1 && mptcp)
        cannot("MPTCP");
    check(made != -1 && bind(made, (struct sockaddr *)&at, sizeof at) == 0 && listen(made, 64) == 0,
          "listen");
    if (strcmp(kind, "linger") == 0 || strcmp(kind, "abort") == 0)
        check(setsockopt(made, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0, "SO_LINGER");
    if (strcmp(kind, "lowat") == 0)
        check(setsockopt(made, SOL_SOCKET, SO_RCVLOWAT, &much, sizeof much) == 0, "SO_RCVLOWAT");
    if (strcmp(kind, "roomy") == 0)
        make_roomy(made);
    if (strcmp(kind, "limits") == 0)
        set_limits(made);
    check(dup2(made, fd) == fd, "dup2");
    if (made != fd)
        close(made);
    run(command);
}

/* ---- clients ----------------------------------------------------------------------------------*/

static int connect_to(const char *text, const char *path)
{
    const int little = 16 * 1024, much = 4 << 20;
    struct sockaddr_un from = {.sun_family = AF_UNIX};
    struct address address;
    const char *why = "";

    struct addrinfo *info =
        address_parse(&address, text, &why) == 0 ? address_resolve(&address, &why) : NULL;
    if (!info)
        die("%s: %s", text, why);
    // cppcheck-suppress nullPointerRedundantCheck ; die() does not return
    int fd = socket(info->ai_family, SOCK_STREAM, 0);
    /* What is not read stays in the server's buffers. Before connect(2): tcp(7) */
    check(fd != -1 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little) == 0 &&
              setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &much, sizeof much) == 0,
          "socket");
    if (path) {
        check(strlen(path) < sizeof from.sun_path, "a path");
        strcpy(from.sun_path, path);
        check(bind(fd, (struct sockaddr *)&from, sizeof from) == 0, "bind");
    }
    check(connect(fd, info->ai_addr, info->ai_addrlen) == 0, "connect");
    address_free(info);
    return fd;
}

/* Waits until the peer's kernel has all that was sent. */
static void await_arrival(int fd)
{
    int left = 1;

    for (int tries = 1000; left > 0 && tries > 0; tries--) {
        check(ioctl(fd, TIOCOUTQ, &left) == 0, "TIOCOUTQ"); /* tcp(7), SIOCOUTQ */
        poll(NULL, 0, 10);
    }
    if (left > 0)
        die("%d bytes are not taken by the other side", left);
}

static void read_late(const char *address, long n, const char *text, const char *reply)
{
    static char bytes[64 * 1024];
    size_t length = strlen(text), reply_length = strlen(reply), got = 0;
    int fd = connect_to(address, NULL);
    ssize_t more;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = text[i % length];
    for (long left = n; left > 0; left -= more) {
        size_t from = (size_t)(n - left) % length, most = sizeof bytes - from;
        more = write(fd, bytes + from, left < (long)most ? (size_t)left : most);
        check(more > 0, "write");
    }
    await_arrival(fd);
    shutdown(fd, SHUT_WR);
    puts("sent");
    wait_for_line();
    while ((more = read(fd, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < more; i++, got++)
            if (bytes[i] != reply[got % reply_length])
                die("byte %zu is wrong", got);
    printf("got %zu, %s\n", got, more == 0 ? "the end" : strerror(errno));
}

static void leave_a_name(const char *path, const char *address)
{
    char byte;
    int fd = connect_to(address, path);

    check(write_all(fd, "hello\n", 6) == 0, "write");
    check(recv(fd, &byte, 1, MSG_PEEK) == 1, "recv");
    close(fd);
}

static long long now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void come_late(pid_t pid, int signal, long us, const char *address)
{
    struct pollfd answer = {.events = POLLIN};
    char byte;

    check(kill(pid, signal) == 0, "kill");
    for (long long then = now_us() + us; now_us() < then;)
        ;
    answer.fd = connect_to(address, NULL);
    check(write_all(answer.fd, "hello\n", 6) == 0, "write");
    if (poll(&answer, 1, 5000) != 1)
        die("no answer after 5 s");
    ssize_t n = read(answer.fd, &byte, 1);
    puts(n == 1 ? "answered" : n == 0 ? "the end" : strerror(errno));
}

static int number(const char *word)
{
    long n = number_parse(word, INT_MAX);
    if (n == -1)
        usage_error("not a number", word);
    return (int)n;
}

static bool is_one_of(const char *word, const char *const words[])
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

int main(int argc, char *argv[])
{
    const char *const stderr_kinds[] = {"terminal", "pipe", "stream", "datagram", NULL};
    const char *const listener_kinds[] = {"linger", "abort", "lowat", "roomy",
                                          "limits", "mptcp", NULL};
    const struct command command = {
        .words = "WHAT [WORD]...", .about = about, .options_first = true};

    argc = options_parse(argc, argv, &command) + 1;
    const char *what = argc > 1 ? argv[1] : "WHAT";
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(what, "plain") == 0 && argc > 2)
        run_plain(argv + 2);
    else if (strcmp(what, "stderr") == 0 && argc > 3 && is_one_of(argv[2], stderr_kinds))
        run_mute(argv[2], argv + 3);
    else if (strcmp(what, "background") == 0 && argc > 2)
        run_in_background(argv + 2);
    else if (strcmp(what, "listener") == 0 && argc > 4 && is_one_of(argv[2], listener_kinds))
        run_with_listener(argv[2], number(argv[3]), argv + 4);
    else if (strcmp(what, "unread") == 0 && argc == 6)
        read_late(argv[2], number(argv[3]), argv[4], argv[5]);
    else if (strcmp(what, "late") == 0 && argc == 6)
        come_late(number(argv[2]), number(argv[3]), number(argv[4]), argv[5]);
    else if (strcmp(what, "path") == 0 && argc == 4)
        leave_a_name(argv[2], argv[3]);
    else
        usage_error("this takes other words, or there is no such thing", what);
    return 0;
}
