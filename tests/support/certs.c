/* SPDX-License-Identifier: MIT
 * Certificates for tests. See certs.h. */
#include "support/certs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define GOOD_NAMES                                                                                 \
	"subjectAltName=DNS:localhost,DNS:*.test.localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"
#define OTHER_NAMES "subjectAltName=DNS:elsewhere.example"

/* openssl-ca(1), not x509(1), because only that lets a certificate begin in the future. */
static const char ca_config[] = "[ca]\n"
                                "default_ca = test\n"
                                "[test]\n"
                                "database = %s/index\n"
                                "new_certs_dir = %s\n"
                                "rand_serial = yes\n"
                                "default_md = sha256\n"
                                "unique_subject = no\n"
                                "copy_extensions = copy\n"
                                "policy = any\n"
                                "[any]\n"
                                "commonName = supplied\n";

const char *certs_path(char ret_path[PROGRAM_PATH_MAX], const char *dir, const char *name)
{
	int len = snprintf(ret_path, PROGRAM_PATH_MAX, "%s/%s", dir, name);
	assert_true(len > 0 && len < PROGRAM_PATH_MAX);
	return ret_path;
}

static void run(const char *what, const char *const argv[])
{
	if (program_run(NULL, 0, argv) != 0)
		fail_msg("openssl failed to make %s", what);
}

/* A key and a certificate that signs itself: a root with extension CA:TRUE, or a leaf. */
static void self_signed(const char *dir, const char *name, const char *subject, const char *ext)
{
	char file[64], key[PROGRAM_PATH_MAX], cert[PROGRAM_PATH_MAX];
	snprintf(file, sizeof(file), "%s.key", name);
	certs_path(key, dir, file);
	snprintf(file, sizeof(file), "%s.pem", name);
	certs_path(cert, dir, file);
	run(name,
	    (const char *const[]){ "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
	                           "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-keyout",
	                           key, "-out", cert, "-subj", subject, "-addext", ext, NULL });
}

struct leaf {
	const char *name;
	const char *root; /* who signs it */
	const char *ext;
	const char *start;
	const char *end;
};

static void signed_leaf(const char *dir, const struct leaf *leaf)
{
	char file[64], key[PROGRAM_PATH_MAX], cert[PROGRAM_PATH_MAX], request[PROGRAM_PATH_MAX];
	char config[PROGRAM_PATH_MAX], root[PROGRAM_PATH_MAX], root_key[PROGRAM_PATH_MAX];
	snprintf(file, sizeof(file), "%s.key", leaf->name);
	certs_path(key, dir, file);
	snprintf(file, sizeof(file), "%s.pem", leaf->name);
	certs_path(cert, dir, file);
	snprintf(file, sizeof(file), "%s.pem", leaf->root);
	certs_path(root, dir, file);
	snprintf(file, sizeof(file), "%s.key", leaf->root);
	certs_path(root_key, dir, file);
	certs_path(request, dir, "request");
	certs_path(config, dir, "config");
	run(leaf->name,
	    (const char *const[]){ "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
	                           "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
	                           request, "-subj", "/CN=koru test", "-addext", leaf->ext, NULL });
	run(leaf->name,
	    (const char *const[]){ "openssl", "ca", "-batch", "-notext", "-config", config, "-cert",
	                           root, "-keyfile", root_key, "-in", request, "-out", cert,
	                           "-startdate", leaf->start, "-enddate", leaf->end, NULL });
}

void certs_make(const char *dir)
{
	static const char root[] = "basicConstraints=critical,CA:TRUE";
	static const char past[] = "20200101000000Z", ended[] = "20210101000000Z";
	static const char future[] = "21000101000000Z", far_future[] = "21100101000000Z";
	const struct leaf leaves[] = {
		{ "good", "ca", GOOD_NAMES, past, future },
		{ "expired", "ca", GOOD_NAMES, past, ended },
		{ "early", "ca", GOOD_NAMES, future, far_future },
		{ "wronghost", "ca", OTHER_NAMES, past, future },
		{ "unknown", "other", GOOD_NAMES, past, future },
	};
	char path[PROGRAM_PATH_MAX], config[1024];

	program_write_file(certs_path(path, dir, "index"), "");
	int len = snprintf(config, sizeof(config), ca_config, dir, dir);
	assert_true(len > 0 && len < (int)sizeof(config));
	program_write_file(certs_path(path, dir, "config"), config);
	self_signed(dir, "ca", "/CN=koru test root", root);
	self_signed(dir, "other", "/CN=another root", root);
	self_signed(dir, "idle", "/CN=a root without certificates", root);
	self_signed(dir, "selfsigned", "/CN=koru test", GOOD_NAMES);
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		signed_leaf(dir, &leaves[i]);
}
