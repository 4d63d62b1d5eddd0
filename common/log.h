// SPDX-License-Identifier: MIT
/*
 * Log lines: one write(2) each, on stderr, with the program's name in front.
 *
 * A server must never wait for its log. Whatever stderr is (a terminal, a pipe, a socket, a file),
 * a line that it does not take at once is lost, and so is what comes after it in the same moment.
 * Nothing polls first: poll(2) says that there is some room, not that there is room for this line,
 * and another thread or process may have taken it a moment later.
 *
 * What clients make us log is limited: LOG_BURST lines at once, then LOG_RATE a second, for all
 * threads and children of a server together. The next line that may be written is preceded by one
 * that tells how many were left out.
 */
#ifndef LOG_H
#define LOG_H

#include "posix.h"

#include <stdbool.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(arguments) __attribute__((format(printf, 1, arguments)))
#else
#define PRINTF_LIKE(arguments)
#endif

#define LOG_BURST 200
#define LOG_RATE 20

/* Call it first, with argv[0], of which it takes the program's name. Prepares the descriptors 0 to
 * 2 (standard.h): writing to stderr cannot block from then on. Ignores SIGXFSZ: a log at its size
 * limit fails with EFBIG and does not kill, setrlimit(2). */
void log_start(const char *argv0);

/* The last part of argv[0]. */
const char *log_name(void);

/* Writes "NAME: ", the text and a newline; cut at 1,023 bytes. Leaves errno as it was. Any thread;
 * not for signal handlers. */
void log_line(const char *format, ...) PRINTF_LIKE(2);

/* log_line(), but at most once a second, whichever thread calls it; the other lines are lost. */
void log_seldom(const char *format, ...) PRINTF_LIKE(2);

/* May one more line about a client be written? If so, tells of those that were not. */
bool log_has_room(void);

/* log_line(), then exit(3) with status 1: the program cannot start, or cannot go on. When two
 * threads die at once the first has the say, and the second does not return either. */
_Noreturn void die(const char *format, ...) PRINTF_LIKE(2);

#endif
