// SPDX-License-Identifier: MIT
/*
 * counters.c: linked into the programs of `make coverage`, and into no others.
 *
 * gcov counts in the memory of a process, and writes when it exits. Our servers are killed,
 * their children leave by _exit, and shim.c lets calls fail: counts would get lost, and writing
 * them would be one more thing that can fail. So all processes of a program count in one file
 * that they map, $COUNTERS/NAME, and write nothing, however they end. counters.ld keeps the
 * counters apart from all other memory. Started with COUNTERS_DUMP set, a program only writes
 * what all have counted.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <gcov.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char counters_begin[], counters_end[]; /* counters.ld */

/* What gcc calls at exit, in its name for us and in its own: --wrap. */
void __wrap___gcov_exit(void);
void __real___gcov_exit(void);

void __wrap___gcov_exit(void)
{
    if (!getenv("COUNTERS"))
        __real___gcov_exit();
}

/* By syscall where shim.c has a function of the name: it is not to count or fail. */
__attribute__((constructor)) static void share(void)
{
    const char *directory = getenv("COUNTERS");
    size_t n = (uintptr_t)counters_end - (uintptr_t)counters_begin; /* ld makes them of one piece */
    char program[1024] = "", path[4096];

    /* Not argv[0], which a test may choose. */
    if (!directory || readlink("/proc/self/exe", program, sizeof program - 1) == -1)
        return;
    snprintf(path, sizeof path, "%s/%s", directory, basename(program));
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT, 0666);
    if (fd == -1)
        return; /* another user's: it counts for itself */
    const int access = PROT_READ | PROT_WRITE;
    if (ftruncate(fd, (off_t)n) == -1 ||
        mmap(counters_begin, n, access, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
        abort();
    syscall(SYS_close, fd);
    if (getenv("COUNTERS_DUMP")) {
        __gcov_dump();
        _exit(0);
    }
}
