/* SPDX-License-Identifier: MIT
 *
 * src/sched/remote.h and deque.h: tasks that run on another loop than their scope's, while the
 * scope is cancelled. One may be stolen, one is started on another loop, and that one puts a third
 * into the scope (koru__remote_join), on any of the loops. Inboxes are taken for granted
 * (inbox.pml). Proved:
 *
 *   - each task that waits learns of the cancellation, on its arrival or by message, so the scope
 *     can be closed;
 *   - the scope that stands for the real one is touched only while it is open, the real one only
 *     until it is closed;
 *   - the record is freed once, and nobody touches it afterwards.
 *
 * What the home writes into the scope may reach others late, but not later than its next use of the
 * lock of the deque, or its next message.
 *
 * BROKEN 1: the home does not go through the lock between writing and looking who is away.
 * BROKEN 2: the thief looks at the scope before others can see that the task is away.
 * BROKEN 3: the record is freed at the end of the task, though a cancellation is on its way.
 * BROKEN 4: nobody looks if the scope that is joined has been cancelled already.
 * BROKEN 5: a cancellation that comes before the start or after the end is not told apart.
 * BROKEN 6: who joins sends the start first.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define HOME  0
#define THIEF 1
#define OTHER 2
#define LOOPS 3

#define STOLEN  0 /* may be; or its own loop runs it */
#define STARTED 1
#define JOINED  2
#define TASKS   3

mtype = { start, cancel, ack, ended, join };
chan inbox[LOOPS] = [6] of { mtype, byte };

/* The scope. */
bool cause;        /* it has been cancelled, as others see it, */
bool cause_home;   /* and as its own loop does */
bool closed;
bool in_scope[TASKS];
byte tasks;

/* The deque. What happens under its lock is one step. */
bool stealable;

/* The records. */
bool away[TASKS];
byte at[TASKS];
bool cancelled[TASKS];
bool acknowledged[TASKS];
bool has_ended[TASKS];
bool running[TASKS];
bool stand_in_cause[TASKS];
bool failed[TASKS];
bool freed[TASKS];

/* What it will do: end well, fail, or wait until it is cancelled. */
byte kind[TASKS];
#define ENDS  0
#define FAILS 1
#define WAITS 2

bool parked_home; /* the stealable one, on its own loop */
bool has_joined;

inline send(to, what, task)
{
	inbox[to] ! what, task
}

/* At home */

inline flush()
{
	cause = cause_home
}

inline add(task)
{
	atomic { assert(!closed && !in_scope[task]); in_scope[task] = true; tasks++ }
}

inline leave(task)
{
	atomic { assert(!closed && in_scope[task]); in_scope[task] = false; tasks-- }
}

inline remote_cancel(task)
{
	atomic {
		assert(!freed[task]);
		if
		:: cancelled[task] || has_ended[task]
		:: else -> cancelled[task] = true; flush(); send(at[task], cancel, task)
		fi
	}
}

/* koru__scope_fail */
inline fail()
{
	if
	:: cause_home
	:: else ->
		cause_home = true; /* on its way to the others: process late */
#if BROKEN != 1
		flush(); /* koru__deque_fence */
#endif
		i = 0;
		do
		:: atomic {
			if
			:: i == TASKS -> i = 0; break
			:: i < TASKS && in_scope[i] && away[i] -> remote_cancel(i)
			:: else
			fi;
			i++
		   }
		od;
		atomic {
			if
			:: parked_home -> parked_home = false; leave(STOLEN)
			:: else
			fi
		}
	fi
}

/* The last that happens to a record. */
inline finish(task)
{
	assert(!freed[task]);
#if BROKEN == 3
	if
	:: has_ended[task] && !freed[task] ->
#else
	if
	:: has_ended[task] && (!cancelled[task] || acknowledged[task]) ->
#endif
		leave(task);
		freed[task] = true;
		failing = failed[task]
	:: else
	fi
}

/* Anywhere */

inline arrive(task)
{
	atomic {
		assert(!freed[task] && !closed);
		running[task] = true;
		if
		:: loop == HOME -> stand_in_cause[task] = cause_home
		:: else -> stand_in_cause[task] = cause
		fi
	}
}

/* What a loop does between two messages is one step, as far as nobody else could look on. */
inline receive()
{
	atomic {
	inbox[loop] ? message, m;
	if
	:: message == start -> arrive(m)
	:: message == cancel ->
		assert(!freed[m]);
#if BROKEN != 5
		if
		:: running[m] -> stand_in_cause[m] = true
		:: else
		fi;
#else
		assert(running[m]); /* koru__scope_fail would look at it */
		stand_in_cause[m] = true;
#endif
		send(HOME, ack, m)
	:: message == ack ->
		acknowledged[m] = true;
		finish(m)
	:: message == ended ->
		has_ended[m] = true;
		finish(m)
	:: message == join ->
		assert(!freed[m]);
		add(m);
#if BROKEN != 4
		if
		:: cause_home -> remote_cancel(m)
		:: else
		fi
#endif
	fi;
	message = 0; m = 0
	};
	if
	:: failing -> failing = false; fail()
	:: else
	fi
}

/* koru__remote_join: on the loop of the task that is in the scope already. */
inline put_another()
{
	atomic {
		has_joined = true;
		if
		:: at[JOINED] = HOME
		:: at[JOINED] = THIEF
		:: at[JOINED] = OTHER
		fi;
		away[JOINED] = true
	};
#if BROKEN == 6
	send(at[JOINED], start, JOINED);
	send(HOME, join, JOINED)
#else
	send(HOME, join, JOINED);
	send(at[JOINED], start, JOINED)
#endif
}

/* koru__remote_ended */
inline end_task(task)
{
	atomic {
		assert(!freed[task] && at[task] == loop);
		running[task] = false;
		failed[task] = (kind[task] == FAILS);
		send(HOME, ended, task)
	}
}

#define over(task) (running[task] && at[task] == loop && \
                    (kind[task] != WAITS || stand_in_cause[task]))

proctype home()
{
	mtype message;
	byte m, i;
	bool failing;
	byte loop = HOME;

	atomic {
		add(STOLEN);
		stealable = true;
		at[STARTED] = OTHER;
		away[STARTED] = true;
		add(STARTED);
		send(OTHER, start, STARTED)
	};
	do
	:: tasks == 0 -> break /* koru_scope_close has nothing to wait for */
	:: else ->
		if
		:: tasks == 0
		:: len(inbox[HOME]) > 0 -> receive()
		:: !cause_home -> fail()
		:: over(JOINED) -> end_task(JOINED)
		:: atomic {
			stealable -> /* koru__deque_take_oldest */
			stealable = false;
			flush();
			if
			:: kind[STOLEN] == WAITS && !cause_home -> parked_home = true
			:: else -> leave(STOLEN); failing = (kind[STOLEN] == FAILS)
			fi
		   };
			if
			:: failing -> failing = false; fail()
			:: else
			fi
		fi
	od;
	closed = true;
	assert(len(inbox[HOME]) == 0 && freed[STARTED] && freed[JOINED])
}

/* Writes of the home that nothing forces arrive at any time. */
proctype late()
{
end:	do
	:: atomic { cause_home && !cause -> flush() }
	od
}

/* koru__deque_steal */
inline take()
{
	stealable = false;
	at[STOLEN] = loop;
	away[STOLEN] = true
}

proctype others(byte loop)
{
	mtype message;
	byte m, i;
	bool failing;

end:	do
	:: len(inbox[loop]) > 0 -> receive()
#if BROKEN == 2
	:: loop == THIEF && stealable ->
		stand_in_cause[STOLEN] = cause;
		atomic {
			if
			:: stealable -> take(); running[STOLEN] = true
			:: else
			fi
		}
#else
	:: atomic { loop == THIEF && stealable -> take() }; arrive(STOLEN)
#endif
	:: loop == OTHER && running[STARTED] && !has_joined -> put_another()
	:: loop == OTHER && has_joined && over(STARTED) -> end_task(STARTED)
	:: over(STOLEN) -> end_task(STOLEN)
	:: over(JOINED) -> end_task(JOINED)
	od
}

inline choose(task)
{
	if
	:: kind[task] = ENDS
	:: kind[task] = WAITS
	fi
}

init {
	atomic {
		choose(STARTED);
		choose(JOINED);
		if
		:: kind[STOLEN] = FAILS
		:: choose(STOLEN)
		fi;
		run home();
		run late();
		run others(THIEF);
		run others(OTHER)
	}
}
