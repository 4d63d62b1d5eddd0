/* SPDX-License-Identifier: MIT */
/*
 * What torture.c, which runs servers, and shim.c, which is loaded into them, say to each other: one
 * struct in memory that both have, and all processes that the server forks.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The calls that may fail. Those that have a descriptor are told apart by what it is: read is of a
 * socket, read_inbox of a worker's inbox, read_pipe of anything else; write_log and send_log are of
 * stderr. */
/* clang-format off */
#define CALLS(call) \
    call(accept) call(bind) call(calloc) call(close) call(connect) call(dup) call(dup2) \
    call(epoll_add) call(epoll_add_listener) call(epoll_create1) call(epoll_del) \
    call(epoll_del_listener) call(epoll_mod) call(epoll_wait) call(fcntl) call(flock) call(fork) \
    call(fstat) call(getaddrinfo) call(getnameinfo) call(getrlimit) call(getsockname) \
    call(getsockopt) call(ioctl) call(isatty) call(kill) call(listen) call(lstat) call(malloc) \
    call(mmap) call(open) call(pipe) call(poll) call(poll_inbox) call(pthread_create) call(read) \
    call(read_inbox) call(read_pipe) call(recv) call(select) call(send_log) call(setrlimit) \
    call(setsockopt) call(shutdown) call(socket) call(sysconf) call(unlink) call(write) \
    call(write_inbox) call(write_log) call(write_pipe)
/* clang-format on */

enum call {
#define NUMBER(name) CALL_##name,
    CALLS(NUMBER)
#undef NUMBER
        N_CALLS
};

#define SHORT (-1000)   /* no errno: the call reads or writes one byte */
#define STOPPED (-1001) /* no errno: SIGTTOU comes, and if it does not stop us the call succeeds */

/* The signal that the kernel sends to the thread whose call fails so; 0: none. See README.md. */
static inline int signal_with(enum call call, int error)
{
    bool writes = call == CALL_write || call == CALL_write_inbox || call == CALL_write_log ||
                  call == CALL_send_log;

    if (writes && error == EPIPE)
        return SIGPIPE; /* write(2); send(2): unless it has MSG_NOSIGNAL */
    if (call == CALL_write_log && error == EFBIG)
        return SIGXFSZ; /* setrlimit(2), RLIMIT_FSIZE: of files only */
    return call == CALL_write_log && error == STOPPED ? SIGTTOU : 0; /* termios(3), TOSTOP */
}

struct torture {
    /* Set by torture.c: */
    int call;        /* which call fails; -1: none */
    int error;       /* and with which errno; getaddrinfo: what it returns */
    long occurrence; /* the first that fails, from 1 */
    bool lasting;    /* and all that follow */
    bool noise;      /* instead: 40 % of the calls on sockets are cut short or interrupted */
    bool not_now;    /* noise may say EAGAIN: the server's sockets are non-blocking */
    unsigned long seed;
    atomic_bool on;   /* only while this is set does anything fail */
    atomic_bool told; /* it has been told to end, or will be in a moment */

    /* Set by shim.c: */
    atomic_bool listening;       /* the server has said so */
    atomic_bool failed_at_start; /* a call failed before that */
    atomic_bool failed_late;     /* or after it was told to end */
    atomic_llong victim;    /* the process and the socket whose read or write has failed; 0: none */
    atomic_long used_after; /* how often it was read or written since */
    atomic_long calls[N_CALLS]; /* how often each was called */
    atomic_long injected;       /* how often one failed, or was cut */
};

/* The environment variable by which the server finds it: a path, to be mapped. */
#define TORTURE_VARIABLE "TORTURE"

#endif
