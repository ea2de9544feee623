/* SPDX-License-Identifier: MIT
 *
 * A command of koru: what main.c needs to know of each. A new command is a new file with
 * one of these in it and a line in main.c's table.
 */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

/* Exit statuses that all commands share. */
#define COMMAND_OK          0
#define COMMAND_FAILED      1
#define COMMAND_USAGE       2
#define COMMAND_INTERRUPTED 130 /* 128 + SIGINT */

#define COMMAND_LONG 256

struct command {
	const char *name;
	const char *summary; /* one line for `koru --help` */
	const char *help;    /* all of `koru help NAME` */

	/* argv[0] is the command's name, the rest its arguments. Returns the exit status. */
	int (*run)(int argc, char **argv);
};

extern const struct command command_fetch;
extern const struct command command_serve;

/* Writes "koru NAME: " and the message to standard error: one sentence that says what is
 * wrong and what to do about it. Returns COMMAND_USAGE. */
int command_error(const struct command *command, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* The same for what getopt_long did not understand: `result` is what it returned, '?' or
 * ':'. The short options begin with ":", and the long ones have values from
 * COMMAND_LONG on, so that a long option is told from a letter. */
int command_bad_option(const struct command *command, int result, char **argv);

#endif
