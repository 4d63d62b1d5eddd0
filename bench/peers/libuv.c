// SPDX-License-Identifier: MIT
/*
 * libuv: echo with libuv, tuned: all clients read into one static buffer, and the answer is tried
 * at once, without a request. Only what the socket does not take is copied and queued; until that
 * is written the client is not read from.
 *
 * Run:      build/bench/libuv PORT
 *
 * TCP_NODELAY is on, as in our servers.
 */
#include "../../common/descriptors.h"
#include "../../common/io.h"
#include "../../common/listener.h"
#include "../../common/options.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct answer {
    uv_write_t request;
    char bytes[];
};

static char scratch[64 * 1024];

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer);

static void on_close(uv_handle_t *handle)
{
    free(handle);
}

static void leave(uv_stream_t *stream)
{
    if (!uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, on_close);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(scratch, sizeof scratch);
}

static void on_written(uv_write_t *request, int status)
{
    uv_stream_t *stream = request->handle;

    free(request->data);
    if (status < 0)
        leave(stream);
    else
        uv_read_start(stream, allocate, on_read);
}

/* Queues what the socket did not take. */
static void owe(uv_stream_t *stream, const char *bytes, size_t length)
{
    struct answer *answer = malloc(sizeof *answer + length);

    if (!answer) {
        leave(stream);
        return;
    }
    uv_buf_t rest = uv_buf_init(memcpy(answer->bytes, bytes, length), (unsigned)length);
    answer->request.data = answer;
    uv_read_stop(stream);
    uv_write(&answer->request, stream, &rest, 1, on_written);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    uv_buf_t answer = uv_buf_init(buffer->base, n > 0 ? (unsigned)n : 0);
    int taken = n > 0 ? uv_try_write(stream, &answer, 1) : 0;

    if (taken == UV_EAGAIN)
        taken = 0;
    if (n < 0 || taken < 0) /* at the end of file nothing is owed */
        leave(stream);
    else if (taken < n)
        owe(stream, buffer->base + taken, (size_t)(n - taken));
}

static void on_connection(uv_stream_t *listener, int status)
{
    uv_tcp_t *client = status == 0 ? malloc(sizeof *client) : NULL;

    if (!client)
        return;
    uv_tcp_init(listener->loop, client);
    uv_tcp_nodelay(client, 1);
    if (uv_accept(listener, (uv_stream_t *)client) == 0)
        uv_read_start((uv_stream_t *)client, allocate, on_read);
    else
        leave((uv_stream_t *)client);
}

int main(int argc, char *argv[])
{
    static uv_tcp_t listener;
    struct sockaddr_in at;
    uv_os_fd_t fd = -1;

    signal(SIGPIPE, SIG_IGN);
    struct address address = server_options(argc, argv, "Echoes, with libuv.\n", NULL);
    char text[ADDRESS_TEXT];
    raise_descriptor_limit();
    uv_tcp_init(uv_default_loop(), &listener);
    int error = uv_ip4_addr(address.host, atoi(address.port), &at);
    if (!error)
        error = uv_tcp_bind(&listener, (struct sockaddr *)&at, 0);
    if (!error)
        error = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
    if (!error)
        error = uv_fileno((uv_handle_t *)&listener, &fd);
    if (error)
        die("cannot listen on %s: %s", address.text, uv_strerror(error));
    log_line("listening on %s", local_address(fd, text));
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
