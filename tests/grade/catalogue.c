// SPDX-License-Identifier: MIT
#include "catalogue.h"

/* In each step 24 points for the core, 10 for being robust, 6 for being orderly. */
const struct test catalogue[] = {
    /* name, what the server does, level, points in 01 to 06, in 06 as a counter */
    {"starts", "starts, and says where it listens", CORE, {2, 1, 1, 1, 1, 1}, 1, test_starts},
    {"address", "listens where it is told to", CORE, {2, 2, 1, 1, 1, 1}, 1, test_address},
    {"echo", "sends back what it gets", CORE, {3, 2, 2, 2, 0, 2}, 0, test_echo},
    {"replies", "answers each line with a line", CORE, {0, 0, 0, 0, 3, 0}, 3, test_replies},
    {"pieces", "takes bytes as they come", CORE, {2, 2, 1, 1, 2, 1}, 2, test_pieces},
    {"batches", "answers many lines that come at once, in order", CORE, {0, 0, 0, 0, 2, 0}, 2, test_batches},
    {"exact", "takes words exactly, and a line with any bytes", CORE, {0, 0, 0, 0, 2, 0}, 2, test_exact},
    {"bytes", "sends back any byte there is", CORE, {2, 2, 2, 2, 0, 2}, 0, test_bytes},
    {"sizes", "sends back any number of bytes", CORE, {2, 1, 1, 1, 0, 1}, 0, test_sizes},
    {"half-close", "answers everything, then closes, when a client has finished", CORE, {3, 3, 2, 2, 0, 2}, 0, test_half_close},
    {"last-line", "counts a last line that has no newline", CORE, {0, 0, 0, 0, 1, 0}, 1, test_last_line},
    {"long-line", "answers a very long line once", CORE, {0, 0, 0, 0, 1, 0}, 1, test_long_line},
    {"large", "sends back 8 MiB to a client that reads late", CORE, {2, 2, 2, 2, 0, 2}, 0, test_large},
    {"late", "loses nothing when a client finishes before it reads", CORE, {2, 2, 2, 2, 2, 2}, 2, test_late},
    {"ends", "ends in order when its client has left", CORE, {2, 0, 0, 0, 0, 0}, 0, test_ends},
    {"next", "serves the next client, and the one that has waited", CORE, {0, 3, 1, 1, 0, 1}, 0, test_next},
    {"together", "serves a client while others are silent", CORE, {0, 0, 3, 3, 2, 3}, 2, test_together},
    {"shared", "has one counter for all clients", CORE, {0, 0, 0, 0, 2, 0}, 2, test_shared},
    {"count", "loses no increment when clients come at once", CORE, {0, 0, 0, 0, 2, 0}, 2, test_count},
    {"private", "sends no client what is another's", CORE, {0, 0, 1, 1, 0, 1}, 0, test_private},
    {"reset", "lets a client's reset be that client's trouble", CORE, {1, 1, 2, 2, 1, 2}, 1, test_reset},
    {"gone", "survives answering a client that is gone", CORE, {1, 1, 1, 1, 1, 1}, 1, test_gone},
    {"gives-back", "gives back what a client has cost", CORE, {0, 2, 2, 2, 1, 2}, 1, test_gives_back},
    {"emfile", "survives that it has no descriptor left", ROBUST, {0, 4, 3, 3, 3, 3}, 3, test_emfile},
    {"room", "survives that there is no room for a thread or process", ROBUST, {0, 0, 1, 1, 1, 1}, 1, test_room},
    {"pressure", "stops reading from a client that does not read", ROBUST, {5, 3, 2, 2, 2, 2}, 2, test_pressure},
    {"unread", "lets nobody wait for a client that does not read", ROBUST, {0, 0, 1, 1, 1, 1}, 1, test_unread},
    {"rude", "survives clients without manners", ROBUST, {0, 1, 1, 1, 1, 1}, 1, test_rude},
    {"idle", "uses no CPU time when nothing happens", ROBUST, {5, 2, 2, 2, 2, 2}, 2, test_idle},
    {"restart", "can be started again at once on the same port", ORDERLY, {3, 3, 1, 1, 1, 1}, 1, test_restart},
    {"second", "fails if somebody listens there already", ORDERLY, {3, 3, 1, 1, 1, 1}, 1, test_second},
    {"term", "ends in order at TERM", ORDERLY, {0, 0, 2, 2, 2, 2}, 2, test_term},
    {"int", "ends in order at INT (Ctrl-C)", ORDERLY, {0, 0, 1, 1, 1, 1}, 1, test_int},
    {"quit", "serves those who are there, then ends, at QUIT", ORDERLY, {0, 0, 1, 1, 1, 1}, 1, test_quit},
};

const int n_tests = sizeof catalogue / sizeof *catalogue;

int test_points(const struct test *test, int step, bool counter)
{
    return counter && step == 6 ? test->points_counter : test->points[step - 1];
}
