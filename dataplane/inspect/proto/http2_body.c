#include "dataplane/inspect/proto/http2_body.h"

#include "dataplane/inspect/proto/http_head.h"
#include "dataplane/inspect/proto/http_text.h"

// Content types are told again with the body: those that say how it is to be read, in short.
static const char *const types[] = {
	"", "application/x-www-form-urlencoded", "image/", "video/", "audio/", "font/"};

static uint8_t type_of(struct bytes v)
{
	for (uint8_t i = 1; i < sizeof(types) / sizeof(types[0]); i++) {
		if (http_starts_with(v, types[i], strlen(types[i])))
			return i;
	}
	return 0;
}

static enum field field_of(enum dir dir)
{
	return dir == DIR_C2S ? FIELD_HTTP_REQUEST_BODY : FIELD_HTTP_RESPONSE_BODY;
}

void http2_body_begin(struct http2_body *b, const struct proto_io *io, enum dir dir,
	uint32_t stream, const struct hpack_header *list, int n)
{
	enum coding coding = CODING_NONE;

	http2_body_end(b, io, dir, 0);
	if (!io_wants(io, field_of(dir)))
		return;
	b->type = 0;
	for (int i = 0; i < n; i++) {
		if (bytes_equal(list[i].name, "content-type", 12))
			b->type = type_of(list[i].value);
		else if (bytes_equal(list[i].name, "content-encoding", 16))
			coding = http_coding_named(list[i].value);
	}
	if (http_body_begin(&b->body, io, coding))
		b->stream = stream;
}

void http2_body_bytes(struct http2_body *b, const struct proto_io *io, enum dir dir,
	uint32_t stream, struct bytes in)
{
	if (b->body.out == NULL || b->stream != stream)
		return;
	b->body.sent += in.len;
	if (!http_body_bytes(&b->body, io, in))
		http2_body_end(b, io, dir, stream);
}

void http2_body_end(struct http2_body *b, const struct proto_io *io, enum dir dir, uint32_t stream)
{
	struct tx tx;

	if (b->body.out == NULL || (stream != 0 && b->stream != stream))
		return;
	tx_begin(&tx, APP_HTTP2, dir);
	tx.id = b->stream;
	tx.quiet = true;
	if (b->type != 0)
		tx_put_text(&tx, FIELD_HTTP_CONTENT_TYPE, types[b->type]);
	tx_put_some(&tx, field_of(dir), http_body_view(&b->body));
	if (http_body_view(&b->body).len > 0)
		io->tx(io->ctx, &tx);
	http_body_drop(&b->body, io);
}
