// grade: wrong
// step: 03
// run: PROGRAM
// build: cc -O2 FILE -o PROGRAM
// needs: cc
// loses: sizes large late private
// hint: cut-at-buffer
// It takes a read for a message, and a message for 1,024 bytes at most: the rest of a longer one is
// dropped.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct message {
    size_t length;
    char text[1024];
};

static int receive(int fd, struct message *message)
{
    static char data[65536];
    ssize_t n = read(fd, data, sizeof data);

    if (n <= 0)
        return 0;
    message->length = (size_t)n < sizeof message->text ? (size_t)n : sizeof message->text;
    memcpy(message->text, data, message->length);
    return 1;
}

static void echo(int client)
{
    struct message message;

    while (receive(client, &message))
        for (size_t sent = 0; sent < message.length;) {
            ssize_t m = write(client, message.text + sent, message.length - sent);
            if (m == -1)
                return;
            sent += (size_t)m;
        }
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof addr;
    char *colon = argc > 1 ? strchr(argv[1], ':') : NULL;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* the kernel reaps the children */
    addr.sin_port = htons((unsigned short)atoi(colon ? colon + 1 : "9000"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1 || listen(listener, 64) == -1) {
        perror("cannot listen");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&addr, &length);
    fprintf(stderr, "listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client == -1) {
            perror("accept");
            sleep(1);
            continue;
        }
        if (fork() == 0) {
            close(listener);
            echo(client);
            _exit(0);
        }
        close(client);
    }
}
