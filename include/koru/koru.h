/* SPDX-License-Identifier: MIT
 *
 * All of libkoru's public headers. Networking and HTTP have their own: <koru/net.h>,
 * <koru/http.h>.
 */
#ifndef KORU_KORU_H
#define KORU_KORU_H

#include <koru/barrier.h>
#include <koru/chan.h>
#include <koru/cond.h>
#include <koru/counter.h>
#include <koru/defer.h>
#include <koru/error.h>
#include <koru/event.h>
#include <koru/future.h>
#include <koru/gen.h>
#include <koru/guest.h>
#include <koru/io.h>
#include <koru/local.h>
#include <koru/mutex.h>
#include <koru/once.h>
#include <koru/port.h>
#include <koru/run.h>
#include <koru/rwlock.h>
#include <koru/scope.h>
#include <koru/select.h>
#include <koru/sem.h>
#include <koru/task.h>
#include <koru/time.h>
#include <koru/typed.h>
#include <koru/wait_group.h>

#endif
