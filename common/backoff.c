// SPDX-License-Identifier: MIT
/* backoff.c: see backoff.h */
#include "backoff.h"

#include "log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void backoff_begin(struct backoff *backoff)
{
    backoff->until = now_ms() + BACKOFF_MS;
}

void backoff_end(struct backoff *backoff)
{
    backoff->until = 0;
}

int backoff_left(struct backoff *backoff)
{
    long long left = backoff->until == 0 ? 0 : backoff->until - now_ms();

    if (left > 0)
        return (int)left;
    backoff->until = 0;
    return -1;
}

void accept_failed(struct backoff *backoff, int error)
{
    if (error == EAGAIN)
        return;
    accept_log(error);
    backoff_begin(backoff);
}

void wait_failed(int error)
{
    const struct timespec pause = {.tv_nsec = BACKOFF_MS * 1000000};

    if (error == EINTR)
        return;
    if (error != ENOMEM)
        die("cannot wait: %s", strerror(error));
    log_seldom("cannot wait: %s", strerror(error));
    nanosleep(&pause, NULL);
}
