/* SPDX-License-Identifier: MIT
 *
 * What random_test.c knows about each of its scopes: enough to say what closing it returns, how
 * many failures it has seen, in which order its clean-up is called, and that its memory is whole.
 */
#ifndef TESTS_SCHED_RANDOM_MODEL_H
#define TESTS_SCHED_RANDOM_MODEL_H

#include "koru/koru.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	DEFERS_MAX = 4,
	PIECES_MAX = 6,
	ERRORS_MAX = 3, /* that a scope has room for: fewer than there may be */
};

struct model {
	struct koru_scope scope;
	struct koru_scope_error errors[ERRORS_MAX];
	enum koru_scope_policy policy;
	void *local; /* what its tasks see */
	bool has_deadline;
	int tasks_left;

	int decided;        /* the result that a task decided on, or … */
	bool is_decided;    /* … not yet */
	unsigned failures;  /* that are certainly counted */
	unsigned may_count; /* errors of futures: counted unless awaited */

	struct defer {
		struct koru_defer koru;
		struct model *model;
		int index;
		int result;
		bool waits;
	} defers[DEFERS_MAX];
	int defers_left; /* the next to be called, plus one */
	int defers_count;

	struct piece {
		unsigned char *bytes;
		size_t size;
	} pieces[PIECES_MAX];
	int pieces_count;
};

void model_open(struct model *m, const struct koru_scope_opts *opts, void *local);
void model_close(struct model *m);
void model_cancel(struct model *m);
void model_defer(struct model *m, int result, bool waits);
void model_alloc(struct model *m, size_t size);

/* A task of `m` is about to return `result`; NULL: a detached one. */
void model_ended(struct model *m, int result, bool has_future);

/* What all programs together did: each kind of end should have been met. */
struct totals {
	unsigned long long tasks, calls, cancelled, values, clean, timed_out, failed, won, cleaned,
	        errors;
};
extern struct totals totals;
void totals_print(unsigned long long programs);

#endif
