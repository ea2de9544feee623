/* SPDX-License-Identifier: MIT
 * Ports. See koru/port.h. A loop has one, made when it is first asked for. */
#include "koru/port.h"

#include "base/alloc.h"
#include "base/lock.h"
#include "sched/fork.h"
#include "sched/loop.h"
#include "sched/port.h"
#include "sched/spawn.h"

#include <errno.h>
#include <stddef.h>

struct koru_port {
	uint32_t refs;  /* the loop's own is one */
	uint32_t forks; /* koru__forks when it was made: else its loop is our parent's */
	struct koru__lock lock;
	struct koru__loop *loop; /* NULL once it has closed */
};

int koru_port_new(struct koru_port **ret_port)
{
	if (!koru__task_self())
		return -EPERM;
	struct koru__loop *loop = koru__loop();
	if (!loop->port) {
		struct koru_port *port = koru__alloc(sizeof(*port));
		if (!port)
			return -ENOMEM;
		*port = (struct koru_port){
			.refs = 1,
			.forks = koru__forks,
			.loop = loop,
		};
		loop->port = port;
	}
	*ret_port = koru_port_ref(loop->port);
	return 0;
}

struct koru_port *koru_port_ref(struct koru_port *port)
{
	if (port)
		__atomic_add_fetch(&port->refs, 1, __ATOMIC_RELAXED);
	return port;
}

void koru_port_unref(struct koru_port *port)
{
	if (port && __atomic_sub_fetch(&port->refs, 1, __ATOMIC_ACQ_REL) == 0)
		koru__free(port);
}

void koru__port_close(struct koru__loop *loop)
{
	struct koru_port *port = loop->port;
	if (!port)
		return;
	koru__lock_take(&port->lock);
	port->loop = NULL;
	koru__lock_give(&port->lock);
	koru_port_unref(port);
}

int koru__post(struct koru_port *port, koru_fn *fn, void *arg, const char *name)
{
	if (port->forks != koru__forks)
		return -ESHUTDOWN;
	/* The lock keeps the loop from closing until the message is there. */
	koru__lock_take(&port->lock);
	int rc = port->loop ? koru__spawn_posted(port->loop, fn, arg, name) : -ESHUTDOWN;
	koru__lock_give(&port->lock);
	return rc;
}
