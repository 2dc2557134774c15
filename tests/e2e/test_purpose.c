// The register of purposes while traffic goes on: a rule about content comes and goes with its purpose, no
// packet is lost for it, and the register is there again when either process was started anew.

#include "tests/e2e/appliance.h"
#include "tests/unit/check.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *rules;

enum { BODY = 1, URI = 2 };

// sealctl --json purpose WORD ARGUMENTS...
static struct output purpose(const char *const *arguments)
{
	const char *argv[16] = {
		program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json", "purpose"};
	unsigned n = 5;

	for (; *arguments != NULL; arguments++)
		argv[n++] = *arguments;
	return run(argv, 30);
}

static json_int_t hits_of(int sid)
{
	json_t *counters = ask("counters", NULL, NULL);
	json_int_t hits = 0;
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(counters, "rules"), i, r)
	{
		if (number_in(r, "sid") == sid)
			hits = number_in(r, "hits");
	}
	json_decref(counters);
	return hits;
}

struct wait_for {
	int sid;
	json_int_t more_than;
};

static bool has_hits(void *ctx)
{
	const struct wait_for *w = ctx;
	return hits_of(w->sid) > w->more_than;
}

// The whole sample goes by again: the other rule tells.
static void let_traffic_pass(void)
{
	struct wait_for w = {URI, hits_of(URI) + 20};
	CHECK(wait_until(has_hits, &w, 20000), "traffic goes on");
}

static json_int_t inactive(void)
{
	json_t *set = ask("patterns", "show", NULL);
	json_int_t n = number_in(set, "inactive");

	json_decref(set);
	return n;
}

static json_int_t unaccounted(void)
{
	json_t *s = ask("status", NULL, NULL);
	json_int_t n =
		number_in(json_object_get(s, "accounting"), "unaccounted") + number_in(s, "missed");

	json_decref(s);
	return n;
}

static void test_load(void)
{
	write_file(rules,
		"alert http any any -> any any (msg:\"body\"; http.request_body; content:\"=\"; "
		"sid:1;)\n"
		"alert http any any -> any any (msg:\"uri\"; http.uri; content:\"/\"; sid:2;)\n");
	json_t *receipt = ask("patterns", "load", rules);
	const json_t *first = json_array_get(json_object_get(receipt, "inactive_rules"), 0);
	const char *why = json_string_value(json_object_get(first, "why"));

	CHECK(receipt != NULL && number_in(receipt, "rules") == 2, "the load succeeds");
	CHECK(number_in(receipt, "inactive") == 1 && number_in(first, "sid") == BODY,
		"the receipt");
	CHECK(why != NULL && strstr(why, "http.request_body") != NULL &&
			strstr(why, "sealctl purpose add") != NULL,
		"the reason, and what to do: %s", why != NULL ? why : "");
	json_decref(receipt);
	let_traffic_pass();
	CHECK(hits_of(BODY) == 0, "it matches nothing");
	CHECK(inactive() == 1, "it is listed");
}

static void test_refused(void)
{
	static const struct {
		const char *name;
		const char *arguments[8];
		int status;
		const char *text;
	} rows[] = {
		{"no purpose", {"add", "a", "rules=all", NULL}, 1, "purpose: missing"},
		{"a person", {"add", "a", "owner=li.wei@carrier.cn", NULL}, 1, "e-mail address"},
		{"no such detector", {"add", "a", "detectors=all,phones", NULL}, 1, "phones"},
		{"no such key", {"add", "a", "why=x", NULL}, 1, "no key"},
		{"no value", {"add", "a", "purpose", NULL}, 2, ""},
		{"id", {"add", "A B", "purpose=x", NULL}, 1, "id: takes"},
		{"no such entry", {"show", "nobody", NULL}, 1, "no purpose of that id"},
		{"nothing to retire", {"retire", "nobody", NULL}, 1, "no purpose of that id"},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct output o = purpose(rows[i].arguments);
		CHECK(o.status == rows[i].status, "%s: %d", rows[i].name, o.status);
		CHECK(strstr(o.out, rows[i].text) != NULL, "%s: %.100s", rows[i].name, o.out);
		output_free(&o);
	}
}

static struct output add(const char *id, const char *covers)
{
	const char *arguments[] = {"add", id, "purpose=how much is sent in clear",
		"legal_basis=order 7", "owner=privacy office", covers, NULL};
	return purpose(arguments);
}

static void test_add_retire(void)
{
	struct wait_for w = {BODY, 0};
	struct output o = add("forms", "rules=1:1");

	CHECK(o.status == 0 && strstr(o.out, "\"has it\"") != NULL, "%.200s", o.out);
	output_free(&o);
	CHECK(inactive() == 0, "it is active");
	CHECK(wait_until(has_hits, &w, 20000), "it matches");
	o = add("forms", "rules=all");
	CHECK(o.status == 1 && strstr(o.out, "another purpose") != NULL, "the id is taken");
	output_free(&o);

	o = purpose((const char *const[]){"retire", "forms", NULL});
	CHECK(o.status == 0 && strstr(o.out, "\"active\": false") != NULL, "%.200s", o.out);
	output_free(&o);
	json_int_t hits = hits_of(BODY);
	let_traffic_pass();
	CHECK(hits_of(BODY) == hits, "it matches no more");
	CHECK(inactive() == 1, "it is listed again");
	o = add("forms", "rules=all");
	CHECK(o.status == 1 && strstr(o.out, "retired") != NULL, "an id is given once");
	output_free(&o);
	CHECK(unaccounted() == 0, "no packet was lost");
	json_t *shown = ask("purpose", "show", "forms");
	CHECK(number_in(json_object_get(shown, "entry"), "created_by") == (json_int_t)getuid(),
		"who");
	json_decref(shown);
}

// The register outlives the daemon, and a dataplane that comes anew gets it before its set.
static void test_restart(void)
{
	struct output o = add("forms-2", "rules=all");
	struct wait_for w = {BODY, 0};

	CHECK(o.status == 0, "%.200s", o.out);
	output_free(&o);
	stop(dataplane, SIGKILL);
	CHECK(wait_until(is_down, NULL, 20000), "down");
	start_dataplane();
	CHECK(wait_until(is_up, NULL, 20000), "up");
	w.more_than = hits_of(BODY);
	CHECK(wait_until(has_hits, &w, 20000), "the new dataplane has it");

	stop(control, SIGKILL);
	start_control();
	CHECK(wait_until(is_up, NULL, 20000), "up");
	json_t *list = ask("purpose", "list", NULL);
	CHECK(json_array_size(json_object_get(list, "entries")) == 2, "both entries");
	json_decref(list);
	json_decref(ask("patterns", "load", rules));
	CHECK(inactive() == 0, "it is active");
	w.more_than = hits_of(BODY);
	CHECK(wait_until(has_hits, &w, 20000), "and matches");
}

// What is damaged gives nobody a purpose.
static void test_damaged(void)
{
	stop(control, SIGTERM);
	write_file(
		in_dir(dir, "state/register.db"), "this is no database, whatever it was before\n");
	start_control();
	CHECK(wait_until(is_up, NULL, 20000), "the daemon serves all the same");
	json_t *list = ask("purpose", "list", NULL);
	CHECK(json_array_size(json_object_get(list, "entries")) == 0 &&
			json_is_string(json_object_get(list, "error")),
		"no entries, and why");
	json_decref(list);
	struct output o = add("forms-3", "rules=all");
	CHECK(o.status == 1, "none can be added");
	output_free(&o);
	json_decref(ask("patterns", "load", rules));
	CHECK(inactive() == 1, "so it is inactive");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"load", test_load},
		{"refused", test_refused},
		{"add, retire", test_add_retire},
		{"restart", test_restart},
		{"damaged", test_damaged},
		CU_TEST_INFO_NULL,
	};

	if (!appliance_start(31000)) {
		fprintf(stderr, "the appliance does not come up\n");
		return 1;
	}
	rules = strdup(in_dir(dir, "content.rules"));
	int status = check_main("purpose", tests);
	appliance_end();
	return status;
}
