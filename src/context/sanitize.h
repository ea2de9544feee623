/* SPDX-License-Identifier: MIT
 *
 * What AddressSanitizer, ThreadSanitizer and Valgrind need to know of stacks that are not
 * a thread's own. Only src/context/ includes this, and src/poll/ for what concerns buffers.
 * In an ordinary build every call here is empty.
 *
 * ThreadSanitizer treats a context as a fiber. A switch by itself orders nothing (flag 1 of
 * __tsan_switch_to_fiber): with the default flag every switch would order everything before
 * it against everything after it, and no race between tasks could ever be found. What is
 * really ordered says so: koru__sanitize_release by who hands something over (spawn, end,
 * wake) and koru__sanitize_acquire by who takes it. Contexts with an `order` are those of
 * tasks that promised to stay together on one loop: each of their switches is a hand-over,
 * since koru promises that they never run at once.
 */
#ifndef KORU_CONTEXT_SANITIZE_H
#define KORU_CONTEXT_SANITIZE_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define KORU__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KORU__ASAN 1
#endif
#endif

/* The build says it: the floors that use this are themselves compiled without it. */
#if defined(KORU_TSAN)
#define KORU__TSAN 1
#endif

#if defined(KORU__ASAN) || defined(KORU__TSAN) || defined(KORU_VALGRIND)
#define KORU__SANITIZED 1
#endif

#ifdef KORU__SANITIZED

/* Switches must pass through the library, which tells the sanitizers. */
#define KORU__SWITCHES_WATCHED true

/* True where a context may not go on as another task: a fiber is one task. */
#if defined(KORU__TSAN)
#define KORU__ONE_TASK_PER_CONTEXT true
#define KORU__SANITIZER_THREADS    1 /* of its own, in every process */
#else
#define KORU__SANITIZER_THREADS    0
#define KORU__ONE_TASK_PER_CONTEXT false
#endif

/* What koru__context.sanitize points to: for a context on a stack of koru's, and for the
 * thread's own. `order` as above. */
void *koru__sanitize_new(const void *low, size_t size, void *order);
void *koru__sanitize_new_thread(void *order);

/* The context is no more; it is not the running one. NULL does nothing. */
void koru__sanitize_free(void *s);

/* Around a switch: before it, on the old stack, `ends` when the old one will not run again;
 * and after it, on the new stack. */
void koru__sanitize_leave(void *from, void *to, bool ends);
void koru__sanitize_enter(void *self);

/* A hand-over from one task to another through `token`. */
void koru__sanitize_release(void *token);
void koru__sanitize_acquire(void *token);

/* Between these, memory touched on behalf of others (a buffer that the poller fills) is not
 * held against the context that touches it. */
void koru__sanitize_quiet_begin(void);
void koru__sanitize_quiet_end(void);

/* A stack is taken into use, and has no contents yet: what the frames of others left behind there
 * is forgotten. From its first page to its top. */
void koru__sanitize_forget(void *low, size_t size);

/* The kernel lets go of a buffer that only io_uring knew it had: it must still be there. Of
 * its bytes the first `written` are the kernel's. */
void koru__sanitize_let_go(void *buf, size_t size, size_t written);

#else

#define KORU__SWITCHES_WATCHED     false
#define KORU__ONE_TASK_PER_CONTEXT false
#define KORU__SANITIZER_THREADS    0

static inline void *koru__sanitize_new(const void *low, size_t size, void *order)
{
	(void)low, (void)size, (void)order;
	return NULL;
}

static inline void *koru__sanitize_new_thread(void *order)
{
	(void)order;
	return NULL;
}

static inline void koru__sanitize_free(void *s)
{
	(void)s;
}

static inline void koru__sanitize_leave(void *from, void *to, bool ends)
{
	(void)from, (void)to, (void)ends;
}

static inline void koru__sanitize_enter(void *self)
{
	(void)self;
}

static inline void koru__sanitize_release(void *token)
{
	(void)token;
}

static inline void koru__sanitize_acquire(void *token)
{
	(void)token;
}

static inline void koru__sanitize_quiet_begin(void)
{
}

static inline void koru__sanitize_quiet_end(void)
{
}

static inline void koru__sanitize_forget(void *low, size_t size)
{
	(void)low, (void)size;
}

static inline void koru__sanitize_let_go(void *buf, size_t size, size_t written)
{
	(void)buf, (void)size, (void)written;
}

#endif
#endif
