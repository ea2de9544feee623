/* SPDX-License-Identifier: MIT
 *
 * src/sync/mutex.c: the word of a mutex, its waiters, and cancellation. The lock inside is taken
 * for granted (lock.pml). Proved:
 *
 *   - one owner at a time, and everybody gets it in the end: no wake-up is lost, though waiters are
 *     cancelled at any moment;
 *   - nobody takes an open mutex while somebody waits, so first come is first served;
 *   - a mutex that its last user frees right after unlocking is not touched any more.
 *
 * BROKEN 1: who finds nobody waiting opens the mutex while it still has the lock inside.
 * BROKEN 2: unlocking does not look whether somebody waits.
 * BROKEN 3: the mark that somebody waits is set without looking if the word is still the same.
 * BROKEN 4: a waiter is woken although it has been cancelled.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define USERS   3
#define CANCELS 2

#define NOBODY   9
#define OWNER(u) (((u) + 1) * 2)
#define WAITED   1

/* How a wait ended. */
#define NOT_YET    0
#define HANDED     1
#define CANCELLED  2

byte word;                        /* 0: open; else OWNER, with or without WAITED */
bool locked;                      /* the lock inside */
chan waiters = [USERS] of { byte }; /* guarded by it */

bool parked[USERS];
bool claimed[USERS];
byte woken[USERS];

byte inside;
byte unclaimed;      /* who stand in the queue and still hope */
byte users = USERS;  /* who will lock it yet */
bool freed;

inline touch()
{
	assert(!freed)
}

inline lock_take()
{
	atomic { !locked -> touch(); locked = true }
}

inline lock_give()
{
	atomic { touch(); locked = false }
}

inline claim(who, ret_won)
{
	atomic {
		ret_won = !claimed[who];
		if
		:: ret_won -> claimed[who] = true; unclaimed--
#if BROKEN == 4
		:: else -> ret_won = true
#else
		:: else
#endif
		fi
	}
}

/* The exchange from 0 to the caller; goes on at `mine` if that worked. */
inline take_open()
{
	atomic {
		touch();
		if
		:: word == 0 -> assert(unclaimed == 0); word = OWNER(self); goto mine
		:: else
		fi
	}
}

proctype user(byte self)
{
	byte seen, next;
	bool won, last;

again:
	take_open();
	/* wait_for */
	lock_take();
	do
	:: true ->
		atomic { touch(); seen = word };
		if
		:: seen & WAITED -> break
		:: seen == 0 ->
			atomic {
				if
				:: word == 0 ->
					assert(unclaimed == 0);
					word = OWNER(self);
					goto mine_with_lock
				:: else
				fi
			}
		:: else ->
#if BROKEN == 3
			word = seen | WAITED;
			break
#else
			atomic {
				if
				:: word == seen -> word = seen | WAITED; goto enqueue
				:: else
				fi
			}
#endif
		fi
	od;
enqueue:
	atomic { touch(); claimed[self] = false; woken[self] = NOT_YET; waiters ! self; unclaimed++ };
	lock_give();
	parked[self] = true;
	atomic { woken[self] != NOT_YET -> parked[self] = false };
	if
	:: woken[self] == HANDED -> goto mine
	:: else
	fi;
	lock_take();
	atomic {
		touch();
		if
		:: waiters ?? [eval(self)] -> waiters ?? eval(self)
		:: else
		fi
	};
	lock_give();
	if
	:: goto again
	:: atomic { users--; goto done } /* gives up for good */
	fi;

mine_with_lock:
	lock_give();
mine:
	inside++;
	assert(inside == 1);
	assert((word & ~WAITED) == OWNER(self));
	atomic { users--; last = (users == 0) };
	inside--;
	/* koru_mutex_unlock */
unlock:
#if BROKEN == 2
	atomic { touch(); word = 0; goto unlocked };
#endif
	atomic {
		touch();
		if
		:: word == OWNER(self) -> word = 0; goto unlocked
		:: else
		fi
	};
	/* hand_over */
	lock_take();
	won = false;
	next = NOBODY;
	do
	:: won -> break
	:: else ->
		atomic {
			touch();
			if
			:: len(waiters) > 0 -> waiters ? next
			:: else -> next = NOBODY; break
			fi
		};
		claim(next, won)
	od;
	if
	:: next == NOBODY ->
#if BROKEN == 1
		atomic { touch(); word = 0 };
		lock_give();
		goto unlocked;
#else
		atomic { touch(); word = OWNER(self) };
		lock_give();
		goto unlock
#endif
	:: else ->
		atomic { touch(); word = (len(waiters) > 0 -> OWNER(next) | WAITED : OWNER(next)) };
		lock_give();
		woken[next] = HANDED
	fi;
unlocked:
	if
	:: last -> freed = true
	:: else
	fi;
done:
	skip
}

/* Cancels one who sleeps, if nobody has claimed it. */
inline cancel(who)
{
	claimed[who] = true;
	unclaimed--;
	woken[who] = CANCELLED;
	left--
}

proctype canceller()
{
	byte left = CANCELS;

	do
	:: atomic { left > 0 && parked[0] && !claimed[0] -> cancel(0) }
	:: atomic { left > 0 && parked[1] && !claimed[1] -> cancel(1) }
	:: break
	od
}

init {
	atomic { run user(0); run user(1); run user(2); run canceller() }
}
