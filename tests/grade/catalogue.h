// SPDX-License-Identifier: MIT
/* Which tests there are, in the order in which to mend what they show, and what each is worth. */
#ifndef GRADE_CATALOGUE_H
#define GRADE_CATALOGUE_H

#include "result.h"

struct test {
    const char *name, *title;
    enum level level;
    int points[6];      /* in step 01 to 06; 0: not asked there */
    int points_counter; /* in 06, if it is to speak the counter's protocol, as points[4] in 05 */
    void (*run)(void);  /* does not return */
};

extern const struct test catalogue[];
extern const int n_tests;

/* What a test is worth. counter: the line protocol is asked for. */
int test_points(const struct test *test, int step, bool counter);

/* The tests. */
_Noreturn void test_starts(void);
_Noreturn void test_address(void);
_Noreturn void test_echo(void);
_Noreturn void test_pieces(void);
_Noreturn void test_bytes(void);
_Noreturn void test_sizes(void);
_Noreturn void test_half_close(void);
_Noreturn void test_large(void);
_Noreturn void test_late(void);
_Noreturn void test_ends(void);
_Noreturn void test_next(void);
_Noreturn void test_together(void);
_Noreturn void test_private(void);
_Noreturn void test_reset(void);
_Noreturn void test_gone(void);
_Noreturn void test_gives_back(void);
_Noreturn void test_replies(void);
_Noreturn void test_exact(void);
_Noreturn void test_batches(void);
_Noreturn void test_last_line(void);
_Noreturn void test_long_line(void);
_Noreturn void test_shared(void);
_Noreturn void test_count(void);
_Noreturn void test_emfile(void);
_Noreturn void test_room(void);
_Noreturn void test_pressure(void);
_Noreturn void test_unread(void);
_Noreturn void test_rude(void);
_Noreturn void test_idle(void);
_Noreturn void test_term(void);
_Noreturn void test_int(void);
_Noreturn void test_quit(void);
_Noreturn void test_restart(void);
_Noreturn void test_second(void);

#endif
