/* SPDX-License-Identifier: MIT
 *
 * koru__runtime_all_stuck, and is_deadlock of src/sched/idle.c: two loops whose tasks wait, and
 * threads that are no loops. Messages go to and fro between the loops a few times; a thread sends
 * one more and ends; a task that is woken may start another such thread. Proved:
 *
 *   - a deadlock is declared only when no message is on its way, no loop is about to send one, and
 *     no other thread is there that could;
 *   - if everybody waits for good, it is declared at the next look at the latest.
 *
 * BROKEN 1: the inboxes are not looked into.
 * BROKEN 2: it does not matter if a loop has stirred meanwhile.
 * BROKEN 3: the loops are not looked at again after the threads have been counted.
 * BROKEN 4: they are, but each look stands alone.
 * BROKEN 5: a loop sleeps until it is woken, and does not look by itself now and then.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define LOOPS   2
#define HOPS    2 /* from loop to loop */
#define THREADS 2 /* the second is started by a task that the first has woken */

#define NONE   0
#define ASLEEP 1
#define FULL   2 /* one message or more */

byte head[LOOPS];
byte events[LOOPS];
byte hops[LOOPS];    /* messages from loops */
byte calls[LOOPS];   /* messages from threads */

byte hops_left = HOPS;
byte stuck;
byte stirs;
byte threads = 1;    /* alive, besides the loops */
byte started = 1;
bool declared;

inline put(to)
{
	atomic {
		if
		:: head[to] == ASLEEP -> events[to]++
		:: else
		fi;
		head[to] = FULL
	}
}

proctype thread()
{
	byte to;

	if
	:: to = 0
	:: to = 1
	fi;
	atomic { calls[to]++; put(to) };
	atomic { assert(!declared); threads-- }
}

/* koru__runtime_all_stuck; the loops one after the other */
inline all_stuck()
{
#if BROKEN == 4
	since = stirs;
#endif
	if
	:: stuck < LOOPS -> all = false
	:: else -> all = true
	fi;
#if BROKEN != 1
	if
	:: all && head[0] != ASLEEP -> all = false
	:: else
	fi;
	if
	:: all && head[1] != ASLEEP -> all = false
	:: else
	fi;
#endif
#if BROKEN != 2
	if
	:: all && stirs != since -> all = false
	:: else
	fi
#endif
}

inline is_deadlock()
{
	since = stirs;
	all_stuck();
	if
	:: all && threads > 0 -> all = false
	:: else
	fi;
#if BROKEN != 3
	if
	:: all -> all_stuck()
	:: else
	fi
#endif
}

/* The tasks that the messages are for. */
inline work()
{
	if
	:: hops[self] > 0 ->
		hops[self]--;
		if
		:: hops_left > 0 -> hops_left--; atomic { hops[1 - self]++; put(1 - self) }
		:: true /* or it ends */
		fi
	:: else
	fi;
	if
	:: calls[self] > 0 ->
		calls[self]--;
		if
		:: started < THREADS ->
			started++;
			atomic { threads++; run thread() }
		:: true
		fi
	:: else
	fi
}

proctype loop(byte self)
{
	byte since, ticks;
	bool all;

	if
	:: self == 0 && hops_left > 0 -> hops_left--; atomic { hops[1]++; put(1) }
	:: true
	fi;
again:
	/* koru__loop_turn */
	if
	:: head[self] == FULL -> head[self] = NONE; work(); goto again
	:: else
	fi;
	/* sleep_in_poller */
	atomic {
		if
		:: head[self] == NONE -> head[self] = ASLEEP
		:: else -> goto again
		fi
	};
	stuck++;
	is_deadlock();
	if
	:: declared -> goto done
	:: all && !declared ->
		atomic {
			assert(head[0] == ASLEEP && head[1] == ASLEEP);
			assert(threads == 0 && hops[0] + hops[1] + calls[0] + calls[1] == 0);
			declared = true
		};
		goto done
	:: else
	fi;
	if
	:: atomic { events[self] > 0 -> events[self]-- }
#if BROKEN != 5
	:: timeout -> ticks++; assert(ticks <= 2)
#endif
	:: declared -> goto done
	fi;
	/* koru__loop_ask, then koru__runtime_unstuck */
	atomic {
		if
		:: head[self] == ASLEEP -> head[self] = NONE
		:: else
		fi
	};
	stirs++;
	stuck--;
	goto again;
done:
	skip
}

init {
	atomic { run thread(); run loop(0); run loop(1) }
}
