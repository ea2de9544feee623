/* SPDX-License-Identifier: MIT
 *
 * Loop-locals: what a floor further down keeps once a loop (a resolver, a pool of
 * connections), ended with the loop.
 */
#ifndef KORU_SCHED_LOCAL_H
#define KORU_SCHED_LOCAL_H

/* A static object names the kind of thing kept; `index` is filled in by the first use. */
struct koru__loop_local {
	/* Called on the loop's thread after the last task has ended, so it must not
	 * suspend. */
	void (*done)(void *value);
	int index; /* set by koru: 0 until first used */
};

/* This loop's value, NULL while there is none. Only in a task. */
void *koru__loop_local_get(struct koru__loop_local *key);

/* Sets it, once. Only in a task. Returns 0, or -ENOSPC (more than 16 kinds in a program). */
int koru__loop_local_set(struct koru__loop_local *key, void *value);

/* Ends all of a loop's values, the latest kind first. Called as the loop closes. */
struct koru__loop;
void koru__locals_done(struct koru__loop *loop);

#endif
