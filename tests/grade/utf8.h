// SPDX-License-Identifier: MIT
/* UTF-8, a character at a time: names, commands and messages may hold anything. */
#ifndef GRADE_UTF8_H
#define GRADE_UTF8_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define UTF8_WRONG 0xFFFDu /* stands for each byte that is no UTF-8 */

/* The character at *s, which moves behind it. 0 at the end, where *s stays. */
uint32_t utf8_next(const char **s);

void utf8_put(FILE *out, uint32_t c);

/* Does it turn the direction of writing for what follows? */
bool utf8_turns(uint32_t c);

/* utf8_next() for a terminal or a line of text: what would move the cursor or turn the direction of
 * writing comes as UTF8_WRONG. */
uint32_t utf8_next_visible(const char **s);

/* How many columns of a terminal s fills, if it is printed by utf8_put_visible(). An estimate: the
 * wide characters of East Asia are two, combining ones none. */
size_t utf8_columns(const char *s);

/* Prints at most `columns` columns of s. If it is longer, the last column is "…". */
void utf8_put_visible(FILE *out, const char *s, size_t columns);

#endif
