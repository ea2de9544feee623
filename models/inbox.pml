/* SPDX-License-Identifier: MIT
 *
 * src/sched/inbox.h and the part of src/sched/wakeup.c that uses it: any number of threads put
 * messages, one owner takes them and sleeps when there are none. Proved:
 *
 *   - each message is received once, those of one thread in their order;
 *   - no wake-up is lost: the owner does not sleep while a message lies there;
 *   - none is made in vain: each sleep ends either by the owner itself or by one wake-up;
 *   - who wakes the owner does not touch its descriptor after it has been closed.
 *
 * A message is used again as soon as it was received, so addresses come back (ABA).
 *
 * BROKEN 1: the owner goes to sleep in two steps, look and store.
 * BROKEN 2: who puts a message goes by the first look at the head, not by what it replaced.
 * BROKEN 3: the owner rises by a plain store.
 * BROKEN 4: the owner closes without waiting for wake-ups that it is owed.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define PRODUCERS 2
#define ROUNDS    2

#define NONE       0
#define ASLEEP     1
#define MESSAGE(m) ((m) + 2)
#define INDEX(h)   ((h) - 2)

byte head;
byte next[PRODUCERS];
byte sent[PRODUCERS];     /* how many of its messages are in, or were */
byte received[PRODUCERS];

byte events;      /* what the eventfd holds */
byte sleeps;      /* begun */
byte rises;       /* ended by the owner itself */
byte wakes;       /* ended by others */
bool closed;

inline wake()
{
	atomic { assert(!closed); events++; wakes++; assert(wakes + rises <= sleeps) }
}

proctype producer(byte self)
{
	byte seen, first;
	bool put;

	do
	:: sent[self] == ROUNDS -> break
	:: else ->
		seen = head;
		first = seen;
		put = false;
		do
		:: put -> break
		:: else ->
			next[self] = (seen == ASLEEP -> NONE : seen);
			atomic {
				if
				:: head == seen -> head = MESSAGE(self); sent[self]++; put = true
				:: else -> seen = head
				fi
			}
		od;
#if BROKEN == 2
		seen = first;
#endif
		if
		:: seen == ASLEEP -> wake()
		:: else
		fi;
		received[self] == sent[self] /* and it may be used again */
	od
}

/* koru__inbox_rouse: takes the sleep away and leaves nothing. */
proctype rouser()
{
	bool roused;

	atomic {
		if
		:: head == ASLEEP -> head = NONE; roused = true
		:: else
		fi
	};
	if
	:: roused -> wake()
	:: else
	fi
}

proctype owner()
{
	byte list, rest, reversed;
	byte owed;         /* wake-ups that have come or are on their way */
	byte timeouts = 1; /* sleeps that end by themselves */
	bool asleep;
	bool told; /* by the poller, that there is an event */

	do
	:: received[0] + received[1] == PRODUCERS * ROUNDS -> break
	:: else ->
		/* koru__wakeup_receive */
		if
		:: head != NONE ->
			atomic { list = head; head = NONE };
			assert(list != ASLEEP);
			reversed = NONE;
			do
			:: list == NONE -> break
			:: else ->
				rest = next[INDEX(list)];
				next[INDEX(list)] = reversed;
				reversed = list;
				list = rest
			od;
			do
			:: reversed == NONE -> break
			:: else ->
				rest = next[INDEX(reversed)];
				atomic {
					received[INDEX(reversed)]++;
					assert(received[INDEX(reversed)] == sent[INDEX(reversed)])
				};
				reversed = rest
			od
		:: else
		fi;
		if
		:: received[0] + received[1] == PRODUCERS * ROUNDS -> break
		:: else
		fi;
		/* koru__wakeup_sleep */
#if BROKEN == 1
		asleep = (head == NONE);
		if
		:: asleep -> atomic { head = ASLEEP; sleeps++ }
		:: else
		fi;
#else
		atomic {
			asleep = (head == NONE);
			if
			:: asleep -> head = ASLEEP; sleeps++
			:: else
			fi
		};
#endif
		if
		:: asleep ->
			if
			:: events > 0 -> told = true
			:: timeouts > 0 -> timeouts--
			fi;
			/* koru__wakeup_rise */
#if BROKEN == 3
			if
			:: head == ASLEEP -> head = NONE; rises++
			:: else -> owed++
			fi
#else
			atomic {
				if
				:: head == ASLEEP -> head = NONE; rises++
				:: else -> owed++
				fi
			}
#endif
		:: else
		fi;
		/* koru__wakeup_completed; and koru__wakeup_sleep may have found one before */
		if
		:: events > 0 ->
			atomic { assert(events <= owed); owed = owed - events; events = 0 };
			told = false
		:: !told
		fi
	od;
	/* koru__wakeup_close */
#if BROKEN != 4
	do
	:: owed == 0 -> break
	:: else -> atomic { events > 0 -> assert(events <= owed); owed = owed - events; events = 0 }
	od;
#endif
	closed = true;
	assert(wakes + rises == sleeps && events == 0)
}

init {
	atomic { run producer(0); run producer(1); run rouser(); run owner() }
}
