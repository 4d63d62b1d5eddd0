// SPDX-License-Identifier: MIT
/* descriptors.c: see descriptors.h */
#include "descriptors.h"

#include "log.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>

long raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return 256; /* what every system allows */
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1 && getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return 256;
    return limit.rlim_cur < INT_MAX ? (long)limit.rlim_cur : INT_MAX;
}

void lower_descriptor_limit(long most)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        if (limit.rlim_cur > (rlim_t)most)
            limit.rlim_cur = (rlim_t)most;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
            return;
    }
    die("cannot limit the descriptors to %ld: %s", most, strerror(errno));
}

long default_connections(void)
{
    long descriptors = raise_descriptor_limit(), most = descriptors - descriptors / 10;
    return most < CONNECTIONS_MAX ? most : CONNECTIONS_MAX;
}
