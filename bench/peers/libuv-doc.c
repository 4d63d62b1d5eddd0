// SPDX-License-Identifier: MIT
/*
 * libuv-doc: echo with libuv, the way its guide does it: for each read a buffer of the size that
 * libuv suggests (64 KiB) from malloc, and a write request, which frees it when it is done.
 *
 * Run:      build/bench/libuv-doc PORT
 *
 * Beyond the guide, because the bytes must come back whole: at the end of file the client's stream
 * is shut down, which waits for what is written; and a client that does not take its answer is not
 * read from. libuv leaves TCP_NODELAY off.
 */
#include "../../common/descriptors.h"
#include "../../common/io.h"
#include "../../common/listener.h"
#include "../../common/options.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

struct client {
    uv_tcp_t tcp;
    uv_shutdown_t shutdown;
    bool paused; /* owes an answer, and is not read from */
};

struct answer {
    uv_write_t request;
    uv_buf_t buffer;
};

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer);

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

static void leave(uv_stream_t *stream)
{
    if (!uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, on_close);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status;
    leave(request->handle);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    *buffer = uv_buf_init(malloc(suggested), (unsigned)suggested); /* NULL: on_read, UV_ENOBUFS */
}

static void on_written(uv_write_t *request, int status)
{
    struct answer *answer = request->data;
    uv_stream_t *stream = request->handle;
    struct client *client = stream->data;

    free(answer->buffer.base);
    free(answer); /* and the request with it */
    if (status < 0) {
        leave(stream);
    } else if (client->paused && stream->write_queue_size == 0) {
        client->paused = false;
        uv_read_start(stream, allocate, on_read);
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct client *client = stream->data;
    struct answer *answer = n > 0 ? malloc(sizeof *answer) : NULL;

    if (answer) {
        answer->buffer = uv_buf_init(buffer->base, (unsigned)n);
        answer->request.data = answer;
        uv_write(&answer->request, stream, &answer->buffer, 1, on_written);
        if (stream->write_queue_size > 0) {
            client->paused = true;
            uv_read_stop(stream);
        }
        return;
    }
    free(buffer->base);
    if (n == UV_EOF)
        uv_shutdown(&client->shutdown, stream, on_shutdown);
    else if (n != 0) /* 0: nothing to read after all */
        leave(stream);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct client *client = status == 0 ? calloc(1, sizeof *client) : NULL;

    if (!client)
        return;
    uv_tcp_init(listener->loop, &client->tcp);
    client->tcp.data = client;
    if (uv_accept(listener, (uv_stream_t *)&client->tcp) == 0)
        uv_read_start((uv_stream_t *)&client->tcp, allocate, on_read);
    else
        leave((uv_stream_t *)&client->tcp);
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
