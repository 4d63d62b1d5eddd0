// SPDX-License-Identifier: MIT
/*
 * The list of a class: a line a submission, its name and the command that starts its server.
 *
 *     # comments and empty lines are skipped
 *     alice           python3 alice/server.py
 *     "Bob Roberts",  bob/server --port {port}
 *
 * A blank, a tab or a comma ends the name; a name in double quotes may contain them, and a double
 * quote that is written twice. The rest of the line is the command, as a shell reads it. Only where
 * a comma is followed at once by a double quote, and another ends the line, is the command taken
 * for a quoted field, as spreadsheets write it.
 */
#ifndef GRADE_LIST_H
#define GRADE_LIST_H

#include <stddef.h>

struct submission {
    char *name, *command;
    size_t line; /* of the file, from 1 */
};

struct list {
    size_t n;
    struct submission *each;
};

/* Returns 0, or -1 after one line on stderr that names the file, the line and what is wrong there:
 * also if a name comes twice, or there is no submission at all. To be ended with list_free(). */
int list_read(struct list *list, const char *path);
void list_free(struct list *list);

#endif
