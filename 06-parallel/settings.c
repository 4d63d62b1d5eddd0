// SPDX-License-Identifier: MIT
/* settings.c: see settings.h */
#include "settings.h"

#include "../common/descriptors.h"
#include "../common/options.h"

#include <sys/epoll.h>
#include <unistd.h>

struct settings settings;

struct address read_settings(int argc, char *argv[])
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN), one_accepts = 0, counting = 0;
    long write_timeout_ms = 120000, on_error = ERROR_LOG, dropping = 0;
    const struct option options[] = {
        OPTION_BACKLOG(&settings.backlog),
        OPTION_MAX_CONNECTIONS(&settings.max_connections, CONNECTIONS_MAX),
        OPTION_ACCEPTS(&settings.accepts),
        {"threads", "N", &settings.threads, 1, 1024, "workers"},
        {"accept", "each|one", &one_accepts, 0, 0, "who accepts: each worker or one thread"},
        {"protocol", "echo|counter", &counting, 0, 0, "what clients are answered"},
        {"write-timeout", "SECONDS", &write_timeout_ms, 0, 1000000000,
         "for answers to be taken; 0: the system's"},
        {"on-handler-error", "raise|ignore|log", &on_error, 0, 0,
         "what a client's failure leads to"},
        {"drop-incoming", NULL, &dropping, 0, 0, "accept clients and close at once"},
        {"work", "MICROSECONDS", &settings.work, 0, 1000000, "CPU time for each request"},
        {0}};

    settings.backlog = BACKLOG_DEFAULT;
    settings.max_connections = default_connections();
    settings.accepts = 1;
    settings.threads = cores > 0 ? cores : 1;
    struct address address = server_options(
        argc, argv, "Echoes or counts for its clients, served by several threads.\n", options);
    settings.one_accepts = one_accepts;
    settings.answer = counting ? counter_answer : echo_answer;
    settings.request_max = counting ? COUNTER_REQUEST_MAX : ECHO_REQUEST_MAX;
    if (settings.work > 0)
        settings.request_max = 256; /* or a client's turn would take too long */
    settings.share_listener = address.kind != ADDRESS_INET;
    settings.listener_events = settings.share_listener ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN;
    settings.look_ms = address.kind == ADDRESS_FD ? 100 : -1;
    settings.write_timeout_ms = (unsigned)write_timeout_ms;
    settings.on_error = (enum on_error)on_error;
    settings.drop_incoming = dropping;
    return address;
}
