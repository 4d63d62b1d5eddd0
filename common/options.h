// SPDX-License-Identifier: MIT
/*
 * The command line: NAME [OPTION]... WORD..., one table of options for parsing and for --help.
 *
 * --option VALUE and --option=VALUE; no abbreviations; of repeats the last counts. Whatever is
 * wrong ends the program with status 2 and names the word, on stderr. After `--` everything is a
 * word. --help and --version are every program's, print on stdout and end it with status 0.
 * Source: POSIX.1, XBD 12.2; GNU Coding Standards 4.8.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "address.h"
#include "log.h"

#include <stdbool.h>

struct option {
    const char *name;  /* without the dashes; NULL ends a table */
    const char *value; /* what --help calls the value. "a|b|c": one of these words, stored as its
                          place from 0. "SECONDS": a decimal, stored in milliseconds. NULL: takes
                          no value, stores 1. Else a whole number. */
    long *stored;      /* the default before, the last value given after */
    long min, max;     /* the limits of *stored, both allowed */
    const char *help;  /* one line */
};

struct command {
    const char *words;     /* for the usage line: "[ADDRESS]" */
    const char *addresses; /* for --help: how an ADDRESS is written; NULL if words has none */
    const char *about;     /* for --help: what the program does, lines ended by newlines */
    const struct option *options; /* NULL: none but --help and --version */
    bool options_first;           /* after the first word everything is a word */
};

/* Reads the command line: stores the options' values, and leaves the words in argv[1] to argv[n],
 * ended by NULL. Returns n. Calls log_start(). */
int options_parse(int argc, char *argv[], const struct command *command);

/* Was the option on the command line? */
bool option_given(const char *name);

/* Logs why the word is wrong, and the usage; exits with status 2. */
_Noreturn void usage_error(const char *why, const char *word);

/* Every server's command line: options_parse(), then the one ADDRESS (127.0.0.1:9000 without). */
struct address server_options(int argc, char *argv[], const char *about,
                              const struct option *options);

/* The same for step 01, which takes no unix:PATH and no fd:N. */
struct address tcp_server_options(int argc, char *argv[], const char *about,
                                  const struct option *options);

/* The options that several servers have. The backlog is how many clients may be connected and not
 * yet accepted: listen(2). */
#define BACKLOG_DEFAULT 64
/* clang-format off */
#define OPTION_BACKLOG(stored) \
    {"backlog", "N", stored, 1, 65535, "clients that may wait to be accepted"}
#define OPTION_MAX_CONNECTIONS(stored, max) \
    {"max-connections", "N", stored, 1, max, "clients served at a time; the others wait"}
#define OPTION_ACCEPTS(stored) \
    {"max-accepts-per-batch", "N", stored, 1, 1000000, "clients accepted in one round"}
/* clang-format on */

#endif
