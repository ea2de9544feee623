/* SPDX-License-Identifier: MIT
 *
 * Ports, as the loop sees them. See koru/port.h.
 */
#ifndef KORU_SCHED_PORT_H
#define KORU_SCHED_PORT_H

struct koru__loop;

/* The loop closes: nothing more comes through its port, if it has one. */
void koru__port_close(struct koru__loop *loop);

#endif
