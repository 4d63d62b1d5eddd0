// SPDX-License-Identifier: MIT
/* rules.c: see rules.h */
#define _GNU_SOURCE
#include "rules.h"

#include "../../common/log.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
#define ALL(class) {class, class, class, class, class, class}
#define NEVER ALL("-")
#define ONLY_01_GIVES_UP(class) {"X", class, class, class, class, class}
#define FROM_03(class) {"-", "-", class, class, class, class}
#define FROM_04(class) {"-", "-", "-", class, class, class}
#define FROM_05(class) {"-", "-", "-", "-", class, class}
#define ONLY_03(class) {"-", "-", class, "-", "-", "-"}
#define ONLY_04(class) {"-", "-", "-", class, "-", "-"}
#define ONLY_06(class) {"-", "-", "-", "-", "-", class}
#define LOOPS_ASK_AGAIN {"C", "C", "C", "T", "T", "T"}

const struct rule rules[] = {
    /* Starting. */
    {CALL_getaddrinfo,
     "EAI_ADDRFAMILY EAI_AGAIN EAI_BADFLAGS EAI_FAIL EAI_FAMILY EAI_MEMORY EAI_NODATA EAI_NONAME "
     "EAI_SERVICE EAI_SOCKTYPE EAI_SYSTEM", "R", NEVER, "inet", false},
    {CALL_socket,
     "EACCES EAFNOSUPPORT EINVAL EMFILE ENFILE ENOBUFS ENOMEM EPROTONOSUPPORT ESOCKTNOSUPPORT",
     "R", NEVER, "inet", false},
    {CALL_setsockopt, "EBADF EFAULT EINVAL ENOBUFS ENOMEM ENOPROTOOPT ENOTSOCK EOPNOTSUPP EPERM",
     "R", ONLY_06("T"), "inet", false},
    {CALL_bind,
     "EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EBADF EFAULT EINVAL ENOBUFS ENOMEM ENOTSOCK",
     "R", NEVER, "inet", false},
    {CALL_listen, "EADDRINUSE EBADF ENOTSOCK EOPNOTSUPP", "R", NEVER, "inet", false},
    {CALL_getsockname, "EBADF EFAULT EINVAL ENOBUFS ENOTSOCK", "R", NEVER, "inet", false},
    {CALL_fcntl,
     "EACCES EAGAIN EBADF EBUSY EDEADLK EFAULT EINTR EINVAL EMFILE ENOLCK ENOTDIR EPERM", "RI",
     ONLY_03("T"), "inet", false},
    {CALL_open,
     "EACCES EBADF EBUSY EDQUOT EEXIST EFAULT EFBIG EINTR EINVAL EISDIR ELOOP EMFILE ENAMETOOLONG "
     "ENFILE ENODEV ENOENT ENOMEM ENOSPC ENOTDIR ENXIO EOPNOTSUPP EOVERFLOW EPERM EROFS ETXTBSY",
     "I", NEVER, "inet", false},
    {CALL_fstat, "EBADF EFAULT ENOMEM EOVERFLOW", "I", NEVER, "inet", false},
    {CALL_dup2, "EBADF EBUSY EINTR EMFILE", "I", NEVER, "inet", false},
    {CALL_isatty, "EBADF EINVAL ENOTTY", "I", NEVER, "terminal", false},
    {CALL_mmap,
     "EACCES EAGAIN EBADF EEXIST EINVAL ENFILE ENODEV ENOMEM EOVERFLOW EPERM ETXTBSY", "I",
     NEVER, "inet", false},
    {CALL_getrlimit, "EFAULT EINVAL EPERM ESRCH", "RI", NEVER, "inet", false},
    {CALL_setrlimit, "EFAULT EINVAL EPERM ESRCH", "RI", NEVER, "inet", false},
    {CALL_sysconf, "EINVAL", "I", NEVER, "inet", false},
    {CALL_pipe, "EFAULT EINVAL EMFILE ENFILE ENOPKG", "R", NEVER, "inet", false},
    {CALL_pipe, "EFAULT EINVAL EMFILE ENFILE ENOPKG", "R", NEVER, "one", false},
    {CALL_dup, "EBADF EBUSY EINTR EINVAL EMFILE", "R", NEVER, "inet", false},
    {CALL_epoll_create1, "EINVAL EMFILE ENFILE ENOMEM", "R", NEVER, "inet", false},
    {CALL_pthread_create, "EAGAIN EINVAL EPERM", "R", NEVER, "inet", false},
    {CALL_calloc, "ENOMEM", "R", NEVER, "inet", false},

    /* Starting where a dead server has left its socket, and ending. */
    {CALL_socket, "EACCES EAFNOSUPPORT EINVAL EMFILE ENFILE ENOBUFS ENOMEM EPROTONOSUPPORT",
     "R", NEVER, "unix", false},
    {CALL_bind,
     "EACCES EADDRINUSE EADDRNOTAVAIL EBADF EFAULT EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR "
     "ENOTSOCK EROFS", "RT", NEVER, "unix", false},
    {CALL_connect, "ECONNREFUSED", "T", NEVER, "unix", false},
    {CALL_connect,
     "EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EFAULT EINPROGRESS EINTR "
     "EINVAL EISCONN ENETUNREACH ENOENT ENOMEM ENOTSOCK EOPNOTSUPP EPERM EPROTOTYPE ETIMEDOUT",
     "R", NEVER, "unix", false},
    {CALL_open,
     "EACCES EBADF EFAULT EINTR EINVAL ELOOP EMFILE ENAMETOOLONG ENFILE ENOENT ENOMEM ENOTDIR "
     "EPERM", "I", NEVER, "unix", false},
    {CALL_flock, "EAGAIN EBADF EINTR EINVAL ENOLCK", "T", NEVER, "unix", false},
    {CALL_lstat, "EACCES EBADF EFAULT EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EOVERFLOW",
     "RI", FROM_03("I"), "unix", false},
    {CALL_unlink,
     "EACCES EBADF EBUSY EFAULT EINVAL EIO EISDIR ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM "
     "EROFS", "R", FROM_03("I"), "unix", false},
    {CALL_listen, "EADDRINUSE EBADF ENOTSOCK EOPNOTSUPP", "R", NEVER, "unix", false},
    {CALL_malloc, "ENOMEM", "", FROM_04("C"), "unix", false},
    {CALL_getsockopt, "EBADF EFAULT EINVAL ENOPROTOOPT ENOTSOCK", "R", NEVER, "fd", false},
    {CALL_setsockopt, "EBADF EFAULT EINVAL ENOBUFS ENOMEM ENOPROTOOPT ENOTSOCK EOPNOTSUPP EPERM",
     "T", ONLY_06("T"), "fd", false},

    /* Accepting. */
    {CALL_accept, "ECONNABORTED EINTR", "", ALL("T"), "inet", false},
    {CALL_accept, "EAGAIN", "", ONLY_01_GIVES_UP("T"), "inet", false},
    {CALL_accept, "EMFILE ENFILE ENOBUFS ENOMEM", "", ONLY_01_GIVES_UP("PT"), "inet", true},
    {CALL_accept,
     "EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ENONET ENOPROTOOPT ENOSR EOPNOTSUPP EPERM EPROTO "
     "EPROTONOSUPPORT ESOCKTNOSUPPORT ETIMEDOUT", "", ONLY_01_GIVES_UP("PT"), "inet", true},
    {CALL_accept, "EBADF EFAULT EINVAL ENOTSOCK", "", ONLY_01_GIVES_UP("XT"), "inet", false},
    {CALL_accept, "EAGAIN ECONNABORTED EINTR", "", ONLY_06("T"), "one", false},
    {CALL_accept, "EMFILE ENFILE ENOBUFS ENOMEM", "", ONLY_06("PT"), "one", true},
    {CALL_accept,
     "EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ENONET ENOPROTOOPT ENOSR EOPNOTSUPP EPERM EPROTO "
     "EPROTONOSUPPORT ESOCKTNOSUPPORT ETIMEDOUT", "", ONLY_06("PT"), "one", true},
    {CALL_accept, "EBADF EFAULT EINVAL ENOTSOCK", "", ONLY_06("XT"), "one", false},
    {CALL_fork, "EAGAIN ENOMEM ENOSYS", "", ONLY_03("C"), "inet", true},
    {CALL_malloc, "ENOMEM", "", FROM_04("C"), "inet", true},
    {CALL_malloc, "ENOMEM", "", ONLY_06("C"), "one", true},
    {CALL_epoll_add, "EBADF EEXIST EINVAL ELOOP ENOENT ENOMEM ENOSPC EPERM", "R", FROM_05("C"),
     "inet", true},
    {CALL_epoll_add, "EBADF EEXIST EINVAL ELOOP ENOENT ENOMEM ENOSPC EPERM", "R", ONLY_06("C"),
     "one", true},
    {CALL_epoll_add_listener, "EEXIST ELOOP ENOENT ENOMEM ENOSPC EPERM", "", FROM_05("P"), "inet",
     false},
    {CALL_epoll_add_listener, "EBADF EINVAL", "", FROM_05("X"), "inet", false},
    {CALL_epoll_del_listener, "EEXIST ELOOP ENOENT ENOMEM ENOSPC EPERM", "", FROM_05("PT"), "inet",
     false},
    {CALL_epoll_del_listener, "EBADF EINVAL", "", FROM_05("XT"), "inet", false},

    /* Waiting. */
    {CALL_select, "EINTR", "", ONLY_04("T"), "inet", false},
    {CALL_select, "ENOMEM", "", ONLY_04("P"), "inet", true},
    {CALL_select, "EBADF EINVAL", "", ONLY_04("X"), "inet", false},
    {CALL_epoll_wait, "EINTR", "", FROM_05("T"), "inet", false},
    {CALL_epoll_wait, "EBADF EFAULT EINVAL", "", FROM_05("X"), "inet", false},
    {CALL_poll, "EINTR", "", ONLY_06("T"), "inet", false},
    {CALL_poll, "ENOMEM", "", ONLY_06("P"), "inet", false},
    {CALL_poll, "EFAULT EINVAL", "", ONLY_06("X"), "inet", false},
    {CALL_poll, "EINTR", "", ONLY_06("T"), "one", false},
    {CALL_poll, "ENOMEM", "", ONLY_06("P"), "one", true},
    {CALL_poll, "EFAULT EINVAL", "", ONLY_06("X"), "one", false},
    {CALL_read_pipe, "EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR", "", FROM_04("T"), "inet",
     false},
    {CALL_write_pipe, "EINTR", "", FROM_04("T"), "inet", false},
    {CALL_read_inbox, "EAGAIN EINTR", "", ONLY_06("T"), "one", false},
    {CALL_read_inbox, "EBADF EFAULT EINVAL EIO EISDIR", "", ONLY_06("X"), "one", false},
    {CALL_poll_inbox, "EFAULT EINTR EINVAL ENOMEM", "", ONLY_06("T"), "one", true},
    {CALL_write_inbox, "EINTR", "", ONLY_06("T"), "one", false},
    {CALL_write_inbox,
     "EAGAIN EBADF EDESTADDRREQ EDQUOT EFAULT EFBIG EINVAL EIO ENOSPC EPERM EPIPE", "",
     ONLY_06("X"), "one", false},

    /* Talking. */
    {CALL_read, "EINTR short", "", ALL("T"), "inet", false},
    {CALL_read, "EAGAIN", "", LOOPS_ASK_AGAIN, "inet", false},
    {CALL_read,
     "EBADF ECONNREFUSED ECONNRESET EFAULT EHOSTUNREACH EINVAL EIO EISDIR ENETUNREACH ENOBUFS "
     "ENOMEM ENOTCONN ENOTSOCK EPIPE ETIMEDOUT", "", ALL("C"), "inet", false},
    {CALL_write, "EINTR short", "", ALL("T"), "inet", false},
    {CALL_write, "EAGAIN", "", LOOPS_ASK_AGAIN, "inet", false},
    {CALL_write,
     "EACCES EALREADY EBADF ECONNRESET EDESTADDRREQ EDQUOT EFAULT EFBIG EHOSTUNREACH EINVAL EIO "
     "EISCONN EMSGSIZE ENETDOWN ENETUNREACH ENOBUFS ENOMEM ENOSPC ENOTCONN ENOTSOCK EOPNOTSUPP "
     "EPERM EPIPE ETIMEDOUT", "", ALL("C"), "inet", false},
    {CALL_epoll_mod, "EBADF EEXIST EINVAL ELOOP ENOENT ENOMEM ENOSPC EPERM", "", FROM_05("C"),
     "inet", false},
    {CALL_write_log, "EINTR SIGTTOU", "T", ALL("T"), "inet", false},
    {CALL_write_log, "EAGAIN EBADF EDESTADDRREQ EDQUOT EFAULT EFBIG EINVAL EIO ENOSPC EPERM EPIPE",
     "I", ALL("I"), "inet", false},
    {CALL_send_log, "EINTR", "T", ALL("T"), "socket", false},
    {CALL_send_log,
     "EACCES EAGAIN EALREADY EBADF ECONNRESET EDESTADDRREQ EFAULT EINVAL EISCONN EMSGSIZE ENOBUFS "
     "ENOMEM ENOTCONN ENOTSOCK EOPNOTSUPP EPIPE", "I", ALL("I"), "socket", false},
    {CALL_getnameinfo,
     "EAI_AGAIN EAI_BADFLAGS EAI_FAIL EAI_FAMILY EAI_MEMORY EAI_NONAME EAI_OVERFLOW EAI_SYSTEM",
     "I", ALL("I"), "inet", false},

    /* Leaving. */
    {CALL_epoll_del, "EBADF EEXIST EINVAL ELOOP ENOENT ENOMEM ENOSPC EPERM", "", FROM_05("T"),
     "inet", false},
    {CALL_close, "EBADF EDQUOT EINTR EIO ENOSPC", "", ALL("T"), "inet", false},
    {CALL_shutdown, "EBADF EINVAL ENOBUFS ENOTCONN ENOTSOCK", "", FROM_03("T"), "inet", false},
    {CALL_recv,
     "EAGAIN EBADF ECONNREFUSED ECONNRESET EFAULT EINTR EINVAL ENOMEM ENOTCONN ENOTSOCK",
     "", FROM_03("T"), "inet", false},
    {CALL_ioctl, "EBADF EFAULT EINVAL ENOTTY", "", FROM_03("T"), "inet", false},
    {CALL_kill, "EINVAL EPERM ESRCH", "", ONLY_03("T"), "inet", false},
};
/* clang-format on */
const int n_rules = sizeof rules / sizeof *rules;

const char *call_name(enum call call)
{
    static const char *const names[] = {
#define NAME(name) #name,
        CALLS(NAME)
#undef NAME
    };
    return names[call];
}

/* clang-format off */
#define ERRORS(e) \
    e(EAI_ADDRFAMILY) e(EAI_AGAIN) e(EAI_NODATA) e(EDEADLK) e(ENOPKG) \
    e(ETXTBSY) e(ENXIO) e(EAI_BADFLAGS) e(EAI_FAIL) e(EAI_FAMILY) e(EAI_MEMORY) e(EAI_NONAME) \
    e(EAI_OVERFLOW) e(EAI_SERVICE) e(EAI_SOCKTYPE) e(EAI_SYSTEM) e(EACCES) e(EADDRINUSE) \
    e(EADDRNOTAVAIL) e(EAFNOSUPPORT) e(EAGAIN) e(EALREADY) e(EBADF) e(EBUSY) e(ECONNABORTED) \
    e(ECONNREFUSED) e(ECONNRESET) e(EDESTADDRREQ) e(EDQUOT) e(EEXIST) e(EFAULT) e(EFBIG) \
    e(EHOSTDOWN) e(EHOSTUNREACH) e(EINPROGRESS) e(EINTR) e(EINVAL) e(EIO) e(EISCONN) \
    e(EISDIR) e(ELOOP) e(EMFILE) e(EMSGSIZE) e(ENAMETOOLONG) e(ENETDOWN) e(ENETUNREACH) \
    e(ENFILE) e(ENOBUFS) e(ENODEV) e(ENOENT) e(ENOLCK) e(ENOMEM) e(ENONET) e(ENOPROTOOPT) \
    e(ENOSPC) e(ENOSR) e(ENOSYS) e(ENOTCONN) e(ENOTDIR) e(ENOTSOCK) e(ENOTTY) e(EOPNOTSUPP) \
    e(EOVERFLOW) e(EPERM) e(EPIPE) e(EPROTO) e(EPROTONOSUPPORT) e(EPROTOTYPE) e(EROFS) \
    e(ESOCKTNOSUPPORT) e(ESRCH) e(ETIMEDOUT)
/* clang-format on */

static const struct {
    const char *name;
    int number;
} errors[] = {
#define ERROR(name) {#name, name},
    ERRORS(ERROR)
#undef ERROR
        {"short", SHORT},
    {"SIGTTOU", STOPPED},
};

int error_number(const char *name)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(name, errors[i].name) == 0)
            return errors[i].number;
    die("there is no error '%s'", name);
}

const char *error_reason(const char *name)
{
    if (strcmp(name, "EAI_SYSTEM") == 0)
        return strerror(ENOMEM); /* which shim.c leaves in errno */
    int number = error_number(name);
    return strncmp(name, "EAI_", 4) == 0 ? gai_strerror(number) : strerror(number);
}

/* The names, and the signals that come with them. */
static void print_errors(const struct rule *rule)
{
    char names[400], *rest = names;

    snprintf(names, sizeof names, "%s", rule->errors);
    for (char *name; (name = strsep(&rest, " "));) {
        int number = error_number(name), signal = signal_with(rule->call, number);
        printf("%s%s%s", name == names ? "" : " ", name,
               number == STOPPED   ? ""
               : signal == SIGPIPE ? " (with SIGPIPE)"
               : signal == SIGXFSZ ? " (with SIGXFSZ)"
                                   : "");
    }
}

void print_rules(void)
{
    printf("| call | fails with | at the start | 01 | 02 | 03 | 04 | 05 | 06 |\n");
    printf("|---|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < n_rules; i++) {
        const struct rule *rule = &rules[i];
        bool inet = strcmp(rule->where, "inet") == 0;
        printf("| `%s`%s%s%s | ", call_name(rule->call), inet ? "" : " (", inet ? "" : rule->where,
               inet ? "" : ")");
        print_errors(rule);
        printf(" | %s |", *rule->at_start ? rule->at_start : "-");
        for (int step = 0; step < N_STEPS; step++)
            printf(" %s |", rule->later[step]);
        putchar('\n');
    }
}
