// SPDX-License-Identifier: MIT
/*
 * fuzz: the counter's protocol as a function of bytes, which answers the same however the bytes are
 * cut into reads.
 *
 * Run:      make fuzz                        libFuzzer looks for bytes that break it
 *           build/tools/fuzz-5 FILE...      tries files: those of corpus/, or one that it has found
 *
 * The first two bytes of an input say where it is cut, the rest is what a client sends.
 * Compiled with COUNTER=5 or COUNTER=6: for the counter of which step.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if COUNTER == 5
#include "../../05-epoll-counter/counter.c"
#else
#include "../../06-parallel/counter.c"
#define REQUEST_MAX COUNTER_REQUEST_MAX
#define REPLY_MAX SPACE_MAX
void do_work(void)
{
}
#endif

#define INPUT_MAX (64 * 1024)

struct answers {
    size_t length;
    char bytes[INPUT_MAX * 32]; /* a byte brings at most 29, and 16 as a rule */
};

static void add(struct answers *answers, const char *bytes, size_t n)
{
    if (n > sizeof answers->bytes - answers->length)
        abort();
    memcpy(answers->bytes + answers->length, bytes, n);
    answers->length += n;
}

/* One read of the server. */
static void feed(struct answers *answers, struct line *line, const char *bytes, size_t n)
{
    static char space[REPLY_MAX];
    char *request = malloc(n > 0 ? n : 1); /* a sanitizer sees who reads beyond it */
    if (!request)
        abort();
    memcpy(request, bytes, n);
#if COUNTER == 5
    add(answers, space, counter_answer(line, request, n, space));
#else
    struct reply reply = counter_answer(line, request, n, space);
    add(answers, reply.bytes, reply.length);
#endif
    free(request);
}

/* What a server answers to these bytes and the end, in reads of at most `most` bytes, or of random
 * lengths. */
static void serve(struct answers *answers, const char *bytes, size_t n, size_t most,
                  uint32_t random)
{
    struct line line = {0};

    counter = 0;
    answers->length = 0;
    while (n > 0) {
        random = random * 1664525 + 1013904223;
        size_t cut = random == 0 || most == REQUEST_MAX ? most : 1 + (random >> 8) % most;
        if (cut > n)
            cut = n;
        feed(answers, &line, bytes, cut);
        bytes += cut;
        n -= cut;
    }
    feed(answers, &line, bytes, 0);
}

/* The protocol in the plainest words: from the whole, line by line. */
static void expect(struct answers *answers, const char *bytes, size_t n)
{
    unsigned long value = 0;
    char number[30];

    answers->length = 0;
    while (n > 0) {
        const char *end = memchr(bytes, '\n', n);
        size_t length = end ? (size_t)(end - bytes) : n, taken = length + (end != NULL);
        const char *answer = "Unknown command\n";
        if (end && length > 0 && bytes[length - 1] == '\r')
            length--;
        if (length == 3 && memcmp(bytes, "inc", 3) == 0) {
            value++;
            answer = "Counter has been incremented\n";
        } else if (length == 4 && memcmp(bytes, "read", 4) == 0) {
            snprintf(number, sizeof number, "%lu\n", value);
            answer = number;
        }
        add(answers, answer, strlen(answer));
        bytes += taken;
        n -= taken;
    }
}

static void compare(const struct answers *a, const struct answers *b, const char *what)
{
    if (a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0)
        return;
    fprintf(stderr, "fuzz: %s: %zu bytes instead of %zu\n", what, b->length, a->length);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct answers expected, whole, cut;

    if (size < 2 || size - 2 > INPUT_MAX)
        return 0;
    const char *bytes = (const char *)data + 2;
    uint32_t random = (uint32_t)data[0] << 16 | data[1];
    expect(&expected, bytes, size - 2);
    serve(&whole, bytes, size - 2, REQUEST_MAX, 0);
    compare(&expected, &whole, "in one piece");
    serve(&cut, bytes, size - 2, 1, random);
    compare(&expected, &cut, "byte by byte");
    serve(&cut, bytes, size - 2, 9, random);
    compare(&expected, &cut, "in pieces");
    return 0;
}

#ifdef REPLAY
int main(int argc, char *argv[])
{
    static uint8_t bytes[INPUT_MAX + 2];

    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            perror(argv[i]);
            return 2;
        }
        size_t n = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        LLVMFuzzerTestOneInput(bytes, n);
    }
    printf("%d inputs\n", argc - 1);
    return 0;
}
#endif
