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
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __GLIBC__
#define __rlimit_resource_t int /* glibc: an enum */
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

    uint64_t x = (torture->seed << 32 | ++calls) + 0x9e3779b97f4a7c15u; /* splitmix64 */
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
        x /= 3;
        *n = *n < 1 + x % 3 ? *n : 1 + x % 3;
        return false;
    }
    errno = x % 3 == 1 && defers && torture->not_now ? EAGAIN : EINTR;
    return true;
}

/* ---- reading and writing ----------------------------------------------------------------------*/

static bool is_socket(int fd)
{
    struct stat file;
    int saved = errno;
    bool is = fstat(fd, &file) == 0 && S_ISSOCK(file.st_mode);
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

static long victim(int fd)
{
    return (long)getpid() << 32 | fd;
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
    bool failed = fails_or_cuts(socket ? CALL_read : CALL_read_pipe, socket, &n);
    if (socket)
        note_use(fd, failed);
    return failed ? -1 : REAL(read)(fd, bytes, n);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    bool socket = fd != STDERR_FILENO && is_socket(fd);
    enum call call = fd == STDERR_FILENO ? CALL_write_log : socket ? CALL_write : CALL_write_pipe;
    bool failed = fails_or_cuts(call, socket, &n);
    if (socket)
        note_use(fd, failed);
    if (failed) {
        if (errno == EPIPE) {
            raise(SIGPIPE);
            errno = EPIPE;
        }
        return -1;
    }
    if (fd == STDERR_FILENO && torture && memmem(bytes, n, ": listening on ", 15))
        torture->listening = true;
    return REAL(write)(fd, bytes, n);
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

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    if (fails(CALL_accept) || disturbed(NULL, true))
        return -1;
    int client = REAL(accept4)(fd, address, length, flags);
    /* So that not much has to be written to a client that does not read. */
    const int bytes = 4096;
    if (torture && client != -1)
        REAL(setsockopt)(client, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return client;
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

int pipe(int fds[2])
{
    return fails(CALL_pipe) ? -1 : REAL(pipe)(fds);
}

int flock(int fd, int operation)
{
    return fails(CALL_flock) ? -1 : REAL(flock)(fd, operation);
}

int lstat(const char *path, struct stat *file)
{
    return fails(CALL_lstat) ? -1 : REAL(lstat)(path, file);
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

/* ---- waiting ----------------------------------------------------------------------------------*/

#ifndef __clang__ /* gcc takes what poll(2) is given for something that it only writes */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    bool log = n == 1 && fds->fd == STDERR_FILENO;
    return fails(log ? CALL_poll_log : CALL_poll) ? -1 : REAL(poll)(fds, n, timeout);
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
    enum call call = operation == EPOLL_CTL_DEL   ? CALL_epoll_del
                     : operation == EPOLL_CTL_MOD ? CALL_epoll_mod
                     : listens                    ? CALL_epoll_add_listener
                                                  : CALL_epoll_add;
    return fails(call) ? -1 : REAL(epoll_ctl)(epoll, operation, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int n, int timeout)
{
    if (fails(CALL_epoll_wait) || disturbed(NULL, false))
        return -1;
    return REAL(epoll_wait)(epoll, events, n, timeout);
}

int eventfd(unsigned value, int flags)
{
    return fails(CALL_eventfd) ? -1 : REAL(eventfd)(value, flags);
}

int eventfd_read(int fd, eventfd_t *value)
{
    return fails(CALL_eventfd_read) ? -1 : REAL(eventfd_read)(fd, value);
}

int eventfd_write(int fd, eventfd_t value)
{
    return fails(CALL_eventfd_write) ? -1 : REAL(eventfd_write)(fd, value);
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

#ifdef __GLIBC__ /* its dlsym may allocate, but the functions have a second name */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
#else
#define __libc_malloc REAL(malloc)
#define __libc_calloc REAL(calloc)
#define __libc_memalign REAL(aligned_alloc)
#endif

void *malloc(size_t n)
{
    return fails(CALL_malloc) ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
    return fails(CALL_calloc) ? NULL : __libc_calloc(count, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return fails(CALL_aligned_alloc) ? NULL : __libc_memalign(alignment, n);
}
