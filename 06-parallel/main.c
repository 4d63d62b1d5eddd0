// SPDX-License-Identifier: MIT
/*
 * 06-parallel: the server of step 05, or the echo of step 04, on every core.
 *
 * Run:      build/06-parallel --protocol counter     and in two more terminals:  build/say 9000
 * New:      a thread for each core, each with an event loop of its own (worker.c). The counter is
 *           changed by several threads at once, so it is an atomic (counter.c). And who accepts?
 *           --accept each: every worker, from a listener of its own on the same port (unix:PATH
 *           and fd:N share one); the kernel divides the clients. --accept one: the main thread,
 *           which gives clients to the workers.
 * Limits:   one machine; and a client stays with its worker, though another may have less to do.
 *
 * Read main.c, worker.c, client.c, counter.c and echo.c first. Then how such a server is run:
 * settings.h (its command line), places.h (how many clients at a time), listeners.h, operator.h.
 */
#ifndef __linux__
#error "epoll is Linux's: on another system compile this step in a Linux container"
#endif
#include "../common/listener.h"
#include "../common/log.h"
#include "../common/signals.h"
#include "listeners.h"
#include "operator.h"
#include "places.h"
#include "settings.h"
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int listener; /* the first, or the only one; -1: closed, because we are to end */
static struct worker *workers;

/* QUIT finishes. TERM and INT stop, even after QUIT. Repeats are ignored. */
static void stop_workers(int number)
{
    static bool stopped;

    if (stopped || (number == SIGQUIT && listener == -1))
        return;
    listener_close(listener);
    listener = -1;
    stopped = number != SIGQUIT;
    close(stopped ? stop_pipe[1] : finish_pipe[1]);
}

static void handle_signals(void)
{
    for (int number; (number = signals_take()) != 0;)
        if (!operator_signal(number, workers))
            stop_workers(number);
    if (operator_gave_up())
        stop_workers(SIGQUIT);
}

/* Handles signals, and accepts with --accept one, until the workers have ended. */
static void run(int signals)
{
    struct backoff backoff = {0};

    while (n_running > 0) {
        int timeout = acceptor_backoff(&backoff);
        bool accepting = settings.one_accepts && timeout == -1;
        struct pollfd ready[] = {{.fd = signals, .events = POLLIN},
                                 {.fd = accepting ? listener : -1, .events = POLLIN}};
        if (poll(ready, 2, timeout) == -1)
            wait_failed(errno);
        if (ready[0].revents) {
            backoff_end(&backoff); /* perhaps a client has left: client_left() wakes us */
            handle_signals();
        }
        if (ready[1].revents && listener != -1)
            accept_for_workers(listener, &backoff, workers);
    }
}

int main(int argc, char *argv[])
{
    static const int caught[] = {SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, 0};
    char text[ADDRESS_TEXT];

    signal(SIGPIPE, SIG_IGN); /* or writing to a client that has left would kill us */
    struct address address = read_settings(argc, argv);
    listener = listener_open_nonblocking(&address, settings.backlog);
    int signals = signals_catch(caught);
    workers = calloc((size_t)settings.threads, sizeof *workers);
    if (!workers || pipe(finish_pipe) == -1 || pipe(stop_pipe) == -1)
        die("cannot set up %ld workers: %s", settings.threads, strerror(errno));
    for (long i = 0; i < settings.threads; i++)
        worker_start(&workers[i], settings.one_accepts ? -1 : listener_for_worker(listener, i));
    log_line("listening on %s", local_address(listener, text));

    run(signals);
    for (long i = 0; i < settings.threads; i++)
        worker_join(&workers[i]);
    free(workers);
    if (settings.answer == counter_answer)
        log_line("counter=%" PRIu64, counter_value());
    log_line("server terminated");
    return operator_gave_up() ? 1 : 0;
}
