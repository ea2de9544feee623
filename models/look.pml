/* SPDX-License-Identifier: MIT
 *
 * src/sched/wait.c: a task that looks on for a moment before it parks, and the one who serves it on
 * another loop meanwhile. Both have agreed on that already (the claim, select.pml). Proved:
 *
 *   - the task is told, by the word or by a message, and once;
 *   - when it goes on nothing of its wait is touched any more: that lies on its stack.
 *
 * BROKEN 1: a task that was served before it began to look goes on at once.
 * BROKEN 2: a task that gives up looking says so without seeing whether it has been served.
 * BROKEN 3: whoever serves it sends a message in any case.
 * BROKEN 4: whoever serves it writes the result after the word.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define NOT   0
#define WOKEN 1
#define LOOKS 2

byte word = NOT;
bool result;
bool gone;                    /* the task has gone on */
chan inbox = [1] of { bool }; /* of the task's loop */

active proctype serve()
{
	byte old;
	if
	:: BROKEN != 4 -> assert(!gone); result = true
	:: else
	fi;
	atomic { assert(!gone); old = word; word = WOKEN }
	if
	:: BROKEN == 4 -> assert(!gone); result = true
	:: else
	fi;
	if
	:: old != LOOKS || BROKEN == 3 -> assert(!gone); inbox!true
	:: else
	fi
}

active proctype task()
{
	bool served;
	bool message;

	atomic {
		served = word != NOT;
		if
		:: !served -> word = LOOKS
		:: else
		fi
	}
	if
	:: served && BROKEN == 1 -> goto go_on
	:: served -> goto park
	:: else
	fi;
	/* For a while. */
	if
	:: word == WOKEN
	:: true
	fi;
	if
	:: BROKEN == 2 -> served = false; word = NOT
	:: else ->
		atomic {
			served = word != LOOKS;
			if
			:: !served -> word = NOT
			:: else
			fi
		}
	fi;
	if
	:: served -> goto go_on
	:: else
	fi;
park:
	inbox?message;
go_on:
	assert(result);
	gone = true;
	/* Nothing comes afterwards. */
	timeout -> assert(empty(inbox))
}
