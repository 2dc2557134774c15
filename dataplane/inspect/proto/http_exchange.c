// Which response answers which request: by their order (RFC 9112 9.3.2).

#include "dataplane/inspect/proto/http_state.h"
#include "dataplane/inspect/proto/http_upgrade.h"

static const uint64_t KIND_MASK = 3;

static enum http_kind kind_of(const struct http_head *h)
{
	if (bytes_equal(h->method, "HEAD", 4))
		return KIND_HEAD;
	if (bytes_equal(h->method, "CONNECT", 7))
		return KIND_CONNECT;
	return h->values[HTTP_UPGRADE].len > 0 ? KIND_UPGRADE : KIND_OTHER;
}

static unsigned kind_shift(uint32_t n)
{
	return n % KINDS_MAX * KIND_BITS;
}

// A message's number is its place among those seen of its side, whatever is lost: it must not
// depend on when the other side's messages come. For the kind it is worth a guess: what was lost of
// one side was seen of the other, because clients seldom send before they are answered.
void http_count_request(struct http_state *http, struct http_side *s, const struct http_head *h)
{
	enum http_kind kind = kind_of(h);

	if (s->lost && http->n_requests < http->n_responses)
		http->n_requests = http->n_responses;
	s->lost = false;
	s->id = s->n++;
	unsigned shift = kind_shift(http->n_requests++);
	http->kinds = (http->kinds & ~(KIND_MASK << shift)) | (uint64_t)kind << shift;
	s->asked = kind == KIND_CONNECT || kind == KIND_UPGRADE ? (uint8_t)kind : KIND_OTHER;
	if (kind == KIND_UPGRADE)
		s->offer = (uint8_t)http_offer(h);
}

enum http_kind http_count_response(
	struct http_state *http, struct http_side *s, const struct http_head *h)
{
	// RFC 9110 15.2: after an interim response another one follows.
	bool final = h->status >= 200 || h->status == 101;

	if (s->lost && http->n_responses + 1 < http->n_requests)
		http->n_responses = http->n_requests - 1;
	s->lost = false;
	s->id = s->n;
	s->n += final;
	uint32_t n = http->n_responses;
	http->n_responses += final;
	if (n >= http->n_requests || http->n_requests - n > KINDS_MAX)
		return KIND_NOT_SEEN;
	return (enum http_kind)(http->kinds >> kind_shift(n) & KIND_MASK);
}
