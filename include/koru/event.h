/* SPDX-License-Identifier: MIT
 *
 * Events: something that has happened or has not. Those who wait go on once it is set, and while
 * it stays set nobody waits.
 *
 *     static struct koru_event ready = KORU_EVENT_INIT;
 */
#ifndef KORU_EVENT_H
#define KORU_EVENT_H

#include <koru/node.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the caller's storage; it must stay there, unmoved, while it is in use. All zero bytes are an
 * event that is not set. Nothing to free: its storage may go as soon as no call is under way, and
 * who has come out of koru_event_wait as the last may free it even before koru_event_set has
 * returned. The fields belong to koru. */
struct koru_event {
	struct koru__lock koru__lock;
	uint32_t koru__set;
	struct koru__waiters koru__waiters;
};

/* clang-format off */
#define KORU_EVENT_INIT { { 0 }, 0, { 0, 0 } }
/* clang-format on */

/* Waits until it is set. What was done before koru_event_set is seen afterwards. May suspend. Any
 * task, any thread.
 * Returns 0: it was set, though somebody may have cleared it since; or -ECANCELED: the caller's
 * scope is cancelled. */
int koru_event_wait(struct koru_event *event);

/* Sets it and lets all go on who wait. Never suspends; works in a cancelled scope too. Any task,
 * any thread. */
void koru_event_set(struct koru_event *event);

/* From now on it is to be waited for again. Who was let go on by koru_event_set does go on. Never
 * suspends; works in a cancelled scope too. Any task, any thread. */
void koru_event_clear(struct koru_event *event);

/* Whether it is set; what was done before koru_event_set is seen then. Does not give the right to
 * free it: koru_event_set may be under way. Never suspends; any task, any thread. */
bool koru_event_is_set(const struct koru_event *event);

#ifdef __cplusplus
}
#endif
#endif
