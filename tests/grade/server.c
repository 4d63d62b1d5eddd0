// SPDX-License-Identifier: MIT
/* The server that is graded: how it is started, watched and stopped. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "columns.h"
#include "command.h"
#include "kit.h"
#include "story.h"
#include "turn.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_SERVERS = 4,
    MOST_THREADS = 400,        /* of one server; no test has more than 120 clients */
    MOST_SOCKETS = 8192,       /* in its network, with those of our clients */
    MOST_MEMORY = 1024 * 1024, /* kB */
};
#define WATCHED_EVERY 0.1        /* seconds, whatever a test waits for */
#define MOST_PRINTED (64u << 20) /* then nobody reads on, and the server has to wait */

struct assignment assignment;
struct symptoms symptoms;
struct server *servers[MOST_SERVERS];
int n_servers;
static bool may_end;
static double watched; /* when the graded server was looked at last */

double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct server *graded_server(void)
{
    return n_servers > 0 ? servers[0] : NULL;
}

static struct server *subject;

struct server *story_subject(void)
{
    return subject ? subject : graded_server();
}

void tell_of(struct server *s)
{
    subject = s;
}

void server_may_end(void)
{
    may_end = true;
}

void end_all_servers(void)
{
    for (int i = 0; i < n_servers; i++)
        confined_end(&assignment.confinement, &servers[i]->confined);
}

void kill_server(struct server *s)
{
    confined_end(&assignment.confinement, &s->confined);
    s->ended = true;
}

/* ---- what it prints -------------------------------------------------------------------------- */

/* The port, if the line ends in "listening on HOST:PORT"; else 0. */
static int port_of_line(const char *line)
{
    static const char words[] = "listening on ";
    const char *at = strcasestr(line, words), *colon;
    char *end;
    long port;
    size_t host_n;

    while (at && strcasestr(at + 1, words))
        at = strcasestr(at + 1, words);
    if (!at || !(colon = strrchr(at, ':')))
        return 0;
    at += sizeof words - 1;
    port = strtol(colon + 1, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    host_n = colon > at ? (size_t)(colon - at) : 0;
    if (*end || end == colon + 1 || !isdigit((unsigned char)colon[1]) || host_n == 0 ||
        host_n >= 64 || memchr(at, ' ', host_n) || memchr(at, '/', host_n) || port < 1 ||
        port > 65535)
        return 0;
    return (int)port;
}

static bool looks_as_if(const char *line)
{
    return strcasestr(line, "listen") || strcasestr(line, "port") ||
           strcasestr(line, "127.0.0.1") || strcasestr(line, "localhost");
}

/* Looks through what it has printed first for the line that says where it listens. */
static void look_for_line(struct server *s, const struct listening *found, int n)
{
    char line[300];
    size_t from = 0;

    if (s->has_line)
        return;
    while (from < s->head_n) {
        size_t length = 0;
        int port;

        while (from + length < s->head_n && s->head[from + length] != '\n')
            length++;
        snprintf(line, sizeof line, "%.*s", (int)length, s->head + from);
        port = port_of_line(line);
        for (int i = 0; i < n && port; i++)
            if (found[i].port == port) {
                s->has_line = true;
                s->port = port;
                return;
            }
        if (!*s->other_form && looks_as_if(line))
            snprintf(s->other_form, sizeof s->other_form, "%.190s", line);
        from += length + 1;
    }
}

void server_printed(struct server *s)
{
    char text[65536];
    ssize_t n;

    for (int i = 0; i < 8 && s->confined.keeper > 0 && s->printed < MOST_PRINTED; i++) {
        n = read(s->confined.log, text, sizeof text);
        if (n == 0)
            s->silent = true;
        if (n <= 0)
            break;
        size_t all = (size_t)n, first = sizeof s->head - s->head_n;
        first = all < first ? all : first;
        memcpy(s->head + s->head_n, text, first);
        s->head_n += first;
        s->printed += all;
        size_t kept = all < sizeof s->tail - 1 ? all : sizeof s->tail - 1;
        size_t over =
            s->tail_n + kept > sizeof s->tail - 1 ? s->tail_n + kept - (sizeof s->tail - 1) : 0;
        memmove(s->tail, s->tail + over, s->tail_n - over);
        s->tail_n -= over;
        memcpy(s->tail + s->tail_n, text + all - kept, kept);
        s->tail_n += kept;
        s->tail[s->tail_n] = '\0';
    }
}

bool server_wants_to_print(const struct server *s)
{
    return s->confined.keeper > 0 && !s->silent && s->printed < MOST_PRINTED;
}

/* Does a process that it has started still listen on its port? */
static bool somebody_listens(struct server *s)
{
    struct listening found[32];
    int n = look_listening(s->confined.keeper, assignment.confinement.network, found, 32);

    for (int i = 0; i < n; i++)
        if (found[i].port == s->port)
            return true;
    return false;
}

void server_events(struct server *s)
{
    struct look look;
    int status = SIGKILL; /* if the keeper itself is gone: nothing is left then */
    ssize_t n;

    if (s->confined.keeper <= 0)
        return;
    if (s == graded_server() && now() - watched >= WATCHED_EVERY)
        look_at_server(s, LOOK_QUICK, &look);
    if (s->ended)
        return;
    n = read(s->confined.events, &status, sizeof status);
    if (n == 0 || n == sizeof status) {
        s->ended = true;
        s->status = status;
        s->background = s->port && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !may_end &&
                        somebody_listens(s);
    }
}

/* ---- how it is ------------------------------------------------------------------------------- */

/* What limits of the kernel do not bound. Ends the test when it is too much. */
static void must_be_modest(struct server *s, const struct look *look)
{
    struct look closer;
    int sockets;

    watched = now();
    if (look->threads > MOST_THREADS)
        lose("bomb", "It has started %d processes and threads: the grader ends it here.",
             look->threads);
    if (look->resident > MOST_MEMORY) { /* children share much of it with their parent */
        look_below(s->confined.keeper, LOOK_MEMORY, &closer);
        if (closer.memory > MOST_MEMORY)
            lose(symptoms.memory ? symptoms.memory : "memory",
                 "Its memory has grown to %ld MB: the grader ends it here.", closer.memory / 1024);
    }
    sockets = assignment.confinement.network ? look_sockets() : 0;
    if (sockets > MOST_SOCKETS)
        lose("sockets", "It has opened %d sockets: the grader ends it here.", sockets);
}

void look_at_server(struct server *s, int what, struct look *look)
{
    memset(look, 0, sizeof *look);
    if (s->confined.keeper <= 0)
        return;
    look_below(s->confined.keeper, what, look);
    if (s == graded_server() && !is_lost())
        must_be_modest(s, look);
}

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

/* sigabbrev_np(3) came with glibc 2.32. */
static const char *signal_name(int sig)
{
    static const char *const names[] = {
        [SIGHUP] = "HUP",   [SIGINT] = "INT",   [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
        [SIGTRAP] = "TRAP", [SIGABRT] = "ABRT", [SIGBUS] = "BUS",   [SIGFPE] = "FPE",
        [SIGKILL] = "KILL", [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
        [SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM", [SIGXCPU] = "XCPU",
        [SIGXFSZ] = "XFSZ", [SIGSYS] = "SYS"};

    return sig < (int)(sizeof names / sizeof *names) ? names[sig] : NULL;
}

const char *how_it_ended(int status)
{
    static char text[80];
    const char *name = WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : NULL;

    if (name)
        snprintf(text, sizeof text, "was killed by SIG%s", name);
    else if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "was killed by signal %d", WTERMSIG(status));
    else
        snprintf(text, sizeof text, "has ended with status %d", WEXITSTATUS(status));
    return text;
}

const char *how_it_is(struct server *s)
{
    static char text[400];
    struct look look;
    double part, cpus;
    size_t n;

    turn(0);
    if (s->confined.keeper <= 0)
        return "has been killed by the grader";
    if (s->confined.error)
        return "was not started";
    for (int i = 0; i < 50 && !s->ended; i++) { /* it may be about to end */
        look_below(s->confined.keeper, LOOK_QUICK, &look);
        if (look.processes)
            break;
        turn(0.02);
    }
    if (s->ended) {
        look_below(s->confined.keeper, LOOK_QUICK, &look);
        n = (size_t)snprintf(text, sizeof text, "%s", how_it_ended(s->status));
        if (look.processes)
            snprintf(text + n, sizeof text - n, "; %d process%s that it started go%s on",
                     look.processes, look.processes == 1 ? "" : "es",
                     look.processes == 1 ? "es" : "");
        return text;
    }
    cpus = (double)sysconf(_SC_NPROCESSORS_ONLN);
    part = busy(s, 0.3, NULL, NULL, NULL);
    look_below(s->confined.keeper, LOOK_DESCRIPTORS, &look);
    n = (size_t)snprintf(text, sizeof text, "is alive and ");
    n += (size_t)(part < 0.15 ? snprintf(text + n, sizeof text - n, "asleep")
                              : snprintf(text + n, sizeof text - n, "busy at %.0f %% of a CPU",
                                         (part < cpus ? part : cpus) * 100));
    n += (size_t)snprintf(text + n, sizeof text - n, ": %d process%s, %d thread%s, %d descriptor%s",
                          look.processes, look.processes == 1 ? "" : "es", look.threads,
                          plural(look.threads), look.descriptors, plural(look.descriptors));
    if (look.zombies)
        snprintf(text + n, sizeof text - n, ", %d zombie%s", look.zombies, plural(look.zombies));
    return text;
}

/* Whatever was going on: these are mistakes in the program itself. */
static bool is_crash(int status)
{
    int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

    return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL;
}

const char *hint_of_end(const struct server *s)
{
    if (WIFSIGNALED(s->status) && WTERMSIG(s->status) == SIGPIPE)
        return "sigpipe";
    if (is_crash(s->status))
        return "died";
    if (symptoms.death)
        return symptoms.death;
    /* As if all were done. Step 01 may end after it has closed; then closing was its fault. */
    if (WIFEXITED(s->status) && WEXITSTATUS(s->status) == 0)
        return assignment.step == 1 ? "closes-early" : "not-again";
    return "died";
}

bool has_ended(void *server)
{
    struct server *s = server;

    return s->ended;
}

const char *hint_now(const struct server *s, const char *hint)
{
    static const char *const of_the_living[] = {"not-again",     "no-answer",     "answers-no-more",
                                                "one-at-a-time", "lost-by-reset", "emfile-stuck",
                                                "room-stuck",    "forgotten",     "resets-instead"};

    if (!hint || !s->ended || s->background || may_end || s != graded_server())
        return hint;
    for (size_t i = 0; i < sizeof of_the_living / sizeof *of_the_living; i++)
        if (strcmp(hint, of_the_living[i]) == 0)
            return hint_of_end(s);
    return hint;
}

const char *must_not_have_ended(const char **hint)
{
    static char text[120];
    struct server *s = graded_server();

    turn(0);
    if (!s || !s->ended || s->background || may_end || s->confined.keeper <= 0)
        return NULL;
    *hint = hint_of_end(s);
    snprintf(text, sizeof text, "Then it must still be there, but it %s.", how_it_ended(s->status));
    return text;
}

void must_live(struct server *s, const char *hint)
{
    turn(0);
    if (s->ended && !s->background)
        lose(WIFSIGNALED(s->status) && WTERMSIG(s->status) == SIGPIPE ? "sigpipe"
             : hint && !is_crash(s->status)                           ? hint
                                                                      : hint_of_end(s),
             "The server %s.", how_it_ended(s->status));
}

void must_end_by_itself(struct server *s, const char *hint)
{
    enum waited how;

    server_may_end();
    step("the server of step 01 must end, with status 0");
    how = await(s, has_ended, s, PATIENCE);
    if (!s->ended)
        lose(how == BUSY ? "busy" : "goes-on", "It is still running.");
    if (!WIFEXITED(s->status) || WEXITSTATUS(s->status) != 0)
        lose(WIFSIGNALED(s->status) && WTERMSIG(s->status) == SIGPIPE ? "sigpipe" : hint,
             "It should end with status 0, but %s.", how_it_ended(s->status));
}

double busy(struct server *s, double seconds, struct server *other, double *of_other, double *ran)
{
    struct look before = {0}, after = {0}, before_other = {0}, after_other = {0};
    double began = now(), took;

    look_at_server(s, LOOK_QUICK, &before);
    if (other)
        look_at_server(other, LOOK_QUICK, &before_other);
    while (now() - began < seconds)
        turn(0.05);
    look_at_server(s, LOOK_QUICK, &after);
    if (other)
        look_at_server(other, LOOK_QUICK, &after_other);
    took = now() - began;
    if (other && of_other)
        *of_other =
            (after_other.ran - before_other.ran + after_other.waited - before_other.waited) / took;
    if (ran)
        *ran = after.ran - before.ran;
    return (after.ran - before.ran + after.waited - before.waited) / took;
}

/* ---- stopping it for a moment ---------------------------------------------------------------- */

static bool has_frozen;

bool is_interrupted(const struct server *s)
{
    return has_frozen && s->ended && WIFEXITED(s->status) &&
           (!symptoms.death || strstr(s->tail, "nterrupted") || strstr(s->tail, "EINTR"));
}

void freeze(struct server *s, bool all)
{
    struct look look;

    if (assignment.gently)
        return;
    has_frozen = true;
    for (int i = 0; i < 500; i++) {
        look_at_server(s, LOOK_QUICK, &look);
        if (!all) {
            if (s->confined.program > 0 && !s->ended)
                kill(s->confined.program, SIGSTOP);
            if (i > 2)
                return;
        } else if (look.stopped == look.threads && (look.threads || s->ended))
            return;
        for (int j = 0; all && j < look.n_pids; j++)
            kill(look.pids[j], SIGSTOP);
        turn(0.01);
    }
}

void thaw(struct server *s)
{
    struct look look;

    look_at_server(s, LOOK_QUICK, &look);
    for (int j = 0; j < look.n_pids; j++)
        kill(look.pids[j], SIGCONT);
}

/* ---- starting it ----------------------------------------------------------------------------- */

int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int on = 1;

    for (int i = 0; i < 200; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool bound;

        /* Below those that the kernel gives to clients, where there is a network of our own. */
        address.sin_port =
            htons(assignment.confinement.network ? (uint16_t)(20000 + any_below(10000)) : 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &size) == 0;
        close(fd);
        if (bound)
            return ntohs(address.sin_port);
    }
    cannot("  There is no free port on this machine.\n");
}

static struct server *launch(const char *what, char **words, int port)
{
    struct server *s = need(calloc(1, sizeof *s));

    s->what = what;
    s->told_port = port;
    command_show(words, s->words, sizeof s->words);
    if (n_servers == MOST_SERVERS || !confined_start(&assignment.confinement, words, &s->confined))
        cannot("  The grader could not start a process: %s\n", strerror(errno));
    servers[n_servers++] = s;
    command_free(words);
    return s;
}

static int listening(struct server *s, struct listening *found, int most)
{
    int n = look_listening(s->confined.keeper, assignment.confinement.network, found, most),
        kept = 0;
    bool taken[MOST_SERVERS] = {false};

    for (int i = 0; i < n; i++) { /* in one network there may be two servers; each has its own */
        bool of_another = false;
        for (int j = 0; j < n_servers && !of_another; j++)
            if (servers[j] != s && servers[j]->confined.keeper > 0 && !taken[j] &&
                servers[j]->port == found[i].port)
                of_another = taken[j] = true;
        if (!of_another)
            found[kept++] = found[i];
    }
    return kept;
}

/* Where clients reach what listens there. */
static void set_place(struct server *s, const struct listening *at)
{
    s->port = at->port;
    snprintf(s->host, sizeof s->host, "%s", at->any ? "127.0.0.1" : at->host);
}

static bool is_ready(void *of)
{
    struct server *s = of;
    struct listening found[32];
    int n = listening(s, found, 32);

    look_for_line(s, found, n);
    for (int i = 0; i < n; i++) {
        bool wanted = assignment.has_port ? found[i].port == s->told_port
                      : assignment.prints_nothing
                          ? s->told_port == 0 || found[i].port == s->told_port
                          : s->has_line && found[i].port == s->port;
        if (wanted) {
            set_place(s, &found[i]);
            return true;
        }
    }
    return false;
}

/* It listens, but elsewhere, or does not say so: that is for the tests "starts" and "address". */
static bool takes_what_there_is(struct server *s)
{
    struct listening found[32];
    int n = listening(s, found, 32);

    for (int i = 0; i < n; i++)
        if (i == n - 1 || found[i].port == s->told_port) {
            set_place(s, &found[i]);
            return true;
        }
    return false;
}

static void await_ready(struct server *s)
{
    enum waited how = await(s, is_ready, s, 1.0);

    if (how != HAPPENED && !takes_what_there_is(s) && how != ENDED) {
        how = await(s, is_ready, s, 4.0);
        if (how != HAPPENED)
            takes_what_there_is(s);
    }
    s->background = s->ended && s->port != 0 && somebody_listens(s);
}

struct server *start_another(const char *what, int port)
{
    struct server *s;

    if (assignment.has_port && port == 0)
        port = free_port();
    s = launch(what, command_words(assignment.command, port, !assignment.has_port), port);
    await_ready(s);
    return s;
}

struct server *start_server(int port)
{
    struct server *s;

    if (assignment.has_port && port == 0)
        port = free_port();
    s = launch("the server", command_words(assignment.command, port, !assignment.has_port), port);
    step("the server is started: %s", s->words);
    if (s->confined.error) {
        errno = s->confined.error;
        if (errno == EACCES && !memchr(s->words, '/', strcspn(s->words, " ")))
            errno = ENOENT; /* a directory of PATH may be closed to the server's user */
        lose("not-found", "It cannot be run: %s.", strerror(errno));
    }
    await_ready(s);
    if (s->port == 0) {
        step("it should listen on a TCP port");
        if (!assignment.has_port)
            note("(An address is its last word. If it takes a port alone, write {port} instead, as "
                 "in\n"
                 "         python3 mine.py {port}.)");
        lose("not-started",
             s->ended ? "It ended before it listened." : "It does not listen on any port.");
    }
    return s;
}

struct server *start_reference(void)
{
    struct assignment as_it_is = assignment;
    struct server *s;

    if (access(assignment.reference, X_OK) < 0)
        return NULL;
    assignment.has_port = assignment.prints_nothing = false;
    s = launch("our own server", command_plain(assignment.reference, 0), 0);
    await_ready(s);
    assignment = as_it_is;
    return s->port ? s : NULL;
}
