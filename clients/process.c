// SPDX-License-Identifier: MIT
/* process.c: see process.h */
#define _FILE_OFFSET_BITS 64 /* readdir(3): inode numbers of 64 bits, on 32 bits as well */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns NULL with errno: ESRCH if there is no such process, else why the file cannot be read. */
static FILE *open_file(pid_t pid, const char *name)
{
    char path[300];

    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    FILE *file = fopen(path, "r");
    if (!file && errno == ENOENT && (kill(pid, 0) == 0 || errno != ESRCH))
        errno = ENOENT; /* the process lives, but it has no such file, or not for us */
    return file;
}

/* What is to be added for a thread or a child that says -1: nothing if it has ended, else -1. */
static int64_t unless_ended(int64_t used)
{
    return used == -1 && (errno == ENOENT || errno == ESRCH) ? 0 : used;
}

/* Adds up what a function says of each child of a process. A child belongs to the thread that has
 * forked it. Returns -1 with errno if one cannot be read. */
static int64_t of_children(pid_t pid, const char *thread, int64_t (*of)(pid_t))
{
    char name[280];
    int64_t sum = 0;
    long child;

    snprintf(name, sizeof name, "task/%s/children", thread);
    FILE *file = open_file(pid, name);
    if (!file)
        return unless_ended(-1);
    while (sum != -1 && fscanf(file, "%ld", &child) == 1) {
        int64_t used = unless_ended(of((pid_t)child));
        sum = used == -1 ? -1 : sum + used;
    }
    int error = errno;
    fclose(file);
    errno = error;
    return sum;
}

/* Adds up what one function says of each thread, and the other one of each of its children. Returns
 * -1 with errno if one cannot be read. */
static int64_t of_threads(pid_t pid, int64_t (*of_thread)(pid_t, const char *),
                          int64_t (*of_child)(pid_t))
{
    char path[64];
    int64_t sum = 0;

    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    DIR *threads = opendir(path);
    if (!threads)
        return -1;
    for (struct dirent *thread; sum != -1 && (thread = readdir(threads));) {
        if (thread->d_name[0] == '.')
            continue;
        int64_t own = of_thread ? of_thread(pid, thread->d_name) : 0;
        int64_t others = own == -1 ? -1 : of_children(pid, thread->d_name, of_child);
        sum = others == -1 ? -1 : sum + own + others;
    }
    int error = errno;
    closedir(threads);
    errno = error;
    return sum;
}

/* What a thread has run, in nanoseconds. */
static int64_t thread_cpu(pid_t pid, const char *thread)
{
    char name[280];
    long long ns = 0;

    snprintf(name, sizeof name, "task/%s/schedstat", thread);
    FILE *file = open_file(pid, name);
    if (!file)
        return unless_ended(-1);
    if (fscanf(file, "%lld", &ns) != 1)
        ns = 0;
    fclose(file);
    return ns;
}

/* What the children had used that were waited for: fields 16 and 17 of its stat, in ticks. */
static int64_t ended_children_cpu(FILE *stat)
{
    char line[1024];
    long long user = 0, system = 0;

    char *rest = fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL; /* after its name */
    for (int field = 2; rest && field < 16; field++)
        rest = strchr(rest + 1, ' ');
    if (!rest || sscanf(rest, "%lld %lld", &user, &system) != 2)
        return 0;
    return (user + system) * (1000000000 / sysconf(_SC_CLK_TCK));
}

int64_t process_cpu(pid_t pid)
{
    FILE *stat = open_file(pid, "stat");

    if (!stat)
        return -1;
    int64_t ended = ended_children_cpu(stat);
    fclose(stat);
    int64_t running = of_threads(pid, thread_cpu, process_cpu);
    return running == -1 ? -1 : ended + running;
}

/* The process alone. */
static int64_t own_memory(pid_t pid)
{
    char line[200];
    long long kb = -1;

    FILE *file = open_file(pid, "smaps_rollup");
    if (!file)
        return -1;
    errno = 0;
    while (kb == -1 && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %lld kB", &kb) != 1)
            kb = -1;
    int error = errno != 0 ? errno : ESRCH;
    fclose(file);
    errno = error;
    return kb == -1 ? -1 : kb * 1024;
}

int64_t process_memory(pid_t pid)
{
    int64_t own = own_memory(pid);
    int64_t others = own == -1 ? -1 : of_threads(pid, NULL, process_memory);
    return others == -1 ? -1 : own + others;
}
