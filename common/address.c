// SPDX-License-Identifier: MIT
/* address.c: see address.h */
#include "address.h"

#include "log.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

long number_parse(const char *digits, long max)
{
    long value = 0;

    if (*digits == '\0')
        return -1;
    for (; *digits; digits++) {
        int digit = *digits - '0';
        if (digit < 0 || digit > 9 || digit > max || value > (max - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    return value;
}

/* Where the port of HOST:PORT or [IPV6]:PORT begins, at its colon; NULL: there is none. The
 * brackets are there because an IPv6 address has colons of its own. */
static const char *find_port(const char *text)
{
    const char *after = text[0] == '[' ? strchr(text, ']') : NULL;
    return after ? strchr(after, ':') : strrchr(text, ':');
}

static int parse_inet(struct address *address, const char *text, const char **why)
{
    const char *colon = find_port(text);
    const char *port = colon ? colon + 1 : text;
    const char *host = "127.0.0.1";
    size_t length = strlen(host);

    if (text[0] == '[' && !colon) {
        *why = "the port is missing: [::1]:9000";
        return -1;
    }
    if (colon) {
        host = text;
        length = (size_t)(colon - text);
        if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
            host++;
            length -= 2;
        } else if (memchr(host, ':', length)) {
            *why = "an IPv6 address goes in brackets: [::1]:9000";
            return -1;
        }
    }
    if (length == 0 || length >= sizeof address->host || memchr(host, '[', length)) {
        *why = "that is no host";
        return -1;
    }
    long number = number_parse(port, 65535);
    if (number == -1) {
        *why = "a port is a number from 0 to 65535";
        return -1;
    }
    memcpy(address->host, host, length);
    address->host[length] = '\0';
    snprintf(address->port, sizeof address->port, "%hu", (unsigned short)number);
    snprintf(address->text, sizeof address->text, "%s%s", colon ? "" : "127.0.0.1:", text);
    return 0;
}

static int parse_unix(struct address *address, const char *path, const char **why)
{
    size_t length = strlen(path);

    address->kind = ADDRESS_UNIX;
    if (length == 0 || length >= sizeof((struct sockaddr_un *)0)->sun_path) {
        *why = length > 0 ? "the path is too long for a unix socket" : "the path is missing";
        return -1;
    }
    memcpy(address->path, path, length + 1);
    snprintf(address->text, sizeof address->text, "unix:%s", path);
    return 0;
}

static int parse_fd(struct address *address, const char *digits, const char **why)
{
    address->kind = ADDRESS_FD;
    address->fd = (int)number_parse(digits, INT_MAX);
    if (address->fd == -1) {
        *why = "a descriptor is a number";
        return -1;
    }
    snprintf(address->text, sizeof address->text, "fd:%d", address->fd);
    return 0;
}

int address_parse(struct address *address, const char *text, const char **why)
{
    *address = (struct address){.kind = ADDRESS_INET, .fd = -1};
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(address, text + 5, why);
    if (strncmp(text, "fd:", 3) == 0)
        return parse_fd(address, text + 3, why);
    return parse_inet(address, text, why);
}

/* A path in the form that getaddrinfo(3) gives; one piece of memory, freed by address_free(). */
static struct addrinfo *unix_info(const char *path)
{
    struct addrinfo *info = calloc(1, sizeof *info + sizeof(struct sockaddr_un));
    if (!info)
        return NULL;
    struct sockaddr_un *un = (struct sockaddr_un *)(void *)(info + 1);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, strlen(path) + 1);
    info->ai_family = AF_UNIX;
    info->ai_socktype = SOCK_STREAM;
    info->ai_addr = (struct sockaddr *)un;
    info->ai_addrlen = sizeof *un;
    return info;
}

struct addrinfo *address_resolve(const struct address *address, const char **why)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;

    *why = "";
    if (address->kind == ADDRESS_UNIX) {
        list = unix_info(address->path);
        *why = "Cannot allocate memory";
        return list;
    }
    int error = getaddrinfo(address->host, address->port, &hints, &list);
    if (error != 0) {
        *why = error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
        return NULL;
    }
    return list;
}

void address_free(struct addrinfo *list)
{
    if (list && list->ai_family == AF_UNIX)
        free(list);
    else if (list)
        freeaddrinfo(list);
}

/* Was the address never asked, because this machine has no way to it? */
static bool is_out_of_reach(int error)
{
    static const int errors[] = {EAFNOSUPPORT,  EPFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT,
                                 EADDRNOTAVAIL, ENETUNREACH,  ENETDOWN,        EHOSTUNREACH};

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i] == error)
            return true;
    return false;
}

static int rank(int error)
{
    return error == 0 ? 0 : is_out_of_reach(error) ? 1 : error != EADDRINUSE ? 2 : 3;
}

int more_telling_error(int so_far, int error)
{
    return rank(error) > rank(so_far) ? error : so_far;
}

const char *address_format(const struct sockaddr *at, socklen_t length, char text[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN + 20], port[6]; /* 20: a link-local address names its interface */

    if (at->sa_family == AF_UNIX) {
        struct sockaddr_un un = {.sun_path = ""}; /* at may be shorter than that */
        memcpy(&un, at, length < sizeof un ? length : sizeof un);
        snprintf(text, ADDRESS_TEXT, "unix%s%.*s", un.sun_path[0] ? ":" : "",
                 (int)sizeof un.sun_path, un.sun_path);
    } else if (getnameinfo(at, length, host, sizeof host, port, sizeof port,
                           NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        bool brackets = at->sa_family == AF_INET6;
        snprintf(text, ADDRESS_TEXT, "%s%s%s:%s", brackets ? "[" : "", host, brackets ? "]" : "",
                 port);
    } else {
        snprintf(text, ADDRESS_TEXT, "unknown");
    }
    return text;
}

const char *local_address(int fd, char text[ADDRESS_TEXT])
{
    struct sockaddr_storage at;
    socklen_t length = sizeof at;

    if (getsockname(fd, (struct sockaddr *)&at, &length) == -1)
        die("cannot tell the address of the listener: %s", strerror(errno));
    return address_format((struct sockaddr *)&at, length, text);
}
