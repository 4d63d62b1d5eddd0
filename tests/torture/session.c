// SPDX-License-Identifier: MIT
/* session.c: see session.h */
#define _GNU_SOURCE
#include "session.h"

#include "../../common/io.h"
#include "../../common/log.h"
#include "sink.h"
#include "stranger.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS_MAX 1000 /* accepts and waits in a session; a busy loop makes many more */
#define LOST_MIN 6     /* clients that are lost in bad times: more than there are places */
#define PAUSE_MS 350   /* for which a lasting failure lasts */
#define HALF_A_LINE 30 /* bytes of room in a log that is nearly full */
#define ROOM 1000      /* in one that fills up */

const char *const step_names[N_STEPS] = {"01-sync-echo",   "02-loop-echo",     "03-fork-echo",
                                         "04-select-echo", "05-epoll-counter", "06-parallel"};
enum { STEP_01, STEP_02, STEP_03, STEP_04, STEP_05, STEP_06 };

long session_limit_ms = 20000;

/* ---- what a trial has -------------------------------------------------------------------------*/

struct client {
    int fd;                 /* -1: closed */
    bool lost;              /* cut off before it had all its answers */
    bool was_reset;         /* by the server */
    bool unended;           /* its last line has no LF: see line_of */
    size_t asked, answered; /* lines */
    char answer[40];        /* the one that comes next, of so many bytes, */
    size_t length, place;   /* of which so many have come */
};

static const struct trial *trial;
static int step;

static const char *build;
static char shim[64]; /* a name in /proc: LD_PRELOAD takes blanks and colons for ends of names */
static struct torture *torture; /* shared with the server */
static char torture_path[64];
static char socket_path[100]; /* fits sockaddr_un */
static char host[20]; /* 127.x.y.1, of this process alone: or a client that comes when its server
                                 has ended might meet another's, which has got the same port */

static pid_t server, group; /* 0: has ended; and of what it has started */
static struct sink sink;    /* its stderr, */
static int log_end = -1;    /* which we read here; -1: no more */
static char log_text[64 * 1024];
static size_t log_length;
static struct sockaddr_storage address; /* where it listens */
static socklen_t address_length;

static struct client clients[64];
static int n_clients, n_lost, n_resets;
static unsigned long incs_sent, incs_answered;

static int64_t began; /* ms */

static jmp_buf wrong;
static char complaint[1000];

/* The end of a trial that has gone wrong. */
_Noreturn __attribute__((format(printf, 1, 2))) static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint, sizeof complaint, format, arguments);
    va_end(arguments);
    longjmp(wrong, 1);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int ms)
{
    poll(NULL, 0, ms);
}

/* Does it speak the counter's protocol? */
static bool counts(void)
{
    return step == STEP_05 || step == STEP_06;
}

/* Does it serve several clients at once, and end in order when it gets TERM? */
static bool serves_many(void)
{
    return step >= STEP_03;
}

/* What happens to a log that nobody reads. */
enum log_case { GONE, FULL, FILLING, NEARLY_FULL, LOG_CASES };

static enum log_case log_case(void)
{
    return (enum log_case)(trial->n % LOG_CASES);
}

/* Is that the place of the rule: see rules.h. */
static bool is_where(const char *where)
{
    return trial->rule && strcmp(trial->rule->where, where) == 0;
}

/* What its stderr is: one of sink_names. */
static const char *log_kind(void)
{
    if (trial->kind == LOG)
        return trial->error;
    return is_where("socket") || is_where("terminal") ? trial->rule->where : "pipe";
}

static bool logs_to(const char *name)
{
    return strcmp(log_kind(), name) == 0;
}

static bool listens_at(const char *where)
{
    const char *at = is_where("unix") || is_where("fd") ? trial->rule->where : "inet";
    return strcmp(at, where) == 0;
}

/* Is it sure that its log says where it listens? */
static bool tells_port(void)
{
    if (trial->kind == LOG)
        return log_case() == FILLING || log_case() == GONE;
    return torture->call != CALL_write_log && torture->call != CALL_send_log &&
           torture->call != CALL_getnameinfo;
}

/* ---- its log ----------------------------------------------------------------------------------*/

static bool has_ended(void)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)server, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* Reads what has come. Returns false at the end: when nobody has the other end open any more. */
static bool read_log(int timeout)
{
    struct pollfd ready = {.fd = log_end, .events = POLLIN};

    if (poll(&ready, 1, timeout) != 1)
        return true;
    char *place = log_text + log_length;
    ssize_t n = read(log_end, place, sizeof log_text - 1 - log_length);
    for (ssize_t i = 0; i < n; i++)
        if (place[i] != SINK_FILLER)
            log_text[log_length++] = place[i];
    log_text[log_length] = '\0';
    if (n == 0 && logs_to("file")) { /* more may come */
        sleep_ms(1);
        return !has_ended();
    }
    return n > 0;
}

/* How many lines of the log contain text, and also too. */
static int n_lines(const char *text, const char *too)
{
    char line[2000];
    int n = 0;

    for (const char *begin = log_text, *end; (end = strchr(begin, '\n')); begin = end + 1) {
        snprintf(line, sizeof line, "%.*s", (int)(end - begin), begin);
        n += strstr(line, text) && strstr(line, too);
    }
    return n;
}

/* Returns false if the server ends instead. */
static bool await_line(const char *text)
{
    for (int64_t end = now_ms() + session_limit_ms; n_lines(text, "") == 0;) {
        if (!read_log(100) && n_lines(text, "") == 0)
            return false;
        if (now_ms() >= end)
            fail("nothing in its log about: %s", text);
    }
    return true;
}

static void await_end_of_log(void)
{
    for (int64_t end = now_ms() + session_limit_ms; read_log(100);)
        if (now_ms() >= end)
            fail("it does not end, or has left a process");
}

/* ---- starting it ------------------------------------------------------------------------------*/

static int open_listener(const struct sockaddr *at, socklen_t length)
{
    int fd = socket(at->sa_family, SOCK_STREAM, 0);
    if (fd == -1 || bind(fd, at, length) == -1 || listen(fd, 64) == -1)
        die("cannot listen: %s", strerror(errno));
    return fd;
}

static void set_address(const void *at, size_t length)
{
    memcpy(&address, at, length);
    address_length = (socklen_t)length;
}

/* In 06: does the main thread accept, instead of each worker? */
static bool one_accepts(void)
{
    bool has_seed = trial->kind == NOISE || trial->kind == STOP;
    return is_where("one") || (has_seed && trial->n % 2 == 0);
}

/* Writes its command line. Returns a listener that it is to inherit as descriptor 5, or -1. */
static int command_line(const char *words[], char path[PATH_MAX], char at[120])
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(host)};
    int listener = -1, n = 0;

    snprintf(at, 120, "%s:0", host);
    if (listens_at("unix")) {
        snprintf(at, 120, "unix:%s", socket_path);
        memcpy(un.sun_path, socket_path, strlen(socket_path) + 1);
        unlink(socket_path);
        close(open_listener((struct sockaddr *)&un, sizeof un)); /* as a dead server leaves it */
        set_address(&un, sizeof un);
    } else if (listens_at("fd")) {
        socklen_t length = sizeof in;
        listener = open_listener((struct sockaddr *)&in, sizeof in);
        getsockname(listener, (struct sockaddr *)&in, &length);
        set_address(&in, sizeof in);
        snprintf(at, 120, "fd:5");
    }
    snprintf(path, PATH_MAX, "%s/%s", build, step_names[step]);
    words[n++] = path;
    if (serves_many() && trial->kind != STOP) {
        words[n++] = "--max-connections";
        words[n++] = trial->kind == LOG || trial->kind == STRANGER ? "16" : "4";
    }
    if (step == STEP_06) {
        words[n++] = "--threads=2";
        words[n++] = "--protocol=counter";
        if (one_accepts())
            words[n++] = "--accept=one";
    }
    words[n++] = at;
    words[n] = NULL;
    return listener;
}

/* To look for leaks takes a sanitizer longer than all the rest of a trial, and what a failure
 * leaves behind is the same with every error: only those with the first are searched. */
static bool is_first_error(void)
{
    size_t n = strlen(trial->error);
    char after = trial->rule->errors[n];
    return strncmp(trial->rule->errors, trial->error, n) == 0 && (after == ' ' || after == '\0');
}

/* Whoever has started us may have chosen to survive them: Python, for instance, SIGXFSZ. */
static void reset_signals(void)
{
    static const int deadly[] = {SIGPIPE, SIGXFSZ, SIGTTOU, SIGTTIN, SIGHUP};

    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL);
}

_Noreturn static void become_server(const char *words[], int listener)
{
    const struct rlimit limit = {(rlim_t)sink.limit, (rlim_t)sink.limit};
    char preload[2 * PATH_MAX];
    const char *before = getenv("TORTURE_PRELOAD"); /* a sanitizer's library comes first */

    if (logs_to("terminal"))
        setsid(); /* as a daemon: a terminal that it opens might become its own */
    else
        setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    reset_signals();
    int null = open("/dev/null", O_RDWR);
    if (null == -1)
        _exit(127);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(sink.in, STDERR_FILENO);
    if (logs_to("file"))
        setrlimit(RLIMIT_FSIZE, &limit);
    if (listener != -1)
        dup2(listener, 5);
    for (int fd = 3; fd < 64; fd++)
        if (fd != 5 || listener == -1)
            close(fd);
    snprintf(preload, sizeof preload, "%s%s%s", before ? before : "", before ? ":" : "", shim);
    if (trial->kind == SINGLE && !is_first_error())
        setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
    if (trial->kind != STOP) {
        setenv("LD_PRELOAD", preload, 1);
        setenv(TORTURE_VARIABLE, torture_path, 1);
    }
    execv(words[0], (char *const *)(uintptr_t)words); /* which alters none of them */
    _exit(127);
}

/* The port of the socket that listens at our address; 0: there is none. */
static unsigned listening_port(void)
{
    char line[300];
    unsigned at, port, state, found = 0;

    FILE *file = fopen("/proc/net/tcp", "r");
    if (!file)
        die("cannot read /proc/net/tcp: %s", strerror(errno));
    // cppcheck-suppress nullPointerRedundantCheck ; die() does not return
    while (found == 0 && fgets(line, sizeof line, file)) /* proc(5): in hexadecimal; 0A: listens */
        if (sscanf(line, " %*u: %x:%x %*x:%*x %x", &at, &port, &state) == 3 &&
            at == inet_addr(host) && state == 0x0a)
            found = port;
    fclose(file);
    return found;
}

/* Returns the port, or 0 if the server ends instead. */
static unsigned await_port(void)
{
    unsigned port;

    if (tells_port()) {
        if (!await_line(": listening on "))
            return 0;
        return (unsigned)strtoul(strstr(log_text, host) + strlen(host) + 1, NULL, 10);
    }
    for (int64_t end = now_ms() + session_limit_ms; (port = listening_port()) == 0; sleep_ms(1)) {
        if (has_ended())
            return 0;
        if (now_ms() >= end)
            fail("it does not listen");
    }
    return port;
}

/* Returns whether it listens. */
static bool start(void)
{
    char path[PATH_MAX], at[120];
    const char *words[10];
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(host)};

    int listener = command_line(words, path, at);
    sink_open(&sink, log_kind(), trial->kind == LOG);
    if (trial->kind == LOG && !tells_port())
        sink_fill(&sink, log_case() == FULL ? 0 : HALF_A_LINE);
    server = fork();
    if (server == -1)
        die("cannot start a server: %s", strerror(errno));
    if (server == 0)
        become_server(words, listener);
    group = server;
    if (!logs_to("terminal"))
        setpgid(server, server);
    log_end = sink.out;
    if (trial->kind != LOG)
        sink_close_in(&sink);
    if (listener != -1)
        close(listener);

    if (!listens_at("inet"))
        return await_line(": listening on ");
    unsigned port = await_port();
    in.sin_port = htons((uint16_t)port);
    set_address(&in, sizeof in);
    return port != 0;
}

static int n_descriptors(void)
{
    char path[64];
    int n = -2; /* "." and ".." do not count */

    snprintf(path, sizeof path, "/proc/%d/fd", (int)server);
    DIR *directory = opendir(path);
    while (directory && readdir(directory))
        n++;
    if (directory)
        closedir(directory);
    return n;
}

/* ---- its clients ------------------------------------------------------------------------------*/

static void lose(struct client *client)
{
    if (!client->lost)
        n_lost++;
    client->lost = true;
}

/* A client that comes. If it is to be late, what it does not read fills up soon. */
static struct client *come(bool late)
{
    struct client *client = &clients[n_clients++];
    const int small = 16 * 1024, large = 1 << 20;

    *client = (struct client){.fd = socket(address.ss_family, SOCK_STREAM, 0)};
    if (client->fd == -1)
        die("cannot make a socket: %s", strerror(errno));
    setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
    if (late)
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(client->fd, (struct sockaddr *)&address, address_length) == -1)
        lose(client);
    return client;
}

static void go(struct client *client)
{
    close(client->fd);
    client->fd = -1;
}

/* Is the k-th line that a client says to be counted? */
static bool is_inc(const struct client *client, size_t k)
{
    return counts() && (client->unended ? k == 1 : k % 4 != 2);
}

/* The k-th line that a client says, from 0. Not all are alike, so that what comes back in another
 * order, twice, or to another client is wrong. */
static size_t line_of(const struct client *client, size_t k, char line[40])
{
    if (!counts())
        return (size_t)snprintf(line, 40, "client %td, line %zu\n", client - clients, k);
    if (client->unended)
        return (size_t)snprintf(line, 40, "%s", k == 0 ? "what?\r\n" : "inc");
    return (size_t)snprintf(line, 40, "%s\n", is_inc(client, k) ? "inc" : "what?");
}

static size_t answer_of(const struct client *client, size_t k, char answer[40])
{
    if (!counts())
        return line_of(client, k, answer);
    return (size_t)snprintf(answer, 40, "%s\n",
                            is_inc(client, k) ? "Counter has been incremented" : "Unknown command");
}

static void say(struct client *client, const char *text, size_t n)
{
    while (n > 0 && !client->lost) {
        ssize_t sent = send(client->fd, text, n, MSG_NOSIGNAL);
        if (sent == -1) {
            lose(client);
            return;
        }
        text += sent;
        n -= (size_t)sent;
    }
}

/* Compares what has come with what should come. */
static void compare(struct client *client, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (client->place == client->length) {
            if (client->answered == client->asked)
                fail("client %td gets more than it has asked for", client - clients);
            client->length = answer_of(client, client->answered, client->answer);
            client->place = 0;
        }
        if (bytes[i] != client->answer[client->place])
            fail("client %td: answer %zu is wrong", client - clients, client->answered);
        if (++client->place == client->length) {
            incs_answered += is_inc(client, client->answered);
            client->answered++;
        }
    }
}

static void await_answer(struct client *client)
{
    struct pollfd ready = {.fd = client->fd, .events = POLLIN};

    /* Not by the clock, which goes on while the machine stands still. */
    for (long left = session_limit_ms; poll(&ready, 1, 100) == 0; left -= 100)
        if (left <= 0)
            fail("client %td waits for an answer in vain", client - clients);
}

static void expect_end(struct client *client)
{
    char byte;

    if (client->lost)
        return;
    await_answer(client);
    ssize_t n = recv(client->fd, &byte, 1, 0);
    if (n > 0)
        fail("client %td gets more than it has asked for", client - clients);
    if (n == -1)
        lose(client);
}

#define LATE 2500 /* lines, whose answers are more than all the buffers hold */

static void has_asked(struct client *client)
{
    incs_sent += is_inc(client, client->asked);
    client->asked++;
}

/* Says n lines more; their answers are for answered() to await. */
static void ask(struct client *client, size_t n)
{
    static char lines[LATE * 40];
    size_t length = 0;

    for (; n > 0; n--) {
        length += line_of(client, client->asked, lines + length);
        has_asked(client);
    }
    say(client, lines, length);
}

/* Awaits all that is to be answered. */
static void answered(struct client *client)
{
    char bytes[4096];

    while (client->answered < client->asked && !client->lost) {
        await_answer(client);
        ssize_t n = recv(client->fd, bytes, sizeof bytes, 0);
        if (n > 0)
            compare(client, bytes, (size_t)n);
        else
            lose(client);
    }
}

static void talk(struct client *client, size_t n)
{
    ask(client, n);
    answered(client);
}

static void half_close(struct client *client)
{
    if (!client->lost)
        shutdown(client->fd, SHUT_WR);
}

static void say_goodbye(struct client *client)
{
    half_close(client);
    expect_end(client);
    go(client);
}

static void leave_with_a_reset(struct client *client)
{
    const struct linger at_once = {.l_onoff = 1};

    say(client, "what?\nwhat?\nwhat?\n", 18); /* nothing that counts, as it may not be executed */
    n_resets++;
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    go(client);
}

/* ThreadSanitizer's runtime can lose a signal that comes before the main thread first waits. */
static void await_poll(void)
{
    const char *preload = getenv("TORTURE_PRELOAD");
    char path[64], text[16] = "";

    if (step != STEP_06 || !preload || !strstr(preload, "tsan"))
        return;
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)server);
    for (int64_t end = now_ms() + session_limit_ms; now_ms() < end && !has_ended(); sleep_ms(1)) {
        FILE *file = fopen(path, "r");
        if (file && fgets(text, sizeof text, file) && strtol(text, NULL, 10) == SYS_poll)
            end = 0;
        if (file)
            fclose(file);
    }
}

static void tell(int signal)
{
    await_poll();
    torture->told = true;
    kill(server, signal);
}

static void tell_to_end(void)
{
    tell(SIGTERM);
}

/* ---- sessions ---------------------------------------------------------------------------------*/

static void await_descriptors(int wanted)
{
    int64_t end = now_ms() + session_limit_ms;

    for (int n; (n = n_descriptors()) != wanted && !has_ended(); sleep_ms(1))
        if (now_ms() >= end)
            fail("it has %d descriptors open, and should have %d", n, wanted);
}

static void await_sockets(int wanted)
{
    int64_t end = now_ms() + session_limit_ms;

    for (int n; (n = sockets_of(group)) != wanted && !has_ended(); sleep_ms(2))
        if (now_ms() >= end)
            fail("it has %d sockets open, and should have %d", n, wanted);
}

/* Has it done what it may still do when all clients have their answers: close what a child has got
 * (03), start its last worker (06)? */
static bool is_settled(void)
{
    if (step == STEP_03)
        return torture->calls[CALL_accept] > n_clients;
    return step != STEP_06 || torture->calls[CALL_epoll_add_listener] >= 2;
}

static void await_settled(void)
{
    for (int64_t end = now_ms() + session_limit_ms; !is_settled(); sleep_ms(1))
        if (now_ms() >= end)
            fail("it does not come to its next accept");
}

static void session_of_one(void)
{
    struct client *a = come(true);
    talk(a, 1);
    talk(a, 3);
    ask(a, LATE);
    answered(a);
    say_goodbye(a);
}

static void session_in_turn(void)
{
    int descriptors = n_descriptors();

    for (int i = 0; i < 2; i++) {
        struct client *a = come(false);
        talk(a, 1);
        say_goodbye(a);
    }
    leave_with_a_reset(come(false));
    struct client *late = come(true);
    ask(late, LATE);
    answered(late);
    say_goodbye(late);
    struct client *b = come(false);
    talk(b, 1);
    go(b);
    if (listens_at("inet") && tells_port())
        await_descriptors(descriptors);
    tell_to_end();
}

/* Four may be there at a time: somebody waits, twice. */
static void session_together(void)
{
    int descriptors = n_descriptors();

    struct client *a = come(false);
    talk(a, 1);
    struct client *in_pieces = come(false);
    char line[40];
    size_t length = line_of(in_pieces, 0, line);
    say(in_pieces, line, 2);
    talk(a, 1);
    struct client *late = come(true);
    ask(late, LATE);
    say(in_pieces, line + 2, length - 2);
    has_asked(in_pieces);
    answered(in_pieces);
    leave_with_a_reset(come(false));
    struct client *unended = come(false);
    unended->unended = true;
    ask(unended, 2);
    half_close(unended);
    answered(unended);
    expect_end(unended);
    go(unended);

    struct client *last = come(false);
    talk(last, 1);
    struct client *fifth = come(false);
    ask(fifth, 1);
    say_goodbye(in_pieces);
    answered(fifth);
    answered(late);
    say_goodbye(late);
    talk(a, 1);
    say_goodbye(fifth);
    go(a);
    if (!last->lost && listens_at("inet") && tells_port())
        await_descriptors(descriptors + (step != STEP_03)); /* there a child has it */
    tell_to_end();
    if (step != STEP_03 || !trial->rule || !strchr(trial->rule->later[step], 'X'))
        expect_end(last); /* where the parent may give up, a child serves on until we leave */
    go(last);
}

/* What the rule says of the call that has failed. */
static const char *classes(void)
{
    if (torture->injected == 0)
        return "T";
    if (torture->failed_at_start && *trial->rule->at_start)
        return trial->rule->at_start;
    return trial->rule->later[step];
}

static long all_calls(void)
{
    long n = 0;
    for (int call = 0; call < N_CALLS; call++)
        n += torture->calls[call];
    return n;
}

static long n_calls(void)
{
    return torture->calls[CALL_accept] + torture->calls[CALL_select] +
           torture->calls[CALL_epoll_wait] + torture->calls[CALL_poll];
}

/* For a while the call fails whenever it is made. */
static void session_in_bad_times(void)
{
    bool loses = strchr(trial->rule->later[step], 'C');
    bool tells = strchr(trial->rule->later[step], 'P'); /* that it pauses; else it is silent */
    char line[200];
    struct client *a = NULL, *pending = NULL;
    int descriptors = n_descriptors();

    if (serves_many()) {
        a = come(false);
        talk(a, 1);
    }
    bool is_called = !loses || torture->calls[torture->call] > 0; /* malloc: not by a sanitizer's */
    torture->on = is_called;
    if (step == STEP_03 && torture->call == CALL_accept) {
        pending = come(false); /* it may be waiting in an accept that has not failed */
        ask(pending, 1);
    }
    long before = n_calls();
    struct client *b = come(false);
    ask(b, 1);
    if (!is_called) {
        ;
    } else if (loses) {
        incs_sent--;
        for (int i = 0; i < LOST_MIN; i++) {
            if (i > 0)
                b = come(false);
            expect_end(b); /* without an answer */
            go(b);
            n_lost -= b->lost; /* it may have been */
        }
    } else {
        snprintf(line, sizeof line, ": cannot %s: %s",
                 torture->call == CALL_accept ? "accept" : "wait", error_reason(trial->error));
        if (tells && !await_line(line))
            fail("it has ended");
        sleep_ms(PAUSE_MS);
        if (n_calls() - before > PAUSE_MS / 10)
            fail("%ld accepts and waits in %d ms: it spins", n_calls() - before, PAUSE_MS);
    }
    if (a && (torture->call == CALL_accept || loses || !tells))
        talk(a, 1); /* who was there is served */
    torture->on = false;
    if (loses && is_called) {
        b = come(false);
        ask(b, 1);
    }
    answered(b);
    say_goodbye(b);
    if (pending) {
        answered(pending);
        say_goodbye(pending);
    }
    if (a)
        say_goodbye(a);
    if (step != STEP_01)
        await_descriptors(descriptors);
    if (step != STEP_01)
        tell_to_end();
}

/* ---- TERM at a random moment ------------------------------------------------------------------*/

#define CROWD 8

static uint64_t random_state;

static unsigned random_below(unsigned n) /* xorshift64 */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state % n);
}

/* One of a crowd gets what has come, and asks again. */
static void take_turn(struct client *client, bool ask_again)
{
    char bytes[4096];

    ssize_t n = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n == -1 && would_block(errno))
        return;
    if (n <= 0) {
        client->was_reset = n == -1;
        go(client);
        return;
    }
    compare(client, bytes, (size_t)n);
    if (ask_again && client->answered == client->asked)
        ask(client, 1 + random_below(3));
}

static void crowd_talks(int64_t until, bool ask_again)
{
    struct pollfd ready[CROWD];
    int left;

    do {
        left = 0;
        for (int i = 0; i < CROWD; i++) {
            ready[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
            left += clients[i].fd != -1;
        }
        poll(ready, CROWD, ask_again ? 0 : 100);
        for (int i = 0; i < CROWD; i++)
            if (ready[i].revents)
                take_turn(&clients[i], ask_again);
    } while (left > 0 && now_ms() < until);
}

static void session_of_a_crowd(void)
{
    random_state = 0x9e3779b97f4a7c15u * (uint64_t)(trial->n + 1);
    for (int i = 0; i < CROWD; i++)
        ask(come(false), 1 + random_below(3));
    crowd_talks(now_ms() + random_below(12), true);
    for (unsigned spin = random_below(200000); spin > 0; spin--)
        __asm__ volatile("");
    tell_to_end();
    crowd_talks(now_ms() + session_limit_ms, false);
    for (int i = 0; i < CROWD; i++)
        if (clients[i].fd != -1)
            fail("client %d has not seen the end", i);
}

static unsigned long counter_in_log(void)
{
    const char *said = strstr(log_text, ": counter=");
    return said ? strtoul(said + strlen(": counter="), NULL, 10) : 0;
}

static void check_crowd(void)
{
    bool all_ended_well = true, some_was_reset = false;

    for (int i = 0; i < CROWD; i++) {
        all_ended_well = all_ended_well && !clients[i].was_reset && !clients[i].lost;
        some_was_reset = some_was_reset || (clients[i].was_reset && clients[i].answered > 0);
        if (counts() && !clients[i].was_reset && clients[i].place != clients[i].length)
            fail("client %d got a part of an answer", i);
    }
    torture->injected = !some_was_reset; /* who has had an answer; torture.c counts them */
    unsigned long counter = counter_in_log();
    if (counts() && (all_ended_well ? counter != incs_answered
                                    : counter < incs_answered || counter > incs_sent))
        fail("the counter is %lu, and %lu incs were answered", counter, incs_answered);
}

/* ---- a log that nobody reads ------------------------------------------------------------------*/

#define RESETS 48 /* each of which is worth a line: more than there is room for */

/* It has nothing to do now, and should do nothing. */
static void expect_rest(void)
{
    const int ms = 100;
    struct timespec before = {0}, after = {0};
    clockid_t clock;

    sleep_ms(ms / 2); /* what it has begun it may end */
    bool timed = clock_getcpuclockid(server, &clock) == 0;
    if (timed)
        clock_gettime(clock, &before);
    long calls = all_calls();
    sleep_ms(ms);
    if (timed)
        clock_gettime(clock, &after);
    if (all_calls() - calls > ms / 5)
        fail("%ld calls in %d ms without anything to do: it spins", all_calls() - calls, ms);
    long long used =
        (after.tv_sec - before.tv_sec) * 1000LL + (after.tv_nsec - before.tv_nsec) / 1000000;
    if (used > ms / 3)
        fail("%lld ms of CPU time in %d ms without anything to do: it spins", used, ms);
}

static void talk_and_go(void)
{
    struct client *client = come(false);
    talk(client, 2);
    say_goodbye(client);
}

/* Clients that are reset, and between them others, who notice nothing. */
static void resets_and_others(struct client *others[], int n)
{
    for (int i = 1; i <= RESETS; i++) {
        leave_with_a_reset(come(false));
        if (i % 8 != 0)
            continue;
        talk_and_go();
        for (int k = 0; k < n; k++)
            talk(others[k], 1);
    }
}

/* Another process may have the same terminal, and be surprised. */
static void check_flags(void)
{
    if (fcntl(sink.in, F_GETFL) & O_NONBLOCK)
        fail("its stderr is non-blocking now, for all who share it");
}

static void session_without_a_reader(void)
{
    struct client *others[4];
    int n = serves_many() ? 4 : 0;
    int of_each = step == STEP_03 && logs_to("socket") ? 2 : 1; /* sockets: a child has stderr */

    if (log_case() == FILLING)
        sink_fill(&sink, ROOM);
    else if (log_case() == GONE) {
        sink_close_out(&sink);
        log_end = -1;
    }
    for (int i = 0; i < n; i++)
        talk(others[i] = come(false), 1);
    await_settled();
    int sockets = sockets_of(group);
    if (step == STEP_01) {
        struct client *only = come(false);
        talk(only, 3);
        leave_with_a_reset(only);
    } else {
        resets_and_others(others, n);
    }
    for (int i = 0; i < n / 2; i++)
        say_goodbye(others[i]);
    if (step == STEP_02 || step == STEP_03)
        talk_and_go();
    if (step == STEP_01)
        return;
    if (serves_many())
        await_sockets(sockets - n / 2 * of_each);
    expect_rest();
    tell_to_end();
    for (int i = n / 2; i < n; i++)
        expect_end(others[i]);
}

/* ---- a stranger who holds the sockets ---------------------------------------------------------*/

#define ROUNDS 3

enum { TO_EOF, TO_RESET, OWED_TO_EOF, OWED_TO_RESET, WAYS };

/* A client that comes, and is to leave in one of four ways. */
static struct client *visit(int way)
{
    struct client *client = come(way == OWED_TO_EOF || way == OWED_TO_RESET);

    if (way == OWED_TO_EOF) {
        ask(client, LATE);
        half_close(client);
        await_answer(client);
    } else if (way == OWED_TO_RESET) {
        for (int i = 0; i < LATE; i++)
            say(client, "what?\n", 6); /* which do not count */
        await_answer(client);
    } else {
        talk(client, 1);
    }
    return client;
}

/* It leaves. While somebody else has the server's socket nothing need tell it that the server has
 * closed its own; but nothing else may come either. */
static void leave(struct client *client, int way)
{
    if (way == TO_RESET || way == OWED_TO_RESET) {
        leave_with_a_reset(client);
        return;
    }
    half_close(client);
    answered(client);
}

static void expect_silence(struct client *client)
{
    char byte;

    if (client->fd == -1 || client->lost)
        return;
    ssize_t n = recv(client->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    if (n > 0)
        fail("client %td gets more than it has asked for", client - clients);
    if (n == -1 && errno != EAGAIN)
        fail("client %td is reset", client - clients);
}

/* Four clients come, together or (02) one after the other, the stranger takes all their sockets,
 * and they leave. */
static void visits(int sockets)
{
    struct client *visitors[WAYS];
    int at_a_time = serves_many() ? WAYS : 1, turn = (int)random_below(WAYS);

    for (int done = 0; done < WAYS; done += at_a_time) {
        for (int i = done; i < done + at_a_time; i++)
            visitors[i] = visit((i + turn) % WAYS);
        if (stranger_takes(group) < sockets + at_a_time)
            fail("the stranger has not got all sockets");
        for (int i = done; i < done + at_a_time; i++)
            leave(visitors[i], (i + turn) % WAYS);
        await_sockets(sockets);
    }
    expect_rest();
    for (int i = 0; i < n_clients; i++)
        if (clients[i].asked > 0 && clients[i].answered == clients[i].asked)
            expect_silence(&clients[i]);
}

/* Those that have left are told at last. */
static void farewells(const struct client *stays)
{
    stranger_lets_go();
    for (int i = 0; i < n_clients; i++)
        if (clients[i].fd != -1 && &clients[i] != stays) {
            expect_end(&clients[i]);
            go(&clients[i]);
        }
}

static void await_its_end(void)
{
    for (int64_t end = now_ms() + session_limit_ms; !has_ended(); sleep_ms(1))
        if (now_ms() >= end)
            fail("it does not end");
}

static void session_of_one_and_a_stranger(void)
{
    int way = trial->n % 2 ? TO_EOF : OWED_TO_EOF;
    struct client *only = visit(way);

    if (stranger_takes(group) < 2)
        fail("the stranger has not got all sockets");
    leave(only, way);
    await_its_end();
    expect_silence(only);
    farewells(NULL);
}

/* Seeds: odd, he lets go before the server is told to end; and every other pair, it is told so with
 * QUIT. */
static void session_with_a_stranger(void)
{
    struct client *stays = NULL;
    bool quits = serves_many() && trial->n / 2 % 2 == 1, lets_go_first = trial->n % 2;

    random_state = 0x9e3779b97f4a7c15u * (uint64_t)(trial->n + 1);
    if (serves_many())
        talk(stays = come(false), 1);
    await_settled();
    int sockets = sockets_of(group);
    for (int i = 0; i < ROUNDS; i++) {
        visits(sockets);
        if (stays)
            talk(stays, 1);
    }
    if (lets_go_first) {
        farewells(stays);
        await_sockets(sockets);
        if (stays)
            talk(stays, 1);
        talk_and_go();
    }
    tell(quits ? SIGQUIT : SIGTERM);
    if (quits) {
        expect_rest();
        talk(stays, 1);
        half_close(stays);
    } else if (stays) {
        expect_end(stays); /* whoever holds its socket: the server says shutdown */
    }
    await_its_end();
    farewells(NULL);
}

/* ---- judging ----------------------------------------------------------------------------------*/

static int await_status(void)
{
    int status;

    for (int64_t end = now_ms() + session_limit_ms; waitpid(server, &status, WNOHANG) == 0;
         sleep_ms(1))
        if (now_ms() >= end)
            fail("it does not end");
    server = 0;
    return status;
}

static void check_status(int status, int wanted)
{
    if (!WIFEXITED(status))
        fail("it was ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != wanted)
        fail("it ended with status %d instead of %d", WEXITSTATUS(status), wanted);
}

static void check_refusal(void)
{
    const char *reason = error_reason(trial->error), *also = reason;

    if (torture->error == EPROTOTYPE)
        also = strerror(EADDRINUSE); /* what the answer means: somebody listens there */
    check_status(await_status(), 1);
    if (n_lines("", "") != 1)
        fail("it should have said one thing");
    if (n_lines(reason, "") != 1 && n_lines(also, "") != 1)
        fail("it should have given the reason: %s", reason);
}

static int n_known_lines(void)
{
    return n_lines(": listening on ", "") + n_lines(": counter=", "") +
           n_lines(": server terminated", "");
}

static int n_resets_in_log(void)
{
    return n_lines(": client ", strerror(ECONNRESET)) + n_lines(": client ", strerror(EPIPE));
}

static void check_inability(void)
{
    int status = await_status();
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && step == STEP_02 && torture->told)
        ; /* our TERM has come first */
    else
        check_status(status, 1);
    if (n_lines(": cannot ", error_reason(trial->error)) != 1)
        fail("it should have given the reason: %s", error_reason(trial->error));
    if (n_known_lines() + n_resets_in_log() + 1 != n_lines("", ""))
        fail("a line in the log that nobody expects");
}

/* Whether there is a line for everything, and nothing else. */
static void check_log(char class)
{
    int resets = n_resets_in_log(), losses = 0, pauses = 0;
    int resets_max = trial->kind == STOP ? CROWD : n_resets;
    const char *reason = trial->rule ? error_reason(trial->error) : "";

    if (class == 'C') {
        losses = n_lines(": client ", reason);
        /* A child of 03 that is to end says so to itself by EAGAIN. */
        bool may_be_silent = step == STEP_03 && torture->failed_late && torture->error == EAGAIN;
        if (losses != (trial->kind == LASTING ? LOST_MIN : 1) && !(losses == 2 && resets == 2) &&
            !(losses == 0 && may_be_silent))
            fail("%d lines in the log about a client and: %s", losses, reason);
        if (torture->error == ECONNRESET || torture->error == EPIPE)
            resets -= losses;
    } else if (class == 'P') {
        pauses = n_lines(": cannot ", reason);
        if (pauses == 0)
            fail("nothing in the log about: %s", reason);
        if (pauses > 1 + (now_ms() - began) / 1000)
            fail("%d lines in the log, in %lld ms, about: %s", pauses,
                 (long long)(now_ms() - began), reason);
    }
    if (resets > resets_max)
        fail("%d clients were reset", resets);
    if (n_known_lines() + resets + losses + pauses != n_lines("", ""))
        fail("a line in the log that nobody expects");
    if (class == 'I')
        return;
    if (n_lines(": listening on ", "") != 1)
        fail("it should have said once that it listens");
    if (step != STEP_02 && n_lines(": server terminated", "") != 1)
        fail("it should have said once that it has terminated");
    if (counts() && n_lines(": counter=", "") != 1)
        fail("it should have said once what it has counted");
}

static void check_counter(char class)
{
    unsigned long counter = counter_in_log();

    if (!counts() || class == 'I')
        return;
    if (n_lost == 0 ? counter != incs_answered : counter < incs_answered || counter > incs_sent)
        fail("the counter is %lu; of %lu incs %lu were answered", counter, incs_sent,
             incs_answered);
}

/* It was there, and has been stopped. */
static void check_end(char class)
{
    int status = await_status();

    if (step == STEP_02) {
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
            fail("its status is %#x: it was to be ended by TERM", (unsigned)status);
    } else {
        check_status(status, 0);
    }
    if (waitpid(-1, NULL, WNOHANG) != -1)
        fail("a process is left, or was not waited for");
    check_log(class);
    if (trial->kind == STOP) {
        check_crowd();
        return;
    }
    check_counter(class);
    if (n_lost > (class == 'C'))
        fail("%d clients were lost", n_lost);
    if (class == 'C' && torture->used_after > 0)
        fail("it goes on with a client although it has failed");
    if (listens_at("unix") && strchr("TCP", class) && step != STEP_02 &&
        access(socket_path, F_OK) == 0)
        fail("its socket is left");
    if (trial->kind != STRANGER && n_calls() > CALLS_MAX) /* there see expect_rest() */
        fail("%ld accepts and waits: it spins", n_calls());
}

/* Of its log nobody knows what has become. */
static void judge_without_a_log(void)
{
    int status = await_status();

    if (step == STEP_02 ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM : status != 0)
        fail("its status is %#x", (unsigned)status);
    if (waitpid(-1, NULL, WNOHANG) != -1)
        fail("a process is left, or was not waited for");
    if (n_lost > 0)
        fail("%d clients were lost", n_lost);
    check_flags();
}

static void judge(bool listened)
{
    if (trial->kind == LOG) {
        judge_without_a_log();
        return;
    }
    await_end_of_log();
    const char *may = trial->rule ? classes() : "T"; /* all that may fail has failed */
    char class = *may;

    if (strstr(log_text, "Sanitizer") || strstr(log_text, "runtime error"))
        fail("a sanitizer has something to say");
    if (!listened && !strpbrk(may, "RX"))
        fail("it does not start");
    if (!listened && strchr(may, 'R')) {
        check_refusal();
        return;
    }
    if (strcmp(may, "-") == 0)
        fail("the table of rules says that it does not call this");
    if (strcmp(may, "R") == 0)
        fail("it should have refused to start");
    /* Once it has been told to end, it need not mind that it cannot accept; and TERM may kill 02
     * before it has said so. */
    bool late = torture->failed_late ||
                (step == STEP_02 && torture->calls[torture->call] == torture->occurrence);
    if (may[1] && (may[1] != 'T' || class == 'R' || late))
        class = class == 'R' || n_lines(": cannot ", "") == 0 ? may[1] : class;
    if (class == 'X')
        check_inability();
    else
        check_end(class);
}

/* ---- a trial ----------------------------------------------------------------------------------*/

static void prepare(void)
{
    n_clients = n_lost = n_resets = 0;
    began = now_ms();
    incs_sent = incs_answered = 0;
    log_length = 0;
    log_text[0] = complaint[0] = '\0';

    memset(torture, 0, sizeof *torture);
    torture->call = -1;
    if (trial->rule) {
        torture->call = (int)trial->rule->call;
        torture->error = error_number(trial->error);
    }
    torture->occurrence = trial->kind == SINGLE ? trial->n : 1;
    torture->lasting = trial->kind == LASTING;
    torture->noise = trial->kind == NOISE;
    torture->not_now = step >= STEP_04;
    torture->seed = (unsigned long)trial->n;
    torture->on =
        trial->kind == SINGLE || trial->kind == NOISE || (trial->kind == LASTING && !serves_many());
}

static void clean_up(void)
{
    for (int i = 0; i < n_clients; i++)
        if (clients[i].fd != -1)
            close(clients[i].fd);
    if (group > 0)
        kill(-group, SIGKILL);
    if (server > 0)
        kill(server, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0) /* orphans come to us */
        ;
    server = group = 0;
    stranger_lets_go();
    sink_close(&sink);
    log_end = -1;
}

bool session_try(const struct trial *what, struct outcome *outcome)
{
    trial = what;
    step = what->step;
    prepare();
    if (setjmp(wrong) == 0) {
        bool listens = start();
        if (!listens)
            ;
        else if (trial->kind == STOP)
            session_of_a_crowd();
        else if (trial->kind == LASTING)
            session_in_bad_times();
        else if (trial->kind == LOG)
            session_without_a_reader();
        else if (trial->kind == STRANGER && step == STEP_01)
            session_of_one_and_a_stranger();
        else if (trial->kind == STRANGER)
            session_with_a_stranger();
        else if (step == STEP_01)
            session_of_one();
        else if (step == STEP_02)
            session_in_turn();
        else
            session_together();
        for (int i = 0; i < n_clients; i++)
            if (clients[i].fd != -1)
                go(&clients[i]);
        judge(listens);
    }
    for (size_t had = SIZE_MAX; log_end != -1 && had != log_length;) { /* what it said meanwhile */
        had = log_length;
        read_log(0);
    }
    outcome->injected = torture->injected;
    outcome->at_start = torture->failed_at_start;
    char *why = outcome->why, *end = why + sizeof outcome->why, *rest = log_text;
    why += snprintf(why, sizeof outcome->why, "%s\n", complaint);
    for (char *line; why < end && (line = strsep(&rest, "\n")) && *line;)
        why += snprintf(why, (size_t)(end - why), "        | %s\n", line);
    clean_up();
    return complaint[0] == '\0';
}

void session_start(const char *servers, const char *library)
{
    build = servers;
    int pid = (int)getpid();
    int library_fd = open(library, O_RDONLY | O_CLOEXEC);
    if (library_fd == -1)
        die("cannot open %s: %s", library, strerror(errno));
    snprintf(shim, sizeof shim, "/proc/%d/fd/%d", pid, library_fd);
    snprintf(socket_path, sizeof socket_path, "/tmp/torture.%d", pid);
    snprintf(host, sizeof host, "127.%d.%d.1", 1 + pid / 250 % 250, 1 + pid % 250);
    int fd = memfd_create("torture", MFD_CLOEXEC);
    if (fd == -1 || ftruncate(fd, sizeof *torture) == -1)
        die("cannot make shared memory: %s", strerror(errno));
    torture = mmap(NULL, sizeof *torture, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (torture == MAP_FAILED)
        die("cannot map shared memory: %s", strerror(errno));
    snprintf(torture_path, sizeof torture_path, "/proc/%d/fd/%d", pid, fd);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGPIPE, SIG_IGN);
}

void session_end(void)
{
    unlink(socket_path);
}
