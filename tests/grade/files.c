// SPDX-License-Identifier: MIT
/* files.c: see files.h */
#include "files.h"

#include "columns.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

static const enum level levels[] = {CORE, ROBUST, ORDERLY};

/* What could be had: of a grading without results, what the others could have. */
static int level_max(const struct grading *g, const struct columns *columns, enum level level)
{
    return g->n > 0 ? points_in_all(g, level) : columns->max[level];
}

static int whole_max(const struct grading *g, const struct columns *columns)
{
    int max = 0;

    for (size_t i = 0; i < N_LEVELS; i++)
        max += level_max(g, columns, levels[i]);
    return max;
}

static int got(const struct result *r)
{
    return r->verdict == PASSED ? r->points : 0;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_string(FILE *out, const char *s)
{
    if (!s) {
        fputs("null", out);
        return;
    }
    putc('"', out);
    for (uint32_t c; (c = utf8_next(&s)) != 0;) {
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", (int)c);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c < 0x20 || c == 0x7F || c == 0x2028 || c == 0x2029)
            fprintf(out, "\\u%04x", c);
        else
            utf8_put(out, c);
    }
    putc('"', out);
}

static void json_member(FILE *out, const char *key, const char *value)
{
    fprintf(out, "\"%s\": ", key);
    json_string(out, value);
}

static const char *status_of(const struct result *r)
{
    return r->verdict == PASSED ? "pass" : r->verdict == FAILED ? "fail" : "not-run";
}

static void json_test(FILE *out, const struct result *r)
{
    fputs("      {", out);
    json_member(out, "name", r->name);
    fputs(", ", out);
    json_member(out, "title", r->title);
    fputs(", ", out);
    json_member(out, "level", level_name(r->level));
    fprintf(out, ", \"points\": %d, \"max\": %d, ", got(r), r->points);
    json_member(out, "status", status_of(r));
    fprintf(out, ", \"seconds\": %.3f,\n       ", r->seconds);
    json_member(out, "hint", r->hint_key);
    fputs(", ", out);
    json_member(out, "message", r->message);
    putc('}', out);
}

static void json_grading(FILE *out, const struct grading *g, const struct columns *columns)
{
    fputs("  {\n    ", out);
    json_member(out, "name", g->name);
    fputs(",\n    ", out);
    json_member(out, "command", g->command);
    fprintf(out, ",\n    \"step\": %d, ", g->step);
    json_member(out, "protocol", g->protocol);
    fprintf(out, ", \"seed\": %u,\n    \"score\": %d, \"max\": %d, \"passed\": %s,\n", g->seed,
            score_of(g), whole_max(g, columns), has_passed(g) ? "true" : "false");
    fputs("    \"levels\": {", out);
    for (size_t i = 0; i < N_LEVELS; i++)
        fprintf(out, "%s\"%s\": {\"points\": %d, \"max\": %d}", i > 0 ? ", " : "",
                level_name(levels[i]), points_of(g, levels[i]), level_max(g, columns, levels[i]));
    fputs("},\n    ", out);
    json_member(out, "confined", g->confined);
    fputs(",\n    ", out);
    json_member(out, "trouble", g->trouble);
    fprintf(out, ",\n    \"seconds\": %.3f,\n    \"tests\": [", g->seconds);
    for (size_t i = 0; i < g->n; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        json_test(out, &g->results[i]);
    }
    fputs(g->n > 0 ? "\n    ]\n  }" : "]\n  }", out);
}

void write_json(FILE *out, const struct grading *g, size_t n)
{
    struct columns columns = columns_of(g, n);

    putc('[', out);
    for (size_t i = 0; i < n; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        json_grading(out, &g[i], &columns);
    }
    fputs(n > 0 ? "\n]\n" : "]\n", out);
    columns_free(&columns);
}

/* ---- JUnit XML ------------------------------------------------------------------------------- */

/* There is no way to write most control characters in XML 1.0. In an attribute a LF would come back
 * as a blank. */
static void xml_escape(FILE *out, const char *s, bool in_attribute)
{
    if (!s)
        return;
    for (uint32_t c; (c = utf8_next(&s)) != 0;) {
        if (c == '\n' && !in_attribute)
            putc('\n', out);
        else if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\n' || c == '\t' ||
                 c == '\r')
            fprintf(out, "&#%u;", c);
        else if (c < 0x20 || c == 0xFFFE || c == 0xFFFF)
            utf8_put(out, UTF8_WRONG);
        else
            utf8_put(out, c);
    }
}

static void xml_attribute(FILE *out, const char *key, const char *value)
{
    fprintf(out, " %s=\"", key);
    xml_escape(out, value, true);
    putc('"', out);
}

static void xml_property(FILE *out, const char *key, const char *value)
{
    if (!value)
        return;
    fputs("      <property", out);
    xml_attribute(out, "name", key);
    xml_attribute(out, "value", value);
    fputs("/>\n", out);
}

static void xml_number(FILE *out, const char *key, long value)
{
    char text[32];

    snprintf(text, sizeof text, "%ld", value);
    xml_property(out, key, text);
}

static void xml_test(FILE *out, const struct grading *g, const struct result *r)
{
    fputs("    <testcase", out);
    xml_attribute(out, "name", r->name);
    fputs(" classname=\"", out);
    xml_escape(out, g->name, true);
    fprintf(out, ".%s\" time=\"%.3f\"", level_name(r->level), r->seconds);
    if (r->verdict == PASSED) {
        fputs("/>\n", out);
    } else if (r->verdict == FAILED) {
        fputs(">\n      <failure", out);
        xml_attribute(out, "type", r->hint_key ? r->hint_key : "failed");
        fputs(" message=\"not so: ", out);
        xml_escape(out, r->title, true);
        fputs("\">", out);
        xml_escape(out, r->message, false);
        fputs("</failure>\n    </testcase>\n", out);
    } else {
        fputs(">\n      <skipped", out);
        xml_attribute(out, "message", r->message ? r->message : "not run");
        fputs("/>\n    </testcase>\n", out);
    }
}

struct tally {
    size_t tests, failures, skipped, errors;
    double seconds;
};

static void tally_up(struct tally *tally, const struct grading *g)
{
    tally->tests += g->n + (g->trouble ? 1 : 0);
    tally->errors += g->trouble ? 1 : 0;
    tally->seconds += g->seconds;
    for (size_t i = 0; i < g->n; i++) {
        tally->failures += g->results[i].verdict == FAILED;
        tally->skipped += g->results[i].verdict == NOT_RUN;
    }
}

static void xml_tally(FILE *out, const struct tally *tally)
{
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
            tally->tests, tally->failures, tally->errors, tally->skipped, tally->seconds);
}

static void xml_suite(FILE *out, const struct grading *g)
{
    struct tally tally = {0};

    tally_up(&tally, g);
    fputs("  <testsuite", out);
    xml_attribute(out, "name", g->name);
    xml_tally(out, &tally);
    fputs("    <properties>\n", out);
    xml_property(out, "command", g->command);
    xml_number(out, "step", g->step);
    xml_property(out, "protocol", g->protocol);
    xml_number(out, "seed", (long)g->seed);
    xml_number(out, "score", score_of(g));
    xml_property(out, "passed", has_passed(g) ? "yes" : "no");
    xml_property(out, "confined", g->confined);
    fputs("    </properties>\n", out);
    if (g->trouble) {
        fputs("    <testcase name=\"grading\"", out);
        xml_attribute(out, "classname", g->name);
        fprintf(out, " time=\"%.3f\">\n      <error message=\"it could not be tried\">",
                g->seconds);
        xml_escape(out, g->trouble, false);
        fputs("</error>\n    </testcase>\n", out);
    }
    for (size_t i = 0; i < g->n; i++)
        xml_test(out, g, &g->results[i]);
    fputs("  </testsuite>\n", out);
}

void write_junit(FILE *out, const struct grading *g, size_t n)
{
    struct tally tally = {0};

    for (size_t i = 0; i < n; i++)
        tally_up(&tally, &g[i]);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"grade\"", out);
    xml_tally(out, &tally);
    for (size_t i = 0; i < n; i++)
        xml_suite(out, &g[i]);
    fputs("</testsuites>\n", out);
}

/* ---- CSV ------------------------------------------------------------------------------------- */

/* The apostrophe: https://owasp.org/www-community/attacks/CSV_Injection */
static void csv_text(FILE *out, const char *s)
{
    if (!s)
        return;
    const char *first = s + strspn(s, " \t\r\n");
    putc('"', out);
    if (*s && (*s == '\t' || *s == '\r' || *s == '\n' || (*first && strchr("=+-@", *first))))
        putc('\'', out);
    for (uint32_t c; (c = utf8_next(&s)) != 0;) {
        if (c == '"')
            fputs("\"\"", out);
        else if (c < 0x20 && c != '\n' && c != '\t')
            utf8_put(out, UTF8_WRONG);
        else
            utf8_put(out, c);
    }
    putc('"', out);
}

static void csv_grading(FILE *out, const struct grading *g, const struct columns *columns)
{
    char *trouble = g->trouble ? trouble_line(g->trouble) : NULL;

    csv_text(out, g->name);
    fprintf(out, ",%d,%d", score_of(g), whole_max(g, columns));
    for (size_t i = 0; i < N_LEVELS; i++)
        fprintf(out, ",%d,%d", points_of(g, levels[i]), level_max(g, columns, levels[i]));
    fprintf(out, ",%s,%.1f", has_passed(g) ? "yes" : "no", g->seconds);
    for (size_t i = 0; i < columns->n; i++) {
        const struct result *r = result_of(g, columns->each[i].test->name);
        putc(',', out);
        if (r && r->verdict != NOT_RUN)
            fprintf(out, "%d", got(r));
    }
    putc(',', out);
    csv_text(out, trouble);
    free(trouble);
    putc(',', out);
    csv_text(out, g->command);
    fputs("\r\n", out);
}

void write_csv(FILE *out, const struct grading *g, size_t n)
{
    struct columns columns = columns_of(g, n);

    fputs("name,score,max", out);
    for (size_t i = 0; i < N_LEVELS; i++)
        fprintf(out, ",%s,%s_max", level_name(levels[i]), level_name(levels[i]));
    fputs(",passed,seconds", out);
    for (size_t i = 0; i < columns.n; i++)
        fprintf(out, ",%s", columns.each[i].test->name);
    fputs(",trouble,command\r\n", out);
    for (size_t i = 0; i < n; i++)
        csv_grading(out, &g[i], &columns);
    columns_free(&columns);
}
