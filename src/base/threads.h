/* SPDX-License-Identifier: MIT
 *
 * How many threads this process has.
 */
#ifndef KORU_BASE_THREADS_H
#define KORU_BASE_THREADS_H

/* Those that run code of the program, without the workers that io_uring adds; INT_MAX where the
 * kernel does not tell (no /proc). Takes some microseconds. */
int koru__threads_count(void);

#endif
