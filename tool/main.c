/* SPDX-License-Identifier: MIT
 * The command koru: finds the subcommand and runs it. What the subcommands do is in their
 * own files. */
#include "command.h"
#include "text.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&command_fetch,
	&command_serve,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* ---- mistakes on the command line --------------------------------------------------- */

int command_error(const struct command *command, const char *format, ...)
{
	/* Arguments are quoted in it, and they may hold anything. */
	char message[1024];
	char clean[1024];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	text_clean(clean, sizeof(clean), message, strlen(message));
	(void)fprintf(stderr, "koru%s%s: %s\n", command ? " " : "", command ? command->name : "",
	              clean);
	return COMMAND_USAGE;
}

int command_bad_option(const struct command *command, int result, char **argv)
{
	/* getopt names a letter in optopt; a long option is the word behind it, and optopt is
	 * its value where it has one. */
	char letter[3] = { '-', (char)optopt, '\0' };
	bool is_long = optopt == 0 || optopt >= COMMAND_LONG;
	const char *option = is_long ? argv[optind - 1] : letter;
	int len = (int)strcspn(option, "=");
	if (result == ':')
		return command_error(command, "%.*s needs a value; `koru help %s` shows it in use",
		                     len, option, command->name);
	if (is_long && optopt != 0)
		return command_error(command, "%.*s takes no value; write it without \"=\"", len,
		                     option);
	return command_error(command, "there is no option %.*s; `koru help %s` lists them all", len,
	                     option, command->name);
}

/* ---- help ----------------------------------------------------------------------------- */

/* Standard output may be a full disk or a closed pipe: then the help did not arrive. */
static int print(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
		return COMMAND_FAILED;
	return COMMAND_OK;
}

static int print_overview(void)
{
	char text[2048];
	int at = snprintf(text, sizeof(text),
	                  "koru: many things at once, from the command line.\n"
	                  "\n"
	                  "usage: koru COMMAND [OPTION]... [ARGUMENT]...\n"
	                  "\n"
	                  "commands\n");
	for (size_t i = 0; i < COMMAND_COUNT && at < (int)sizeof(text); i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "  %-8s %s\n",
		               commands[i]->name, commands[i]->summary);
	if (at < (int)sizeof(text))
		(void)snprintf(
		        text + at, sizeof(text) - (size_t)at,
		        "\n"
		        "try it\n"
		        "  koru serve --port 8080 --delay 100ms &\n"
		        "  koru fetch http://127.0.0.1:8080/a http://127.0.0.1:8080/b\n"
		        "\n"
		        "`koru help COMMAND` explains a command by example; `man koru` has it\n"
		        "all; `koru --version` tells the version.\n");
	return print(text);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	/* The beginning of a name is enough to guess what was meant. */
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (commands[i]->name[0] == name[0])
			return command_error(NULL,
			                     "there is no command \"%s\"; did you mean `koru %s`?",
			                     name, commands[i]->name);
	return command_error(NULL, "there is no command \"%s\"; `koru --help` lists them all",
	                     name);
}

static int help(int argc, char **argv)
{
	if (argc < 2)
		return print_overview();
	const struct command *command = find(argv[1]);
	if (!command)
		return unknown_command(argv[1]);
	return print(command->help);
}

/* ---- start ---------------------------------------------------------------------------- */

/* Whoever starts us may have closed a standard descriptor. A socket or a saved file would
 * then take its number, and lines meant for people would go there. Each is opened the
 * wrong way round, so that using it is an error as it would be otherwise. */
static bool fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is taken, which is this one. */
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	}
	return true;
}

/* A closed pipe and a file size limit are errors of a write, reported where they happen,
 * not reasons to be killed. */
static void ignore_write_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGXFSZ, &ignore, NULL);
}

int main(int argc, char **argv)
{
	if (!fill_standard_descriptors())
		return COMMAND_FAILED;
	ignore_write_signals();

	if (argc < 2)
		return command_error(NULL, "no command given; `koru --help` lists them");
	const char *word = argv[1];
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return print_overview();
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		return print("koru " KORU_VERSION "\n");
	if (strcmp(word, "help") == 0)
		return help(argc - 1, argv + 1);

	const struct command *command = find(word);
	if (!command) {
		if (word[0] == '-')
			return command_error(
			        NULL, "there is no option %s; `koru --help` lists the commands",
			        word);
		return unknown_command(word);
	}
	/* Help wins over everything else, wherever it stands. */
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return print(command->help);
	return command->run(argc - 1, argv + 1);
}
