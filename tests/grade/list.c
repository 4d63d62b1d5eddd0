// SPDX-License-Identifier: MIT
/* list.c: see list.h */
#define _GNU_SOURCE
#include "list.h"

#include "columns.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t";

static const char not_text[] =
    "this is no plain text: save the list as UTF-8, with a name and a command on each line";

/* Takes the quotes off a field as in "a ""b"" c": moves *at behind it, returns the text, which is
 * put in its place. NULL: the closing quote is missing. */
static char *unquote(char **at)
{
    char *text = *at, *to = *at, *from = *at + 1;

    for (;; from++) {
        if (*from == '"' && from[1] != '"')
            break;
        if (*from == '"')
            from++;
        if (*from == '\0')
            return NULL;
        *to++ = *from;
    }
    *at = from + 1;
    *to = '\0';
    return text;
}

/* A quoted field that fills the rest of the line: RFC 4180. */
static bool is_field(const char *s)
{
    if (*s++ != '"')
        return false;
    for (; *s; s++) {
        if (*s != '"')
            continue;
        if (s[1] != '"')
            return s[1] == '\0';
        s++;
    }
    return false;
}

/* Returns the command of the line at s, or NULL: what is wrong is in *wrong then. Writes into s. */
static char *parse(char *s, char **name, const char **wrong)
{
    if (*s == '"') {
        *name = unquote(&s);
        if (!*name) {
            *wrong = "the name has no closing quote";
            return NULL;
        }
    } else {
        *name = s;
        s += strcspn(s, " \t,");
    }
    char *end_of_name = s;
    if (*s != '\0' && !strchr(" \t,", *s)) {
        *wrong = "a blank, a tab or a comma must follow the closing quote of the name";
        return NULL;
    }
    bool quoted_field = false;
    s += strspn(s, blanks);
    if (*s == ',') {
        s++;
        quoted_field = is_field(s);
        s += strspn(s, blanks);
    }
    if (quoted_field)
        s = unquote(&s);
    *end_of_name = '\0';
    if (**name == '\0')
        *wrong = "the name is missing";
    else if (!s || s[strspn(s, blanks)] == '\0')
        *wrong = "the command is missing: a line is NAME COMMAND";
    else
        return s;
    return NULL;
}

static bool is_line(char *line, size_t n, const char **wrong)
{
    if (memchr(line, '\0', n)) {
        *wrong = not_text;
        return false;
    }
    return line[0] != '\0' && line[0] != '#';
}

static const struct submission *find(const struct list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->each[i].name, name) == 0)
            return &list->each[i];
    return NULL;
}

/* What is wrong with the line, "" if nothing is. */
static const char *take_line(struct list *list, char *line, size_t n, size_t number)
{
    static char twice[80];
    const char *wrong = "";
    char *name = NULL;

    if (number == 1 && n >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
        line += 3;
        n -= 3;
    }
    while (n > 0 && strchr(" \t\r\n", line[n - 1]) && line[n - 1] != '\0')
        line[--n] = '\0';
    size_t indent = strspn(line, blanks);
    if (!is_line(line + indent, n - indent, &wrong))
        return wrong;
    char *command = parse(line + indent, &name, &wrong);
    if (!command)
        return wrong;
    const struct submission *other = find(list, name);
    if (other) {
        snprintf(twice, sizeof twice, "line %zu has the same name", other->line);
        return twice;
    }
    list->each = need(realloc(list->each, (list->n + 1) * sizeof *list->each));
    list->each[list->n++] = (struct submission){need(strdup(name)), need(strdup(command)), number};
    return "";
}

int list_read(struct list *list, const char *path)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t n = 0;
    const char *wrong = "";

    *list = (struct list){0};
    FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "grade: cannot read the list %s: %s\n", path, strerror(errno));
        return -1;
    }
    errno = 0;
    while (*wrong == '\0' && (n = getline(&line, &room, file)) != -1)
        wrong = take_line(list, line, (size_t)n, ++number);
    int error = errno;
    bool failed = ferror(file);
    fclose(file);
    free(line);
    if (failed)
        fprintf(stderr, "grade: cannot read the list %s: %s\n", path, strerror(error));
    else if (*wrong != '\0')
        fprintf(stderr, "%s:%zu: %s\n", path, number, wrong);
    else if (list->n == 0)
        fprintf(stderr, "%s: there is no submission in the list\n", path);
    else
        return 0;
    list_free(list);
    return -1;
}

void list_free(struct list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->each[i].name);
        free(list->each[i].command);
    }
    free(list->each);
    *list = (struct list){0};
}
