// SPDX-License-Identifier: MIT
/* process.c: see process.h */
#include "process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *open_file(pid_t pid, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    return fopen(path, "r");
}

/* Adds up what a function says of each child of a process. A child belongs to the thread that has
 * forked it. */
static int64_t of_children(pid_t pid, const char *thread, int64_t (*of)(pid_t))
{
    char name[280];
    int64_t sum = 0, used;
    long child;

    snprintf(name, sizeof name, "task/%s/children", thread);
    FILE *file = open_file(pid, name);
    while (file && fscanf(file, "%ld", &child) == 1)
        if ((used = of((pid_t)child)) > 0)
            sum += used;
    if (file)
        fclose(file);
    return sum;
}

/* What of one thread has run, in nanoseconds; then that of its children. */
static int64_t of_threads(pid_t pid, int64_t (*of_thread)(pid_t, const char *),
                          int64_t (*of_child)(pid_t))
{
    char path[64];
    int64_t sum = 0;

    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    DIR *threads = opendir(path);
    for (struct dirent *thread; threads && (thread = readdir(threads));)
        if (thread->d_name[0] != '.')
            sum += (of_thread ? of_thread(pid, thread->d_name) : 0) +
                   of_children(pid, thread->d_name, of_child);
    if (threads)
        closedir(threads);
    return sum;
}

static int64_t thread_cpu(pid_t pid, const char *thread)
{
    char name[280];
    long long ns = 0;

    snprintf(name, sizeof name, "task/%s/schedstat", thread);
    FILE *file = open_file(pid, name);
    if (file && fscanf(file, "%lld", &ns) != 1)
        ns = 0;
    if (file)
        fclose(file);
    return ns;
}

/* What the children had used that were waited for: fields 16 and 17 of its stat, in ticks. */
static int64_t ended_children_cpu(FILE *stat)
{
    char line[1024];
    long user = 0, system = 0;

    char *rest = fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL; /* after its name */
    for (int field = 2; rest && field < 16; field++)
        rest = strchr(rest + 1, ' ');
    if (!rest || sscanf(rest, "%ld %ld", &user, &system) != 2)
        return 0;
    return (int64_t)(user + system) * (1000000000 / sysconf(_SC_CLK_TCK));
}

int64_t process_cpu(pid_t pid)
{
    FILE *stat = open_file(pid, "stat");

    if (!stat)
        return -1;
    int64_t ended = ended_children_cpu(stat);
    fclose(stat);
    return ended + of_threads(pid, thread_cpu, process_cpu);
}

int64_t process_memory(pid_t pid)
{
    char line[200];
    long kb = 0;

    FILE *file = open_file(pid, "smaps_rollup");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %ld kB", &kb) == 1)
            break;
    if (file)
        fclose(file);
    return (int64_t)kb * 1024 + of_threads(pid, NULL, process_memory);
}
