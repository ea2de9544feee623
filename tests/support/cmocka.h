/* SPDX-License-Identifier: MIT
 *
 * <cmocka.h> with the headers that it wants to find included before itself. */
#ifndef KORU_TESTS_SUPPORT_CMOCKA_H
#define KORU_TESTS_SUPPORT_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
