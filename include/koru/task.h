/* SPDX-License-Identifier: MIT
 *
 * Tasks: any C function, run beside others on a stack of its own.
 *
 * A task that waits lets the others of its loop run; any function it calls may wait.
 * Tasks of one loop never run at the same time. A task never changes thread once it
 * has started, so thread-locals and `errno` mean what they mean elsewhere.
 *
 * The floating-point control modes (rounding, traps) belong to the thread: a task
 * that changes them changes them back before it waits.
 */
#ifndef KORU_TASK_H
#define KORU_TASK_H

#include <koru/scope.h>
#include <koru/switch.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a task runs. A negative result is an error and fails the task's scope. */
typedef int koru_fn(void *arg);

/* Where a function runs. */
enum koru_place {
	KORU_HERE = 0,     /* on the loop of the caller: ordered with its other tasks, so
	                    * what they share needs no lock */
	KORU_ANY_LOOP = 1, /* on any loop of this koru_run: may run at the same time as the
	                    * caller, so what they share needs the sync types. Who is idle
	                    * takes it; once it has begun it stays where it is */
	KORU_LOOP_FIRST = 16,
};

/* The place that is the loop `index` of this koru_run, from 0. */
#define KORU_LOOP(index) ((enum koru_place)(KORU_LOOP_FIRST + (index)))

struct koru_task_opts {
	const char *name;  /* for reports; a static string. NULL: the function's name */
	size_t stack_size; /* bytes; 0: that of koru_run_opts. Rounded up to a power of
	                    * two, guard page included; at most KORU_STACK_SIZE_MAX. A
	                    * task whose scope is being closed may be called on its
	                    * closer's stack instead, if three quarters of that are left */
	enum koru_place place;
};

#define KORU_STACK_SIZE_DEFAULT ((size_t)64 << 10)
#define KORU_STACK_SIZE_MIN     ((size_t)16 << 10)
#define KORU_STACK_SIZE_MAX     ((size_t)64 << 20)

/* int koru_go(struct koru_scope *scope, koru_fn *fn, void *arg);
 *
 * Starts fn(arg) as a task in `scope`, on this loop; NULL means the root scope of
 * koru_run: a detached task, cancelled when the main task ends. The task is queued,
 * not run: the caller goes on. Never suspends. Only in a task; when the scope is one of
 * another loop, the caller has to be inside it, or know by other means that it stays open
 * meanwhile. A task started in a cancelled scope still runs; its suspending calls return
 * -ECANCELED.
 *
 * Returns 0, and then fn is called exactly once (but see below), or
 *   -EINVAL  the scope is not open,
 *   -EPERM   outside a task, or the scope belongs to another koru_run,
 *   -ENOMEM  no memory for the task. This also fails the scope, so a caller that
 *            ignores it learns of it from koru_scope_close.
 *
 * The stack is found when the task first runs. If none can be had then, the scope
 * fails with -ENOMEM or -KORU_EGUARD, fn is not called, and the others go on to be
 * cancelled as after any error. */
#define koru_go(scope, fn, arg) koru__go((scope), (fn), (arg), #fn)

/* int koru_go_on(struct koru_scope *scope, enum koru_place place, koru_fn *fn, void *arg);
 * The same, with the place named. With KORU_ANY_LOOP in a scope of another loop it stays on the
 * caller's. Also -EINVAL: this koru_run has no such loop. */
#define koru_go_on(scope, place, fn, arg) koru__go_on((scope), (place), (fn), (arg), #fn)

/* int koru_go_with(struct koru_scope *scope, koru_fn *fn, void *arg,
 *                  const struct koru_task_opts *opts);
 * The same, with everything named; `opts` may be NULL. Also -EINVAL: stack_size over
 * KORU_STACK_SIZE_MAX, or an unknown place. (`opts` is variadic for the preprocessor's sake: a
 * compound literal holds commas.) */
#define koru_go_with(scope, fn, arg, ...) koru__go_with((scope), (fn), (arg), #fn, __VA_ARGS__)

/* int koru_yield(void);
 *
 * Lets every other task that is ready run before the caller goes on. Suspends the
 * task; outside a task it gives up the processor (sched_yield).
 * Returns 0, or -ECANCELED without having waited. Defined below. */

/* The name of the running task: that in its options, else its function's as written
 * at koru_go. NULL outside a task. Never suspends. */
const char *koru_task_name(void);

int koru__go(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name);
int koru__go_on(struct koru_scope *scope, enum koru_place place, koru_fn *fn, void *arg,
                const char *name);
int koru__go_with(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name,
                  const struct koru_task_opts *opts);
int koru__yield_slow(void);

/* The beginnings of a task and of a loop, as far as koru_yield looks into them. */
struct koru__task_head {
	struct koru__context context; /* valid once it has a stack, while it does not run */
	struct koru__task_head *next; /* in the run queue */
	struct koru_scope *scope;     /* the innermost open one: whose cancellation it sees */
	uint8_t state;                /* enum koru__task_state */
	uint8_t size_class;           /* of its stack */
	uint8_t place;                /* enum koru_place */
	bool attend;                  /* a yield must ask the library: its scope was cancelled, a
	                               * deadline holds, or a sanitizer watches */
	int wake_result;              /* what ends its wait: a result for koru__park */
};

struct koru__loop;

struct koru__loop_head {
	struct koru__task_head *current; /* the running task; NULL while the loop itself runs */
	struct koru__task_head *first;   /* the run queue */
	struct koru__task_head *last;    /* valid while there is a first */
	unsigned ticks;                  /* switches left before the loop looks at timers and I/O */
	unsigned calls_left;     /* suspending calls that need not wait, before one gives way */
	struct koru__loop *loop; /* the rest of it; NULL when the thread runs none */
};

enum koru__task_state {
	KORU__TASK_QUEUED, /* has not run yet: no stack */
	KORU__TASK_READY,  /* in the run queue */
	KORU__TASK_RUNNING,
	KORU__TASK_PARKED,  /* waits */
	KORU__TASK_HOSTING, /* waits, and lends its stack to a task it waits for */
};

/* The loop of this thread; all zero when it runs none. It lies in the thread's own storage, not
 * behind a pointer there: a switch has to load one address after the other until it knows where
 * it leads, and after a return that was guessed wrongly nothing hides that. Tasks do not change
 * thread, so it does not matter that compilers keep the address. */
extern __thread struct koru__loop_head koru__loop_here __attribute__((tls_model("initial-exec")));

/* A sanitizer is told of each switch by the library; and AddressSanitizer does not look for uses
 * after return of the frames of functions that have assembly in them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KORU__YIELD_IN_LIBRARY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KORU__YIELD_IN_LIBRARY 1
#endif
#endif

#ifdef KORU__YIELD_IN_LIBRARY
static inline int koru_yield(void)
{
	return koru__yield_slow();
}
#else

/* In the header because every function between a caller and the switch makes one more return
 * for the processor to guess wrongly. All that is not the plain case goes to the library. */
static inline __attribute__((always_inline)) int koru_yield(void)
{
	struct koru__loop_head *loop = &koru__loop_here;
	struct koru__task_head *next = loop->first;
	struct koru__task_head *self = loop->current;
	if (__builtin_expect(!next || loop->ticks == 0, 0))
		return koru__yield_slow();
	if (__builtin_expect(next->state != KORU__TASK_READY || self->attend, 0))
		return koru__yield_slow();
	self->state = KORU__TASK_READY;
	self->next = 0;
	loop->last->next = self;
	loop->last = self;
	loop->first = next->next;
	loop->ticks--;
	next->state = KORU__TASK_RUNNING;
	loop->current = next;
	/* What the switch after the next will touch; with more tasks than the caches hold, waiting
	 * for it is most of what a switch costs. The next one's is on its way already. */
	struct koru__task_head *after = loop->first->next;
	if (__builtin_expect(after != 0, 1)) {
		__builtin_prefetch(after->context.sp, 1);
		__builtin_prefetch((char *)after->context.sp + 64, 1);
		__builtin_prefetch(after->next, 1);
	}
	koru__switch(&self->context, &next->context);
	return 0;
}
#endif

#ifdef __cplusplus
}
#endif
#endif
