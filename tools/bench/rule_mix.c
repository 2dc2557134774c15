#include "tools/bench/rule_mix.h"

#include "dataplane/base/hash.h"
#include "dataplane/base/log.h"
#include "tools/bench/rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Letters that look like a name's, the same for the same number.
static void name_of(uint64_t n, unsigned len, char *out)
{
	static const char letters[] = "aeiourstlnmdchgpbkfvwyz0";

	for (unsigned i = 0; i < len; i++) {
		n = hash_mix(n, i + 1);
		out[i] = letters[n % (sizeof(letters) - 1)];
	}
	out[len] = '\0';
}

static void put_rule(FILE *out, unsigned i)
{
	static const char *const protocols[] = {"tls", "http", "dns"};
	static const char *const fields[] = {"tls.sni", "http.host", "dns.query"};
	static const char *const ends[] = {"com", "net", "cn", "org", "io", "app"};
	char name[32];

	name_of(i, 6 + i % 9, name);
	if (i % 10 == 9)
		fprintf(out,
			"alert tcp any any -> any any (msg:\"payload %u\"; content:\"%s=%u\"; "
			"sid:%u;)\n",
			i, name, i % 1000, i + 1);
	else
		fprintf(out,
			"alert %s any any -> any any (msg:\"name %u\"; %s; dotprefix; "
			"content:\".%s.%s\"; endswith; sid:%u;)\n",
			protocols[i % 3], i, fields[i % 3], name, ends[i / 3 % 6], i + 1);
}

static void put_body_rule(FILE *out, unsigned i)
{
	char name[32];

	name_of(i, 6 + i % 9, name);
	fprintf(out,
		"alert http any any -> any any (msg:\"body %u\"; http.response_body; "
		"content:\"%s=\"; sid:%u;)\n",
		i, name, i + 1);
}

static int compile(unsigned n, void (*put)(FILE *, unsigned), struct swdb *set)
{
	char path[] = "/tmp/sealwatch-bench-XXXXXX";
	int fd = mkstemp(path);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (out == NULL) {
		log_error("%s: %s", path, strerror(errno));
		return 1;
	}
	for (unsigned i = 0; i < n; i++)
		put(out, i);
	int status = fclose(out) == 0 ? 0 : 1;
	const char *paths[] = {path};
	if (status == 0)
		status = rig_compile(paths, 1, set);
	unlink(path);
	return status;
}

int rule_mix_compile(unsigned n, struct swdb *set)
{
	return compile(n, put_rule, set);
}

int rule_mix_bodies(unsigned n, struct swdb *set)
{
	return compile(n, put_body_rule, set);
}
