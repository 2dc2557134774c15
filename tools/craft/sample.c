// The command sample.

#include "dataplane/base/log.h"
#include "tools/craft/capture_out.h"
#include "tools/craft/options.h"
#include "tools/craft/sample_plan.h"

#include <pcap/dlt.h>

#include <stdio.h>
#include <string.h>

// The names are our own: letters, digits, dots and hyphens.
static void print_names(const char *key, const struct sample_names *names)
{
	printf(",\"%s\":[", key);
	for (unsigned i = 0; i < names->n; i++)
		printf("%s\"%s\"", i > 0 ? "," : "", names->name[i]);
	printf("]");
}

static void print_json(const struct sample *s)
{
	printf("{\"packets\":%zu", s->trace.n);
	print_names("tls_sni", &s->tls_sni);
	print_names("http_host", &s->http_host);
	print_names("dns_query", &s->dns_query);
	printf("}\n");
}

static int write_sample(const struct sample *s, const char *path)
{
	struct capture_out *out;
	int err = capture_out_open(path, DLT_EN10MB, &out);

	if (err < 0)
		return err;
	err = trace_write(&s->trace, capture_out_put, out);
	int closed = capture_out_close(out);
	return err < 0 ? err : closed;
}

enum craft_status craft_sample(const struct craft_options *o)
{
	struct sample s;

	if (o->n_words > 0)
		return craft_usage("sample takes options only, not", o->words[0]);
	if (o->json && strcmp(o->output, "-") == 0)
		return craft_usage("--json and -w - both want the standard output", NULL);
	int err = sample_make(&s, o->seed);
	if (err == 0)
		err = write_sample(&s, o->output);
	if (err < 0)
		log_error("%s: %s", o->output, strerror(-err));
	else if (o->json)
		print_json(&s);
	sample_free(&s);
	return err < 0 ? CRAFT_OUTPUT : CRAFT_OK;
}
