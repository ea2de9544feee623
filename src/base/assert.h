/* SPDX-License-Identifier: MIT
 *
 * Assertions, on in every build: they catch bugs of koru, not mistakes of its user
 * (those get -EINVAL and the like) and not failures of the environment.
 */
#ifndef KORU_BASE_ASSERT_H
#define KORU_BASE_ASSERT_H

#include <assert.h> /* static_assert */

/* Says what was expected and where, then aborts. */
_Noreturn void koru__assert_failed(const char *expr, const char *file, int line);

#define koru__assert(expr)                                                                         \
	(__builtin_expect(!(expr), 0) ? koru__assert_failed(#expr, __FILE__, __LINE__) : (void)0)

#endif
