// SPDX-License-Identifier: MIT
/* log.c: see log.h */
#include "log.h"

#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *name = "server";

void log_start(const char *argv0)
{
    if (argv0) {
        const char *slash = strrchr(argv0, '/');
        name = slash ? slash + 1 : argv0;
    }
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

const char *log_name(void)
{
    return name;
}

PRINTF_LIKE(0) static void write_line(const char *format, va_list arguments)
{
    char line[1024];
    int saved = errno;

    int head = snprintf(line, sizeof line, "%s: ", name);
    size_t used = (size_t)head < sizeof line ? (size_t)head : sizeof line - 1;
    int body = vsnprintf(line + used, sizeof line - used, format, arguments);
    used += (size_t)body < sizeof line - used ? (size_t)body : sizeof line - used - 1;
    line[used++] = '\n'; /* in the place of the final NUL */

    struct pollfd err = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&err, 1, 0) != 0) /* 0: it would have to wait */
        write_all(STDERR_FILENO, line, used);
    errno = saved;
}

void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
    exit(1);
}
