/* SPDX-License-Identifier: MIT
 *
 * Task-locals: values that a function finds without being passed them, and that the tasks it
 * starts find too (whose request this is, where to log).
 *
 *     static const struct koru_local_key user = { "user", NULL };
 *
 *     struct koru_local bound;
 *     koru_local_bind(&bound, &user, "ada");
 *     struct koru_scope s;
 *     koru_scope_open(&s, NULL);            // its tasks inherit what is bound here
 *     koru_go(&s, handle, NULL);            // … koru_local_get(&user) gives "ada"
 *     int rc = koru_scope_close(&s);
 *     koru_local_unbind(&bound);
 *
 * A task inherits what was bound where its scope was opened, whoever starts it. So a binding
 * outlives everybody who can see it: it can be undone only when the scopes opened after it are
 * closed. Detached tasks and the main task of koru_run inherit nothing. A generator sees what is
 * bound by whoever resumes it. A plain thread has bindings of its own.
 */
#ifndef KORU_LOCAL_H
#define KORU_LOCAL_H

#include <koru/scope.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What tells one task-local from another is the address of its key: a static object. */
struct koru_local_key {
	const char *name; /* for people */
	void *otherwise;  /* what koru_local_get returns where nothing is bound */
};

/* In the caller's storage; it must stay there, unmoved, from bind to unbind. The fields belong to
 * koru. */
struct koru_local {
	struct koru_local *koru__outer; /* what was bound before it */
	const struct koru_local_key *koru__key;
	void *koru__value;
	struct koru_scope koru__fence; /* open while bound by a generator's body: see there */
};

/* Binds `value` to `key` in the running task or thread, until koru_local_unbind, and hides what was
 * bound before. Never suspends. Any thread.
 * A function unbinds what it has bound before it returns; a generator's body before it yields
 * (koru_gen_yield returns -EBUSY else).
 * Returns 0, or -EINVAL without a key. */
int koru_local_bind(struct koru_local *binding, const struct koru_local_key *key, void *value);

/* Undoes the latest binding of the running task or thread. Never suspends.
 * Returns 0, or, with nothing undone,
 *   -EINVAL  not the latest binding of this task or thread,
 *   -EBUSY   a scope opened after it is still open: its tasks may see the binding. */
int koru_local_unbind(struct koru_local *binding);

/* What is bound to `key`, the latest first. Takes a time proportional to the number of bindings
 * that hold here. Never suspends. Any thread. */
void *koru_local_get(const struct koru_local_key *key);

#ifdef __cplusplus
}
#endif
#endif
