// SPDX-License-Identifier: MIT
/* What a student is told, by symptom. */
#ifndef GRADE_HINTS_H
#define GRADE_HINTS_H

/* The hint's text, without a newline at its end; NULL: there is none of that key. */
const char *hint_text(const char *key);

#endif
