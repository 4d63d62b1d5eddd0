// SPDX-License-Identifier: MIT
/* With -std=c11 the system's headers hide what POSIX adds to C, unless we ask for it before the
 * first of them: feature_test_macros(7). So our own headers come first, and this one before all. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
