#include "patterns/compile_hs.h"
#include "patterns/confirm.h"

#include <hs.h>
#include <openssl/evp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint32_t swdb_put(struct swdb_build *b, enum swdb_section_id section, const void *data, size_t len)
{
	struct swdb_part *part = &b->parts[section];

	if (b->failed || len > SWDB_TOTAL_MAX - part->len) {
		b->failed = true;
		return 0;
	}
	if (part->len + len > part->cap) {
		size_t cap = 2 * (part->len + len) + 4096;
		uint8_t *p = realloc(part->p, cap);
		if (p == NULL) {
			b->failed = true;
			return 0;
		}
		part->p = p;
		part->cap = cap;
	}
	if (len > 0)
		memcpy(part->p + part->len, data, len);
	part->len += len;
	return (uint32_t)(part->len - len);
}

static uint32_t put_text(struct swdb_build *b, const char *s)
{
	return s == NULL ? SWDB_NONE : swdb_put(b, SWDB_TEXT, s, strlen(s) + 1);
}

static uint32_t put_joined(struct swdb_build *b, const struct rule_pair *pair, char separator)
{
	uint32_t at = swdb_put(b, SWDB_TEXT, pair->key, strlen(pair->key));

	if (pair->value != NULL && pair->value[0] != '\0') {
		swdb_put(b, SWDB_TEXT, &separator, 1);
		swdb_put(b, SWDB_TEXT, pair->value, strlen(pair->value));
	}
	swdb_put(b, SWDB_TEXT, "", 1);
	return at;
}

static struct swdb_span put_pairs(
	struct swdb_build *b, const struct rule_pair *pairs, uint32_t n, char separator)
{
	struct swdb_span span = {(uint32_t)(b->parts[SWDB_PAIRS].len / sizeof(uint32_t)), n};

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = put_joined(b, &pairs[i], separator);
		swdb_put(b, SWDB_PAIRS, &at, sizeof(at));
	}
	return span;
}

static int compare_addr(const void *a, const void *b)
{
	const struct swdb_addr *x = a, *y = b;

	if (x->ip_version != y->ip_version)
		return x->ip_version < y->ip_version ? -1 : 1;
	return memcmp(x->lo, y->lo, sizeof(x->lo));
}

// The match step searches by bisection: sorted by version, then address.
static struct swdb_span put_addrs(struct swdb_build *b, const struct addr_set *set)
{
	struct swdb_part *part = &b->parts[SWDB_ADDRS];
	struct swdb_span span = {(uint32_t)(part->len / sizeof(struct swdb_addr)), set->n};

	if (set->any)
		return (struct swdb_span){0, 0};
	for (uint32_t i = 0; i < set->n; i++) {
		struct swdb_addr addr = {.ip_version = set->ranges[i].ip_version};
		memcpy(addr.lo, set->ranges[i].lo, sizeof(addr.lo));
		memcpy(addr.hi, set->ranges[i].hi, sizeof(addr.hi));
		swdb_put(b, SWDB_ADDRS, &addr, sizeof(addr));
	}
	if (!b->failed)
		qsort(part->p + span.first * sizeof(struct swdb_addr), span.n,
			sizeof(struct swdb_addr), compare_addr);
	return span;
}

static int compare_port(const void *a, const void *b)
{
	const struct swdb_port *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

static struct swdb_span put_ports(struct swdb_build *b, const struct port_set *set)
{
	struct swdb_part *part = &b->parts[SWDB_PORTS];
	struct swdb_span span = {(uint32_t)(part->len / sizeof(struct swdb_port)), set->n};

	if (set->any)
		return (struct swdb_span){0, 0};
	for (uint32_t i = 0; i < set->n; i++) {
		struct swdb_port port = {set->ranges[i].lo, set->ranges[i].hi};
		swdb_put(b, SWDB_PORTS, &port, sizeof(port));
	}
	if (!b->failed)
		qsort(part->p + span.first * sizeof(struct swdb_port), span.n,
			sizeof(struct swdb_port), compare_port);
	return span;
}

static bool is_payload(uint16_t field)
{
	return field == FIELD_PAYLOAD || field == FIELD_STREAM;
}

bool condition_dotted(const struct rule *r, uint32_t i)
{
	for (uint32_t j = i + 1; j-- > 0;) {
		const struct condition *c = &r->conditions[j];
		if (c->field == r->conditions[i].field && c->kind == COND_CONTENT)
			return (c->flags & CONTENT_DOTPREFIX) != 0;
	}
	return false;
}

static uint32_t put_bytes(struct swdb_build *b, const struct condition *c)
{
	uint32_t at = swdb_put(b, SWDB_TEXT, c->bytes, c->len);

	if (!b->failed && c->kind == COND_CONTENT && (c->flags & CONTENT_NOCASE)) {
		for (uint32_t i = 0; i < c->len; i++) {
			uint8_t *p = &b->parts[SWDB_TEXT].p[at + i];
			*p = ascii_lower(*p);
		}
	}
	swdb_put(b, SWDB_TEXT, "", 1);
	return at;
}

static void put_condition(struct swdb_build *b, const struct condition *c)
{
	bool content = c->kind == COND_CONTENT;
	struct swdb_condition out = {
		.kind = c->kind,
		.relative = content ? (c->flags & (CONTENT_DISTANCE | CONTENT_WITHIN)) != 0
				    : c->pcre_relative,
		.flags = c->flags,
		.offset = (c->flags & CONTENT_OFFSET) ? c->offset : 0,
		.depth = (c->flags & CONTENT_DEPTH) ? c->depth : 0,
		.distance = (c->flags & CONTENT_DISTANCE) ? c->distance : 0,
		.within = (c->flags & CONTENT_WITHIN) ? c->within : 0,
		.bytes = put_bytes(b, c),
		.len = c->len,
		.pcre_options = content ? 0 : c->pcre_options,
	};

	swdb_put(b, SWDB_CONDITIONS, &out, sizeof(out));
}

// One chain a buffer, in the order in which the rule first names them.
static struct swdb_span put_chains(struct swdb_build *b, const struct rule *r)
{
	struct swdb_span span = {
		(uint32_t)(b->parts[SWDB_CHAINS].len / sizeof(struct swdb_chain)), 0};
	bool done[SWDB_CONDITIONS_MAX] = {false};

	for (uint32_t i = 0; i < r->n_conditions; i++) {
		uint16_t field = r->conditions[i].field;
		struct swdb_chain chain = {
			.field = is_payload(field) ? FIELD_PAYLOAD : field,
			.dotted = condition_dotted(r, i),
			.conditions.first = (uint32_t)(b->parts[SWDB_CONDITIONS].len /
				sizeof(struct swdb_condition)),
		};
		for (uint32_t j = i; j < r->n_conditions; j++) {
			if (done[j] || r->conditions[j].field != field ||
				condition_dotted(r, j) != chain.dotted)
				continue;
			put_condition(b, &r->conditions[j]);
			chain.conditions.n++;
			done[j] = true;
		}
		if (chain.conditions.n == 0)
			continue;
		swdb_put(b, SWDB_CHAINS, &chain, sizeof(chain));
		span.n++;
	}
	return span;
}

static uint8_t rule_at(const struct rule *r)
{
	if (r->n_conditions == 0)
		return SWDB_AT_PACKET;
	if (!is_payload(r->conditions[0].field))
		return SWDB_AT_TX;
	if (r->has_dsize || (r->flow & FLOW_NO_STREAM))
		return SWDB_AT_PACKET;
	if (r->proto == RULE_TCP || (r->flow & FLOW_ONLY_STREAM))
		return SWDB_AT_STREAM;
	if (r->proto == RULE_IP || r->proto == RULE_APP)
		return SWDB_AT_PACKET | SWDB_AT_STREAM;
	return SWDB_AT_PACKET;
}

static uint32_t longest_content(const struct rule *r)
{
	uint32_t longest = 0;

	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (c->kind == COND_CONTENT && !(c->flags & CONTENT_NEGATED) && c->len > longest)
			longest = c->len;
	}
	return longest;
}

static void put_rule(struct swdb_build *b, const struct rule *r)
{
	struct swdb_rule out = {
		.gid = r->gid,
		.sid = r->sid,
		.rev = r->rev,
		.msg = put_text(b, r->msg != NULL ? r->msg : ""),
		.classtype = put_text(b, r->classtype != NULL ? r->classtype : ""),
		.set = put_text(b, r->set != NULL ? r->set : ""),
		.service = put_text(b, r->service),
		.flow = r->flow,
		.longest_content = longest_content(r),
		.src = put_addrs(b, &r->src),
		.dst = put_addrs(b, &r->dst),
		.sport = put_ports(b, &r->sport),
		.dport = put_ports(b, &r->dport),
		.metadata = put_pairs(b, r->metadata, r->n_metadata, ' '),
		.references = put_pairs(b, r->references, r->n_references, ','),
		.chains = put_chains(b, r),
		.dsize_lo = r->dsize_lo,
		.dsize_hi = r->dsize_hi,
		.severity = r->severity,
		.flags = (uint8_t)((r->bidirectional ? SWDB_BIDIRECTIONAL : 0) |
			(r->noalert ? SWDB_NOALERT : 0) | (r->action == RULE_PASS ? SWDB_PASS : 0) |
			(r->has_dsize ? SWDB_DSIZE : 0)),
		.proto = r->proto,
		.app_proto = r->app_proto,
		.at = rule_at(r),
	};

	swdb_put(b, SWDB_RULES, &out, sizeof(out));
}

static void check_pcre(const struct condition *c, struct diags *diags)
{
	int error;
	PCRE2_SIZE at;
	PCRE2_UCHAR text[128];

	if (c->pcre_options & ~PATTERN_PCRE_ALLOWED) {
		diag_add(diags, DIAG_ERROR, c->where, "pcre: unknown option");
		return;
	}
	if (memchr(c->bytes, '\0', c->len) != NULL) {
		diag_add(diags, DIAG_ERROR, c->where, "pcre: a NUL byte, write it as \\x00");
		return;
	}
	pcre2_code *code = pattern_pcre_compile(c->bytes, c->len, c->pcre_options, &error, &at);
	if (code == NULL) {
		pcre2_get_error_message(error, text, sizeof(text));
		diag_add(diags, DIAG_ERROR, c->where, "pcre: %s at its byte %zu", (char *)text,
			(size_t)at + 1);
	}
	pcre2_code_free(code);
}

static void check_condition(const struct rule *r, const struct condition *c, struct diags *diags)
{
	bool stream = is_payload(c->field) && (rule_at(r) & SWDB_AT_STREAM);

	if (c->field >= FIELD_COUNT || field_table[c->field].scan == SCAN_NO) {
		diag_add(diags, DIAG_ERROR, c->where, "this field can not be matched");
		return;
	}
	if (c->kind == COND_PCRE) {
		check_pcre(c, diags);
		return;
	}
	if (c->len == 0)
		diag_add(diags, DIAG_ERROR, c->where, "empty content");
	if (is_payload(c->field) && (c->flags & CONTENT_DOTPREFIX))
		diag_add(diags, DIAG_ERROR, c->where, "dotprefix on a payload");
	if (stream && c->len > PATTERN_TAIL)
		diag_add(diags, DIAG_WARNING, c->where,
			"a content longer than %d bytes is found in a TCP stream only when few "
			"packets carry it",
			PATTERN_TAIL);
	if (stream && (c->flags & CONTENT_ENDSWITH))
		diag_add(diags, DIAG_WARNING, c->where,
			"endswith in a TCP stream depends on where its packets end");
}

static void check_mix(const struct rule *r, struct diags *diags)
{
	const struct condition *payload = NULL, *field = NULL;

	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (is_payload(c->field))
			payload = c;
		else if (c->field < FIELD_COUNT)
			field = c;
	}
	if (field != NULL && payload != NULL)
		diag_add(diags, DIAG_ERROR, payload->where,
			"payload and %s conditions in one rule are not supported",
			field_table[field->field].name);
	if (field != NULL && r->has_dsize)
		diag_add(diags, DIAG_ERROR, field->where,
			"dsize and %s conditions in one rule are not supported",
			field_table[field->field].name);
}

static void check_rule(const struct rule *r, struct diags *diags)
{
	if (r->n_conditions > SWDB_CONDITIONS_MAX) {
		diag_add(diags, DIAG_ERROR, r->where, "more than %d contents and expressions",
			SWDB_CONDITIONS_MAX);
		return;
	}
	if ((r->src.n == 0 && !r->src.any) || (r->dst.n == 0 && !r->dst.any))
		diag_add(diags, DIAG_ERROR, r->where, "no address can match");
	if ((r->sport.n == 0 && !r->sport.any) || (r->dport.n == 0 && !r->dport.any))
		diag_add(diags, DIAG_ERROR, r->where, "no port can match");
	check_mix(r, diags);
	for (uint32_t i = 0; i < r->n_conditions; i++)
		check_condition(r, &r->conditions[i], diags);
}

// SHA-256 of the sections rules..text: what was compiled, not for which machine.
static bool digest_sources(const struct swdb_build *b, uint8_t digest[32])
{
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	bool ok = sha != NULL && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1;

	for (unsigned i = 0; i < SWDB_SOURCES && ok; i++) {
		uint64_t len = b->parts[i].len;
		ok = EVP_DigestUpdate(sha, &len, sizeof(len)) == 1 &&
			EVP_DigestUpdate(sha, b->parts[i].p, b->parts[i].len) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(sha, digest, NULL) == 1;
	EVP_MD_CTX_free(sha);
	return ok;
}

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static int fill_header(struct swdb_header *h, const struct swdb_build *b)
{
	hs_platform_info_t platform;
	uint64_t at = sizeof(*h);

	memcpy(h->magic, SWDB_MAGIC, sizeof(h->magic));
	h->version = SWDB_VERSION;
	h->header_len = sizeof(*h);
	h->n_sections = SWDB_SECTIONS;
	strncpy(h->hs_version, hs_version(), sizeof(h->hs_version) - 1);
	if (hs_populate_platform(&platform) != HS_SUCCESS || !digest_sources(b, h->sources))
		return -ENOMEM;
	h->cpu_features = platform.cpu_features;
	h->tune = platform.tune;
	for (unsigned i = 0; i < SWDB_SECTIONS; i++) {
		h->sections[i] = (struct swdb_section){at, b->parts[i].len};
		at = align8(at + b->parts[i].len);
	}
	h->total_len = at;
	return at <= SWDB_TOTAL_MAX ? 0 : -ENOMEM;
}

static int assemble(const struct swdb_build *b, struct swdb *out)
{
	struct swdb_header header = {0};
	const size_t sealed = offsetof(struct swdb_header, sources);

	int err = fill_header(&header, b);
	if (err < 0)
		return err;
	uint8_t *p = calloc(1, header.total_len);
	if (p == NULL)
		return -ENOMEM;
	memcpy(p, &header, sizeof(header));
	for (unsigned i = 0; i < SWDB_SECTIONS; i++) {
		if (b->parts[i].len > 0)
			memcpy(p + header.sections[i].offset, b->parts[i].p, b->parts[i].len);
	}
	if (EVP_Digest(p + sealed, header.total_len - sealed,
		    p + offsetof(struct swdb_header, sha256), NULL, EVP_sha256(), NULL) != 1) {
		free(p);
		return -ENOMEM;
	}
	out->data = p;
	out->len = header.total_len;
	memcpy(out->digest, header.sources, sizeof(out->digest));
	return 0;
}

int swdb_compile(const struct rule_list *rules, struct swdb *out, struct diags *diags)
{
	struct swdb_build b = {0};
	uint32_t errors = diags->n_errors;
	int err = 0;

	for (uint32_t i = 0; i < rules->n; i++) {
		uint32_t before = diags->n_errors;
		check_rule(rules->rules[i], diags);
		if (diags->n_errors == before)
			put_rule(&b, rules->rules[i]);
	}
	swdb_put(&b, SWDB_TEXT, "", 1);
	if (diags->n_errors != errors)
		err = -EINVAL;
	if (err == 0)
		err = swdb_put_prefilters(&b, rules, diags);
	if (err == 0)
		err = b.failed ? -ENOMEM : assemble(&b, out);
	for (unsigned i = 0; i < SWDB_SECTIONS; i++)
		free(b.parts[i].p);
	return err;
}

void swdb_free(struct swdb *s)
{
	free(s->data);
	*s = (struct swdb){0};
}
