/* SPDX-License-Identifier: MIT
 *
 * Ports: the way into a running loop for threads that run none.
 *
 *     struct koru_port *port;
 *     koru_port_new(&port);                       // in a task
 *     start_a_thread_of_some_library(port);
 *
 *     koru_post(port, handle_event, event);       // there: handle_event(event) becomes a task
 *     koru_port_unref(port);
 *
 * A port outlives its loop; posting to it then is an error, not a fault.
 */
#ifndef KORU_PORT_H
#define KORU_PORT_H

#include <koru/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct koru_port;

/* A port to the loop of the calling task. Never suspends.
 * Returns 0, or -EPERM (outside a task), -ENOMEM. */
int koru_port_new(struct koru_port **ret_port);

/* One more and one less holder. The last one frees it. Any thread; NULL does nothing. */
struct koru_port *koru_port_ref(struct koru_port *port);
void koru_port_unref(struct koru_port *port);

/* int koru_post(struct koru_port *port, koru_fn *fn, void *arg);
 *
 * Starts fn(arg) as a detached task on the port's loop, as koru_go(NULL, fn, arg) does there: a
 * negative result fails that koru_run. What one thread posts begins in the order in which it was
 * posted. Any thread, in a task or not; never suspends, and does not block.
 * Returns 0, and then fn is called exactly once; or
 *   -ESHUTDOWN  the main task of that koru_run has ended; also in a process forked since,
 *   -ENOMEM     no memory for the task: nothing has happened. */
#define koru_post(port, fn, arg) koru__post((port), (fn), (arg), #fn)

int koru__post(struct koru_port *port, koru_fn *fn, void *arg, const char *name);

#ifdef __cplusplus
}
#endif
#endif
