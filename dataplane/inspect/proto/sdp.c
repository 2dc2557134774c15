#include "dataplane/inspect/proto/sdp.h"

#include <strings.h>

static bool starts(struct bytes line, const char *with)
{
	size_t n = strlen(with);

	return line.len >= n && strncasecmp((const char *)line.p, with, n) == 0;
}

static bool contains(struct bytes word, const char *what)
{
	for (; word.len > 0; bytes_take(&word, 1)) {
		if (starts(word, what))
			return true;
	}
	return false;
}

static struct bytes take_line(struct bytes *in)
{
	const uint8_t *lf = memchr(in->p, '\n', in->len);
	struct bytes line = bytes_take(in, lf != NULL ? (size_t)(lf - in->p) : in->len);

	bytes_take(in, in->len > 0 ? 1 : 0);
	while (line.len > 0 && (line.p[line.len - 1] == '\r' || line.p[line.len - 1] == ' '))
		line.len--;
	return line;
}

static struct bytes take_word(struct bytes *in)
{
	const uint8_t *space = in->len > 0 ? memchr(in->p, ' ', in->len) : NULL;
	struct bytes word = bytes_take(in, space != NULL ? (size_t)(space - in->p) : in->len);

	bytes_take(in, in->len > 0 ? 1 : 0);
	return word;
}

// 5.14: media, port, proto, formats. Port 0: refused (RFC 3264 6).
static void read_media(struct bytes value, bool *refused, bool *sealed)
{
	take_word(&value);
	struct bytes port = take_word(&value);
	struct bytes proto = take_word(&value);

	*refused = bytes_equal(port, "0", 1);
	// RTP/SAVP and RTP/SAVPF (RFC 3711, 5124), UDP/TLS/RTP/SAVP (RFC 5764), UDP/DTLS/SCTP
	// (RFC 8841), TCP/TLS (RFC 8122)
	*sealed = contains(proto, "SAVP") || contains(proto, "TLS");
}

bool sdp_read(struct bytes body, struct sdp *out)
{
	bool whole_session = false; // a fingerprint before the first medium is for all
	bool refused = true;
	bool sealed = true;

	out->n_media = 0;
	out->srtp = 1;
	while (body.len > 0) {
		struct bytes line = take_line(&body);
		if (starts(line, "m=")) {
			out->srtp = out->srtp && (sealed || refused);
			bytes_take(&line, 2);
			read_media(line, &refused, &sealed);
			sealed = sealed || whole_session;
			if (out->n_media < SDP_MEDIA_MAX)
				out->media[out->n_media++] = line;
		} else if (starts(line, "a=crypto:") || starts(line, "a=fingerprint:")) {
			// RFC 4568, RFC 8122: also where the profile is plain RTP/AVP
			sealed = true;
			whole_session = whole_session || out->n_media == 0;
		}
	}
	out->srtp = out->srtp && (sealed || refused);
	return out->n_media > 0;
}
