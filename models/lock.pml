/* SPDX-License-Identifier: MIT
 *
 * src/base/lock.h: the lock of three states on a futex. Proved: one at a time, and nobody sleeps
 * for ever. Memory is sequentially consistent here; the order that the C code asks for is that of
 * any lock (acquire in taking, release in giving).
 *
 * BROKEN 1: it is opened in two steps, look and store, instead of one exchange.
 * BROKEN 2: who has slept takes it as HELD, though others may sleep still.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define USERS  3
#define ROUNDS 2

#define OPEN   0
#define HELD   1
#define WANTED 2

byte word;
bool asleep[USERS]; /* in the kernel, on the word */
byte inside;

/* Sleeps if the word is still WANTED: one step, as the kernel promises. */
inline futex_wait(self)
{
	atomic {
		if
		:: word == WANTED -> asleep[self] = true
		:: else
		fi
	}
	!asleep[self]
}

/* Wakes one, whichever; nobody when nobody sleeps. */
inline futex_wake()
{
	atomic {
		if
		:: asleep[0] -> asleep[0] = false
		:: asleep[1] -> asleep[1] = false
		:: asleep[2] -> asleep[2] = false
		:: else
		fi
	}
}

inline exchange(value)
{
	atomic { old = word; word = value }
}

proctype user(byte self)
{
	byte old, round;

	do
	:: round == ROUNDS -> break
	:: else ->
		round++;
		/* koru__lock_take, and the spinning of koru__lock_wait: tried once or more. */
		do
		:: atomic { word == OPEN -> word = HELD }; goto taken
		:: atomic { word != OPEN -> skip }; break
		od;
		do
		:: true ->
#if BROKEN == 2
			atomic {
				old = word;
				if
				:: word == OPEN -> word = HELD
				:: else -> word = WANTED
				fi
			}
#else
			exchange(WANTED);
#endif
			if
			:: old == OPEN -> break
			:: else
			fi;
			futex_wait(self)
		od;
taken:
		inside++;
		assert(inside == 1);
		inside--;
		/* koru__lock_give */
#if BROKEN == 1
		old = word;
		word = OPEN;
#else
		exchange(OPEN);
#endif
		if
		:: old == WANTED -> futex_wake()
		:: else
		fi
	od
}

init {
	atomic { run user(0); run user(1); run user(2) }
}
