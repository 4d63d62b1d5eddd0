// SPDX-License-Identifier: MIT
/*
 * shim.c: stands between a server and the C library, and lets calls fail.
 *
 * Loaded by LD_PRELOAD, its functions are found before those of the C library with the same names.
 * Each asks what is to happen (torture.h) and otherwise calls the real one. A failed call has not
 * happened, but for close: Linux frees the descriptor even when it reports an error, close(2).
 */
#define _GNU_SOURCE
#include "torture.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __GLIBC__
#define __rlimit_resource_t int /* glibc: an enum */
#define ioctl_request int       /* glibc: unsigned long */
#else
#define ioctl_request unsigned long
#endif

static struct torture *torture; /* NULL: nothing fails */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv(TORTURE_VARIABLE);
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd == -1)
        return;
    void *shared = mmap(NULL, sizeof *torture, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared != MAP_FAILED)
        torture = shared;
}

/* Is this the call that is to fail? Sets errno. */
static bool fails(enum call call)
{
    if (!torture)
        return false;
    long n = ++torture->calls[call];
    if ((int)call != torture->call || !torture->on || n < torture->occurrence ||
        (n > torture->occurrence && !torture->lasting))
        return false;
    torture->injected++;
    if (!torture->listening)
        torture->failed_at_start = true;
    if (torture->told)
        torture->failed_late = true;
    errno = torture->error;
    return true;
}

#pragma GCC diagnostic ignored "-Wpedantic" /* dlsym gives a function as a void * */

/* The real function. */
#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* ---- noise ------------------------------------------------------------------------------------*/

/* A number for the next call: the same for the same seed, whatever the clock says. */
static uint64_t number(void)
{
    static atomic_ulong calls; /* one count a process */

    uint64_t x = ((uint64_t)torture->seed << 32 | ++calls) + 0x9e3779b97f4a7c15u; /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Is the next call to be left out? Sets errno. Else *n may have been made smaller. n: NULL if there
 * is nothing to be cut; defers: may it say EAGAIN? */
static bool disturbed(size_t *n, bool defers)
{
    if (!torture || !torture->noise || !torture->on)
        return false;
    uint64_t x = number();
    if (x % 100 >= 40)
        return false;
    torture->injected++;
    x /= 100;
    if (n && x % 3 == 0) {
        size_t most = (size_t)(1 + x / 3 % 3);
        *n = *n < most ? *n : most;
        return false;
    }
    errno = x % 3 == 1 && defers && torture->not_now ? EAGAIN : EINTR;
    return true;
}

/* ---- reading and writing ----------------------------------------------------------------------*/

static atomic_bool inboxes[1024]; /* by descriptor: both ends of the pipes to workers */

static bool is_inbox(int fd)
{
    return fd >= 0 && fd < (int)(sizeof inboxes / sizeof *inboxes) && inboxes[fd];
}

static bool is_socket(int fd)
{
    int type, saved = errno;
    socklen_t length = sizeof type;
    bool is = REAL(getsockopt)(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0;
    errno = saved;
    return is;
}

/* Does a call that reads or writes fail? Else *n may have been made smaller. */
static bool fails_or_cuts(enum call call, bool noisy, size_t *n)
{
    if (!fails(call))
        return noisy && disturbed(n, true);
    if (torture->error != SHORT)
        return true;
    *n = *n > 0;
    return false;
}

static long long victim(int fd)
{
    return (long long)getpid() << 32 | fd;
}

/* A client has been read from or written to. */
static void note_use(int fd, bool failed)
{
    if (torture && failed)
        torture->victim = victim(fd);
    else if (torture && torture->victim == victim(fd))
        torture->used_after++;
}

ssize_t read(int fd, void *bytes, size_t n)
{
    bool socket = is_socket(fd);
    enum call call = socket ? CALL_read : is_inbox(fd) ? CALL_read_inbox : CALL_read_pipe;
    bool failed = fails_or_cuts(call, socket, &n);
    if (socket)
        note_use(fd, failed);
    return failed ? -1 : REAL(read)(fd, bytes, n);
}

/* Does a call that writes fail? Else *n may have been made smaller. quiet: it has MSG_NOSIGNAL. */
static bool fails_to_write(enum call call, int fd, bool quiet, size_t *n)
{
    bool socket = call == CALL_write;
    bool failed = fails_or_cuts(call, socket, n);
    int error = errno;

    if (socket)
        note_use(fd, failed);
    if (!failed)
        return false;
    int signal = signal_with(call, error);
    if (signal != 0 && !(signal == SIGPIPE && quiet))
        raise(signal);
    errno = error;
    return error != STOPPED;
}

/* A line of the log is written. */
static void note_line(const char *bytes, size_t n)
{
    if (torture && memmem(bytes, n, ": listening on ", 15))
        torture->listening = true;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    enum call call = fd == STDERR_FILENO ? CALL_write_log
                     : is_socket(fd)     ? CALL_write
                     : is_inbox(fd)      ? CALL_write_inbox
                                         : CALL_write_pipe;
    if (fails_to_write(call, fd, false, &n))
        return -1;
    if (fd == STDERR_FILENO)
        note_line(bytes, n);
    return REAL(write)(fd, bytes, n);
}

ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
    enum call call = fd == STDERR_FILENO ? CALL_send_log : CALL_write;
    if (fails_to_write(call, fd, flags & MSG_NOSIGNAL, &n))
        return -1;
    if (fd == STDERR_FILENO)
        note_line(bytes, n);
    return REAL(send)(fd, bytes, n, flags);
}

ssize_t recv(int fd, void *bytes, size_t n, int flags)
{
    return fails(CALL_recv) ? -1 : REAL(recv)(fd, bytes, n, flags);
}

int close(int fd)
{
    if (torture && torture->victim == victim(fd))
        torture->victim = 0;
    int result = REAL(close)(fd), saved = errno;
    if (fails(CALL_close))
        return -1;
    errno = saved;
    return result;
}

/* ---- sockets ----------------------------------------------------------------------------------*/

/* So that not much has to be written to a client that does not read. */
static int with_a_small_buffer(int client)
{
    const int bytes = 4096;
    if (torture && client != -1)
        REAL(setsockopt)(client, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return client;
}

static bool fails_to_accept(void)
{
    return fails(CALL_accept) || disturbed(NULL, true);
}

int accept(int fd, struct sockaddr *address, socklen_t *length)
{
    return fails_to_accept() ? -1 : with_a_small_buffer(REAL(accept)(fd, address, length));
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    return fails_to_accept() ? -1 : with_a_small_buffer(REAL(accept4)(fd, address, length, flags));
}

int socket(int family, int type, int protocol)
{
    return fails(CALL_socket) ? -1 : REAL(socket)(family, type, protocol);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
    return fails(CALL_setsockopt) ? -1 : REAL(setsockopt)(fd, level, option, value, length);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *length)
{
    return fails(CALL_getsockopt) ? -1 : REAL(getsockopt)(fd, level, option, value, length);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    return fails(CALL_bind) ? -1 : REAL(bind)(fd, address, length);
}

int listen(int fd, int backlog)
{
    return fails(CALL_listen) ? -1 : REAL(listen)(fd, backlog);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
    return fails(CALL_getsockname) ? -1 : REAL(getsockname)(fd, address, length);
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    return fails(CALL_connect) ? -1 : REAL(connect)(fd, address, length);
}

int shutdown(int fd, int how)
{
    return fails(CALL_shutdown) ? -1 : REAL(shutdown)(fd, how);
}

/* Functions that do not use errno: what it says then has nothing to do with it. */
static int says_in_its_result(void)
{
    errno = torture->error == EAI_SYSTEM ? ENOMEM : ENOTTY;
    return torture->error;
}

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **list)
{
    return fails(CALL_getaddrinfo) ? says_in_its_result()
                                   : REAL(getaddrinfo)(host, port, hints, list);
}

int getnameinfo(const struct sockaddr *address, socklen_t length, char *host, socklen_t host_size,
                char *port, socklen_t port_size, int flags)
{
    return fails(CALL_getnameinfo)
               ? says_in_its_result()
               : REAL(getnameinfo)(address, length, host, host_size, port, port_size, flags);
}

/* ---- descriptors ------------------------------------------------------------------------------*/

int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    return fails(CALL_fcntl) ? -1 : REAL(fcntl)(fd, command, argument);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fails(CALL_open) ? -1 : REAL(open)(path, flags, mode);
}

int dup(int fd)
{
    return fails(CALL_dup) ? -1 : REAL(dup)(fd);
}

int dup2(int fd, int to)
{
    return fails(CALL_dup2) ? -1 : REAL(dup2)(fd, to);
}

int ioctl(int fd, ioctl_request request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return request == FIONREAD && fails(CALL_ioctl) ? -1 : REAL(ioctl)(fd, request, argument);
}

int isatty(int fd)
{
    return fd == STDERR_FILENO && fails(CALL_isatty) ? 0 : REAL(isatty)(fd);
}

/* The first is that for signals. */
int pipe(int fds[2])
{
    static atomic_int pipes;

    if (fails(CALL_pipe) || REAL(pipe)(fds) == -1)
        return -1;
    if (pipes++ > 0)
        for (int i = 0; i < 2; i++)
            if (fds[i] < (int)(sizeof inboxes / sizeof *inboxes))
                inboxes[fds[i]] = true;
    return 0;
}

int flock(int fd, int operation)
{
    return fails(CALL_flock) ? -1 : REAL(flock)(fd, operation);
}

int lstat(const char *path, struct stat *file)
{
    return fails(CALL_lstat) ? -1 : REAL(lstat)(path, file);
}

int fstat(int fd, struct stat *file)
{
    return fd == STDERR_FILENO && fails(CALL_fstat) ? -1 : REAL(fstat)(fd, file);
}

int unlink(const char *path)
{
    return fails(CALL_unlink) ? -1 : REAL(unlink)(path);
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
    return fails(CALL_getrlimit) ? -1 : REAL(getrlimit)(resource, limit);
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    return fails(CALL_setrlimit) ? -1 : REAL(setrlimit)(resource, limit);
}

long sysconf(int name)
{
    bool cores = name == _SC_NPROCESSORS_ONLN; /* the rest a sanitizer asks */
    return cores && fails(CALL_sysconf) ? -1 : REAL(sysconf)(name);
}

#ifdef __GLIBC__ /* the names that a file has for them which defines _FILE_OFFSET_BITS */
int fcntl64(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    return fails(CALL_fcntl) ? -1 : REAL(fcntl64)(fd, command, argument);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fails(CALL_open) ? -1 : REAL(open64)(path, flags, mode);
}

int lstat64(const char *path, struct stat64 *file)
{
    return fails(CALL_lstat) ? -1 : REAL(lstat64)(path, file);
}

int fstat64(int fd, struct stat64 *file)
{
    return fd == STDERR_FILENO && fails(CALL_fstat) ? -1 : REAL(fstat64)(fd, file);
}

int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *limit)
{
    return fails(CALL_getrlimit) ? -1 : REAL(getrlimit64)(resource, limit);
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
    return fails(CALL_setrlimit) ? -1 : REAL(setrlimit64)(resource, limit);
}
#endif

/* ---- waiting ----------------------------------------------------------------------------------*/

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    const struct pollfd *volatile first = fds; /* gcc thinks that poll only writes there */
    enum call call = n == 1 && is_inbox(first->fd) ? CALL_poll_inbox : CALL_poll;
    return fails(call) ? -1 : REAL(poll)(fds, n, timeout);
}

int select(int n, fd_set *readable, fd_set *writable, fd_set *other, struct timeval *timeout)
{
    if (fails(CALL_select) || disturbed(NULL, false))
        return -1;
    return REAL(select)(n, readable, writable, other, timeout);
}

int epoll_create1(int flags)
{
    return fails(CALL_epoll_create1) ? -1 : REAL(epoll_create1)(flags);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    int listens = 0;
    socklen_t length = sizeof listens;
    REAL(getsockopt)(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length);
    enum call call = operation == EPOLL_CTL_MOD ? CALL_epoll_mod
                     : operation == EPOLL_CTL_DEL
                         ? (listens ? CALL_epoll_del_listener : CALL_epoll_del)
                         : (listens ? CALL_epoll_add_listener : CALL_epoll_add);
    return fails(call) ? -1 : REAL(epoll_ctl)(epoll, operation, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int n, int timeout)
{
    if (fails(CALL_epoll_wait) || disturbed(NULL, false))
        return -1;
    return REAL(epoll_wait)(epoll, events, n, timeout);
}

/* ---- processes and threads --------------------------------------------------------------------*/

pid_t fork(void)
{
    return fails(CALL_fork) ? -1 : REAL(fork)();
}

int kill(pid_t pid, int signal)
{
    return fails(CALL_kill) ? -1 : REAL(kill)(pid, signal);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    return fails(CALL_pthread_create) ? says_in_its_result()
                                      : REAL(pthread_create)(thread, attributes, run, argument);
}

/* ---- memory -----------------------------------------------------------------------------------*/

static bool is_shared(int flags)
{
    return (flags & MAP_SHARED) && (flags & MAP_ANONYMOUS); /* the rest is the library's */
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    return is_shared(flags) && fails(CALL_mmap) ? MAP_FAILED
                                                : REAL(mmap)(at, n, protection, flags, fd, offset);
}

#ifdef __GLIBC__
void *mmap64(void *at, size_t n, int protection, int flags, int fd, off64_t offset)
{
    return is_shared(flags) && fails(CALL_mmap)
               ? MAP_FAILED
               : REAL(mmap64)(at, n, protection, flags, fd, offset);
}
#endif

/* Memory that the C library wants for itself is its own affair: who does that (strerror in one
 * version, pthread_create in another) is not for us to know. */
static struct {
    uintptr_t begin, end;
} code; /* of the server */

static int note_code(struct dl_phdr_info *program, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (int i = 0; i < program->dlpi_phnum; i++) {
        if (program->dlpi_phdr[i].p_type == PT_LOAD && (program->dlpi_phdr[i].p_flags & PF_X)) {
            code.begin = program->dlpi_addr + program->dlpi_phdr[i].p_vaddr;
            code.end = code.begin + program->dlpi_phdr[i].p_memsz;
        }
    }
    return 1; /* the first is the program itself; no more */
}

__attribute__((constructor)) static void find_code(void)
{
    dl_iterate_phdr(note_code, NULL);
}

static bool fails_for(const void *caller, enum call call)
{
    return (uintptr_t)caller >= code.begin && (uintptr_t)caller < code.end && fails(call);
}

#ifdef __GLIBC__ /* its dlsym may allocate, but the functions have a second name */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
#else
#define __libc_malloc REAL(malloc)
#define __libc_calloc REAL(calloc)
#endif

void *malloc(size_t n)
{
    return fails_for(__builtin_return_address(0), CALL_malloc) ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
    return fails_for(__builtin_return_address(0), CALL_calloc) ? NULL : __libc_calloc(count, n);
}
