/* SPDX-License-Identifier: MIT
 * `koru fetch`: its options and its help. What it does is in run.h and behind. */
#include "fetch.h"

#include "args.h"
#include "command.h"

#include "koru/task.h"
#include "koru/time.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/resource.h>

static const char help[] =
        "koru fetch: download many URLs at once, each in a task of its own.\n"
        "\n"
        "usage: koru fetch [OPTION]... URL...\n"
        "       koru fetch [OPTION]... -i FILE\n"
        "\n"
        "examples\n"
        "  Ask for two pages and count their bytes:\n"
        "      koru fetch https://www.debian.org/ https://www.kernel.org/\n"
        "\n"
        "  Save all pages of a list, one URL a line, 20 at once and 4 from one host:\n"
        "      koru fetch -c 20 --per-host 4 -o pages -i urls.txt\n"
        "\n"
        "  Take the list from another program and stop at the first failure:\n"
        "      seq -f 'http://127.0.0.1:8080/%g' 100 | koru fetch --fail-fast -i -\n"
        "\n"
        "  Name the URLs that did not come, and why:\n"
        "      koru fetch --json -i urls.txt 2>/dev/null |\n"
        "          jq -r 'select(.error) | \"\\(.url) \\(.error.text)\"'\n"
        "\n"
        "  Give up on a URL after two seconds, and send a header:\n"
        "      koru fetch --timeout 2s --header 'Accept-Language: mi' http://localhost:8080/\n"
        "\n"
        "options\n"
        "  -c, --concurrency N   URLs at once (100)\n"
        "      --per-host N      URLs of one host at once (as many as -c)\n"
        "      --timeout T       time for each URL, such as 500ms, 30s or 2m; 0: no limit (30s)\n"
        "      --max-redirects N redirects to follow for each URL (20)\n"
        "  -o, --output DIR      save the bodies in DIR, which is made if it is missing\n"
        "  -i, --input FILE      take URLs from FILE, one a line; -: from standard input.\n"
        "                        Empty lines and those that begin with # are passed over\n"
        "  -H, --header H        send this header, such as 'Accept: text/html'; may be repeated\n"
        "      --fail-fast       stop everything at the first URL that fails\n"
        "      --json            one JSON object a line for each URL, then one with the summary\n"
        "  -q, --quiet           say nothing but what went wrong\n"
        "      --insecure        accept any certificate: anybody on the way can read and change\n"
        "                        what is sent\n"
        "      --stack-size N    stack of each task, such as 128K (64K)\n"
        "      --help            show this\n"
        "\n"
        "Ctrl-C stops the downloads and says what is missing; a second one leaves at once.\n"
        "\n"
        "exit status\n"
        "  0 every URL came, 1 some did not, 2 the command line is wrong, 130 interrupted\n";

enum {
	OPT_CONCURRENCY = COMMAND_LONG,
	OPT_PER_HOST,
	OPT_TIMEOUT,
	OPT_MAX_REDIRECTS,
	OPT_OUTPUT,
	OPT_INPUT,
	OPT_HEADER,
	OPT_FAIL_FAST,
	OPT_JSON,
	OPT_QUIET,
	OPT_INSECURE,
	OPT_STACK_SIZE,
};

static const struct option options[] = {
	{ "concurrency", required_argument, NULL, OPT_CONCURRENCY },
	{ "per-host", required_argument, NULL, OPT_PER_HOST },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "max-redirects", required_argument, NULL, OPT_MAX_REDIRECTS },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "input", required_argument, NULL, OPT_INPUT },
	{ "header", required_argument, NULL, OPT_HEADER },
	{ "fail-fast", no_argument, NULL, OPT_FAIL_FAST },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "insecure", no_argument, NULL, OPT_INSECURE },
	{ "stack-size", required_argument, NULL, OPT_STACK_SIZE },
	{ NULL, 0, NULL, 0 },
};

/* ---- values ----------------------------------------------------------------------------- */

static int set_count(const char *option, const char *text, unsigned min, unsigned max,
                     unsigned *ret)
{
	uint64_t value;
	if (args_count(text, min, max, &value) < 0)
		return command_error(&command_fetch,
		                     "%s %s: give a whole number from %u to %u, such as %s 10",
		                     option, text, min, max, option);
	*ret = (unsigned)value;
	return 0;
}

static int set_timeout(const char *text, int64_t *ret)
{
	int rc = args_duration(text, ret);
	if (rc == -ERANGE)
		return command_error(&command_fetch,
		                     "--timeout %s: give at most 8760h; 0 means no limit", text);
	if (rc < 0)
		return command_error(
		        &command_fetch,
		        "--timeout %s: give a number with a unit, such as 500ms, 30s or 2m", text);
	return 0;
}

static int set_stack_size(const char *text, size_t *ret)
{
	uint64_t value;
	if (args_size(text, KORU_STACK_SIZE_MAX, &value) < 0 || value < KORU_STACK_SIZE_MIN)
		return command_error(&command_fetch,
		                     "--stack-size %s: give a size from %zuK to %zuM, such as 128K",
		                     text, KORU_STACK_SIZE_MIN >> 10, KORU_STACK_SIZE_MAX >> 20);
	*ret = (size_t)value;
	return 0;
}

/* Takes "Name: value" apart, in place: `text` belongs to argv. */
static int add_header(struct fetch_opts *opts, char *text)
{
	/* RFC 9110, section 5.6.2: the characters of a name. */
	size_t len = strspn(text, "!#$%&'*+-.^_`|~0123456789"
	                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (len == 0 || text[len] != ':' || strpbrk(text, "\r\n"))
		return command_error(&command_fetch,
		                     "--header %s: write it as 'Name: value', on one line", text);
	if (opts->header_count == FETCH_HEADERS_MAX)
		return command_error(&command_fetch, "--header %s: at most %d headers can be given",
		                     text, FETCH_HEADERS_MAX);
	text[len] = '\0';
	char *value = text + len + 1;
	value += strspn(value, " \t");
	for (size_t end = strlen(value); end > 0 && strchr(" \t", value[end - 1]); end--)
		value[end - 1] = '\0';
	opts->headers[opts->header_count++] = (struct koru_http_header){ text, value };
	return 0;
}

static int set_input(struct fetch_opts *opts, const char *path)
{
	if (opts->input)
		return command_error(
		        &command_fetch,
		        "-i is given twice; join the files: cat %s %s | koru fetch -i -",
		        opts->input, path);
	opts->input = path;
	return 0;
}

/* ---- all of them ------------------------------------------------------------------------ */

static int set_option(struct fetch_opts *opts, int option, char **argv)
{
	switch (option) {
	case 'c':
	case OPT_CONCURRENCY: return set_count("-c", optarg, 1, FETCH_TASKS_MAX, &opts->tasks);
	case OPT_PER_HOST:
		return set_count("--per-host", optarg, 1, FETCH_TASKS_MAX, &opts->per_host);
	case OPT_TIMEOUT: return set_timeout(optarg, &opts->timeout);
	case OPT_MAX_REDIRECTS:
		return set_count("--max-redirects", optarg, 0, FETCH_REDIRECTS_MAX,
		                 &opts->redirects_max);
	case 'o':
	case OPT_OUTPUT: opts->dir = optarg; return 0;
	case 'i':
	case OPT_INPUT: return set_input(opts, optarg);
	case 'H':
	case OPT_HEADER: return add_header(opts, optarg);
	case OPT_FAIL_FAST: opts->fail_fast = true; return 0;
	case OPT_JSON: opts->json = true; return 0;
	case 'q':
	case OPT_QUIET: opts->quiet = true; return 0;
	case OPT_INSECURE: opts->insecure = true; return 0;
	case OPT_STACK_SIZE: return set_stack_size(optarg, &opts->stack_size);
	default: return command_bad_option(&command_fetch, option, argv);
	}
}

/* Each URL under way needs a socket, and a file when it is saved; raises the process's
 * limit as far as it may go, and asks for less at once where that does not suffice. */
static void fit_descriptors(struct fetch_opts *opts)
{
	const rlim_t others = 64; /* what is open besides: the loop, the resolver, the list */
	rlim_t each = opts->dir ? 2 : 1;
	rlim_t need = opts->tasks * each + others;
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return;
	limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= need)
		return;
	rlim_t fit = limit.rlim_cur > others + each ? (limit.rlim_cur - others) / each : 1;
	(void)command_error(&command_fetch,
	                    "-c %u is more than the %llu descriptors of this process allow; "
	                    "fetching %llu at once (see ulimit -n)",
	                    opts->tasks, (unsigned long long)limit.rlim_cur,
	                    (unsigned long long)fit);
	opts->tasks = (unsigned)fit;
}

static int fetch_command(int argc, char **argv)
{
	struct fetch_opts opts = {
		.tasks = FETCH_TASKS_DEFAULT,
		.timeout = FETCH_TIMEOUT_DEFAULT,
		.redirects_max = KORU_HTTP_REDIRECTS_DEFAULT,
	};
	opterr = 0; /* the words are ours */
	for (int option; (option = getopt_long(argc, argv, ":c:o:i:H:q", options, NULL)) != -1;) {
		int rc = set_option(&opts, option, argv);
		if (rc != 0)
			return rc;
	}
	opts.urls = argv + optind;
	if (!opts.urls[0] && !opts.input)
		return command_error(&command_fetch,
		                     "no URLs given; name some, or a file of them with -i "
		                     "(`koru help fetch` has examples)");
	fit_descriptors(&opts);
	if (opts.per_host == 0 || opts.per_host > opts.tasks)
		opts.per_host = opts.tasks;
	return fetch_run(&opts);
}

const struct command command_fetch = {
	.name = "fetch",
	.summary = "download many URLs at once",
	.help = help,
	.run = fetch_command,
};
