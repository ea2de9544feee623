/* SPDX-License-Identifier: MIT
 *
 * Other programs, for tests that talk to servers of other projects: started on the
 * loopback interface, ended by their process id, and gone when the test is gone.
 *
 * These helpers block and may be called before, after and inside koru_run. A failure ends
 * the running cmocka test.
 */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Room for a path inside a temporary directory. */
#define PROGRAM_PATH_MAX 256

/* True when `name` is found in PATH or in /usr/sbin: call skip() when it is not. */
int program_exists(const char *name);

/* A TCP port on 127.0.0.1 that nobody listens on. */
uint16_t program_free_port(void);

/* Starts argv[0] (looked up in PATH and /usr/sbin) with its output appended to the file
 * `log`; NULL: thrown away. Returns its process id. */
pid_t program_start(const char *log, const char *const argv[]);

/* The same, and waits until it accepts connections on 127.0.0.1:port. */
pid_t program_start_server(const char *log, uint16_t port, const char *const argv[]);

/* Ends it: SIGTERM, after five seconds SIGKILL. Returns its wait status. */
int program_stop(pid_t pid);

/* Runs it to its end and returns the exit status; standard output is caught into `out`,
 * zero-terminated, when that is not NULL. Standard error is thrown away. */
int program_run(char *out, size_t out_size, const char *const argv[]);

/* Makes a temporary directory, and removes one with all that is in it. */
void program_tmpdir(char ret_path[PROGRAM_PATH_MAX]);
void program_tmpdir_remove(const char *path);

/* Writes a file; `text` is its whole content. */
void program_write_file(const char *path, const char *text);

/* How many descriptors this process has open. */
int program_open_fds(void);

#endif
