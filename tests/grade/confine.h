// SPDX-License-Identifier: MIT
/*
 * Runs somebody else's program so that nothing of it outlives its test, and so that it harms
 * nothing: in network, PID, IPC and mount namespaces of its own, as an ordinary user, with limits.
 * What this machine does not allow is left out, and said: see confined_how.
 *
 * namespaces(7), pid_namespaces(7), user_namespaces(7), prctl(2), setrlimit(2).
 */
#ifndef GRADE_CONFINE_H
#define GRADE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What is possible here. Found out once, by trying (confine_probe), and the same in every test. */
struct confinement {
    bool user_ns;    /* namespaces are made in a user namespace: we are not root, or not really */
    bool network;    /* a network of its own: every port is free */
    bool pids;       /* a PID namespace: when its first process ends, the kernel kills all others */
    bool mounts;     /* files are read-only, or a copy that is thrown away */
    bool other_user; /* as an ordinary user, though we are root */
    bool reads_all;  /* who may read every file, if the program is where others may not go */
    uid_t uid;       /* of that user; each test has its own, so that limits are not shared */
    unsigned others; /* threads of the same user elsewhere, which count for its limit, too */
};

/* Finds out what is possible. words: the command, whose files the ordinary user has to read. */
void confine_probe(struct confinement *c, char *const words[]);

/* A sentence for the reader: "in namespaces of its own (network, PIDs), as an ordinary user". */
void confined_how(const struct confinement *c, char *text, size_t size);

/* In the process that tries a test: a user of its own, if other_user. */
void confine_choose_user(struct confinement *c);

/* In the process that tries a test: goes into a network of its own, or ends the process. */
void confine_network(const struct confinement *c);

struct confined {
    pid_t keeper;  /* process 1 of the PID namespace, or the one to which orphans are given */
    pid_t program; /* as it is numbered here; 0: it had ended before it was seen */
    int log;       /* what it prints, both standard output and error; non-blocking; ours */
    int events;    /* the keeper says here how the program ended: an int, as wait(2) has it */
    int error;     /* errno, if the program could not be run; 0: it was */
};

/*
 * Starts the program that words name. false: this machine has no room for it (errno).
 * Its descriptors, processes, files and CPU time are limited; its memory the caller has to watch.
 */
bool confined_start(const struct confinement *c, char *const words[], struct confined *p);

/* Sets the soft limit (setrlimit(2)) of a process of the program. Returns 0, or an errno. */
int confined_limit(const struct confinement *c, pid_t pid, int what, unsigned long soft);

/* Ends the program and everything it has started, and waits until all is gone. */
void confined_end(const struct confinement *c, struct confined *p);

#endif
