// SPDX-License-Identifier: MIT
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "command.h"

#include "columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

/* Puts host and port where the command wants them. malloc'ed. */
static char *filled_in(const char *command, int port)
{
    size_t size = strlen(command) * 2 + 64; /* {port} is longer than any, {host} gains three */
    char *text = need(malloc(size)), *to = text;

    while (*command) {
        if (strncmp(command, "{port}", 6) == 0) {
            to += sprintf(to, "%d", port);
            command += 6;
        } else if (strncmp(command, "{host}", 6) == 0) {
            to += sprintf(to, "127.0.0.1");
            command += 6;
        } else
            *to++ = *command++;
    }
    *to = '\0';
    return text;
}

static char *address_word(int port)
{
    char *word = need(malloc(32));

    snprintf(word, 32, "127.0.0.1:%d", port);
    return word;
}

/* Where the last command begins of those that && or ; separate. */
static char *last_command(char *script)
{
    char *last = script;

    for (char *at = script; *at; at++)
        if (*at == ';' || (at[0] == '&' && at > script && at[-1] == '&'))
            last = at + 1;
    return last + strspn(last, " ");
}

/* May "exec" stand before it? Then the server takes the shell's place, and gets its signals. */
static bool takes_exec(const char *command)
{
    static const char *const of_the_shell[] = {"exec",  "cd",     "if",   "for",   "while",
                                               "until", "case",   "eval", "trap",  "wait",
                                               "set",   "export", "{",    "umask", "ulimit"};
    size_t word = strcspn(command, " ");

    for (size_t i = 0; i < sizeof of_the_shell / sizeof *of_the_shell; i++)
        if (word == strlen(of_the_shell[i]) && memcmp(command, of_the_shell[i], word) == 0)
            return false;
    return *command && !strpbrk(command, "|&;()`\n'\"") && !memchr(command, '=', word);
}

char **command_words(const char *command, int port, bool address)
{
    char *text = filled_in(command, port), **words;
    wordexp_t parts = {0};
    size_t n = 0;

    if (wordexp(text, &parts, WRDE_NOCMD) == 0 && parts.we_wordc > 0) {
        words = need(calloc(parts.we_wordc + 2, sizeof *words));
        for (; n < parts.we_wordc; n++)
            words[n] = need(strdup(parts.we_wordv[n]));
        wordfree(&parts);
    } else {
        char *script = need(malloc(strlen(text) + 16)), *last = last_command(text);

        sprintf(script, address ? "%.*s%s%s \"$@\"" : "%.*s%s%s", (int)(last - text), text,
                takes_exec(last) ? "exec " : "", last);
        words = need(calloc(6, sizeof *words));
        words[n++] = need(strdup("sh"));
        words[n++] = need(strdup("-c"));
        words[n++] = script;
        words[n++] = need(strdup("sh"));
    }
    if (address)
        words[n] = address_word(port);
    free(text);
    return words;
}

char **command_plain(const char *program, int port)
{
    char **words = need(calloc(3, sizeof *words));

    words[0] = need(strdup(program));
    words[1] = address_word(port);
    return words;
}

void command_free(char **words)
{
    for (size_t i = 0; words[i]; i++)
        free(words[i]);
    free(words);
}

void command_show(char *const words[], char *text, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; words[i] && n < size - 1; i++) {
        int more = snprintf(text + n, size - n, "%s%s", i ? " " : "", words[i]);
        n += more < 0 ? 0 : (size_t)more;
    }
}
