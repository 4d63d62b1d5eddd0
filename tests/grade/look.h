// SPDX-License-Identifier: MIT
/* What /proc tells of a process and all its descendants. proc(5). */
#ifndef GRADE_LOOK_H
#define GRADE_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { LOOK_MOST = 1024 }; /* processes that are looked at, of one server */

struct look {
    int processes; /* that are alive */
    int zombies;
    int threads;         /* of those alive; a process has one at least */
    int descriptors;     /* open in all of them */
    int uninterruptible; /* threads that wait for a disk, say */
    int stopped;         /* threads, by SIGSTOP */
    int runnable;        /* threads that run, or would if they had a CPU */
    double ran;          /* seconds of CPU time so far, with that of children that were reaped */
    double waited;       /* seconds that a thread could have run and had no CPU */
    long resident;       /* kB: memory of all of them, what they share counted for each */
    long memory;         /* kB: their own memory, and their share of what they share */
    pid_t pids[LOOK_MOST];
    int n_pids; /* alive and zombies */
};

enum { LOOK_QUICK = 0, LOOK_DESCRIPTORS = 1, LOOK_MEMORY = 2 };

/* Everything below a process, but not that process. what: which costly things to look at, too. */
void look_below(pid_t keeper, int what, struct look *look);

/* The children of a process, at most so many. Returns how many. */
int look_children(pid_t pid, pid_t *children, int most);

/* Kills everything below a process, again and again until nothing is left. */
void look_kill_below(pid_t keeper);

/* The highest number of an open descriptor; -1: the process is gone. */
int look_highest_descriptor(pid_t pid);

/* How many threads of a user there are on this machine, as far as we see. */
unsigned look_threads_of(uid_t uid);

/* How much longer than on an idle machine things may take now: 1 to 4, by the load average. */
double look_patience(void);

struct listening {
    char host[64]; /* "127.0.0.1", "0.0.0.0", "::" */
    int port;
    bool any; /* on all addresses of the machine */
    bool ipv6;
};

/*
 * Who listens on TCP: in a network of our own, everybody; else only what the processes below keeper
 * have open. Nothing is connected to, so no connection is used up. Returns how many.
 */
int look_listening(pid_t keeper, bool own_network, struct listening *found, int most);

/* How many sockets of all kinds there are in the network of our own. */
int look_sockets(void);

/*
 * What lies in one end of a connection: bytes that were not yet sent or confirmed (to_send), and
 * bytes that were not yet read. false: there is no such connection.
 */
bool look_queues(int local_port, int remote_port, unsigned *to_send, unsigned *unread);

#endif
