/* SPDX-License-Identifier: MIT
 *
 * Generators: functions that hand out values one at a time and go on where they stopped.
 *
 *     static int count(struct koru_gen *g, void *arg)       // the body
 *     {
 *             for (intptr_t i = 0; i < (intptr_t)arg; i++) {
 *                     int rc = koru_gen_yield(g, (void *)i, NULL);
 *                     if (rc < 0)
 *                             return rc;                    // closed, or something was thrown
 *             }
 *             return 0;
 *     }
 *
 *     struct koru_gen g;
 *     void *value;
 *     koru_gen_open(&g, count, (void *)3);
 *     while (koru_gen_next(&g, &value) == 1)
 *             use(value);
 *     int rc = koru_gen_close(&g);
 *
 * The body runs on a stack of its own as part of the task that asks for the next value: what it
 * waits for that task waits for, and it sees that task's scope. A generator belongs to one loop;
 * its tasks may take turns with it.
 */
#ifndef KORU_GEN_H
#define KORU_GEN_H

#include <koru/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct koru_gen;

/* The body. What it returns ends the generator: 0, or a negative error. */
typedef int koru_gen_fn(struct koru_gen *gen, void *arg);

enum koru__gen_state {
	KORU__GEN_CLOSED,    /* also: never opened, in zeroed storage */
	KORU__GEN_NEW,       /* the body has not begun: no stack yet */
	KORU__GEN_SUSPENDED, /* in koru_gen_yield */
	KORU__GEN_RUNNING,
	KORU__GEN_ENDED, /* the body has returned */
};

/* In the caller's storage; it must stay there, unmoved, from open to close. The fields belong to
 * koru. */
struct koru_gen {
	struct koru__context koru__body;   /* valid while SUSPENDED */
	struct koru__context koru__caller; /* valid while RUNNING */
	/* Words, and not next to each other: the compiler would read two bytes at once that have
	 * just been written one by one, and the processor would wait for both to reach the cache.
	 */
	uint64_t koru__state;           /* enum koru__gen_state */
	int64_t koru__thrown;           /* what the pending koru_gen_yield returns, if not 0 */
	void *koru__value;              /* on its way out, or in */
	struct koru_scope *koru__scope; /* the innermost one when the body was resumed */
	struct koru__loop *koru__loop;
	struct koru__stack *koru__stack;
	bool koru__watched; /* a sanitizer has to be told of each switch */
	bool koru__closing; /* koru__thrown stays: the body is to end */
	koru_gen_fn *koru__fn;
	void *koru__arg;
	int koru__result; /* what the body returned; once ENDED */
};

/* Opens a generator. The body begins with the first koru_gen_next. Never suspends. Only in a task.
 * Returns 0, or -EPERM outside a task. After an error every other call returns -EINVAL. */
int koru_gen_open(struct koru_gen *gen, koru_gen_fn *fn, void *arg);

/* int koru_gen_next(struct koru_gen *gen, void **ret_value);
 * int koru_gen_send(struct koru_gen *gen, void *value, void **ret_value);
 * int koru_gen_throw(struct koru_gen *gen, int error, void **ret_value);
 *
 * Let the body go on to its next koru_gen_yield and take the value given there. `send` hands
 * `value` to the koru_gen_yield that the body is in; `throw` lets that one return `error`, which
 * is negative. Before the body has begun there is none: `send` wants a NULL value then, and
 * `throw` ends the generator without beginning it. Suspend when the body does.
 *
 * Return 1 and the value in *ret_value; 0 when the body has returned 0 (and ever after); or
 *   what the body returned, when that was negative (and ever after),
 *   -EINVAL  not open; a value for a body that has not begun; an error that is not negative,
 *   -EPERM   not in a task of the generator's loop,
 *   -EBUSY   the body is running: called from inside it, or it waits on behalf of another task,
 *   -ENOMEM, -KORU_EGUARD  no stack could be had for the body, which has not begun. */

/* int koru_gen_yield(struct koru_gen *gen, void *value, void **ret_sent);
 *
 * In the body: hands out `value` and stops until the generator is resumed. ret_sent may be NULL.
 * Returns 0 and what was sent in *ret_sent (NULL after koru_gen_next); or
 *   the error that was thrown in,
 *   -ECANCELED  the generator is being closed, now and at every later call: return soon,
 *   -EINVAL     not called by the running body,
 *   -EBUSY      a scope opened by the body since it was resumed is still open: its tasks and
 *               its deadline would reach into whoever takes the value. Close it first. */

/* Hands out all that the generator `from` gives, as if the body itself had: what is sent and
 * thrown in goes to `from`. Closing the generator closes `from`. Suspends when they do.
 * Returns what `from` ended with, or as koru_gen_yield. */
int koru_gen_yield_from(struct koru_gen *gen, struct koru_gen *from);

/* Ends the generator: the koru_gen_yield that the body is in returns -ECANCELED, the body cleans
 * up and returns. Suspends when it does. Closing what is closed or never opened does nothing.
 * Every generator that has begun must be closed (even one that has ended), or its stack is lost
 * until the process ends.
 * Returns 0; the negative result of a body that had ended so or ends so, other than
 * -ECANCELED; or -EPERM, -EBUSY as koru_gen_next. */
int koru_gen_close(struct koru_gen *gen);

int koru_gen_throw(struct koru_gen *gen, int error, void **ret_value);

int koru__gen_send_slow(struct koru_gen *gen, void *value, void **ret_value);
int koru__gen_yield_slow(struct koru_gen *gen, void *value, void **ret_sent);
int koru__gen_caught(struct koru_gen *gen);

/* Inline for the same reason as koru_yield: the way in and the way out are then jumps, and no
 * return is guessed wrongly. */
static inline __attribute__((always_inline)) int koru_gen_send(struct koru_gen *gen, void *value,
                                                               void **ret_value)
{
	struct koru__loop_head *loop = &koru__loop_here;
	if (__builtin_expect(gen->koru__state != KORU__GEN_SUSPENDED || gen->koru__watched ||
	                             gen->koru__loop != loop->loop,
	                     0))
		return koru__gen_send_slow(gen, value, ret_value);
	gen->koru__state = KORU__GEN_RUNNING;
	gen->koru__scope = loop->current->scope;
	gen->koru__value = value;
	gen->koru__thrown = 0;
	koru__switch(&gen->koru__caller, &gen->koru__body);
	if (__builtin_expect(gen->koru__state != KORU__GEN_SUSPENDED, 0))
		return koru__gen_send_slow(gen, 0, ret_value);
	*ret_value = gen->koru__value;
	return 1;
}

static inline __attribute__((always_inline)) int koru_gen_next(struct koru_gen *gen,
                                                               void **ret_value)
{
	return koru_gen_send(gen, 0, ret_value);
}

static inline __attribute__((always_inline)) int koru_gen_yield(struct koru_gen *gen, void *value,
                                                                void **ret_sent)
{
	struct koru__loop_head *loop = &koru__loop_here;
	if (__builtin_expect(gen->koru__state != KORU__GEN_RUNNING || gen->koru__watched ||
	                             gen->koru__loop != loop->loop ||
	                             gen->koru__scope != loop->current->scope ||
	                             gen->koru__thrown != 0,
	                     0))
		return koru__gen_yield_slow(gen, value, ret_sent);
	gen->koru__state = KORU__GEN_SUSPENDED;
	gen->koru__value = value;
	koru__switch(&gen->koru__body, &gen->koru__caller);
	if (__builtin_expect(gen->koru__thrown != 0, 0))
		return koru__gen_caught(gen);
	if (ret_sent)
		*ret_sent = gen->koru__value;
	return 0;
}

#ifdef __cplusplus
}
#endif
#endif
