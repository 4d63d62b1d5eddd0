// SPDX-License-Identifier: MIT
/*
 * What the tests are made of: a server that is being graded, clients of it, and the story of what
 * happened. Each test runs in a process of its own, and ends with pass(), lose() or cannot(). So
 * nothing here has to be freed, and a story that goes wrong is left where it went wrong.
 *
 * No test asserts a time. A wait ends when what is waited for has come, or when it is certain not
 * to come: when no process of the server is left, or they have slept through PATIENCE seconds, or
 * have used 1.5 seconds of CPU time, and nothing has moved meanwhile. So on a busy machine a test
 * waits for a server that has work and gets no CPU. The last resort: LONGEST after something moved,
 * and three times LONGEST in all.
 */
#ifndef GRADE_KIT_H
#define GRADE_KIT_H

#include "confine.h"
#include "look.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATIENCE 2.5
#define LONGEST 25.0

/* What every test of one grading knows. Set by run.c before a test is started. */
struct assignment {
    int step;              /* 1 to 6 */
    bool counter;          /* the line protocol of step 05, not echo */
    const char *command;   /* as it was given; may contain {port} and {host} */
    bool has_port;         /* it does contain {port} */
    bool prints_nothing;   /* found out by "starts": no line to be waited for */
    bool gently;           /* without stopping the server for a moment: see is_interrupted */
    bool answers;          /* found out by "echo" or "replies" */
    const char *reference; /* our own server of this step, to be measured beside it */
    unsigned seed;
    struct confinement confinement;
};
extern struct assignment assignment;

/* ---- the story ------------------------------------------------------------------------------- */

/* What happens next: "client 1 sends 5 bytes: "hello"". What was before it went well. */
void step(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* More about the step that is being made, as a line below it. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The test is passed. */
_Noreturn void pass(void);

/* It is lost, at this step. hint: its key (hints.h), or NULL. The text says what is wrong. */
_Noreturn void lose(const char *hint, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* It cannot be tried on this machine. */
_Noreturn void cannot(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * What the symptoms mean in this test, where it knows better than what can be seen: hints, or NULL.
 * death: the server has ended; silence: nothing came; mismatch: other bytes came; memory: it takes
 * too much of that.
 */
extern struct symptoms {
    const char *death, *silence, *mismatch, *memory;
    const char *foreign; /* if not NULL: a mismatch is only meant if one of these bytes has come */
} symptoms;

/* Bytes as they are shown: in quotes, the first of them, what is no text escaped. Valid until the
 * eighth call from now. */
const char *shown(const void *bytes, size_t n);

/* ---- the server ------------------------------------------------------------------------------ */

struct server {
    const char *what; /* "the server", "ours", "a second server" */
    struct confined confined;
    char words[512];      /* its command as it was started */
    char host[64];        /* where it is to be reached */
    int port;             /* 0: unknown yet */
    int told_port;        /* that it was told; 0: any */
    bool ended;           /* the program that was started */
    int status;           /* then: as wait(2) has it */
    bool background;      /* it had ended before it was ready, and something else listens */
    bool has_line;        /* it has said where it listens, as it should */
    char other_form[200]; /* a line that looks as if it should say so, and does not */
    bool silent;          /* nobody is left who could print */
    size_t printed;       /* bytes in all */
    char head[4096], tail[2048];
    size_t head_n, tail_n;
};

/* Starts the server that is graded. port: 0 is any. Loses the test if it does not listen. */
struct server *start_server(int port);

/* Starts another one and waits until it listens or has ended; never loses. */
struct server *start_another(const char *what, int port);

/* Our own, as a measure. NULL: it is not built. */
struct server *start_reference(void);

/* A port that nobody listens on. */
int free_port(void);

/* Kills it, with all it has started. */
void kill_server(struct server *s);

/* All of its processes are stopped, or only the one that was started; so what clients do meanwhile
 * is seen by the server at once, when it goes on. */
void freeze(struct server *s, bool all);
void thaw(struct server *s);

void look_at_server(struct server *s, int what, struct look *look);

/* How the server is: "alive and asleep: 1 process, 5 descriptors", "ended with status 1". */
const char *how_it_is(struct server *s);

/* "has ended with status 1", "was killed by SIGPIPE". */
const char *how_it_ended(int status);

/* Loses the test if the server has ended. hint: what that means; NULL: what it mostly means. */
void must_live(struct server *s, const char *hint);

/* If the test is lost, this is the server whose state and last lines are told. */
void tell_of(struct server *s);

/* From now on it may end without losing the test. */
void server_may_end(void);

/* For await: has it? */
bool has_ended(void *server);

/* Step 01, whose only client is gone: it must end, with status 0. hint: what another end means. */
void must_end_by_itself(struct server *s, const char *hint);

/* The part of a CPU that it uses, or would use if it had one, for so many seconds while nothing is
 * done to it. other: is measured at the same time, if not NULL. ran: seconds really used. */
double busy(struct server *s, double seconds, struct server *other, double *of_other, double *ran);

/* ---- waiting --------------------------------------------------------------------------------- */

enum waited {
    HAPPENED,
    ENDED,    /* it did not: the server has ended */
    ASLEEP,   /* the server sleeps */
    BUSY,     /* it uses CPU time, and nothing comes of it */
    TOO_LONG, /* neither is clear, but the test cannot wait longer */
};

/*
 * Waits until what is asked for has happened; clients send and receive meanwhile. patience: so many
 * seconds the server has to be asleep, or to use CPU time (if less than 1.5), before we give up.
 */
enum waited await(struct server *s, bool (*happened)(void *), void *of, double patience);

/* Waits until the server does nothing any more. */
void settle(struct server *s);

double now(void); /* seconds */

/* ---- clients --------------------------------------------------------------------------------- */

struct client {
    int number;
    struct server *server;
    int fd; /* -1: closed by us */
    const unsigned char *out;
    size_t out_n, sent; /* to be sent, and taken by the kernel */
    unsigned char *in;
    size_t in_n, in_size, used; /* received; of those the first have been looked at */
    bool reads;                 /* takes what comes */
    bool at_end;                /* the server has closed */
    int error;                  /* ECONNRESET and so on; 0: none */
    bool half_closed;
};

/* Connects a client. It loses the test if it cannot. */
struct client *join(struct server *s);

/* The same with small buffers in the kernel, so the server soon cannot write to a client that does
 * not read. */
struct client *join_narrow(struct server *s);

/* Two clients that the server finds waiting when it looks. */
void join_at_once(struct server *s, struct client *both[2]);

/* Connects without a step in the story, and never loses: if it could not, its error tells why. */
struct client *try_to_join(struct server *s);

/*
 * The same for many, of which some may find the queue of the listener full: what those wait for
 * in vain is taken off their common patience (seconds).
 */
struct client *try_to_join_within(struct server *s, double *patience);

/* Hands n bytes to the client to be sent, and waits until the kernel has taken them all. */
void sends(struct client *c, const void *bytes, size_t n);

/* The same without waiting. The bytes must stay. */
void begins_to_send(struct client *c, const void *bytes, size_t n);

/* For await: has the kernel taken all that the client was given to send, or is the server gone? */
bool all_sent(void *client);

/* Sends as much of n bytes as is taken without reading. Returns how much that was. */
size_t sends_until_stuck(struct client *c, const void *bytes, size_t n);

void half_closes(struct client *c);
void closes(struct client *c);
void resets(struct client *c);

/* The last two without a step in the story. */
void leaves(struct client *c);
void breaks_off(struct client *c);

/* The next bytes that come must be these. */
void must_get(struct client *c, const void *bytes, size_t n);

/* Nothing else may come, as long as the client is silent. */
void must_get_no_more(struct client *c);

/* Nothing more may come, but the end. */
void must_end(struct client *c);

/* Waits for the end, when the server has been killed. */
void await_end(struct client *c);

/* Sends one line and must get its answer: the line itself, or what the counter answers. */
void must_answer(struct client *c, const char *line);

/* The same without a step in the story. Returns whether the answer came. */
bool answers(struct client *c, const char *line, double patience);

/* What is answered to a line ("hello\n"): itself, or "Unknown command\n". */
const char *answer_to(const char *line);

/* ---- data ------------------------------------------------------------------------------------ */

/* Numbers that depend on the seed and the test alone. */
void seed_numbers(uint64_t seed);
uint64_t any_number(void);
unsigned any_below(unsigned n);

/* n bytes, any of all 256 values; or letters. malloc'ed. */
unsigned char *any_bytes(size_t n);
unsigned char *any_letters(size_t n);

#endif
