// SPDX-License-Identifier: MIT
/* stranger.c: see stranger.h */
#define _GNU_SOURCE
#include "stranger.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open /* the same on all machines */
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#define COPIES_MAX 256

static int copies[COPIES_MAX], n_copies;

static int pidfd_open_(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Returns the copy, or -1 with errno. */
static int copy(int pidfd, int fd)
{
    return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

static pid_t group_of(pid_t pid)
{
    char path[64], text[512];
    pid_t group = -1;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    const char *after = fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
    int parent, number;
    if (after && sscanf(after + 1, " %*c %d %d", &parent, &number) == 2)
        group = number;
    fclose(file);
    return group;
}

/* Counts the sockets of a process; if asked, takes them and counts those it has got. */
static int look_at(pid_t pid, int takes)
{
    char path[64], link[64];
    struct dirent *entry;
    int n = 0;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    if (!directory)
        return 0;
    int pidfd = takes ? pidfd_open_(pid) : -1;
    while ((entry = readdir(directory))) {
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, link, sizeof link);
        if (length < 8 || memcmp(link, "socket:", 7) != 0)
            continue;
        int fd = pidfd != -1 && n_copies < COPIES_MAX
                     ? copy(pidfd, (int)strtol(entry->d_name, NULL, 10))
                     : -1;
        if (fd != -1)
            copies[n_copies++] = fd;
        n += fd != -1 || !takes;
    }
    if (pidfd != -1)
        close(pidfd);
    closedir(directory);
    return n;
}

static int look_at_all(pid_t group, int takes)
{
    struct dirent *entry;
    int n = 0;

    DIR *directory = opendir("/proc");
    while (directory && (entry = readdir(directory))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && group_of(pid) == group)
            n += look_at(pid, takes);
    }
    if (directory)
        closedir(directory);
    return n;
}

int stranger_takes(pid_t group)
{
    return look_at_all(group, 1);
}

int sockets_of(pid_t group)
{
    return look_at_all(group, 0);
}

void stranger_lets_go(void)
{
    while (n_copies > 0)
        close(copies[--n_copies]);
}

const char *stranger_why_not(void)
{
    const char *why = NULL;
    int ends[2]; /* the child has its end open until we close ours */

    if (pipe(ends) == -1)
        return strerror(errno);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    int pidfd = pid == -1 ? -1 : pidfd_open_(pid);
    int fd = pidfd == -1 ? -1 : copy(pidfd, ends[0]);
    if (fd == -1)
        why = strerror(errno);
    else
        close(fd);
    if (pidfd != -1)
        close(pidfd);
    close(ends[0]);
    close(ends[1]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return why;
}
