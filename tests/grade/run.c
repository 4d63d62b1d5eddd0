// SPDX-License-Identifier: MIT
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "run.h"

#include "catalogue.h"
#include "columns.h"
#include "command.h"
#include "kit.h"
#include "story.h"
#include "turn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_JOBS = 16, MOST_TESTS = 64, MOST_TEXT = 65536 };
#define LAST_RESORT 80.0 /* seconds for a test; each wait in it ends long before */
/* Seconds for all; a server that has lost nothing gets more. On a busy machine all are longer. */
#define MOST_SECONDS 85.0
#define MOST_SECONDS_IF_RIGHT 170.0

static const char *const programs[] = {"01-sync-echo",   "02-loop-echo",     "03-fork-echo",
                                       "04-select-echo", "05-epoll-counter", "06-parallel"};

struct job {
    pid_t pid; /* 0: no test runs here */
    int fd;
    size_t which; /* of the results */
    bool gently;
    double began;
    bool too_long;
    size_t n;
    char text[MOST_TEXT];
};

static volatile sig_atomic_t told;
static double ends_at; /* then no test goes on */

static void note_signal(int sig)
{
    told = sig;
}

static const struct test *test_named(const char *name)
{
    for (int i = 0; i < n_tests; i++)
        if (strcmp(catalogue[i].name, name) == 0)
            return &catalogue[i];
    return NULL;
}

static _Noreturn void try_test(const char *name, int fd, pid_t parent)
{
    const struct test *test = test_named(name);
    uint64_t seed = assignment.seed;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* and then the keepers of its servers go */
    if (getppid() != parent)
        _exit(1);
    setpgid(0, 0);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    for (const char *at = name; *at; at++)
        seed = seed * 31 + (unsigned char)*at;
    seed_numbers(seed);
    confine_choose_user(&assignment.confinement);
    story_begins(fd);
    confine_network(&assignment.confinement);
    if (test)
        test->run();
    abort();
}

static bool begin(struct job *job, const struct grading *g, size_t which)
{
    int ends[2];
    pid_t parent = getpid();

    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    fflush(NULL);
    job->which = which;
    job->began = now();
    job->n = 0;
    job->too_long = false;
    job->fd = ends[0];
    assignment.gently = job->gently;
    job->pid = fork();
    if (job->pid == 0)
        try_test(g->results[which].name, ends[1], parent);
    close(ends[1]);
    if (job->pid < 0) {
        job->pid = 0;
        close(job->fd);
        return false;
    }
    return true;
}

/* What the test has said of itself: a verdict, a hint, and the story from the second line on. */
static void take_result(struct result *r, char *text, int status)
{
    char verdict[16] = "", hint[40] = "", *story = strchr(text, '\n');

    sscanf(text, "%15s %39s", verdict, hint);
    r->verdict = strcmp(verdict, "passed") == 0    ? PASSED
                 : strcmp(verdict, "not-run") == 0 ? NOT_RUN
                                                   : FAILED;
    if (r->verdict == PASSED)
        return;
    if (*verdict && story) {
        r->hint_key = strcmp(hint, "-") ? need(strdup(hint)) : NULL;
        r->message = need(strdup(story + 1));
        return;
    }
    r->verdict = NOT_RUN;
    r->message = need(malloc(200));
    if (WIFSIGNALED(status) && !assignment.confinement.pids)
        snprintf(r->message, 200,
                 "  The test itself %s. The server may have done that: it is not apart from this\n"
                 "  machine's processes.\n",
                 how_it_ended(status));
    else
        snprintf(r->message, 200, "  The test itself %s. Please report this.\n",
                 how_it_ended(status));
}

static void finish(struct job *job, struct grading *g)
{
    struct result *r = &g->results[job->which];
    int status = 0;

    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(job->fd);
    job->text[job->n] = '\0';
    job->pid = 0;
    r->seconds = now() - job->began;
    if (job->too_long && now() >= ends_at) {
        r->verdict = NOT_RUN;
        r->message =
            need(strdup("  It was not done when the time for the whole grading was over.\n"));
    } else if (job->too_long) {
        r->verdict = FAILED;
        r->hint_key = need(strdup("busy"));
        if (asprintf(&r->message, "  The test was not done after %.0f s.\n", r->seconds) < 0)
            r->message = NULL;
    } else
        take_result(r, job->text, status);
}

static int n_running(const struct job *jobs)
{
    int n = 0;

    for (int i = 0; i < MOST_JOBS; i++)
        n += jobs[i].pid > 0;
    return n;
}

/*
 * To end because of EINTR is a mistake, which costs a point in "rude". But the core does not ask
 * for it: such a test is tried again, and the server is not stopped meanwhile.
 */
static bool once_more(struct job *job, struct grading *g)
{
    struct result *r = &g->results[job->which];
    bool again = r->verdict == FAILED && r->level == CORE && !job->gently && r->hint_key &&
                 strcmp(r->hint_key, "eintr") == 0;

    job->gently = again;
    if (!again)
        return false;
    free(r->hint_key);
    free(r->message);
    r->hint_key = r->message = NULL;
    r->verdict = NOT_RUN;
    return begin(job, g, job->which);
}

/* Waits until at least one test is done, or a signal has come. Marks which results are there. */
static void wait_for_one(struct job *jobs, struct grading *g, bool *is_done)
{
    struct pollfd polled[MOST_JOBS];

    for (bool any = false; !any;) {
        for (int i = 0; i < MOST_JOBS; i++)
            polled[i] = (struct pollfd){.fd = jobs[i].pid > 0 ? jobs[i].fd : -1, .events = POLLIN};
        if (poll(polled, MOST_JOBS, 1000) < 0 && errno != EINTR)
            return;
        if (told)
            return;
        for (int i = 0; i < MOST_JOBS; i++) {
            struct job *job = &jobs[i];
            ssize_t n;

            if (job->pid <= 0)
                continue;
            if (!job->too_long &&
                (now() - job->began > LAST_RESORT * look_patience() || now() >= ends_at)) {
                job->too_long = true;
                kill(job->pid, SIGKILL);
            }
            if (!(polled[i].revents & (POLLIN | POLLHUP)))
                continue;
            n = read(job->fd, job->text + job->n, sizeof job->text - 1 - job->n);
            if (n > 0) {
                job->n += (size_t)n;
                continue;
            }
            finish(job, g);
            if (once_more(job, g))
                continue;
            is_done[job->which] = any = true;
        }
    }
}

static void end_all(struct job *jobs)
{
    for (int i = 0; i < MOST_JOBS; i++)
        if (jobs[i].pid > 0)
            kill(jobs[i].pid, SIGKILL);
    for (int i = 0; i < MOST_JOBS; i++)
        if (jobs[i].pid > 0) {
            while (waitpid(jobs[i].pid, NULL, 0) < 0 && errno == EINTR)
                ;
            close(jobs[i].fd);
            jobs[i].pid = 0;
        }
    look_kill_below(getpid()); /* what they had started is ours now, and waited for */
}

static bool is_wanted(const char *name, const char *only)
{
    size_t n = strlen(name);

    for (const char *at = only; at && *at; at += strcspn(at, ","), at += *at == ',')
        if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    return only == NULL;
}

static void choose_tests(struct grading *g, const char *only)
{
    bool counter = strcmp(g->protocol, "counter") == 0;

    g->n = 0;
    g->results = need(calloc(MOST_TESTS, sizeof *g->results));
    for (int i = 0; i < n_tests; i++) {
        const struct test *t = &catalogue[i];
        int points = test_points(t, g->step, counter);

        if (points > 0 && is_wanted(t->name, only))
            g->results[g->n++] = (struct result){.name = t->name,
                                                 .title = t->title,
                                                 .level = t->level,
                                                 .points = points,
                                                 .verdict = NOT_RUN};
    }
}

/* Is it so broken that no other test would tell anything? */
static bool does_not_start(const struct result *r)
{
    static const char *const harmless[] = {"stdout-buffered", "other-form", "background"};

    if (r->verdict != FAILED)
        return r->verdict == NOT_RUN;
    for (size_t i = 0; r->hint_key && i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(r->hint_key, harmless[i]) == 0)
            return false;
    return true;
}

/* The first tests come one by one: if they are lost, the others would tell nothing new. */
static bool is_basic(const struct result *r)
{
    return strcmp(r->name, "starts") == 0 || strcmp(r->name, "address") == 0 ||
           strcmp(r->name, "echo") == 0 || strcmp(r->name, "replies") == 0;
}

/* Must this test wait until those before it are done? */
static bool is_first(const struct grading *g, size_t next, const bool *is_done)
{
    for (size_t i = 0; i < next; i++)
        if (is_basic(&g->results[i]) && !is_done[i])
            return true;
    return false;
}

static bool answers_at_all(const struct grading *g, size_t n, const bool *is_done)
{
    for (size_t i = 0; i < n; i++)
        if (is_done[i] && g->results[i].verdict == FAILED &&
            (strcmp(g->results[i].name, "echo") == 0 || strcmp(g->results[i].name, "replies") == 0))
            return false;
    return true;
}

static bool has_answered(const struct grading *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->results[i].verdict == PASSED &&
            (strcmp(g->results[i].name, "echo") == 0 || strcmp(g->results[i].name, "replies") == 0))
            return true;
    return false;
}

/* It takes what others need: no other test may be tried. */
static bool is_hostile(const struct result *r)
{
    return r->verdict == FAILED && r->hint_key &&
           (strcmp(r->hint_key, "bomb") == 0 || strcmp(r->hint_key, "memory") == 0 ||
            strcmp(r->hint_key, "sockets") == 0);
}

static void prepare(struct grading *g, const struct wishes *wishes)
{
    char text[200], **words, path[4096];

    assignment.step = g->step;
    assignment.counter = strcmp(g->protocol, "counter") == 0;
    assignment.command = g->command;
    assignment.has_port = strstr(g->command, "{port}") != NULL;
    assignment.prints_nothing = assignment.answers = false;
    assignment.seed = g->seed;
    snprintf(path, sizeof path, "%s/%s", wishes->build, programs[g->step - 1]);
    assignment.reference = need(strdup(path));
    words = command_words(g->command, 0, !assignment.has_port);
    confine_probe(&assignment.confinement, words);
    command_free(words);
    if (!assignment.confinement.pids && !assignment.confinement.user_ns)
        prctl(PR_SET_DUMPABLE, 0); /* a server of the same user could look into us, and write */
    confined_how(&assignment.confinement, text, sizeof text);
    g->confined = need(strdup(text));
}

/* Whatever was ignored or blocked before us; but what nohup(1), say, has ignored stays ignored. */
static void listen_to_signals(struct sigaction *before)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction act = {.sa_handler = note_signal};
    sigset_t heard;

    told = 0;
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&heard);
    sigaddset(&heard, SIGCHLD);
    for (int i = 0; i < 3; i++) {
        sigaddset(&heard, ends[i]);
        sigaction(ends[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(ends[i], &act, NULL);
    }
    sigprocmask(SIG_UNBLOCK, &heard, NULL);
}

static bool has_failed(const struct grading *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->results[i].verdict == FAILED)
            return true;
    return false;
}

static const char *why_not_tried(const struct grading *g)
{
    return told || g->trouble ? "         not tried: the grading ended before\n"
           : now() >= ends_at ? "         not tried: the time for the whole grading was over\n"
                              : "         not tried: what comes first must be mended before\n";
}

int run_tests(struct grading *g, const struct wishes *wishes)
{
    static struct job jobs[MOST_JOBS];
    bool is_done[MOST_TESTS] = {false};
    struct sigaction before[3];
    size_t next = 0, shown_n = 0;
    int at_once = wishes->jobs ? wishes->jobs : 2 * (int)sysconf(_SC_NPROCESSORS_ONLN) + 2;
    double began = now();

    listen_to_signals(before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prepare(g, wishes);
    choose_tests(g, wishes->only);
    if (wishes->begun)
        wishes->begun(g);
    at_once = at_once > MOST_JOBS ? MOST_JOBS : at_once;
    while (!told && shown_n < g->n) {
        ends_at = began + look_patience() * (has_failed(g) ? MOST_SECONDS : MOST_SECONDS_IF_RIGHT);
        for (int i = 0; i < MOST_JOBS && next < g->n && now() < ends_at; i++)
            if (jobs[i].pid == 0 && n_running(jobs) < (is_first(g, next, is_done) ? 1 : at_once) &&
                begin(&jobs[i], g, next))
                next++;
        if (n_running(jobs) == 0) { /* begin has failed, or the time is over */
            if (next < g->n && now() < ends_at &&
                asprintf(&g->trouble, "  The grader could not start a process: %s.\n",
                         strerror(errno)) < 0)
                need(NULL);
            break;
        }
        wait_for_one(jobs, g, is_done);
        if (next == 1 && is_done[0] && strcmp(g->results[0].name, "starts") == 0) {
            if (does_not_start(&g->results[0])) {
                g->trouble = g->results[0].message;
                break;
            }
            assignment.prints_nothing = g->results[0].verdict == FAILED;
        }
        if (next <= 3 && !answers_at_all(g, next, is_done))
            break;
        assignment.answers = has_answered(g);
        for (; shown_n < g->n && is_done[shown_n]; shown_n++)
            if (wishes->done)
                wishes->done(g, &g->results[shown_n]);
        for (size_t i = 0; i < g->n && !g->trouble; i++)
            if (is_done[i] && is_hostile(&g->results[i]))
                g->trouble = g->results[i].message;
        if (g->trouble)
            break;
    }
    end_all(jobs);
    for (; shown_n < g->n; shown_n++) {
        struct result *r = &g->results[shown_n];
        if (r->verdict == NOT_RUN && !r->message)
            r->message = strdup(why_not_tried(g));
        if (wishes->done && !told && !g->trouble)
            wishes->done(g, r);
    }
    g->seconds = now() - began;
    for (int i = 0; i < 3; i++)
        sigaction((int[]){SIGINT, SIGTERM, SIGHUP}[i], &before[i], NULL);
    return told;
}
