#include "dataplane/inspect/proto/sip_message.h"

#include "dataplane/inspect/proto/sdp.h"

#include <strings.h>

enum { METHOD_MAX = 32, UNFOLDED_MAX = 2048 };

#define SIP_VERSION "SIP/2.0"
enum { VERSION_LEN = sizeof(SIP_VERSION) - 1 };

// 7.3.3 compact forms. Those without a field are read by the parser itself.
static const struct header {
	const char *name;
	char compact;
	uint16_t field;
} headers[] = {{"From", 'f', FIELD_SIP_FROM}, {"To", 't', FIELD_SIP_TO},
	{"Call-ID", 'i', FIELD_SIP_CALL_ID}, {"User-Agent", '\0', FIELD_SIP_USER_AGENT},
	{"Via", 'v', FIELD_SIP_VIA}, {"Content-Type", 'c', FIELD_SIP_CONTENT_TYPE},
	{"Content-Length", 'l', FIELD_SIP_CONTENT_LENGTH}, {"Authorization", '\0', FIELD_SIP_AUTH},
	{"Proxy-Authorization", '\0', FIELD_SIP_AUTH}};

struct report {
	const struct proto_io *io;
	struct tx tx;
	struct sdp sdp;
	uint8_t unfolded[UNFOLDED_MAX]; // values that stood on several lines
	size_t n_unfolded;
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes trim(struct bytes v)
{
	while (v.len > 0 && is_blank(v.p[0]))
		bytes_take(&v, 1);
	while (v.len > 0 && is_blank(v.p[v.len - 1]))
		v.len--;
	return v;
}

// A line and its end, off the front; the line without its end.
static struct bytes take_line(struct bytes *in)
{
	const uint8_t *lf = in->len > 0 ? memchr(in->p, '\n', in->len) : NULL;
	struct bytes line = bytes_take(in, lf != NULL ? (size_t)(lf - in->p) : in->len);

	if (lf != NULL)
		bytes_take(in, 1);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

// 7.3.1: a header goes on in the lines that begin with a space.
static struct bytes take_header(struct bytes *in)
{
	struct bytes header = take_line(in);

	while (header.len > 0 && in->len > 0 && (in->p[0] == ' ' || in->p[0] == '\t')) {
		struct bytes more = take_line(in);
		header.len = (size_t)(more.p + more.len - header.p);
	}
	return header;
}

static const struct header *find_header(struct bytes name)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		const struct header *h = &headers[i];
		if (name.len == 1 && (name.p[0] | 0x20) == h->compact)
			return h;
		if (name.len == strlen(h->name) &&
			strncasecmp((const char *)name.p, h->name, name.len) == 0)
			return h;
	}
	return NULL;
}

// The field of a header and its value. NULL: none that is wanted.
static const struct header *split_header(struct bytes line, struct bytes *value)
{
	const uint8_t *colon = line.len > 0 ? memchr(line.p, ':', line.len) : NULL;

	if (colon == NULL)
		return NULL;
	struct bytes name = bytes_take(&line, (size_t)(colon - line.p));
	bytes_take(&line, 1);
	*value = trim(line);
	return find_header(trim(name));
}

static bool starts(struct bytes in, const char *with)
{
	size_t n = strlen(with);

	return in.len >= n && strncasecmp((const char *)in.p, with, n) == 0;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

// "SIP/2.0 200"; a reason should follow, and may be empty.
static bool is_status_line(struct bytes line)
{
	return line.len >= VERSION_LEN + 4 && starts(line, SIP_VERSION " ") &&
		line.p[VERSION_LEN + 1] >= '1' && line.p[VERSION_LEN + 1] <= '6' &&
		is_digit(line.p[VERSION_LEN + 2]) && is_digit(line.p[VERSION_LEN + 3]) &&
		(line.len == VERSION_LEN + 4 || line.p[VERSION_LEN + 4] == ' ');
}

// 25.1 token; methods that are known are in upper case.
static size_t method_len(struct bytes line)
{
	size_t n = 0;

	while (n < line.len && n <= METHOD_MAX &&
		((line.p[n] >= 'A' && line.p[n] <= 'Z') || line.p[n] == '-' || line.p[n] == '_'))
		n++;
	return n <= METHOD_MAX ? n : 0;
}

static bool is_request_line(struct bytes line)
{
	size_t n = method_len(line);

	return n > 0 && line.len > n + 2 + VERSION_LEN && line.p[n] == ' ' &&
		line.p[line.len - VERSION_LEN - 1] == ' ' &&
		strncasecmp((const char *)line.p + line.len - VERSION_LEN, SIP_VERSION,
			VERSION_LEN) == 0;
}

bool sip_is_start_line(struct bytes line)
{
	return is_status_line(line) || is_request_line(line);
}

static uint32_t number_of(struct bytes digits, bool *good)
{
	uint32_t n = 0;

	*good = digits.len > 0 && digits.len < 9;
	for (size_t i = 0; i < digits.len && *good; i++) {
		*good = is_digit(digits.p[i]);
		n = n * 10 + (uint32_t)(digits.p[i] - '0');
	}
	return *good ? n : 0;
}

void sip_head_read(struct bytes head, struct sip_head *out)
{
	*out = (struct sip_head){.head = head};
	take_line(&head);
	while (head.len > 0) {
		struct bytes value;
		const struct header *h = split_header(take_header(&head), &value);
		if (h == NULL)
			continue;
		if (h->field == FIELD_SIP_CONTENT_TYPE)
			out->content_type = value;
		if (h->field == FIELD_SIP_CONTENT_LENGTH)
			out->content_length = number_of(value, &out->has_length);
	}
}

bool sip_body_counts(const struct sip_head *head)
{
	return head->content_type.len == 0 || starts(head->content_type, "application/sdp") ||
		starts(head->content_type, "multipart/");
}

size_t sip_head_len(struct bytes in)
{
	const uint8_t *begin = in.p;

	while (in.len > 0) {
		const uint8_t *lf = memchr(in.p, '\n', in.len);
		if (lf == NULL)
			return 0;
		bool empty = lf == in.p || (lf == in.p + 1 && in.p[0] == '\r');
		bytes_take(&in, (size_t)(lf - in.p) + 1);
		if (empty)
			return (size_t)(in.p - begin);
	}
	return 0;
}

static void put_start_line(struct report *r, struct bytes line)
{
	if (is_status_line(line)) {
		tx_put(&r->tx, FIELD_SIP_RESPONSE_LINE, line);
		tx_put(&r->tx, FIELD_SIP_PROTOCOL, bytes_take(&line, VERSION_LEN));
		bytes_take(&line, 1);
		tx_put(&r->tx, FIELD_SIP_STAT_CODE, bytes_take(&line, 3));
		tx_put_some(&r->tx, FIELD_SIP_STAT_MSG, trim(line));
		return;
	}
	tx_put(&r->tx, FIELD_SIP_REQUEST_LINE, line);
	tx_put(&r->tx, FIELD_SIP_METHOD, bytes_take(&line, method_len(line)));
	struct bytes uri = bytes_take(&line, line.len - VERSION_LEN);
	tx_put_some(&r->tx, FIELD_SIP_URI, trim(uri));
	tx_put(&r->tx, FIELD_SIP_PROTOCOL, line);
}

// 7.3.1: the end of the line and the spaces after it mean one space.
static struct bytes unfold(struct report *r, struct bytes value)
{
	if (value.len == 0 || memchr(value.p, '\n', value.len) == NULL)
		return value;
	size_t room = UNFOLDED_MAX - r->n_unfolded;
	uint8_t *out = r->unfolded + r->n_unfolded;
	size_t n = 0;

	for (size_t i = 0; i < value.len && n < room; i++) {
		uint8_t c = is_blank(value.p[i]) ? ' ' : value.p[i];
		if (c != ' ' || n == 0 || out[n - 1] != ' ')
			out[n++] = c;
	}
	r->n_unfolded += n;
	return (struct bytes){out, n, false};
}

// RFC 3261 22.4: "Digest username="bob", algorithm=MD5, ..."; without the parameter it is MD5.
static const char *auth_word(struct bytes value)
{
	static const char name[] = "algorithm=";

	if (!starts(value, "digest"))
		return starts(value, "basic")	  ? "basic"
			: starts(value, "bearer") ? "bearer"
						  : "other";
	for (; value.len >= sizeof(name) - 1; bytes_take(&value, 1)) {
		if (!starts(value, name))
			continue;
		bytes_take(&value, sizeof(name) - 1);
		bytes_take(&value, value.len > 0 && value.p[0] == '"' ? 1 : 0);
		return starts(value, "md5")	? "digest-md5"
			: starts(value, "sha-") ? "digest-sha"
			: starts(value, "akav") ? "digest-aka"
						: "digest";
	}
	return "digest-md5";
}

static void put_headers(struct report *r, struct bytes head)
{
	while (head.len > 0) {
		struct bytes value;
		const struct header *h = split_header(take_header(&head), &value);
		if (h == NULL || value.len == 0)
			continue;
		if (h->field == FIELD_SIP_AUTH)
			tx_put_text(&r->tx, FIELD_SIP_AUTH, auth_word(value));
		else if (field_table[h->field].mask != MASK_SECRET || io_wants(r->io, h->field))
			tx_put(&r->tx, (enum field)h->field, unfold(r, value));
	}
}

// RFC 2046 5.1: the part that is a session description.
static struct bytes find_part(struct bytes body)
{
	while (body.len > 0) {
		struct bytes line = take_line(&body);
		struct bytes value;
		const struct header *h = split_header(line, &value);
		if (h == NULL || h->field != FIELD_SIP_CONTENT_TYPE ||
			!starts(value, "application/sdp"))
			continue;
		size_t head = sip_head_len(body);
		bytes_take(&body, head);
		struct bytes part = body;
		while (body.len > 0) {
			line = take_line(&body);
			if (starts(line, "--"))
				part.len = (size_t)(line.p - part.p);
			if (starts(line, "--"))
				return part;
		}
		return part;
	}
	return body;
}

static void put_body(struct report *r, const struct sip_head *head, struct bytes body)
{
	if (starts(head->content_type, "multipart/"))
		body = find_part(body);
	else if (head->content_type.len == 0 && !starts(body, "v=0"))
		return;
	if (!sdp_read(body, &r->sdp))
		return;
	for (unsigned i = 0; i < r->sdp.n_media; i++)
		tx_put(&r->tx, FIELD_SDP_MEDIA, r->sdp.media[i]);
	tx_put(&r->tx, FIELD_SDP_SRTP, (struct bytes){.p = &r->sdp.srtp, .len = 1});
}

void sip_report(
	const struct proto_io *io, enum dir dir, const struct sip_head *head, struct bytes body)
{
	struct report r;
	struct bytes in = head->head;

	r.io = io;
	r.n_unfolded = 0;
	tx_begin(&r.tx, APP_SIP, dir);
	put_start_line(&r, take_line(&in));
	put_headers(&r, in);
	if (body.len > 0 && sip_body_counts(head))
		put_body(&r, head, body);
	io->tx(io->ctx, &r.tx);
}

// A request is known by where it goes before its line's end is seen.
static enum probe probe_request(struct bytes in, bool may_grow)
{
	static const char *const schemes[] = {"sip:", "sips:", "tel:", "urn:service:"};
	size_t n = method_len(in);

	if (n == 0 || (n < in.len && in.p[n] != ' '))
		return PROBE_NO;
	if (n + 1 >= in.len)
		return may_grow ? PROBE_MORE : PROBE_NO;
	bytes_take(&in, n + 1);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i]);
		size_t have = in.len < len ? in.len : len;
		if (strncasecmp((const char *)in.p, schemes[i], have) != 0)
			continue;
		if (have == len)
			return PROBE_YES;
		return may_grow ? PROBE_MORE : PROBE_NO;
	}
	return PROBE_NO;
}

enum probe sip_probe(struct bytes in, bool may_grow, enum dir *sender)
{
	while (in.len > 0 && (in.p[0] == '\r' || in.p[0] == '\n'))
		bytes_take(&in, 1);
	if (in.len == 0)
		return may_grow ? PROBE_MORE : PROBE_NO;
	if (in.p[0] < 'A' || in.p[0] > 'Z')
		return PROBE_NO;

	*sender = DIR_S2C;
	size_t n = in.len < VERSION_LEN + 1 ? in.len : VERSION_LEN + 1;
	if (memcmp(in.p, SIP_VERSION " ", n) == 0) {
		if (n == VERSION_LEN + 1)
			return PROBE_YES;
		return may_grow ? PROBE_MORE : PROBE_NO;
	}
	*sender = DIR_C2S;
	return probe_request(in, may_grow);
}
