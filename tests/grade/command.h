// SPDX-License-Identifier: MIT
/* A command as it is given, and the words that are executed: execvp(3). */
#ifndef GRADE_COMMAND_H
#define GRADE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The words of a command, as a shell would make them, with a port where it says {port}, and with
 * 127.0.0.1 where it says {host}. What only a shell understands ("cd x && ./y") is given to one.
 * address: one more word, 127.0.0.1:PORT. malloc'ed, NULL at the end; for command_free.
 */
char **command_words(const char *command, int port, bool address);

/* A program with an address as its only word, whatever characters are in its path. */
char **command_plain(const char *program, int port);

void command_free(char **words);

/* As it is shown. */
void command_show(char *const words[], char *text, size_t size);

#endif
