/* SPDX-License-Identifier: MIT
 * Makes the certificates of support/certs.h in the directory named, for tests that are
 * scripts. */
#include "support/certs.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: make_certs DIR\n");
		return 2;
	}
	certs_make(argv[1]); /* aborts when openssl fails */
	return 0;
}
