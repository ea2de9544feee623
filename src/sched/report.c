/* SPDX-License-Identifier: MIT
 * Reports. See report.h. */
#include "sched/report.h"

#include "base/die.h"
#include "base/list.h"
#include "base/macro.h"
#include "koru/scope.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/remote.h"
#include "sched/runtime.h"
#include "sched/scope.h"
#include "sched/spawn.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	LINE_MAX_BYTES = 512,
	TASKS_MAX = 100, /* named in a report; the rest is counted */
};

void koru__report_line(struct koru__runtime *runtime, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len < 0)
		return;
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	line[len] = '\n';
	line[len + 1] = '\0';
	if (runtime->report)
		runtime->report(line, runtime->report_arg);
	else
		koru__warn(line);
}

/* What it is up to, in words that follow its name. */
static const char *activity(const struct koru_task *task)
{
	switch ((enum koru__task_state)task->head.state) {
	case KORU__TASK_QUEUED: return "has not begun";
	case KORU__TASK_READY: return "is ready to run";
	case KORU__TASK_RUNNING: return "runs";
	case KORU__TASK_PARKED: return "waits for ";
	case KORU__TASK_HOSTING: return "waits for the tasks of a scope";
	}
	return "";
}

static void report_task(struct koru__loop *loop, const struct koru_task *task, unsigned *count)
{
	if ((*count)++ >= TASKS_MAX)
		return;
	const char *name = koru__task_name(task);
	bool parked = task->head.state == KORU__TASK_PARKED;
	const char *scope = task->head.scope->koru__name;
	bool inside = scope && task->head.scope != &loop->root;
	koru__report_line(loop->runtime, "  task '%s' on loop %d %s%s%s%s%s", name ? name : "?",
	                  loop->index, activity(task), parked ? task->kind->what : "",
	                  inside ? ", inside scope '" : "", inside ? scope : "", inside ? "'" : "");
}

/* The scope after `scope` in the tree below `top`, NULL at the end. */
static struct koru_scope *next_scope(struct koru_scope *top, struct koru_scope *scope)
{
	struct koru__list *n = scope->koru__children.next;
	while (n == &scope->koru__children) {
		if (scope == top)
			return NULL;
		n = scope->koru__sibling.next;
		scope = scope->koru__parent;
	}
	return koru__container_of(n, struct koru_scope, koru__sibling);
}

static void report_tree(struct koru__loop *loop, struct koru_scope *top, unsigned *count)
{
	for (struct koru_scope *s = top; s; s = next_scope(top, s)) {
		struct koru__list *head = &s->koru__tasks;
		for (struct koru__list *n = head->next; n != head; n = n->next) {
			struct koru_task *task = koru__container_of(n, struct koru_task, sibling);
			if (koru__task_place(task) != KORU__AWAY)
				report_task(loop, task, count);
		}
	}
}

void koru__report_tasks(struct koru__loop *loop)
{
	unsigned count = 0;
	report_tree(loop, &loop->root, &count);
	/* Those whose scopes are of other loops, or that came through a port. */
	struct koru__list *head = &loop->stand_ins;
	for (struct koru__list *n = head->next; n != head; n = n->next) {
		struct koru_scope *stand_in =
		        koru__container_of(n, struct koru_scope, koru__sibling);
		report_task(loop, stand_in->koru__owner, &count);
		report_tree(loop, stand_in, &count);
	}
	if (count > TASKS_MAX)
		koru__report_line(loop->runtime, "  and %u more on loop %d", count - TASKS_MAX,
		                  loop->index);
}
