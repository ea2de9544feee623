/* SPDX-License-Identifier: MIT
 *
 * src/sync/chan.c: a FIFO with a buffer, whose two ends have a lock each. A value passes with the
 * lock of its end; who waits, or finds the other waiting, has both, the sender's first. Proved, for
 * a sender and a receiver who frees the channel after the last value:
 *
 *   - the values come in their order, and none is lost;
 *   - nobody waits for ever;
 *   - while a sender waits the buffer stays full, so that no other overtakes it;
 *   - nothing of the channel is touched once it is free.
 *
 * BROKEN 1: a receiver enters its queue with its own lock alone.
 * BROKEN 2: a sender enters its queue without saying so to the receiving end.
 * BROKEN 3: a value is counted before it is in the buffer.
 * BROKEN 4: a place is counted as free before the value has been taken out.
 * BROKEN 5: freeing takes only the receiver's lock.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define CAPACITY 2
#define VALUES   4

bool sender_lock, receiver_lock;
byte sent, room = CAPACITY;
byte received, known;
bool awaited;
byte buffer[CAPACITY];
bool sender_waits, receiver_waits; /* their queues */
byte offered, handed;              /* the value of the one who waits */
bool sender_woken, receiver_woken;
bool freed;

inline take(lock)
{
	atomic { !lock -> assert(!freed); lock = true }
}

inline give(lock)
{
	assert(!freed);
	lock = false
}

inline give_both()
{
	give(receiver_lock);
	give(sender_lock)
}

inline put(value)
{
	if
	:: BROKEN == 3 -> sent++; buffer[(sent - 1) % CAPACITY] = value
	:: else -> buffer[sent % CAPACITY] = value; sent++
	fi
}

inline take_out(value)
{
	if
	:: BROKEN == 4 -> received++; value = buffer[(received - 1) % CAPACITY]
	:: else -> value = buffer[received % CAPACITY]; received++
	fi
}

active proctype sender()
{
	byte n = 1;
	do
	:: n > VALUES -> break
	:: else ->
		take(sender_lock);
		if
		:: room <= sent -> room = received + CAPACITY
		:: else
		fi;
		if
		:: room > sent && !receiver_waits -> put(n); give(sender_lock)
		:: else ->
			give(sender_lock);
			take(sender_lock);
			take(receiver_lock);
			if
			:: receiver_waits ->
				receiver_waits = false;
				handed = n;
				give_both();
				receiver_woken = true
			:: !receiver_waits && sent - received < CAPACITY -> put(n); give_both()
			:: else ->
				awaited = BROKEN != 2;
				offered = n;
				sender_waits = true;
				give_both();
				atomic { sender_woken -> sender_woken = false }
			fi
		fi;
		n++
	od
}

active proctype receiver()
{
	byte n = 1;
	byte got;
	do
	:: n > VALUES -> break
	:: else ->
		got = 0;
		take(receiver_lock);
		if
		:: known <= received -> known = sent
		:: else
		fi;
		if
		:: known > received && !awaited ->
			assert(!sender_waits);
			take_out(got);
			give(receiver_lock)
		:: else ->
			give(receiver_lock);
			if
			:: BROKEN == 1 -> skip
			:: else -> take(sender_lock)
			fi;
			take(receiver_lock);
			if
			:: sent > received -> take_out(got)
			:: else
			fi;
			if
			:: sender_waits ->
				sender_waits = false;
				if
				:: got > 0 -> put(offered)
				:: else -> got = offered
				fi;
				sender_woken = true
			:: else -> awaited = false
			fi;
			if
			:: got == 0 -> receiver_waits = true
			:: else
			fi;
			if
			:: BROKEN == 1 -> give(receiver_lock)
			:: else -> give_both()
			fi;
			if
			:: got == 0 ->
				atomic { receiver_woken -> receiver_woken = false };
				got = handed
			:: else
			fi
		fi;
		assert(got == n);
		n++
	od;
	if
	:: BROKEN == 5 -> take(receiver_lock); freed = true
	:: else -> take(sender_lock); take(receiver_lock); freed = true
	fi
}
