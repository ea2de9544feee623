/* SPDX-License-Identifier: MIT
 *
 * Guests: a koru inside a program that has an event loop already (GLib, libuv, a game, an editor).
 *
 *     struct koru_guest *guest;
 *     koru_guest_open(&guest, main_fn, arg, NULL);
 *     // let the host's loop watch koru_guest_fd(guest) for reading, and when it is ready:
 *     if (koru_step(guest) == 0)
 *             result = koru_guest_close(guest);   // main and all that it started have ended
 *
 * The descriptor is ready whenever koru_step has something to do: I/O, a timer, a wake-up from a
 * callback or from another thread. Between two steps the thread is an ordinary one: what the host's
 * callbacks call there may block, and completing a future or setting an event there wakes tasks.
 */
#ifndef KORU_GUEST_H
#define KORU_GUEST_H

#include <koru/run.h>

#ifdef __cplusplus
extern "C" {
#endif

struct koru_guest;

/* Prepares what koru_run would run, on the calling thread, without running anything yet: the
 * descriptor is ready at once. `opts` may be NULL. Never suspends; not inside a task. The other
 * functions are for the same thread.
 * Returns 0, or as koru_run when main_fn is not called; also -EINVAL: more loops than one. */
int koru_guest_open(struct koru_guest **ret_guest, koru_fn *main_fn, void *arg,
                    const struct koru_run_opts *opts);

/* The descriptor to wait on for reading, until the guest is closed. It is koru's: no reading from
 * it, no closing. */
int koru_guest_fd(const struct koru_guest *guest);

/* Runs what is ready, for at most as many switches as a turn of a loop has (128), and does not
 * wait. A deadlock is not reported here: the host may always do something more.
 * Returns 1; 0 when main and all that it started have ended; or
 *   -EPERM   on another thread than the one that opened it, or in a process forked since,
 *   -EBUSY   inside a task. */
int koru_step(struct koru_guest *guest);

/* Ends the guest and frees it. If there are tasks left, cancels them and waits for their end, which
 * blocks the thread. NULL does nothing.
 * Returns what koru_run would have; or, with nothing closed, -EPERM or -EBUSY as koru_step. */
int koru_guest_close(struct koru_guest *guest);

#ifdef __cplusplus
}
#endif
#endif
