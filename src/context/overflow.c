/* SPDX-License-Identifier: MIT
 * The handler that tells a stack overflow from other faults. See overflow.h. */
#include "context/overflow.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/die.h"
#include "base/fault.h"
#include "context/stack.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum { ALTSTACK_BYTES = 32 << 10 }; /* the handler formats a line; AVX-512 state needs 4 KiB */

static pthread_mutex_t users_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned users;
static struct sigaction before_segv;
static struct sigaction before_bus;
static koru__overflow_name *name_of_running;

/* Does for `sig` what would have been done without us. */
static void pass_on(int sig, siginfo_t *info, void *ucontext)
{
	const struct sigaction *before = sig == SIGBUS ? &before_bus : &before_segv;
	if (before->sa_flags & SA_SIGINFO) {
		before->sa_sigaction(sig, info, ucontext);
		return;
	}
	if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
		before->sa_handler(sig);
		return;
	}
	bool was_sent = info->si_code <= 0;
	if (was_sent && before->sa_handler == SIG_IGN)
		return;
	/* The default: put it back and return, so that the faulting instruction faults again and
	 * the core shows it. A fault that was sent (kill) is sent again. */
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigaction(sig, &dfl, NULL);
	if (was_sent)
		raise(sig);
}

static void on_fault(int sig, siginfo_t *info, void *ucontext)
{
	size_t size;
	if (info->si_code <= 0 || !koru__stack_guard_contains(info->si_addr, &size)) {
		pass_on(sig, info, ucontext);
		return;
	}
	const char *name = name_of_running();
	koru__die("koru: stack overflow: task '%s' used up its stack of %zu bytes; give it more "
	          "with koru_task_opts.stack_size or koru_run_opts.stack_size\n",
	          name ? name : "?", size);
}

static int add_user(koru__overflow_name *name)
{
	pthread_mutex_lock(&users_lock);
	int rc = 0;
	if (users == 0) {
		name_of_running = name;
		struct sigaction action = {
			.sa_sigaction = on_fault,
			.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
		};
		sigemptyset(&action.sa_mask);
		if (sigaction(SIGSEGV, &action, &before_segv) != 0 ||
		    sigaction(SIGBUS, &action, &before_bus) != 0)
			rc = -errno;
	}
	if (rc == 0)
		users++;
	pthread_mutex_unlock(&users_lock);
	return rc;
}

static void restore(int sig, const struct sigaction *before)
{
	struct sigaction now;
	/* Somebody may have installed a handler since; then it is theirs to keep. */
	if (sigaction(sig, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
	    now.sa_sigaction == on_fault)
		sigaction(sig, before, NULL);
}

static void remove_user(void)
{
	pthread_mutex_lock(&users_lock);
	koru__assert(users > 0);
	if (--users == 0) {
		restore(SIGSEGV, &before_segv);
		restore(SIGBUS, &before_bus);
	}
	pthread_mutex_unlock(&users_lock);
}

int koru__overflow_open(koru__overflow_name *name, void **ret_altstack)
{
	stack_t now;
	int fault = koru__fault(KORU__FAULT_SIGALTSTACK);
	if (fault)
		return -fault;
	if (sigaltstack(NULL, &now) != 0)
		return -errno;
	void *altstack = NULL;
	if (now.ss_flags & SS_DISABLE) {
		altstack = koru__alloc(ALTSTACK_BYTES);
		if (!altstack)
			return -ENOMEM;
		stack_t ours = { .ss_sp = altstack, .ss_size = ALTSTACK_BYTES };
		if (sigaltstack(&ours, NULL) != 0) {
			int rc = -errno;
			koru__free(altstack);
			return rc;
		}
	}
	int rc = add_user(name);
	if (rc < 0) {
		if (altstack)
			sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
		koru__free(altstack);
		return rc;
	}
	*ret_altstack = altstack;
	return 0;
}

void koru__overflow_close(void *altstack)
{
	remove_user();
	if (altstack)
		sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
	koru__free(altstack);
}
