// SPDX-License-Identifier: MIT
/* options.c: see options.h */
#include "options.h"

#include "standard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "1.0"
#define OPTIONS_MAX 64 /* how many one table may have: as many as `given` has bits */

static const struct command *the_command;
static unsigned long long given; /* bit i: option i of the table was on the command line */

void usage_error(const char *why, const char *word)
{
    log_line("%s: '%s'", why, word);
    log_line("usage: %s [OPTION]... %s   (--help tells more)", log_name(), the_command->words);
    exit(2);
}

/* Ends the program after something was printed on stdout, which may have failed: a full disk. */
_Noreturn static void finish(void)
{
    standard_blocking(STDOUT_FILENO); /* or what finds no room would be lost */
    if (fflush(stdout) == EOF)
        die("cannot write: %s", strerror(errno));
    exit(0);
}

static void print_default(const struct option *option)
{
    long value = *option->stored;

    if (value < option->min)
        printf(" (none)");
    else if (strcmp(option->value, "SECONDS") == 0)
        printf(" (%g)", (double)value / 1000);
    else if (!strchr(option->value, '|'))
        printf(" (%ld)", value);
    else {
        const char *word = option->value;
        for (; value > 0; value--)
            word = strchr(word, '|') + 1;
        printf(" (%.*s)", (int)strcspn(word, "|"), word);
    }
}

static void print_option(const char *name, const char *value, const char *text)
{
    char left[64];
    int width = snprintf(left, sizeof left, "--%s%s%s", name, value ? " " : "", value ? value : "");

    printf("  %-28s", left);
    if (width > 27)
        printf("\n%-30s", "");
    printf(" %s", text);
}

_Noreturn static void help(void)
{
    const char *words = the_command->words;

    printf("usage: %s [OPTION]... %s\n\n%s\n", log_name(), words, the_command->about);
    if (strstr(words, "ADDRESS"))
        printf("ADDRESS is %s.\n\n", the_command->addresses);
    for (const struct option *option = the_command->options; option && option->name; option++) {
        print_option(option->name, option->value, option->help);
        if (option->value)
            print_default(option);
        putchar('\n');
    }
    print_option("help", NULL, "this text\n");
    print_option("version", NULL, "the version\n");
    finish();
}

static const struct option *find(const char *name, size_t length)
{
    for (const struct option *option = the_command->options; option && option->name; option++)
        if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
            return option;
    return NULL;
}

/* Returns the place of word in "a|b|c", or -1. */
static long find_choice(const char *choices, const char *word)
{
    for (long place = 0;; place++) {
        size_t length = strcspn(choices, "|");
        if (strlen(word) == length && memcmp(choices, word, length) == 0)
            return place;
        if (choices[length] == '\0')
            return -1;
        choices += length + 1;
    }
}

/* Reads a decimal, such as 0.25, as thousandths, rounded up: a little is not nothing. Returns -1 if
 * it is none, or more than max. */
static long parse_thousandths(const char *text, long max)
{
    char digits[64];
    size_t whole = strcspn(text, ".");
    const char *decimals = text + whole + (text[whole] == '.');
    size_t n = strlen(decimals);

    if (whole + n == 0 || whole + 4 > sizeof digits || decimals[strspn(decimals, "0123456789")])
        return -1;
    snprintf(digits, sizeof digits, "%.*s%.3s%s", (int)whole, text, decimals,
             &"000"[n < 3 ? n : 3]);
    long value = number_parse(digits, max);
    if (value != -1 && n > 3 && decimals[3 + strspn(decimals + 3, "0")] != '\0')
        value = value < max ? value + 1 : -1;
    return value;
}

static void store(const struct option *option, const char *value)
{
    char why[200];
    bool seconds = strcmp(option->value, "SECONDS") == 0;

    if (strchr(option->value, '|')) {
        long place = find_choice(option->value, value);
        snprintf(why, sizeof why, "--%s takes %s, not", option->name, option->value);
        if (place == -1)
            usage_error(why, value);
        *option->stored = place;
        return;
    }
    double scale = seconds ? 1000 : 1;
    snprintf(why, sizeof why, "--%s takes a number from %.12g to %.12g, not", option->name,
             (double)option->min / scale, (double)option->max / scale);
    long number =
        seconds ? parse_thousandths(value, option->max) : number_parse(value, option->max);
    if (number == -1 || number < option->min)
        usage_error(why, value);
    *option->stored = number;
}

/* Reads one option, argv[i]. Returns the place of the last word it took. */
static int take_option(char *argv[], int i)
{
    bool dashes = strncmp(argv[i], "--", 2) == 0;
    const char *name = dashes ? argv[i] + 2 : "";
    const char *value = strchr(name, '=');
    size_t length = strcspn(name, "=");

    if (strcmp(argv[i], "--help") == 0)
        help();
    if (strcmp(argv[i], "--version") == 0) {
        printf("%s %s\n", log_name(), VERSION);
        finish();
    }
    const struct option *option = dashes ? find(name, length) : NULL;
    if (!option)
        usage_error("there is no such option", argv[i]);
    given |= 1ULL << (option - the_command->options) % OPTIONS_MAX;
    if (!option->value) {
        if (value)
            usage_error("this option takes no value", argv[i]);
        *option->stored = 1;
        return i;
    }
    if (!value && !argv[++i])
        usage_error("a value is missing after", argv[i - 1]);
    store(option, value ? value + 1 : argv[i]);
    return i;
}

int options_parse(int argc, char *argv[], const struct command *command)
{
    bool only_words = false;
    int words = 0;

    log_start(argv[0]);
    the_command = command;
    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0)
            only_words = true;
        else if (!only_words && argv[i][0] == '-')
            i = take_option(argv, i);
        else
            argv[++words] = argv[i];
        only_words |= command->options_first && words > 0;
    }
    if (argc > 0)
        argv[words + 1] = NULL;
    return words;
}

bool option_given(const char *name)
{
    const struct option *option = find(name, strlen(name));
    return option && (given >> (option - the_command->options) % OPTIONS_MAX & 1);
}

static struct address take_address(int argc, char *argv[], const struct command *command)
{
    struct address address;
    const char *why;

    /* Or a log line would stop us in the background of a terminal with TOSTOP: termios(3). */
    signal(SIGTTOU, SIG_IGN);
    int words = options_parse(argc, argv, command);
    if (words > 1)
        usage_error("one address is enough", argv[2]);
    const char *text = words == 1 ? argv[1] : "127.0.0.1:9000";
    if (address_parse(&address, text, &why) == -1)
        usage_error(why, text);
    return address;
}

struct address server_options(int argc, char *argv[], const char *about,
                              const struct option *options)
{
    static struct command command = {
        .words = "[ADDRESS]",
        .addresses = "PORT, HOST:PORT, [IPV6]:PORT, unix:PATH or fd:N (127.0.0.1:9000)"};
    command.about = about;
    command.options = options;
    struct address address = take_address(argc, argv, &command);
    if (address.kind == ADDRESS_FD && option_given("backlog"))
        usage_error("--backlog was set when this socket was opened", address.text);
    return address;
}

struct address tcp_server_options(int argc, char *argv[], const char *about,
                                  const struct option *options)
{
    static struct command command = {
        .words = "[ADDRESS]", .addresses = "PORT, HOST:PORT or [IPV6]:PORT (127.0.0.1:9000)"};
    command.about = about;
    command.options = options;
    struct address address = take_address(argc, argv, &command);
    if (address.kind != ADDRESS_INET)
        usage_error("unix:PATH and fd:N begin with step 02", address.text);
    return address;
}
