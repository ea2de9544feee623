/* SPDX-License-Identifier: MIT
 *
 * src/sched/idle.c and koru__runtime_made_work: a loop makes tasks that others may steal, and goes
 * on computing; two more look for such tasks, or sleep, or get busy with what a message asks for.
 * Proved: none of them sleeps for good while a task lies there to be stolen. (The busy ones do not
 * come back, so that nobody else can help.)
 *
 * The end of pushing, lock and count of the deque, may reach others late: after what the loop does
 * next. All other steps are seen in their order. The poller's other reasons to wake are left out.
 *
 * BROKEN 1: who goes to sleep does not say so before it looks around for the last time.
 * BROKEN 2: who makes a task does not care whether its pushing has reached the others.
 * BROKEN 3: who searched and found something else does not pass on what has been left to it.
 * BROKEN 4: nor does one who was woken, and found something else.
 * BROKEN 5: nor one who found a task in the last look before its sleep.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define LOOPS   3 /* the first makes tasks, the others look for some */
#define TASKS   2
#define STEALER 1

#define AWAKE   0
#define ASLEEP  1
#define MESSAGE 2

byte inbox[LOOPS];
byte events[LOOPS]; /* what the eventfd holds */

byte sleeping;
byte searching;

bool locked;  /* the deque, and */
byte count;   /* how many are in it */
bool pending; /* it is unlocked again, with one more in it, but nobody sees that yet */
byte made;

/* A task was pushed: it gets there before the next step of who pushed it. */
#define pushed (!pending)

inline wake_one()
{
	i = 0;
	do
	:: i == LOOPS -> break
	:: else ->
		atomic {
			if
			:: inbox[i] == ASLEEP -> inbox[i] = AWAKE; events[i]++; break
			:: else -> i++
			fi
		}
	od;
	i = 0
}

inline made_work()
{
	if
	:: sleeping > 0 ->
		if
		:: searching == 0 -> wake_one()
		:: else
		fi
	:: else
	fi
}

proctype late()
{
end:	do
	:: atomic { pending -> pending = false; count++; locked = false }
	od
}

proctype maker()
{
	byte i;

	do
	:: made == TASKS -> break
	:: else ->
		atomic { !locked -> locked = true; pending = true; made++ };
#if BROKEN != 2
		pushed; /* koru__fence_after_exchange */
#endif
		made_work()
	od;
	pushed
}

/* Unparks a task of one of the others, which then computes. */
proctype sender()
{
	byte to;

	if
	:: to = STEALER
	:: to = STEALER + 1
	fi;
	atomic {
		if
		:: inbox[to] == ASLEEP -> events[to]++
		:: else
		fi;
		inbox[to] = MESSAGE
	}
}

/* Takes a task, if there is one, and what it takes; a hint is read first. */
inline steal()
{
	if
	:: count > 0 ->
		atomic {
			!locked ->
			if
			:: count > 0 -> count--; found = true; has_task = true
			:: else
			fi
		}
	:: else
	fi
}

inline anything()
{
	if
	:: inbox[self] == MESSAGE -> found = true
	:: else -> steal()
	fi
}

/* There is more than we can take. */
inline pass_on()
{
	if
	:: count > 0 -> made_work()
	:: else
	fi
}

proctype other(byte self)
{
	byte i, looks;
	bool found, has_task, asleep;

again:
	/* koru__loop_turn */
	if
	:: inbox[self] == MESSAGE -> goto computes
	:: else
	fi;
	if
	:: has_task ->
		has_task = false;
		if
		:: skip /* soon done */
		:: goto computes
		fi
	:: else
	fi;
	/* search */
	found = false;
	anything();
	if
	:: found -> goto again
	:: else
	fi;
	if
	:: goto sleeps /* it has been in vain too often */
	:: searching++
	fi;
	anything();
	searching--;
	if
	:: !found -> goto sleeps
	:: else
	fi;
#if BROKEN != 3
	pass_on();
#endif
	goto again;

sleeps:
#if BROKEN != 1
	sleeping++;
#endif
	atomic {
		asleep = (inbox[self] == AWAKE);
		if
		:: asleep -> inbox[self] = ASLEEP
		:: else
		fi
	};
	if
	:: asleep -> anything()
	:: else
	fi;
#if BROKEN == 1
	sleeping++;
#endif
	if
	:: asleep && !found ->
		if
		:: atomic { events[self] > 0 -> events[self]-- }
		:: made == TASKS && pushed && count == 0 -> goto done /* rightly asleep */
		fi
	:: else
	fi;
	atomic {
		if
		:: inbox[self] == ASLEEP -> inbox[self] = AWAKE
		:: else
		fi
	};
	sleeping--;
	/* the end of koru__idle */
#if BROKEN != 4
	if
	:: found
	:: else -> anything()
	fi;
#if BROKEN != 5
	pass_on();
#else
	if
	:: inbox[self] == MESSAGE -> pass_on()
	:: else
	fi;
#endif
#else
	if
	:: found -> pass_on()
	:: else
	fi;
#endif
	goto again;

computes:
end:	false;
done:
	skip
}

init {
	atomic { run maker(); run late(); run sender(); run other(STEALER); run other(STEALER + 1) }
}
