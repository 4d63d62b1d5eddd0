// SPDX-License-Identifier: MIT
#include "catalogue.h"

/* In each step 24 points for the core, 10 for being robust, 6 for being orderly. */
const struct test catalogue[] = {
    /* name, what the server does, level, points in 01 to 06, and in 06 as a counter */
    // clang-format off
    {"starts",     "starts, and says where it listens",        CORE, {2, 1, 1, 1, 1, 1}, 1, test_starts},
    {"address",    "listens where it is told to",              CORE, {2, 2, 1, 1, 1, 1}, 1, test_address},
    {"echo",       "sends back what it gets",                  CORE, {3, 2, 2, 2, 0, 2}, 0, test_echo},
    {"replies",    "answers each line with a line",            CORE, {0, 0, 0, 0, 3, 0}, 3, test_replies},
    {"next",       "serves the next client, too",              CORE, {0, 3, 1, 1, 0, 1}, 0, test_next},
    {"pieces",     "takes bytes as they come",                 CORE, {2, 2, 1, 1, 2, 1}, 2, test_pieces},
    {"batches",    "answers many lines at once, in order",     CORE, {0, 0, 0, 0, 2, 0}, 2, test_batches},
    {"exact",      "takes words exactly, lines of any bytes",  CORE, {0, 0, 0, 0, 2, 0}, 2, test_exact},
    {"bytes",      "sends back any byte there is",             CORE, {2, 2, 2, 2, 0, 2}, 0, test_bytes},
    {"sizes",      "sends back any number of bytes",           CORE, {2, 1, 1, 1, 0, 1}, 0, test_sizes},
    {"half-close", "answers all, then closes, at a half-close", CORE, {3, 3, 2, 2, 0, 2}, 0, test_half_close},
    {"last-line",  "counts a last line without a newline",     CORE, {0, 0, 0, 0, 1, 0}, 1, test_last_line},
    {"long-line",  "answers a very long line once",            CORE, {0, 0, 0, 0, 1, 0}, 1, test_long_line},
    {"large",      "sends back 8 MiB to a late reader",        CORE, {2, 2, 2, 2, 0, 2}, 0, test_large},
    {"late",       "loses nothing if all is read at the end",  CORE, {2, 2, 2, 2, 2, 2}, 2, test_late},
    {"ends",       "ends in order when its client has left",   CORE, {2, 0, 0, 0, 0, 0}, 0, test_ends},
    {"together",   "serves a client while others are silent",  CORE, {0, 0, 3, 3, 2, 3}, 2, test_together},
    {"shared",     "has one counter for all clients",          CORE, {0, 0, 0, 0, 2, 0}, 2, test_shared},
    {"count",      "loses no increment of clients at once",    CORE, {0, 0, 0, 0, 2, 0}, 2, test_count},
    {"private",    "sends no client what is another's",        CORE, {0, 0, 1, 1, 0, 1}, 0, test_private},
    {"reset",      "survives that clients reset",              CORE, {1, 1, 2, 2, 1, 2}, 1, test_reset},
    {"gone",       "survives that it answers nobody",          CORE, {1, 1, 1, 1, 1, 1}, 1, test_gone},
    {"gives-back", "gives back what a client has cost",        CORE, {0, 2, 2, 2, 1, 2}, 1, test_gives_back},
    {"emfile",     "survives having no descriptor left",       ROBUST, {0, 4, 3, 3, 3, 3}, 3, test_emfile},
    {"room",       "survives having no room for a thread",     ROBUST, {0, 0, 1, 1, 1, 1}, 1, test_room},
    {"pressure",   "stops reading who does not read",          ROBUST, {5, 3, 2, 2, 2, 2}, 2, test_pressure},
    {"unread",     "lets nobody wait for who does not read",   ROBUST, {0, 0, 1, 1, 1, 1}, 1, test_unread},
    {"rude",       "survives clients without manners",         ROBUST, {0, 1, 1, 1, 1, 1}, 1, test_rude},
    {"idle",       "uses no CPU time when nothing happens",    ROBUST, {5, 2, 2, 2, 2, 2}, 2, test_idle},
    {"restart",    "starts again at once on the same port",    ORDERLY, {3, 3, 1, 1, 1, 1}, 1, test_restart},
    {"second",     "fails if another listens there already",   ORDERLY, {3, 3, 1, 1, 1, 1}, 1, test_second},
    {"term",       "ends in order at TERM",                    ORDERLY, {0, 0, 2, 2, 2, 2}, 2, test_term},
    {"int",        "ends in order at INT (Ctrl-C)",            ORDERLY, {0, 0, 1, 1, 1, 1}, 1, test_int},
    {"quit",       "serves who is there, then ends, at QUIT",  ORDERLY, {0, 0, 1, 1, 1, 1}, 1, test_quit},
    // clang-format on
};

const int n_tests = sizeof catalogue / sizeof *catalogue;

int test_points(const struct test *test, int step, bool counter)
{
    return counter && step == 6 ? test->points_counter : test->points[step - 1];
}
