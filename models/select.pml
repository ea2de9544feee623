/* SPDX-License-Identifier: MIT
 *
 * src/sync/select.c over two rendezvous channels: entering several queues, claiming, cancellation.
 * The lock of each channel is taken for granted (lock.pml). Two selects that can meet in two ways,
 * and two plain calls that can meet one of them; the first may be cancelled. Proved:
 *
 *   - nobody is served twice, and whoever is served has met one who was served by the same;
 *   - two who could meet do not both wait;
 *   - the locks do not deadlock, and whoever returns stands in no queue any more.
 *
 * BROKEN 1: a select locks, looks and enters one channel after the other.
 * BROKEN 2: a select locks in the order of its cases, not of the channels.
 * BROKEN 3: a select gives the locks up between looking and entering.
 * BROKEN 4: whoever takes a waiter out of a queue does not look whether it has been claimed.
 * BROKEN 5: a select does not leave the queues in which it was not served.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

/* A case is 2 * channel + (0: send, 1: receive), and so is its queue; it meets the case ^ 1. */
#define CASES 4
#define SEND_A 0
#define RECV_A 1
#define SEND_B 2
#define RECV_B 3
#define CHANNEL(k) ((k) / 2)

#define ALL 4
#define OFFERS(who, k) ((offered[who] >> (k)) & 1)

byte offered[ALL];
bool held[2];                          /* the locks */
chan queue[CASES] = [ALL] of { byte }; /* guarded by them */
bool claimed[ALL];
byte served[ALL]; /* 0, or the case + 1: it is woken */
byte met[ALL];
bool waiting[ALL];

inline take(channel)
{
	atomic { !held[channel] -> held[channel] = true }
}

inline give(channel)
{
	held[channel] = false
}

/* Carries out the case if somebody waits at its other end; the channel is locked. */
inline attempt(k)
{
	do
	:: served[me] == 0 && len(queue[(k) ^ 1]) > 0 ->
		d_step {
			queue[(k) ^ 1]?other;
			won = !claimed[other] || BROKEN == 4;
			claimed[other] = true
		}
		if
		:: won ->
			d_step {
				assert(served[other] == 0 && served[me] == 0);
				met[me] = other;
				met[other] = me;
				served[me] = (k) + 1;
				served[other] = ((k) ^ 1) + 1
			}
		:: else
		fi
	:: else -> break
	od
}

/* Does something with each case that is offered: k. */
#define EACH k = 0; do :: k < CASES && OFFERS(me, k) ->
#define NEXT k++ :: k < CASES && !OFFERS(me, k) -> k++ :: k == CASES -> break od

proctype call(byte me; bool is_select; bool reversed)
{
	byte k, other;
	bool won;
	bool cancelled = false; /* while it waits */
	if
	:: me == 2 -> cancelled = true
	:: true
	fi;

	/* The first step: one of the cases, any, under its own lock. */
	if
	:: OFFERS(me, SEND_A) -> k = SEND_A
	:: OFFERS(me, RECV_A) -> k = RECV_A
	:: OFFERS(me, SEND_B) -> k = SEND_B
	:: OFFERS(me, RECV_B) -> k = RECV_B
	fi;
	if
	:: is_select && me == 0 -> /* one of them will do */
		take(CHANNEL(k));
		attempt(k);
		give(CHANNEL(k))
	:: else
	fi;
	if
	:: served[me] -> goto done
	:: else
	fi;

	/* The second. */
	if
	:: is_select && BROKEN == 1 ->
		EACH
			take(CHANNEL(k));
			attempt(k);
			if
			:: served[me] == 0 -> queue[k]!me
			:: else
			fi;
			give(CHANNEL(k));
		NEXT
	:: else ->
		if
		:: !is_select -> take(CHANNEL(k))
		:: is_select && reversed && BROKEN == 2 -> take(1); take(0)
		:: else -> take(0); take(1)
		fi;
		EACH attempt(k); NEXT;
		if
		:: is_select && BROKEN == 3 -> give(0); give(1); take(0); take(1)
		:: else
		fi;
		if
		:: served[me] == 0 ->
			atomic {
				waiting[me] = true;
				EACH queue[k]!me; NEXT
			}
		:: else
		fi;
		if
		:: is_select -> give(0); give(1)
		:: else ->
			if
			:: OFFERS(me, SEND_A) || OFFERS(me, RECV_A) -> give(0)
			:: else -> give(1)
			fi
		fi
	fi;

	/* The third. */
	atomic { k = 0; other = 0; won = false }; /* fewer states */
end_wait:
	if
	:: served[me] != 0
	:: cancelled && served[me] == 0 ->
		atomic {
			won = !claimed[me];
			claimed[me] = true
		}
		if
		:: won
		:: else -> served[me] != 0 /* it is on its way */
		fi
	fi;
	atomic { waiting[me] = false; won = false; cancelled = false };
	EACH
		if
		:: is_select && BROKEN == 5
		:: else ->
			take(CHANNEL(k));
			if
			:: queue[k]??[eval(me)] -> queue[k]??eval(me)
			:: else
			fi;
			give(CHANNEL(k))
		fi;
	NEXT;
done:
	atomic {
		k = 0;
		do
		:: k < CASES -> assert(!(queue[k]??[eval(me)])); k++
		:: else -> break
		od
	};
	if
	:: served[me] ->
		assert(met[met[me]] == me && served[met[me]] - 1 == ((served[me] - 1) ^ 1))
	:: else
	fi
}

#define HOPES(who) (waiting[who] && !claimed[who])
#define COULD_MEET(a, b, k) (HOPES(a) && HOPES(b) && OFFERS(a, k) && OFFERS(b, (k) ^ 1))

init
{
	byte a, b, k;
	atomic {
		offered[0] = (1 << SEND_A) | (1 << RECV_B);
		offered[1] = (1 << RECV_A) | (1 << SEND_B);
		offered[2] = 1 << RECV_A;
		offered[3] = 1 << SEND_B;
		run call(0, true, false);
		run call(1, true, true);
		run call(2, false, false);
		run call(3, false, false)
	}
	/* When nothing moves any more. */
	timeout ->
	d_step {
		assert(!held[0] && !held[1]);
		a = 0;
		do
		:: a < ALL ->
			b = 0;
			do
			:: b < ALL ->
				k = 0;
				do
				:: k < CASES -> assert(!COULD_MEET(a, b, k)); k++
				:: else -> break
				od;
				b++
			:: else -> break
			od;
			a++
		:: else -> break
		od
	}
}
