// SPDX-License-Identifier: MIT
/* log.c: see log.h */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* or where long has 32 bits fstat(2) fails for some files */
#endif
#include "log.h"

#include "standard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS has none; our programs ignore SIGPIPE */
#endif

#define SELDOM_MS 1000

static const char *name = "server";
static bool is_socket; /* stderr is one */
static atomic_flag dying = ATOMIC_FLAG_INIT;
/* Shared with the children of a server that forks. */
static struct room {
    atomic_bool cut_short;        /* stderr took only the beginning of the last line */
    _Atomic long long full_again; /* when a whole LOG_BURST may be written about clients, in ms */
    atomic_long left_out;         /* lines about clients */
} own, *room = &own;

void log_start(const char *argv0)
{
    struct stat file;

    if (argv0) {
        const char *slash = strrchr(argv0, '/');
        name = slash ? slash + 1 : argv0;
    }
    signal(SIGXFSZ, SIG_IGN);
    standard_occupy();
    if (fstat(STDERR_FILENO, &file) == 0)
        is_socket = S_ISSOCK(file.st_mode);
    if (!is_socket)
        standard_nonblocking(STDERR_FILENO);

    void *page =
        mmap(NULL, sizeof *room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
        room = page;
}

const char *log_name(void)
{
    return name;
}

/* Writes what stderr takes without waiting. */
static ssize_t write_now(const char *bytes, size_t n)
{
    ssize_t written;

    do
        written = is_socket ? send(STDERR_FILENO, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL)
                            : write(STDERR_FILENO, bytes, n);
    while (written == -1 && errno == EINTR);
    return written;
}

/* Returns whether the line was written, at least its beginning. */
PRINTF_LIKE(0) static bool write_line(const char *format, va_list arguments)
{
    char text[1 + 1024] = "\n", *line = text + 1; /* the newline ends one that was cut short */
    const size_t size = sizeof text - 1;
    int saved = errno;

    int head = snprintf(line, size, "%s: ", name);
    size_t used = (size_t)head < size ? (size_t)head : size - 1;
    int body = vsnprintf(line + used, size - used, format, arguments);
    used += (size_t)body < size - used ? (size_t)body : size - used - 1;
    line[used++] = '\n'; /* in the place of the final NUL */

    size_t before = room->cut_short ? 1 : 0;
    ssize_t written = write_now(line - before, used + before);
    if (written > 0)
        room->cut_short = (size_t)written < used + before;
    errno = saved;
    return written > 0;
}

void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void log_seldom(const char *format, ...)
{
    static _Atomic long long due; /* the next such line, in now_ms() */
    long long now = now_ms(), expected = due;
    va_list arguments;

    if (now < expected || !atomic_compare_exchange_strong(&due, &expected, now + SELDOM_MS))
        return;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

PRINTF_LIKE(2) static bool try_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool written = write_line(format, arguments);
    va_end(arguments);
    return written;
}

bool log_has_room(void)
{
    long long ms = now_ms(), before = room->full_again, after;

    do { /* each line puts off the moment by its share of a second */
        after = (before > ms ? before : ms) + 1000 / LOG_RATE;
        if (after > ms + LOG_BURST * 1000 / LOG_RATE) {
            room->left_out++;
            return false;
        }
    } while (!atomic_compare_exchange_weak(&room->full_again, &before, after));
    long left_out = atomic_exchange(&room->left_out, 0);
    if (left_out > 0 && !try_line("%ld lines about clients were left out", left_out))
        room->left_out += left_out; /* another time */
    return true;
}

void die(const char *format, ...)
{
    va_list arguments;

    while (atomic_flag_test_and_set(&dying))
        pause(); /* the thread that came first ends us all */
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
    exit(1);
}
