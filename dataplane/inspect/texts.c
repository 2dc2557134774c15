#include "dataplane/inspect/texts.h"

#include "dataplane/inspect/finds.h"
#include "dataplane/inspect/leak/window.h"

bool inspect_text_app(uint8_t app_proto)
{
	switch (app_proto) {
	case APP_UNKNOWN:
	case APP_FAILED:
	case APP_SMTP:
	case APP_IMAP:
	case APP_POP3:
	case APP_XMPP:
	case APP_IRC:
	case APP_SIP:
		return true;
	default:
		return false;
	}
}

bool texts_wanted(const struct conversations *c, unsigned side)
{
	const struct session *s = c->session;

	return c->wants.texts && inspect_text_app(c->flow->app_proto) &&
		s->text[side] != WINDOW_CLOSED && s->offset[side] < c->stream_depth;
}

// The protocol is known as far as these bytes tell it.
void texts_stream(struct conversations *c, uint64_t offset, struct bytes bytes)
{
	const struct session *s = c->session;

	if (!c->wants.texts)
		return;
	// A parser tells no text, but what came before it was known, or the one before it, may wait.
	if (!inspect_text_app(c->flow->app_proto) && (s->text[0] | s->text[1]) == 0)
		return;
	if (offset >= c->stream_depth)
		return;
	struct find find = conversation_find(c, FIND_TEXT);
	find.offset = offset;
	find.bytes = bytes;
	finds_add(c->finds, &find);
}

// Noise is told from text by its begin.
static bool begins_as_text(struct bytes in)
{
	enum { LOOKED_AT = 32, CONTROLS_MAX = 2 };
	size_t n = in.len < LOOKED_AT ? in.len : LOOKED_AT, controls = 0;

	for (size_t i = 0; i < n; i++)
		controls += in.p[i] < ' ' && in.p[i] != '\n' && in.p[i] != '\r' && in.p[i] != '\t';
	return controls <= CONTROLS_MAX && n > 0;
}

void texts_datagram(struct conversations *c, struct bytes in)
{
	// As of a stream, so much of a flow is looked at.
	if (!c->wants.texts || !inspect_text_app(c->flow->app_proto) ||
		c->counts.bytes[0] + c->counts.bytes[1] > c->stream_depth || !begins_as_text(in))
		return;
	struct find find = conversation_find(c, FIND_TEXT);
	find.bytes = in;
	finds_add(c->finds, &find);
}
