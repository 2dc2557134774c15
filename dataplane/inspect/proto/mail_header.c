#include "dataplane/inspect/proto/mail_header.h"

#include "dataplane/inspect/proto/lines.h"

enum { VALUES_MAX = 64 };

static const struct {
	const char *name;
	enum field field;
} headers[] = {{"FROM", FIELD_EMAIL_FROM}, {"TO", FIELD_EMAIL_TO}, {"CC", FIELD_EMAIL_CC},
	{"DATE", FIELD_EMAIL_DATE}, {"MESSAGE-ID", FIELD_EMAIL_MESSAGE_ID},
	{"X-MAILER", FIELD_EMAIL_X_MAILER}, {"USER-AGENT", FIELD_EMAIL_X_MAILER},
	{"SUBJECT", FIELD_EMAIL_SUBJECT}, {"RECEIVED", FIELD_EMAIL_RECEIVED}};

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t';
}

// RFC 5322 2.2.3: folded lines are one. They were kept with a LF in front of the white space.
static struct bytes unfold(uint8_t *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (p[i] != '\n')
			p[n++] = p[i];
	}
	struct bytes value = {p, n, false};
	while (value.len > 0 && is_white(value.p[0]))
		bytes_take(&value, 1);
	while (value.len > 0 && is_white(value.p[value.len - 1]))
		value.len--;
	return value;
}

// Where the header that begins at `at` ends: behind its last folded line.
static size_t header_end(const struct gather *g, size_t at)
{
	for (;;) {
		const uint8_t *lf = memchr(g->data + at, '\n', g->len - at);
		if (lf == NULL)
			return g->len;
		at = (size_t)(lf - g->data) + 1;
		if (at >= g->len || !is_white(g->data[at]))
			return at;
	}
}

static void put(struct tx *tx, struct gather *g, size_t from, size_t to)
{
	struct bytes line = {g->data + from, to - from, false};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		size_t name = strlen(headers[i].name);
		if (!line_has_word(line, headers[i].name) || tx->n_fields >= VALUES_MAX)
			continue;
		const uint8_t *colon = memchr(line.p + name, ':', line.len - name);
		if (colon == NULL)
			return;
		size_t value = (size_t)(colon - g->data) + 1;
		tx_put_some(tx, headers[i].field, unfold(g->data + value, to - value));
		return;
	}
}

static void report(
	struct mail_header *m, const struct proto_io *io, enum app_proto app, enum dir dir)
{
	struct gather *g = m->lines;
	struct tx tx;

	if (g == NULL)
		return;
	tx_begin(&tx, app, dir);
	for (size_t at = 0; at < g->len;) {
		size_t end = header_end(g, at);
		put(&tx, g, at, end);
		at = end;
	}
	if (tx.n_fields > 0)
		io->tx(io->ctx, &tx);
	collect_give(&m->lines, io);
}

void mail_header_line(struct mail_header *m, const struct proto_io *io, enum app_proto app,
	enum dir dir, struct bytes line)
{
	static const uint8_t lf = '\n';
	struct bytes end = {&lf, 1, false};

	if (m->over)
		return;
	if (line.len == 0) {
		m->over = true;
		report(m, io, app, dir);
		return;
	}
	if (line.len + 1 > GATHER_MAX - collected(m->lines) ||
		!collect(&m->lines, io, &line, line.len) || !collect(&m->lines, io, &end, 1)) {
		m->over = true;
		report(m, io, app, dir);
	}
}

void mail_header_end(
	struct mail_header *m, const struct proto_io *io, enum app_proto app, enum dir dir)
{
	report(m, io, app, dir);
	m->over = false;
}
