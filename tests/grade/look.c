// SPDX-License-Identifier: MIT
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "look.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads a file of /proc as a string. false: the process is gone. */
static bool slurp(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t had = 0;
    ssize_t n = -1;

    if (fd < 0)
        return false;
    while (had < size - 1 && (n = read(fd, text + had, size - 1 - had)) > 0)
        had += (size_t)n;
    close(fd);
    text[had] = '\0';
    return had > 0 || n == 0;
}

/* Where the kernel has no list of children: every process is asked for its parent. */
static int children_by_parent(pid_t pid, pid_t *children, int most)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    char path[300], text[600], *after;
    int n = 0, parent;

    while (proc && (entry = readdir(proc)) && n < most) {
        if (!isdigit((unsigned char)*entry->d_name))
            continue;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        if (slurp(path, text, sizeof text) && (after = strrchr(text, ')')) &&
            sscanf(after, ") %*c %d", &parent) == 1 && parent == pid)
            children[n++] = atoi(entry->d_name);
    }
    if (proc)
        closedir(proc);
    return n;
}

static int children_of_thread(const char *path, pid_t *children, int most)
{
    char text[16384], *at = text, *end;
    int n = 0;

    if (!slurp(path, text, sizeof text))
        return 0;
    while (n < most) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            break;
        children[n++] = (pid_t)pid;
        at = end;
    }
    return n;
}

int look_children(pid_t pid, pid_t *children, int most)
{
    char path[300];
    struct dirent *entry;
    DIR *tasks;
    int n = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    if (access(path, F_OK) < 0) {
        snprintf(path, sizeof path, "/proc/%d/task", pid);
        return access(path, F_OK) < 0 ? 0 : children_by_parent(pid, children, most);
    }
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    tasks = opendir(path);
    while (tasks && (entry = readdir(tasks)) && n < most) {
        if (!isdigit((unsigned char)*entry->d_name))
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/children", pid, entry->d_name);
        n += children_of_thread(path, children + n, most - n);
    }
    if (tasks)
        closedir(tasks);
    return n;
}

static int count_entries(const char *path, int *highest)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    int n = 0;

    while (directory && (entry = readdir(directory)))
        if (isdigit((unsigned char)*entry->d_name)) {
            n++;
            if (highest && atoi(entry->d_name) > *highest)
                *highest = atoi(entry->d_name);
        }
    if (directory)
        closedir(directory);
    return n;
}

int look_highest_descriptor(pid_t pid)
{
    char path[64];
    int highest = -1;

    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    count_entries(path, &highest);
    return highest;
}

/* A process's own line: its state, and the CPU time of it and of the children it has reaped. */
static char state_of(pid_t pid, double *ticks)
{
    char path[64], text[1024], state = 'X', *after;
    unsigned long long user, system, children_user, children_system;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (!slurp(path, text, sizeof text) || !(after = strrchr(text, ')')) ||
        sscanf(after, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu", &state,
               &user, &system, &children_user, &children_system) != 5)
        return 'X';
    *ticks =
        (double)(user + system + children_user + children_system) / (double)sysconf(_SC_CLK_TCK);
    return state;
}

static void look_at_threads(pid_t pid, struct look *look, double *ran)
{
    char path[300], text[1024], *after;
    unsigned long long run, wait;
    struct dirent *entry;
    DIR *tasks;

    snprintf(path, sizeof path, "/proc/%d/task", pid);
    tasks = opendir(path);
    while (tasks && (entry = readdir(tasks))) {
        if (!isdigit((unsigned char)*entry->d_name))
            continue;
        look->threads++;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, entry->d_name);
        if (slurp(path, text, sizeof text) && sscanf(text, "%llu %llu", &run, &wait) == 2) {
            *ran += (double)run / 1e9;
            look->waited += (double)wait / 1e9;
        }
        snprintf(path, sizeof path, "/proc/%d/task/%s/stat", pid, entry->d_name);
        if (slurp(path, text, sizeof text) && (after = strrchr(text, ')')) && after[1] == ' ') {
            look->uninterruptible += after[2] == 'D';
            look->stopped += after[2] == 'T';
            look->runnable += after[2] == 'R';
        }
    }
    if (tasks)
        closedir(tasks);
}

/* Pages that were only read are nobody's memory, but the tables of many such pages are. */
static long page_tables_of(pid_t pid)
{
    char path[64], text[4096], *line;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (slurp(path, text, sizeof text) && (line = strstr(text, "\nVmPTE:")))
        return strtol(line + 7, NULL, 10);
    return 0;
}

static long resident_of(pid_t pid)
{
    char path[64], text[256];
    long size = 0, pages = 0, page = sysconf(_SC_PAGESIZE) / 1024;

    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    if (!slurp(path, text, sizeof text) || sscanf(text, "%ld %ld", &size, &pages) != 2)
        return 0;
    return pages * page + (size * page > 4 << 20 ? page_tables_of(pid) : 0);
}

static long memory_of(pid_t pid)
{
    char path[64], text[4096], *line;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    if (slurp(path, text, sizeof text) && (line = strstr(text, "\nPss:")))
        return strtol(line + 5, NULL, 10) + page_tables_of(pid);
    return resident_of(pid); /* we may not know more: it was started by another user, say */
}

static void look_at(pid_t pid, int what, struct look *look)
{
    char path[64];
    double ticks = 0, ran = 0;
    char state = state_of(pid, &ticks);

    if (state == 'X')
        return;
    if (look->n_pids < LOOK_MOST)
        look->pids[look->n_pids++] = pid;
    if (state == 'Z') {
        look->zombies++;
        look->ran += ticks;
        return;
    }
    look->processes++;
    look->resident += resident_of(pid);
    look_at_threads(pid, look, &ran);
    look->ran += ran > ticks ? ran : ticks; /* ticks have what threads that ended have used */
    if (what & LOOK_DESCRIPTORS) {
        snprintf(path, sizeof path, "/proc/%d/fd", pid);
        look->descriptors += count_entries(path, NULL);
    }
    if (what & LOOK_MEMORY)
        look->memory += memory_of(pid);
}

void look_below(pid_t keeper, int what, struct look *look)
{
    pid_t found[LOOK_MOST];
    int n, next = 0;

    memset(look, 0, sizeof *look);
    n = look_children(keeper, found, LOOK_MOST);
    for (; next < n; next++) {
        look_at(found[next], what, look);
        n += look_children(found[next], found + n, LOOK_MOST - n);
    }
}

void look_kill_below(pid_t keeper)
{
    pid_t found[LOOK_MOST];

    for (int round = 0; round < 2000; round++) { /* of a fork bomb each round leaves less */
        int n = look_children(keeper, found, LOOK_MOST), next = 0;

        for (; next < n; next++)
            n += look_children(found[next], found + n, LOOK_MOST - n);
        for (int i = 0; i < n; i++)
            kill(found[i], SIGSTOP);
        for (int i = 0; i < n; i++)
            kill(found[i], SIGKILL);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (n == 0)
            return;
        poll(NULL, 0, 5);
    }
}

unsigned look_threads_of(uid_t uid)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    struct stat of;
    char path[300];
    int n = 0;

    while (proc && (entry = readdir(proc))) {
        snprintf(path, sizeof path, "/proc/%s/task", entry->d_name);
        if (isdigit((unsigned char)*entry->d_name) && stat(path, &of) == 0 && of.st_uid == uid)
            n += count_entries(path, NULL);
    }
    if (proc)
        closedir(proc);
    return (unsigned)n;
}

double look_patience(void)
{
    double load, usual = 4 * (double)sysconf(_SC_NPROCESSORS_ONLN) + 2; /* we may cause so much */

    if (getloadavg(&load, 1) != 1 || load <= usual)
        return 1;
    return load < 4 * usual ? load / usual : 4;
}

/* ---- who listens ----------------------------------------------------------------------------- */

static const char *const tcp_tables[] = {"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"};

static bool has_socket(const struct look *look, unsigned long inode)
{
    char path[300], target[64], wanted[64];
    struct dirent *entry;
    bool found = false;

    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    for (int i = 0; i < look->n_pids && !found; i++) {
        DIR *directory;

        snprintf(path, sizeof path, "/proc/%d/fd", look->pids[i]);
        directory = opendir(path);
        while (directory && !found && (entry = readdir(directory))) {
            ssize_t n;

            snprintf(path, sizeof path, "/proc/%d/fd/%s", look->pids[i], entry->d_name);
            n = readlink(path, target, sizeof target - 1);
            target[n > 0 ? n : 0] = '\0';
            found = strcmp(target, wanted) == 0;
        }
        if (directory)
            closedir(directory);
    }
    return found;
}

/* "0100007F:2328", as the kernel writes an address in its own byte order. */
static void name_address(const char *hex, bool ipv6, struct listening *one)
{
    unsigned words[4] = {0};
    int n = ipv6 ? 4 : 1;

    for (int i = 0; i < n; i++)
        sscanf(hex + 8 * i, "%8x", &words[i]);
    one->ipv6 = ipv6;
    one->any = true;
    for (int i = 0; i < n; i++)
        one->any = one->any && words[i] == 0;
    inet_ntop(ipv6 ? AF_INET6 : AF_INET, words, one->host, sizeof one->host);
}

int look_listening(pid_t keeper, bool own_network, struct listening *found, int most)
{
    struct look look = {0};
    char line[512], hex[64];
    unsigned port, state;
    unsigned long inode;
    int n = 0;

    if (!own_network)
        look_below(keeper, LOOK_QUICK, &look);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        FILE *table = fopen(tcp_tables[ipv6], "re");

        while (table && n < most && fgets(line, sizeof line, table)) {
            if (sscanf(line,
                       " %*d: %63[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu",
                       hex, &port, &state, &inode) != 4 ||
                state != 0x0A /* TCP_LISTEN */ || (!own_network && !has_socket(&look, inode)))
                continue;
            name_address(hex, ipv6, &found[n]);
            found[n++].port = (int)port;
        }
        if (table)
            fclose(table);
    }
    return n;
}

int look_sockets(void)
{
    char text[600];
    int n = 0;

    if (slurp("/proc/thread-self/net/sockstat", text, sizeof text))
        sscanf(text, "sockets: used %d", &n);
    return n;
}

bool look_queues(int local_port, int remote_port, unsigned *to_send, unsigned *unread)
{
    char line[512];
    unsigned local, remote;
    bool found = false;

    for (int ipv6 = 0; ipv6 < 2 && !found; ipv6++) {
        FILE *table = fopen(tcp_tables[ipv6], "re");

        while (table && !found && fgets(line, sizeof line, table))
            found = sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %*x %x:%x", &local, &remote,
                           to_send, unread) == 4 &&
                    local == (unsigned)local_port && remote == (unsigned)remote_port;
        if (table)
            fclose(table);
    }
    return found;
}
