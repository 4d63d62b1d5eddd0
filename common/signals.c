// SPDX-License-Identifier: MIT
/* signals.c: see signals.h */
#include "signals.h"

#include "io.h"
#include "log.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static const int *caught;
/* By number; POSIX systems have at most 64 or 128. Atomic, and lock-free, which a handler may use
 * as it may volatile sig_atomic_t: in step 06 the handler runs in any thread. */
static atomic_bool pending[128];

static int self_pipe[2]; /* set before the first signal can come */

static void on_signal(int signal)
{
    int saved = errno;
    pending[signal] = 1;
    signals_wake();
    errno = saved;
}

void signals_wake(void)
{
    while (write(self_pipe[1], "", 1) == -1 && errno == EINTR)
        ; /* other failures mean that the pipe is full: it is readable, too */
}

int signals_catch(const int *list)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t unblocked;

    caught = list;
    if (pipe(self_pipe) == -1 || set_nonblocking(self_pipe[0]) == -1 ||
        set_nonblocking(self_pipe[1]) == -1)
        die("cannot make a pipe for signals: %s", strerror(errno));
    sigemptyset(&unblocked);
    for (; *list; list++) {
        sigaction(*list, &action, NULL);
        sigaddset(&unblocked, *list);
    }
    sigprocmask(SIG_UNBLOCK, &unblocked, NULL);
    return self_pipe[0];
}

int signals_take(void)
{
    char bytes[64];

    while (read(self_pipe[0], bytes, sizeof bytes) > 0)
        ; /* first the bytes, then the notes: a signal that comes in between leaves a byte */
    for (const int *signal = caught; *signal; signal++)
        if (pending[*signal]) {
            pending[*signal] = 0;
            return *signal;
        }
    return 0;
}
