// What a rule may not be, though its text could be read.

#include "patterns/compile_hs.h"
#include "patterns/confirm.h"

#include <string.h>

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
	bool stream = field_is_payload(c->field) && (swdb_rule_at(r) & SWDB_AT_STREAM);

	if (c->field >= FIELD_COUNT || field_table[c->field].scan == SCAN_NO) {
		diag_add(diags, DIAG_ERROR, c->where, "this field can not be matched");
		return;
	}
	if (c->view != NULL && c->view->n_transforms > 0 && field_is_payload(c->field)) {
		diag_add(diags, DIAG_ERROR, c->where, "a payload is not transformed");
		return;
	}
	if (c->kind == COND_PCRE) {
		check_pcre(c, diags);
		return;
	}
	if (c->kind != COND_CONTENT)
		return;
	if (c->len == 0)
		diag_add(diags, DIAG_ERROR, c->where, "empty content");
	if (field_is_payload(c->field) && (c->flags & CONTENT_DOTPREFIX))
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
	if (!(swdb_rule_at(r) & SWDB_AT_TX))
		return;
	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (!field_is_payload(c->field))
			continue;
		diag_add(diags, DIAG_WARNING, c->where,
			"the payload is looked at in the packet that ends the message");
		return;
	}
}

void swdb_check_rule(const struct rule *r, struct diags *diags)
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
