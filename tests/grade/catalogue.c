// SPDX-License-Identifier: MIT
#include "catalogue.h"

/* In each step 24 points for the core, 10 for being robust, 6 for being orderly. */
const struct test catalogue[] = {
    /* name, what the server does, level, points in 01 to 06, and in 06 as a counter */
    // clang-format off
    {"starts",     "starts, and can be found",          CORE,    {2,1,1,1,1,1}, 1, test_starts},
    {"address",    "listens on the address given",      CORE,    {2,2,1,1,1,1}, 1, test_address},
    {"echo",       "sends back what it gets",           CORE,    {3,2,2,2,0,2}, 0, test_echo},
    {"replies",    "answers each line with a line",     CORE,    {0,0,0,0,3,0}, 3, test_replies},
    {"next",       "serves one client after another",   CORE,    {0,3,1,1,0,1}, 0, test_next},
    {"pieces",     "takes input that comes in pieces",  CORE,    {2,2,1,1,2,1}, 2, test_pieces},
    {"batches",    "answers lines that come together",  CORE,    {0,0,0,0,2,0}, 2, test_batches},
    {"exact",      "accepts exactly its two commands",  CORE,    {0,0,0,0,2,0}, 2, test_exact},
    {"bytes",      "sends back bytes of any value",     CORE,    {2,2,2,2,0,2}, 0, test_bytes},
    {"sizes",      "sends back any number of bytes",    CORE,    {2,1,1,1,0,1}, 0, test_sizes},
    {"half-close", "answers everything, then closes",   CORE,    {3,3,2,2,0,2}, 0, test_half_close},
    {"last-line",  "takes a last line without newline", CORE,    {0,0,0,0,1,0}, 1, test_last_line},
    {"long-line",  "answers a very long line once",     CORE,    {0,0,0,0,1,0}, 1, test_long_line},
    {"large",      "sends back 8 MiB to a slow reader", CORE,    {2,2,2,2,0,2}, 0, test_large},
    {"late",       "serves a client that reads late",   CORE,    {2,2,2,2,2,2}, 2, test_late},
    {"ends",       "ends when its client has left",     CORE,    {2,0,0,0,0,0}, 0, test_ends},
    {"together",   "serves others beside idle clients", CORE,    {0,0,3,3,2,3}, 2, test_together},
    {"shared",     "keeps one counter for all clients", CORE,    {0,0,0,0,2,0}, 2, test_shared},
    {"count",      "loses no inc of clients at once",   CORE,    {0,0,0,0,2,0}, 2, test_count},
    {"private",    "keeps each client's bytes apart",   CORE,    {0,0,1,1,0,1}, 0, test_private},
    {"reset",      "survives clients that reset",       CORE,    {1,1,2,2,1,2}, 1, test_reset},
    {"gone",       "survives clients that do not wait", CORE,    {1,1,1,1,1,1}, 1, test_gone},
    {"gives-back", "frees what it used for a client",   CORE,    {0,2,2,2,1,2}, 1, test_gives_back},
    {"emfile",     "survives a lack of descriptors",    ROBUST,  {0,4,3,3,3,3}, 3, test_emfile},
    {"room",       "survives a failing fork or thread", ROBUST,  {0,0,1,1,1,1}, 1, test_room},
    {"pressure",   "stops reading if it cannot write",  ROBUST,  {5,3,2,2,2,2}, 2, test_pressure},
    {"unread",     "serves others if one never reads",  ROBUST,  {0,0,1,1,1,1}, 1, test_unread},
    {"rude",       "survives rude clients",             ROBUST,  {0,1,1,1,1,1}, 1, test_rude},
    {"idle",       "uses no CPU time while it waits",   ROBUST,  {5,2,2,2,2,2}, 2, test_idle},
    {"restart",    "restarts on the same port at once", ORDERLY, {3,3,1,1,1,1}, 1, test_restart},
    {"second",     "fails when its port is in use",     ORDERLY, {3,3,1,1,1,1}, 1, test_second},
    {"term",       "ends cleanly on TERM",              ORDERLY, {0,0,2,2,2,2}, 2, test_term},
    {"int",        "ends cleanly on INT (Ctrl-C)",      ORDERLY, {0,0,1,1,1,1}, 1, test_int},
    {"quit",       "lets its clients finish on QUIT",   ORDERLY, {0,0,1,1,1,1}, 1, test_quit},
    // clang-format on
};

const int n_tests = sizeof catalogue / sizeof *catalogue;

int test_points(const struct test *test, int step, bool counter)
{
    return counter && step == 6 ? test->points_counter : test->points[step - 1];
}
