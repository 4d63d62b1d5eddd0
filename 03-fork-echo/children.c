// SPDX-License-Identifier: MIT
/* children.c: see children.h */
#include "children.h"

#include "../common/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* The handler changes both. The table it changes only while main.c does not use it: see there. */
static pid_t *children;
static volatile sig_atomic_t count;

void children_reserve(long max)
{
    children = calloc((size_t)max, sizeof *children);
    if (!children)
        die("cannot keep a table of %ld children: %s", max, strerror(errno));
}

void children_add(pid_t pid)
{
    children[count++] = pid;
}

int children_count(void)
{
    return count;
}

static void forget(pid_t pid)
{
    for (int i = 0; i < count; i++)
        if (children[i] == pid) {
            children[i] = children[--count];
            return;
        }
}

void children_reap(void)
{
    pid_t pid;

    /* Until there is none left: a SIGCHLD that is blocked does not queue, so one may stand for
     * several children. */
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        forget(pid);
}

void children_signal(int signal)
{
    for (int i = 0; i < count; i++)
        kill(children[i], signal);
}
