// SPDX-License-Identifier: MIT
/* utf8.c: see utf8.h */
#include "utf8.h"

uint32_t utf8_next(const char **s)
{
    const unsigned char *p = (const unsigned char *)*s;
    uint32_t first = p[0];
    static const uint32_t least[] = {0, 0x80, 0x800,
                                     0x10000}; /* by the number of bytes that follow */
    unsigned more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;

    if (first == 0)
        return 0;
    *s += 1;
    if (first < 0x80)
        return first;
    if (more == 0 || first >= 0xF8)
        return UTF8_WRONG;
    uint32_t c = first & (0x3Fu >> more);
    for (unsigned i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return UTF8_WRONG; /* and the final NUL is none of these either */
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return UTF8_WRONG;
    *s += more;
    return c;
}

void utf8_put(FILE *out, uint32_t c)
{
    if (c < 0x80) {
        putc((int)c, out);
    } else if (c < 0x800) {
        putc((int)(0xC0 | c >> 6), out);
        putc((int)(0x80 | (c & 0x3F)), out);
    } else {
        if (c < 0x10000) {
            putc((int)(0xE0 | c >> 12), out);
        } else {
            putc((int)(0xF0 | c >> 18), out);
            putc((int)(0x80 | (c >> 12 & 0x3F)), out);
        }
        putc((int)(0x80 | (c >> 6 & 0x3F)), out);
        putc((int)(0x80 | (c & 0x3F)), out);
    }
}

bool utf8_turns(uint32_t c)
{
    return c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

uint32_t utf8_next_visible(const char **s)
{
    uint32_t c = utf8_next(s);
    bool control = (c > 0 && c < 0x20) || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;

    return control || utf8_turns(c) ? UTF8_WRONG : c;
}

static size_t columns_of_one(uint32_t c)
{
    if ((c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200D) || (c >= 0xFE00 && c <= 0xFE0F))
        return 0;
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                   (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                   (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                   (c >= 0x1F300 && c <= 0x1FAFF) || c >= 0x20000
               ? 2
               : 1;
}

size_t utf8_columns(const char *s)
{
    size_t columns = 0;

    for (uint32_t c; (c = utf8_next_visible(&s)) != 0;)
        columns += columns_of_one(c);
    return columns;
}

void utf8_put_visible(FILE *out, const char *s, size_t columns)
{
    bool cut = utf8_columns(s) > columns;
    size_t left = cut && columns > 0 ? columns - 1 : columns;

    for (uint32_t c; (c = utf8_next_visible(&s)) != 0 && columns_of_one(c) <= left;) {
        utf8_put(out, c);
        left -= columns_of_one(c);
    }
    if (cut && columns > 0)
        utf8_put(out, 0x2026);
}
