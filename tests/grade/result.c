// SPDX-License-Identifier: MIT
#include "result.h"

const char *level_name(enum level level)
{
    static const char *const names[N_LEVELS] = {"core", "robust", "orderly"};

    return names[level];
}

int points_of(const struct grading *g, enum level level)
{
    int points = 0;

    for (size_t i = 0; i < g->n; i++)
        if (g->results[i].level == level && g->results[i].verdict == PASSED)
            points += g->results[i].points;
    return points;
}

int points_in_all(const struct grading *g, enum level level)
{
    int points = 0;

    for (size_t i = 0; i < g->n; i++)
        if (g->results[i].level == level)
            points += g->results[i].points;
    return points;
}

bool core_complete(const struct grading *g)
{
    return !g->trouble && points_of(g, CORE) == points_in_all(g, CORE);
}

const struct result *first_to_mend(const struct grading *g)
{
    for (int level = CORE; level < N_LEVELS; level++)
        for (size_t i = 0; i < g->n; i++)
            if (g->results[i].level == (enum level)level && g->results[i].verdict == FAILED)
                return &g->results[i];
    return NULL;
}
