/* SPDX-License-Identifier: MIT
 * The hooks of sanitized builds. See sanitize.h; in an ordinary build this file is empty. */
#include "context/sanitize.h"

#ifdef KORU__SANITIZED

#include "base/alloc.h"
#include "base/assert.h"
#include "context/stack.h"

#include <pthread.h>
#include <sys/mman.h>

/* What the three tools are asked for, as one set of functions for each; the two that a build
 * lacks are empty. */
#ifdef KORU__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define asan_start(from, to, ends)                                                                 \
	__sanitizer_start_switch_fiber((ends) ? NULL : &(from)->fake_stack, (to)->stack_low,       \
	                               (to)->stack_size)
#define asan_finish(self)      __sanitizer_finish_switch_fiber((self)->fake_stack, NULL, NULL)
#define asan_forget(low, size) ASAN_UNPOISON_MEMORY_REGION(low, size)
#define asan_bad_byte(p, size) __asan_region_is_poisoned(p, size)
#else
#define asan_start(from, to, ends) ((void)(from), (void)(to), (void)(ends))
#define asan_finish(self)          ((void)(self))
#define asan_forget(low, size)     ((void)(low), (void)(size))
#define asan_bad_byte(p, size)     ((void)(p), (void)(size), NULL)
#endif

#ifdef KORU__TSAN
/* From <sanitizer/tsan_interface.h>, which an uninstrumented file may not include with every
 * compiler. */
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
enum { TSAN_NO_SYNC = 1 };
#define tsan_current()         __tsan_get_current_fiber()
#define tsan_create()          create_fiber()
#define tsan_destroy(f)        __tsan_destroy_fiber(f)
#define tsan_blank_open()      open_blank()
#define tsan_blank_close()     close_blank()
#define tsan_forget(low, size) forget_stack((low), (size))
#define tsan_switch(f)         __tsan_switch_to_fiber((f), TSAN_NO_SYNC)
#define tsan_acquire(addr)     __tsan_acquire(addr)
#define tsan_release(addr)     __tsan_release(addr)
#define tsan_quiet_begin()                                                                         \
	(AnnotateIgnoreReadsBegin(__FILE__, __LINE__),                                             \
	 AnnotateIgnoreWritesBegin(__FILE__, __LINE__))
#define tsan_quiet_end()                                                                           \
	(AnnotateIgnoreWritesEnd(__FILE__, __LINE__), AnnotateIgnoreReadsEnd(__FILE__, __LINE__))

/* Whoever creates a fiber, or takes memory into use, is ordered before what the fiber does. Neither
 * the task that happens to make room for another nor the one whose stack the other inherits may
 * be, or races between the two would go unseen. So both are done in the name of a fiber that does
 * nothing else. One a thread, for its loop, or its loops: a guest (koru/guest.h) and another. */
static __thread void *blank;
static __thread unsigned blank_users;

static void open_blank(void)
{
	if (blank_users++ == 0)
		blank = __tsan_create_fiber(0);
}

static void close_blank(void)
{
	if (--blank_users == 0)
		__tsan_destroy_fiber(blank);
}

static void *create_fiber(void)
{
	void *current = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(blank, TSAN_NO_SYNC);
	void *fiber = __tsan_create_fiber(0);
	__tsan_switch_to_fiber(current, TSAN_NO_SYNC);
	return fiber;
}

/* Only mapping it anew makes ThreadSanitizer forget who used a piece of memory. */
static void forget_stack(void *low, size_t size)
{
	void *current = __tsan_get_current_fiber();
	size_t pages = (size + koru__page_size() - 1) / koru__page_size() * koru__page_size();
	__tsan_switch_to_fiber(blank, TSAN_NO_SYNC);
	void *map =
	        mmap(low, pages, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_FIXED, -1, 0);
	koru__assert(map == low);
	(void)!madvise(low, pages, MADV_NOHUGEPAGE); /* as its neighbours: one mapping again */
	__tsan_switch_to_fiber(current, TSAN_NO_SYNC);
}
#else
#define tsan_blank_open()      ((void)0)
#define tsan_blank_close()     ((void)0)
#define tsan_forget(low, size) ((void)(low), (void)(size))
#define tsan_current()         NULL
#define tsan_create()          NULL
#define tsan_destroy(f)        ((void)(f))
#define tsan_switch(f)         ((void)(f))
#define tsan_acquire(addr)     ((void)(addr))
#define tsan_release(addr)     ((void)(addr))
#define tsan_quiet_begin()     ((void)0)
#define tsan_quiet_end()       ((void)0)
#endif

#ifdef KORU_VALGRIND
#include <valgrind/memcheck.h>
#define valgrind_add(low, size) VALGRIND_STACK_REGISTER((low), (const char *)(low) + (size))
#define valgrind_remove(id)     VALGRIND_STACK_DEREGISTER(id)
#define valgrind_written(p, n)  ((void)VALGRIND_MAKE_MEM_DEFINED(p, n))
#else
#define valgrind_add(low, size) ((void)(low), (void)(size), 0u)
#define valgrind_remove(id)     ((void)(id))
#define valgrind_written(p, n)  ((void)(p), (void)(n))
#endif

struct record {
	const void *stack_low; /* the stack's lowest byte, and its size */
	size_t stack_size;
	void *fake_stack; /* ASan's, while suspended */
	void *fiber;      /* TSan's */
	void *order;      /* the token shared by contexts that never run at once, or NULL */
	unsigned valgrind_id;
};

/* Quietly: one task's record may be freed by another that nothing orders behind it, and
 * ThreadSanitizer sees the allocator even when it is called from here. */
static struct record *new_record(struct record init)
{
	tsan_quiet_begin();
	struct record *r = koru__alloc_sure(sizeof(*r));
	tsan_quiet_end();
	*r = init;
	return r;
}

void *koru__sanitize_new(const void *low, size_t size, void *order)
{
	return new_record((struct record){
	        .stack_low = low,
	        .stack_size = size,
	        .fiber = tsan_create(),
	        .order = order,
	        .valgrind_id = (unsigned)valgrind_add(low, size),
	});
}

void *koru__sanitize_new_thread(void *order)
{
	pthread_attr_t attr;
	void *low = NULL;
	size_t size = 0;
	int rc = pthread_getattr_np(pthread_self(), &attr);
	koru__assert(rc == 0);
	rc = pthread_attr_getstack(&attr, &low, &size);
	koru__assert(rc == 0);
	pthread_attr_destroy(&attr);
	tsan_blank_open();
	return new_record((struct record){
	        .stack_low = low,
	        .stack_size = size,
	        .fiber = tsan_current(),
	        .order = order,
	});
}

void koru__sanitize_free(void *s)
{
	struct record *r = s;
	if (!r)
		return;
	if (r->fiber && r->fiber != tsan_current())
		tsan_destroy(r->fiber);
	else if (r->fiber)
		tsan_blank_close(); /* it is the thread's own */
	if (r->valgrind_id)
		valgrind_remove(r->valgrind_id);
	tsan_quiet_begin();
	koru__free(r);
	tsan_quiet_end();
}

void koru__sanitize_leave(void *from, void *to, bool ends)
{
	struct record *f = from;
	struct record *t = to;
	if (f->order)
		tsan_release(f->order);
	asan_start(f, t, ends);
	tsan_switch(t->fiber);
}

void koru__sanitize_enter(void *self)
{
	struct record *r = self;
	asan_finish(r);
	if (r->order)
		tsan_acquire(r->order);
}

void koru__sanitize_release(void *token)
{
	tsan_release(token);
}

void koru__sanitize_acquire(void *token)
{
	tsan_acquire(token);
}

void koru__sanitize_quiet_begin(void)
{
	tsan_quiet_begin();
}

void koru__sanitize_quiet_end(void)
{
	tsan_quiet_end();
}

void koru__sanitize_forget(void *low, size_t size)
{
	asan_forget(low, size);
	tsan_forget(low, size);
}

void koru__sanitize_let_go(void *buf, size_t size, size_t written)
{
	const volatile char *bad = asan_bad_byte(buf, size);
	if (bad)
		(void)*bad; /* AddressSanitizer tells the rest */
	valgrind_written(buf, written);
}

#endif
