/* SPDX-License-Identifier: MIT
 *
 * Certificates made by openssl(1) for one test run, good ones and every kind of bad one.
 *
 * certs_make fills a directory with
 *   ca.pem                         the root that tests trust (and ca.key)
 *   good.pem                       localhost, *.test.localhost, 127.0.0.1, ::1
 *   expired.pem, early.pem         the same names, over since 2021, not before 2100
 *   wronghost.pem                  for elsewhere.example only
 *   selfsigned.pem                 signed by itself
 *   idle.pem                       a root that signed nothing
 *   unknown.pem                    signed by other.pem, a root that nobody trusts
 * Every leaf NAME.pem is accompanied by its key, NAME.key.
 */
#ifndef TESTS_SUPPORT_CERTS_H
#define TESTS_SUPPORT_CERTS_H

#include "support/program.h"

/* Makes all of them in `dir`, which exists. About a quarter of a second. */
void certs_make(const char *dir);

/* The path of one of them: certs_path(path, dir, "good.pem"). Returns `ret_path`. */
const char *certs_path(char ret_path[PROGRAM_PATH_MAX], const char *dir, const char *name);

#endif
