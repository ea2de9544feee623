/* SPDX-License-Identifier: MIT
 *
 * Stack overflow: ends the program with a sentence instead of a bare SIGSEGV.
 *
 * The handler is the process's, installed by the first user and removed by the last; it runs
 * on an alternate stack, which each thread needs one of. A fault that is not in a guard page
 * of koru goes to whatever handler was there before.
 */
#ifndef KORU_CONTEXT_OVERFLOW_H
#define KORU_CONTEXT_OVERFLOW_H

/* Names what runs on the calling thread, for the sentence; may return NULL. Called in a
 * signal handler. */
typedef const char *koru__overflow_name(void);

/* For the calling thread: an alternate stack, unless it has one, and the handler. Returns 0,
 * -ENOMEM, or another negative errno. */
int koru__overflow_open(koru__overflow_name *name, void **ret_altstack);

/* Undoes it, on the same thread. */
void koru__overflow_close(void *altstack);

#endif
