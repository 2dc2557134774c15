#include "patterns/rule_digest.h"

#include "patterns/compile_hs.h"
#include "patterns/parser.h"

#include <openssl/evp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const rule_part_names[RULE_PARTS] = {
	[RULE_PART_HEADER] = "header",
	[RULE_PART_BUFFERS] = "buffers",
	[RULE_PART_CONTENTS] = "contents",
	[RULE_PART_FLOW] = "flow",
	[RULE_PART_MEMORY] = "memory",
	[RULE_PART_MSG] = "msg",
	[RULE_PART_METADATA] = "metadata",
};

// What is digested: items behind their lengths.
struct items {
	uint8_t *p;
	size_t len, cap;
	bool failed;
};

static void put(struct items *to, const void *data, size_t len)
{
	const uint64_t head = len;

	if (to->failed)
		return;
	if (to->len + sizeof(head) + len > to->cap) {
		size_t cap = 2 * (to->len + sizeof(head) + len) + 512;
		uint8_t *p = realloc(to->p, cap);
		if (p == NULL) {
			to->failed = true;
			return;
		}
		to->p = p;
		to->cap = cap;
	}
	memcpy(to->p + to->len, &head, sizeof(head));
	if (len > 0)
		memcpy(to->p + to->len + sizeof(head), data, len);
	to->len += sizeof(head) + len;
}

static void put_number(struct items *to, int64_t n)
{
	put(to, &n, sizeof(n));
}

static void put_text(struct items *to, const char *text)
{
	put(to, text, text != NULL ? strlen(text) : 0);
}

// And begins anew.
static uint64_t take_digest(struct items *from)
{
	uint8_t sha[EVP_MAX_MD_SIZE];
	uint64_t out = 0;

	if (from->failed || EVP_Digest(from->p, from->len, sha, NULL, EVP_sha256(), NULL) != 1)
		from->failed = true;
	else
		memcpy(&out, sha, sizeof(out));
	from->len = 0;
	return out;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void put_buffer(struct items *to, const struct rule *r, uint32_t i)
{
	const struct condition *c = &r->conditions[i];
	const struct rule_view *view = c->view;

	put_number(to, field_is_payload(c->field) ? FIELD_PAYLOAD : c->field);
	put_number(to, condition_dotted(r, i));
	put_number(to, view != NULL ? view->instance : 0);
	for (uint32_t t = 0; view != NULL && t < view->n_transforms; t++) {
		const struct transform *one = &view->transforms[t];
		const int32_t numbers[] = {one->kind, one->mode, one->flags, one->a, one->b};
		put(to, numbers, sizeof(numbers));
		put(to, one->arg, one->arg_len);
	}
}

static void put_bytes(struct items *to, const struct condition *c)
{
	uint8_t folded[CONTENT_MAX];

	if (c->kind != COND_CONTENT || !(c->flags & CONTENT_NOCASE) || c->len > sizeof(folded)) {
		put(to, c->bytes, c->len);
		return;
	}
	for (uint32_t i = 0; i < c->len; i++)
		folded[i] = ascii_lower(c->bytes[i]);
	put(to, folded, c->len);
}

// fast_pattern is about speed only; a place that is not given has no number.
static void put_condition(struct items *to, const struct condition *c)
{
	bool content = c->kind == COND_CONTENT;
	bool set = c->kind == COND_DATASET; // known by its name, which are its bytes
	const int64_t numbers[] = {c->kind, c->nested, c->flags & ~(uint32_t)CONTENT_FAST_PATTERN,
		(!content && !set) || (c->flags & CONTENT_OFFSET) ? c->offset : 0,
		c->flags & CONTENT_DEPTH ? c->depth : 0,
		c->flags & CONTENT_DISTANCE ? c->distance : 0,
		c->flags & CONTENT_WITHIN ? c->within : 0, content ? 0 : c->pcre_options,
		c->pcre_relative, c->relative};

	put(to, numbers, sizeof(numbers));
	put_bytes(to, c);
	put(to, &c->number, sizeof(c->number));
}

static bool is_relative(const struct condition *c)
{
	return c->pcre_relative || c->relative || (c->flags & (CONTENT_DISTANCE | CONTENT_WITHIN));
}

static bool uses_variables(const struct condition *c)
{
	for (unsigned i = 0; i < VAR_SLOTS; i++) {
		if (c->number.vars[i] != 0)
			return true;
	}
	return false;
}

static uint64_t buffer_of(struct items *scratch, const struct rule *r, uint32_t i)
{
	put_buffer(scratch, r, i);
	return take_digest(scratch);
}

// The run that begins here takes what follows in its buffer up to the next that is not relative.
static void take_run(struct items *scratch, const struct rule *r, const uint64_t *buffers,
	uint32_t first, bool *done, struct rule_run *out)
{
	*out = (struct rule_run){.buffer = buffers[first], .first = first, .alone = true};
	put_number(scratch, (int64_t)buffers[first]);
	for (uint32_t i = first; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (done[i] || buffers[i] != buffers[first])
			continue;
		if (i != first && !is_relative(c) && !(c->flags & CONTENT_NESTED))
			break;
		done[i] = true;
		put_condition(scratch, c);
		out->alone &= i == first && !is_relative(c) && c->nested == 0 &&
			!(c->flags & CONTENT_NESTED) && !uses_variables(c);
	}
	out->digest = take_digest(scratch);
}

int rule_runs(const struct rule *r, struct rule_run *runs, bool *entangled)
{
	uint64_t buffers[CONDITIONS_MAX];
	bool done[CONDITIONS_MAX] = {false};
	struct items scratch = {0};
	int n = 0;

	*entangled = false;
	for (uint32_t i = 0; i < r->n_conditions && i < CONDITIONS_MAX; i++) {
		buffers[i] = buffer_of(&scratch, r, i);
		*entangled |= uses_variables(&r->conditions[i]);
	}
	for (uint32_t i = 0; i < r->n_conditions && i < CONDITIONS_MAX; i++) {
		if (!done[i])
			take_run(&scratch, r, buffers, i, done, &runs[n++]);
	}
	bool failed = scratch.failed;
	free(scratch.p);
	return failed ? -ENOMEM : n;
}

static void put_ranges(struct items *to, const struct rule *r)
{
	const struct addr_set *const addrs[] = {&r->src, &r->dst};
	const struct port_set *const ports[] = {&r->sport, &r->dport};

	for (unsigned i = 0; i < 2; i++) {
		put_number(to, addrs[i]->any);
		for (uint32_t k = 0; k < addrs[i]->n; k++) {
			put_number(to, addrs[i]->ranges[k].ip_version);
			put(to, addrs[i]->ranges[k].lo, 16);
			put(to, addrs[i]->ranges[k].hi, 16);
		}
		put_number(to, ports[i]->any);
		put(to, ports[i]->ranges, ports[i]->n * sizeof(ports[i]->ranges[0]));
	}
}

static void put_header(struct items *to, const struct rule *r)
{
	const int64_t numbers[] = {r->action, r->proto, r->app_proto, (int64_t)r->apps,
		r->bidirectional, r->both_ways, r->half, r->noalert};

	put(to, numbers, sizeof(numbers));
	put_ranges(to, r);
}

static void put_flow(struct items *to, const struct rule *r)
{
	uint64_t sorted[FACTS_MAX];
	uint32_t n = 0;
	struct items one = {0};

	for (; n < r->n_facts && n < FACTS_MAX; n++) {
		struct rule_fact fact = r->facts[n];
		if (fact.kind == FACT_GEOIP)
			fact.a = 0; // where its countries stand; what they are is in its mask
		put(&one, &fact, sizeof(fact));
		sorted[n] = take_digest(&one);
	}
	if (n > 0)
		qsort(sorted, n, sizeof(sorted[0]), by_number);
	to->failed |= one.failed;
	free(one.p);
	put_number(to, r->flow);
	put_number(to, r->has_dsize ? (int64_t)r->dsize_lo << 16 | r->dsize_hi : -1);
	put(to, sorted, n * sizeof(sorted[0]));
}

static void put_limit(struct items *to, const struct rule_limit *l)
{
	const uint32_t numbers[] = {l->kind, l->track, l->count, l->seconds, l->multiplier};

	put(to, numbers, sizeof(numbers));
}

static void put_memory(struct items *to, const struct rule *r)
{
	put(to, r->memories, r->n_memories * sizeof(r->memories[0]));
	put_limit(to, &r->limit);
	put_limit(to, &r->filter);
}

static void put_metadata(struct items *to, const struct rule *r)
{
	put_number(to, r->n_metadata);
	for (uint32_t i = 0; i < r->n_metadata; i++) {
		put_text(to, r->metadata[i].key);
		put_text(to, r->metadata[i].value);
	}
}

static void put_references(struct items *to, const struct rule *r)
{
	put_number(to, r->n_references);
	for (uint32_t i = 0; i < r->n_references; i++) {
		put_text(to, r->references[i].type);
		put_text(to, r->references[i].value);
	}
}

static int digest_conditions(const struct rule *r, struct items *scratch, struct rule_digest *out)
{
	struct rule_run runs[CONDITIONS_MAX];
	uint64_t buffers[CONDITIONS_MAX], digests[CONDITIONS_MAX];
	bool entangled;
	int n = rule_runs(r, runs, &entangled);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		buffers[i] = runs[i].buffer;
		digests[i] = runs[i].digest;
	}
	if (n > 0)
		qsort(buffers, (size_t)n, sizeof(buffers[0]), by_number);
	if (n > 0 && !entangled)
		qsort(digests, (size_t)n, sizeof(digests[0]), by_number);
	for (int i = 0; i < n; i++) {
		if (i == 0 || buffers[i] != buffers[i - 1])
			put_number(scratch, (int64_t)buffers[i]);
	}
	out->parts[RULE_PART_BUFFERS] = take_digest(scratch);
	put(scratch, digests, (size_t)n * sizeof(digests[0]));
	out->parts[RULE_PART_CONTENTS] = take_digest(scratch);
	return 0;
}

int rule_digest(const struct rule *r, struct rule_digest *out)
{
	struct items scratch = {0};
	struct rule_digest d;

	put_header(&scratch, r);
	d.parts[RULE_PART_HEADER] = take_digest(&scratch);
	int err = digest_conditions(r, &scratch, &d);
	put_flow(&scratch, r);
	d.parts[RULE_PART_FLOW] = take_digest(&scratch);
	put_memory(&scratch, r);
	d.parts[RULE_PART_MEMORY] = take_digest(&scratch);
	put_text(&scratch, r->msg);
	put_text(&scratch, r->classtype);
	put_number(&scratch, r->severity);
	d.parts[RULE_PART_MSG] = take_digest(&scratch);
	put_metadata(&scratch, r);
	put_references(&scratch, r);
	d.parts[RULE_PART_METADATA] = take_digest(&scratch);
	if (err == 0 && scratch.failed)
		err = -ENOMEM;
	free(scratch.p);
	if (err == 0)
		*out = d;
	return err;
}
