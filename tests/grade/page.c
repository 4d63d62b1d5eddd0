// SPDX-License-Identifier: MIT
/* page.c: see page.h */
#include "page.h"

#include "columns.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

static const enum level levels[] = {CORE, ROBUST, ORDERLY};

static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;"
    "--band:#f3f5f7;--link:#0550ae;--pass:#dff3e4;--pass-ink:#116329;--fail:#ffdfdc;"
    "--fail-ink:#a40e26;--trouble:#fff1c2;--trouble-ink:#6b4700}\n"
    "@media screen and "
    "(prefers-color-scheme:dark){:root{--paper:#14171c;--ink:#e6e9ed;--soft:#a0a8b2;"
    "--line:#3a414b;--band:#1e232a;--link:#7cb7ff;--pass:#15351f;--pass-ink:#7ee297;"
    "--fail:#4a1a1e;--fail-ink:#ffa8a1;--trouble:#42340d;--trouble-ink:#f2cf66}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:1.2rem;max-width:100rem;background:var(--paper);color:var(--ink);"
    "font:1rem/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem;line-height:1.2;margin:.2rem 0 .6rem}\n"
    "h2{font-size:1.25rem;line-height:1.3;margin:2.4rem 0 .5rem}\n"
    "h3{font-size:1.05rem;line-height:1.3;margin:1.8rem 0 .3rem}\n"
    "h1,h2,h3,p,li,code,th{overflow-wrap:anywhere}\n"
    "p,ul{margin:.3rem 0}\n"
    "ul{padding-left:1.3rem}\n"
    "a{color:var(--link)}\n"
    "small,.soft{color:var(--soft);font-weight:normal}\n"
    "code,pre{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;"
    "font-size:.875rem}\n"
    "pre{margin:.4rem 0 .8rem;padding:.6rem .8rem;overflow-x:auto;background:var(--band);"
    "border-left:.25rem solid var(--fail-ink);line-height:1.4;scroll-margin-top:4rem}\n"
    "h3{scroll-margin-top:1rem}\n"
    "tr{scroll-margin-top:12rem}\n"
    "pre.trouble{border-color:var(--trouble-ink)}\n"
    ":target{outline:.15rem solid var(--link);outline-offset:.15rem}\n"
    "summary{cursor:pointer;overflow-wrap:anywhere}\n"
    /* the table */
    ".wide{overflow:auto;max-height:92vh;margin:1rem 0;border:1px solid var(--line)}\n"
    "table{border-collapse:separate;border-spacing:0;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.2rem .5rem;border-right:1px solid var(--line);"
    "border-bottom:1px solid var(--line);text-align:center;background:var(--paper);"
    "font-weight:normal}\n"
    "td{white-space:nowrap}\n"
    "td a,th a{text-decoration:none}\n"
    "td a:hover,th a:hover,td a:focus,th a:focus{text-decoration:underline}\n"
    "thead th{position:sticky;top:0;z-index:2;vertical-align:bottom;background:var(--band)}\n"
    "thead th{white-space:nowrap}\n"
    "th.who{position:sticky;left:0;z-index:1;text-align:left}\n"
    "tbody .who a{display:block;width:max-content;max-width:13rem}\n"
    "thead th.who{z-index:3}\n"
    "th.level{text-transform:capitalize}\n"
    "th.test{padding:.4rem .2rem}\n"
    "th.test a{display:inline-block;writing-mode:vertical-rl;transform:rotate(180deg);"
    "white-space:nowrap;color:var(--ink)}\n"
    ".sum th,.sum td{background:var(--band)}\n"
    "tr.last>*{border-bottom:2px solid var(--soft)}\n"
    "td.test{min-width:2.1rem;padding:0}\n"
    "td.test a{display:block;padding:.2rem 0;color:inherit}\n"
    "td.pass{background:var(--pass);color:var(--pass-ink)}\n"
    "td.fail{background:var(--fail);color:var(--fail-ink);font-weight:bold}\n"
    "td.trouble{background:var(--trouble);color:var(--trouble-ink);text-align:left;"
    "max-width:30rem;overflow:hidden;text-overflow:ellipsis}\n"
    "td.trouble a{color:inherit}\n"
    "@media (max-width:40rem){body{padding:.7rem}tbody .who a{max-width:7rem}"
    "th,td{padding:.15rem .35rem}}\n"
    "@media print{@page{size:landscape;margin:12mm}body{max-width:none;padding:0;font-size:9pt}"
    "a{color:inherit;text-decoration:none}.wide{max-height:none;overflow:visible;border:0}"
    "thead th,th.who{position:static}tr,h2,h3,summary{break-inside:avoid}"
    "h2,h3,summary{break-after:avoid}code,pre{font-size:8pt}pre{white-space:pre-wrap}"
    "td,th,pre{print-color-adjust:exact;-webkit-print-color-adjust:exact}.back{display:none}}\n";

/* ---- pieces ---------------------------------------------------------------------------------- */

/* For text and for attributes. */
static void put(FILE *out, const char *s)
{
    if (!s)
        return;
    for (uint32_t c; (c = utf8_next(&s)) != 0;) {
        bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
        bool none = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
            fprintf(out, "&#%u;", c);
        else
            utf8_put(out, control || none || utf8_turns(c) ? UTF8_WRONG : c);
    }
}

/* A name that is written from right to left stays in its own place. */
static void put_isolated(FILE *out, const char *s)
{
    fputs("<bdi>", out);
    put(out, s);
    fputs("</bdi>", out);
}

static void put_first_line(FILE *out, const char *s)
{
    size_t n = strcspn(s, "\n");
    char *line = need(malloc(n + 1));

    memcpy(line, s, n);
    line[n] = '\0';
    put_isolated(out, line);
    free(line);
}

static const char *many(size_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- the head -------------------------------------------------------------------------------- */

static void put_title(FILE *out, const struct grading *g, size_t n)
{
    if (n > 0)
        fprintf(out, "Step %02d, %s: ", g->step, g->protocol ? g->protocol : "echo");
    fprintf(out, "%zu submission%s", n, many(n));
}

static void put_head(FILE *out, const struct grading *g, size_t n)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" "
          "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>",
          out);
    put_title(out, g, n);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n", style);
}

static void put_outcome(FILE *out, const struct grading *g, size_t n, const struct columns *columns)
{
    size_t passed = 0, trouble = 0;

    for (size_t i = 0; i < n; i++) {
        passed += has_passed(&g[i]);
        trouble += g[i].trouble != NULL;
    }
    fprintf(out, "<p>%zu passed: their core is complete. %zu did not.", passed,
            n - passed - trouble);
    if (trouble > 0)
        fprintf(out, " %zu could not be graded.", trouble);
    if (tried_of(g, n) > 0)
        fprintf(out, " The mean score is %.1f of %d.", mean_score(g, n), max_of(columns));
    fputs("</p>\n", out);
}

static void put_introduction(FILE *out, const struct grading *g, size_t n,
                             const struct columns *columns, time_t when)
{
    struct tm tm;
    char text[64] = "";

    fputs("<body id=\"top\">\n<h1>", out);
    put_title(out, g, n);
    fputs("</h1>\n", out);
    put_outcome(out, g, n, columns);
    if (columns->n > 0 && columns->each[0].missed > 0) {
        const struct column *c = &columns->each[0];
        fputs("<p>Missed most often: <a href=\"#t0\">", out);
        put(out, c->test->name);
        fprintf(out, "</a>, by %zu of %zu.</p>\n", c->missed, c->asked);
    }
    fputs("<p class=\"soft\">", out);
    if (localtime_r(&when, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm) > 0)
        fprintf(out, "Graded on %s", text);
    if (n > 0)
        fprintf(out, ", with the seed %u", g->seed);
    fputs(". In the table: ✓ passed, ✗ missed (follow it to its story), – not run. "
          "The test that most submissions missed comes first.</p>\n",
          out);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void put_table_head(FILE *out, const struct columns *columns)
{
    fputs("<thead><tr><th scope=\"col\" class=\"who\">Submission</th><th scope=\"col\">Passed</th>"
          "<th scope=\"col\">Score</th>",
          out);
    for (size_t i = 0; i < N_LEVELS; i++)
        fprintf(out, "<th scope=\"col\" class=\"level\">%s</th>", level_name(levels[i]));
    for (size_t i = 0; i < columns->n; i++) {
        const struct result *t = columns->each[i].test;
        fputs("<th scope=\"col\" class=\"test\"><a href=\"#t", out);
        fprintf(out, "%zu\" title=\"", i);
        put(out, t->title);
        fputs("\">", out);
        put(out, t->name);
        fprintf(out, " <small>%s</small></a></th>", level_name(t->level));
    }
    fputs("</tr></thead>\n", out);
}

static double mean_of_level(const struct grading *g, size_t n, enum level level)
{
    size_t tried = tried_of(g, n);
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += g[i].n > 0 ? points_of(&g[i], level) : 0;
    return tried > 0 ? sum / (double)tried : 0;
}

static void put_sums(FILE *out, const struct grading *g, size_t n, const struct columns *columns)
{
    size_t passed = 0;

    for (size_t i = 0; i < n; i++)
        passed += has_passed(&g[i]);
    fputs("<tr class=\"sum\"><th scope=\"row\" class=\"who\">Missed by</th>"
          "<td></td><td></td><td></td><td></td><td></td>",
          out);
    for (size_t i = 0; i < columns->n; i++)
        fprintf(out, "<td>%zu</td>", columns->each[i].missed);
    fprintf(out,
            "</tr>\n<tr class=\"sum last\"><th scope=\"row\" class=\"who\">Mean points</th>"
            "<td>%zu of %zu</td><td>%.1f/%d</td>",
            passed, n, mean_score(g, n), max_of(columns));
    for (size_t i = 0; i < N_LEVELS; i++)
        fprintf(out, "<td>%.1f/%d</td>", mean_of_level(g, n, levels[i]), columns->max[levels[i]]);
    for (size_t i = 0; i < columns->n; i++) {
        const struct column *c = &columns->each[i];
        double share = c->asked > 0 ? (double)c->passed / (double)c->asked : 0;
        fprintf(out, "<td>%.1f</td>", share * c->test->points);
    }
    fputs("</tr>\n", out);
}

static void put_cell(FILE *out, const struct grading *g, size_t place, const struct result *r)
{
    if (!r) {
        fputs("<td class=\"test\"></td>", out);
        return;
    }
    size_t k = (size_t)(r - g->results);
    if (r->verdict == PASSED) {
        fputs("<td class=\"test pass\" title=\"", out);
        put(out, r->name);
        fputs(": passed\">✓</td>", out);
    } else if (r->verdict == FAILED) {
        fprintf(out, "<td class=\"test fail\"><a href=\"#s%zu-%zu\" title=\"", place, k);
        put(out, r->name);
        fputs(": missed", out);
        if (r->hint_key) {
            fputs(", ", out);
            put(out, r->hint_key);
        }
        fputs("\">✗</a></td>", out);
    } else {
        fputs("<td class=\"test\" title=\"", out);
        put(out, r->name);
        fputs(": not run\">–</td>", out);
    }
}

static void put_row(FILE *out, const struct grading *g, size_t place, const struct columns *columns)
{
    fprintf(out, "<tr id=\"r%zu\"><th scope=\"row\" class=\"who\"><a href=\"#s%zu\">", place,
            place);
    put_isolated(out, g->name);
    fputs("</a></th>", out);
    if (g->trouble)
        fprintf(out, "<td class=\"trouble\"><a href=\"#s%zu-trouble\">trouble</a></td>", place);
    else
        fputs(has_passed(g) ? "<td class=\"pass\">yes</td>" : "<td class=\"fail\">no</td>", out);
    if (g->n == 0) {
        fputs("<td>–</td><td>–</td><td>–</td><td>–</td>", out);
        if (columns->n > 0)
            fprintf(out, "<td class=\"trouble\" colspan=\"%zu\">", columns->n);
        if (columns->n > 0 && g->trouble) {
            fprintf(out, "<a href=\"#s%zu-trouble\">", place);
            put_first_line(out, g->trouble);
            fputs("</a>", out);
        }
        fputs(columns->n > 0 ? "</td></tr>\n" : "</tr>\n", out);
        return;
    }
    fprintf(out, "<td>%d/%d</td>", score_of(g), max_of(columns));
    for (size_t i = 0; i < N_LEVELS; i++)
        fprintf(out, "<td>%d/%d</td>", points_of(g, levels[i]), columns->max[levels[i]]);
    for (size_t i = 0; i < columns->n; i++)
        put_cell(out, g, place, result_of(g, columns->each[i].test->name));
    fputs("</tr>\n", out);
}

static void put_table(FILE *out, const struct grading *g, size_t n, const struct columns *columns)
{
    fputs(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Submissions by tests\">\n"
        "<table>\n",
        out);
    put_table_head(out, columns);
    fputs("<tbody>\n", out);
    put_sums(out, g, n, columns);
    for (size_t i = 0; i < n; i++)
        put_row(out, &g[i], i, columns);
    fputs("</tbody>\n</table>\n</div>\n", out);
}

/* ---- test by test ---------------------------------------------------------------------------- */

static const char *symptom_of(const struct result *r)
{
    return r->hint_key ? r->hint_key : "other";
}

/* The submissions that missed this test with this symptom. */
static void put_symptom(FILE *out, const struct grading *g, size_t n, const char *test,
                        const char *symptom)
{
    size_t times = 0;

    fputs("<li><code>", out);
    put(out, symptom);
    fputs("</code>: ", out);
    for (size_t i = 0; i < n; i++) {
        const struct result *r = result_of(&g[i], test);
        if (!r || r->verdict != FAILED || strcmp(symptom_of(r), symptom) != 0)
            continue;
        fprintf(out, "%s<a href=\"#s%zu-%zu\">", times++ > 0 ? ", " : "", i,
                (size_t)(r - g[i].results));
        put_isolated(out, g[i].name);
        fputs("</a>", out);
    }
    fprintf(out, " <small>(%zu)</small></li>\n", times);
}

struct symptom {
    const char *key;
    size_t first, times;
};

static int by_times(const void *a, const void *b)
{
    const struct symptom *x = a, *y = b;

    if (x->times != y->times)
        return x->times > y->times ? -1 : 1;
    return x->first < y->first ? -1 : 1;
}

/* The symptoms of a test, the most frequent one first. */
static void put_symptoms(FILE *out, const struct grading *g, size_t n, const char *test)
{
    struct symptom *symptoms = need(calloc(n + 1, sizeof *symptoms));
    size_t kinds = 0;

    for (size_t i = 0; i < n; i++) {
        const struct result *r = result_of(&g[i], test);
        if (!r || r->verdict != FAILED)
            continue;
        size_t k = 0;
        while (k < kinds && strcmp(symptoms[k].key, symptom_of(r)) != 0)
            k++;
        if (k == kinds)
            symptoms[kinds++] = (struct symptom){symptom_of(r), i, 0};
        symptoms[k].times++;
    }
    if (kinds > 1)
        qsort(symptoms, kinds, sizeof *symptoms, by_times);
    fputs("<ul>\n", out);
    for (size_t k = 0; k < kinds; k++)
        put_symptom(out, g, n, test, symptoms[k].key);
    fputs("</ul>\n", out);
    free(symptoms);
}

static void put_test(FILE *out, const struct grading *g, size_t n, const struct columns *columns,
                     size_t place)
{
    const struct column *c = &columns->each[place];

    fprintf(out, "<section>\n<h3 id=\"t%zu\">", place);
    put(out, c->test->name);
    fprintf(out, " <small>%s, %d point%s</small></h3>\n<p>The server ", level_name(c->test->level),
            c->test->points, many((size_t)c->test->points));
    put(out, c->test->title);
    fprintf(out, ". Passed by %zu, missed by %zu", c->passed, c->missed);
    if (c->asked > c->passed + c->missed)
        fprintf(out, ", not run with %zu", c->asked - c->passed - c->missed);
    fputs(".</p>\n", out);
    if (c->missed > 0)
        put_symptoms(out, g, n, c->test->name);
    fputs("</section>\n", out);
}

static void put_tests(FILE *out, const struct grading *g, size_t n, const struct columns *columns)
{
    if (columns->n == 0)
        return;
    fputs("<h2>Test by test</h2>\n<p class=\"soft\">The symptoms of each, and the submissions that "
          "showed them.</p>\n",
          out);
    for (size_t i = 0; i < columns->n; i++)
        put_test(out, g, n, columns, i);
}

/* ---- submission by submission ---------------------------------------------------------------- */

static void put_failure(FILE *out, const struct result *r, size_t place, size_t k)
{
    fputs("<details open><summary>✗ <b>", out);
    put(out, r->name);
    fprintf(out, "</b> <small>%s, %d point%s</small> ", level_name(r->level), r->points,
            many((size_t)r->points));
    put(out, r->title);
    if (r->hint_key) {
        fputs(": <code>", out);
        put(out, r->hint_key);
        fputs("</code>", out);
    }
    /* Inside the details: a browser opens them for a link that leads there. */
    fprintf(out, "</summary><pre id=\"s%zu-%zu\">\n", place, k);
    put(out, r->message ? r->message : "There is no story.");
    fputs("</pre></details>\n", out);
}

static void put_passed(FILE *out, const struct grading *g)
{
    size_t times = 0;

    for (size_t k = 0; k < g->n; k++) {
        if (g->results[k].verdict != PASSED)
            continue;
        fputs(times++ > 0 ? ", " : "<p>✓ Passed: ", out);
        put(out, g->results[k].name);
    }
    if (times > 0)
        fputs(".</p>\n", out);
}

/* A line for each reason. */
static void put_not_run(FILE *out, const struct grading *g)
{
    const char *reason = NULL;

    for (size_t k = 0; k < g->n; k++) {
        const struct result *r = &g->results[k];
        if (r->verdict != NOT_RUN)
            continue;
        const char *why = r->message ? r->message : "the grading ended before";
        if (reason && strcmp(why, reason) == 0) {
            fputs(", ", out);
        } else {
            fputs(reason ? ".</p>\n<p>– Not run (" : "<p>– Not run (", out);
            put_isolated(out, why);
            fputs("): ", out);
        }
        put(out, r->name);
        reason = why;
    }
    if (reason)
        fputs(".</p>\n", out);
}

static void put_score(FILE *out, const struct grading *g)
{
    fprintf(out, "<p><b>%s</b> %d/%d", has_passed(g) ? "Passed:" : "Not passed:", score_of(g),
            points_in_all(g, CORE) + points_in_all(g, ROBUST) + points_in_all(g, ORDERLY));
    for (size_t i = 0; i < N_LEVELS; i++)
        fprintf(out, "%s %s %d/%d", i > 0 ? "," : " -", level_name(levels[i]),
                points_of(g, levels[i]), points_in_all(g, levels[i]));
    fprintf(out, " <small>in %.0f s</small></p>\n", g->seconds);
}

static void put_submission(FILE *out, const struct grading *g, size_t place)
{
    const struct result *first = g->n > 0 ? first_to_mend(g) : NULL;

    fprintf(out, "<section>\n<h3 id=\"s%zu\">", place);
    put_isolated(out, g->name);
    fputs("</h3>\n<p><code>", out);
    put_isolated(out, g->command);
    fputs("</code></p>\n", out);
    if (g->n > 0)
        put_score(out, g);
    if (g->trouble) {
        fprintf(out,
                "<p>It could not be graded:</p>\n<pre class=\"trouble\" id=\"s%zu-trouble\">\n",
                place);
        put(out, g->trouble);
        fputs("</pre>\n", out);
    }
    if (first) {
        fputs("<p>The first to mend: ", out);
        put(out, first->name);
        fputs(".</p>\n", out);
    }
    for (size_t k = 0; k < g->n; k++)
        if (g->results[k].verdict == FAILED)
            put_failure(out, &g->results[k], place, k);
    put_not_run(out, g);
    put_passed(out, g);
    fprintf(out, "<p class=\"back\"><a href=\"#r%zu\">Back to the table</a></p>\n</section>\n",
            place);
}

void write_page(FILE *out, const struct grading *g, size_t n, time_t when)
{
    struct columns columns = columns_of(g, n);

    columns_by_misses(&columns);
    put_head(out, g, n);
    put_introduction(out, g, n, &columns, when);
    put_table(out, g, n, &columns);
    put_tests(out, g, n, &columns);
    if (n > 0)
        fputs("<h2>Submission by submission</h2>\n", out);
    for (size_t i = 0; i < n; i++)
        put_submission(out, &g[i], i);
    fputs("</body>\n</html>\n", out);
    columns_free(&columns);
}
