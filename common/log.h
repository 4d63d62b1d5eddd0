// SPDX-License-Identifier: MIT
/*
 * Log lines: one write(2) each, on stderr, with the program's name in front.
 *
 * A line that cannot be written is dropped, also when whoever reads our stderr has stopped reading:
 * a server must not wait for its log.
 */
#ifndef LOG_H
#define LOG_H

#if defined(__GNUC__)
#define PRINTF_LIKE(arguments) __attribute__((format(printf, 1, arguments)))
#else
#define PRINTF_LIKE(arguments)
#endif

/* Takes the program's name from argv[0], and opens the descriptors 0 to 2 on /dev/null if they are
 * closed: a client must not get the number of stderr, and our log lines with it. Call it first. */
void log_start(const char *argv0);

/* The last part of argv[0]. */
const char *log_name(void);

/* Writes "NAME: ", the text and a newline; cut at 1,023 bytes. Leaves errno as it was. */
void log_line(const char *format, ...) PRINTF_LIKE(2);

/* log_line(), then exit(3) with status 1: the program cannot start, or cannot go on. */
_Noreturn void die(const char *format, ...) PRINTF_LIKE(2);

#endif
