// Hosts and names: whose they are, where they are addresses or devices.

#include "dataplane/inspect/mask_out.h"
#include "dataplane/inspect/spelling.h"

#include <strings.h>

enum {
	LABEL_DIGITS_MIN = 10,
	HOST_DIGITS_MIN = 7,
	PORT_DIGITS_MAX = 5,
	NIBBLES_MIN = 7, // of an address or a number, a label each
	DASHED_MIN = 5,
	MAC_DIGITS = 12,
};

static bool ends_with(struct bytes in, const char *end)
{
	size_t n = strlen(end);

	return in.len >= n && strncasecmp((const char *)in.p + in.len - n, end, n) == 0;
}

static struct bytes without_dot(struct bytes in)
{
	in.len -= in.len > 0 && in.p[in.len - 1] == '.';
	return in;
}

static const char *ending(struct bytes in, const char *const *endings, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (ends_with(without_dot(in), endings[i]))
			return endings[i];
	}
	return NULL;
}

// Names of addresses and of telephone numbers.
static const char *reverse_zone(struct bytes in)
{
	static const char *const zones[] = {".in-addr.arpa", ".ip6.arpa", ".ip6.int", ".e164.arpa"};

	return ending(in, zones, sizeof(zones) / sizeof(zones[0]));
}

// Names in these are devices', and people name their devices after themselves.
static bool is_home(struct bytes in)
{
	static const char *const zones[] = {
		".local", ".lan", ".home", ".localdomain", ".home.arpa", ".fritz.box", ".internal"};

	return ending(in, zones, sizeof(zones) / sizeof(zones[0])) != NULL;
}

static bool is_label_of_all(struct bytes in)
{
	static const char *const words[] = {"*", "localhost", "wpad", "isatap", "com", "net", "org",
		"arpa", "local", "unknown"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (in.len == strlen(words[i]) && ends_with(in, words[i]))
			return true;
	}
	return false;
}

// RFC 6763 4.1: "instance._service._tcp.domain": where the service begins; 0: no instance.
static size_t instance_len(struct bytes in)
{
	const uint8_t *service = in.len > 2 ? memmem(in.p, in.len, "._", 2) : NULL;

	if (service == NULL || in.p[0] == '_')
		return 0;
	size_t len = (size_t)(service - in.p);
	if (memmem(service, in.len - len, "._tcp", 5) == NULL &&
		memmem(service, in.len - len, "._udp", 5) == NULL)
		return 0;
	return len;
}

static bool in_label(uint8_t c)
{
	return spelled_digit(c) || spelled_letter(c) || c >= 0x80;
}

// Single hexadecimal digits between dots.
static size_t nibbles_len(struct bytes in)
{
	size_t len = 0, n = 0;

	while (len < in.len && spelled_hex(in.p[len]) &&
		(len + 1 == in.len || in.p[len + 1] == '.')) {
		n++;
		len += len + 1 == in.len ? 1 : 2;
	}
	if (len > 0 && in.p[len - 1] == '.')
		len--;
	return n >= NIBBLES_MIN ? len : 0;
}

// "192-0-2-77.dsl.example" is that address, "77.2.0.192.list.example" is it backwards, as are the
// names of lists of addresses (RFC 5782 2.1). Of more than four groups the last four are taken,
// where they can be.
static bool put_quad(struct mask_out *o, struct bytes *in)
{
	struct chain c;
	uint8_t address[16];
	unsigned at;

	spelled_chain(*in, ".-_", &c);
	if (c.n < 4 || c.n > CHAIN_MAX || (c.sep != '.' && c.digits < DASHED_MIN))
		return false;
	for (at = c.n - 4; at > 0 && !chain_ip4(&c, at, address); at--)
		;
	if (!chain_ip4(&c, at, address))
		return false;
	bool zone = c.sep == '.' && c.len + 1 < in->len && in->p[c.len] == '.' &&
		in_label(in->p[c.len + 1]);
	mask_put_quad(o, address, c.sep, zone, bytes_take(in, c.len));
	return true;
}

static bool put_ip6(struct mask_out *o, struct bytes *in)
{
	uint8_t address[16];
	bool exact;
	size_t len = spelled_ip6(*in, address, &exact);

	if (len == 0)
		return false;
	if (exact)
		mask_put_address(o, 6, address, bytes_take(in, len));
	else
		mask_put_token(o, bytes_take(in, len));
	if (in->len > 0 && in->p[0] == '%') // RFC 4007 11: whose interface
		while (in->len > 0 && in->p[0] != ']' && in->p[0] != ',')
			bytes_take(in, 1);
	return true;
}

static bool has_number(struct bytes piece)
{
	size_t run = 0, longest = 0, hex = 0;

	for (size_t i = 0; i < piece.len; i++) {
		run = spelled_digit(piece.p[i]) ? run + 1 : 0;
		longest = run > longest ? run : longest;
		hex += spelled_hex(piece.p[i]);
	}
	return longest >= LABEL_DIGITS_MIN ||
		(piece.len == MAC_DIGITS && hex == piece.len && longest > 0);
}

static size_t piece_len(struct bytes in)
{
	size_t len = 0;

	while (len < in.len && in_label(in.p[len]))
		len++;
	return len;
}

// How much at the begin is a device's or a person's.
static size_t telling_len(struct bytes in)
{
	size_t piece = piece_len(in), len = spelled_mac(in);

	if (len == 0)
		len = spelled_uuid(in);
	if (len == 0)
		len = nibbles_len(in);
	if (len == 0 && has_number((struct bytes){in.p, piece, false}))
		len = piece;
	return len > 0 && len < piece ? piece : len;
}

static void put_piece(struct mask_out *o, struct bytes *in)
{
	size_t len = telling_len(*in), piece = piece_len(*in), digits = piece;
	struct chain c;

	if (len == 0 && (put_ip6(o, in) || put_quad(o, in)))
		return;
	if (len == 0 && spelled_chain(*in, "-_", &c) > 0 && c.digits >= LABEL_DIGITS_MIN)
		len = c.len;
	if (len > 0) {
		mask_put_token(o, bytes_take(in, len));
		return;
	}
	while (digits > 0 && spelled_digit(in->p[digits - 1]))
		digits--;
	// With the digits that a label ends in an address may begin: "ip192.0.2.77".
	if (digits > 0 && digits < piece && piece < in->len && strchr(".-_", in->p[piece]) != NULL)
		piece = digits;
	mask_put(o, in->p, piece);
	bytes_take(in, piece);
}

// Behind ':' stands a port; what is none goes, with all behind it.
static void put_port(struct mask_out *o, struct bytes *in)
{
	size_t len = 0;

	mask_put(o, in->p, 1);
	bytes_take(in, 1);
	while (len < in->len && spelled_digit(in->p[len]))
		len++;
	if (len > PORT_DIGITS_MAX || (len < in->len && in->p[len] != ':' && in->p[len] != ','))
		in->len = 0;
	else
		mask_put(o, in->p, len);
	bytes_take(in, len < in->len ? len : in->len);
}

static bool begins_ip6(struct bytes in, size_t skip)
{
	uint8_t address[16];
	bool exact;

	if (in.len <= skip)
		return false;
	bytes_take(&in, skip);
	return spelled_ip6(in, address, &exact) > 0;
}

static void put_labels(struct mask_out *o, struct bytes in)
{
	while (in.len > 0) {
		if (in_label(in.p[0]))
			put_piece(o, &in);
		else if (in.p[0] != ':')
			mask_put(o, bytes_take(&in, 1).p, 1);
		else if (begins_ip6(in, 0))
			put_ip6(o, &in);
		else if (begins_ip6(in, 1)) // RFC 5321 4.1.3: "IPv6:2001:db8::1"
			mask_put(o, bytes_take(&in, 1).p, 1);
		else
			put_port(o, &in);
	}
}

// The host in "host:80", without brackets' and IPv6's colons.
static struct bytes host_of(struct bytes in)
{
	const uint8_t *colon = in.len > 0 ? memchr(in.p, ':', in.len) : NULL;

	if (colon != NULL)
		in.len = (size_t)(colon - in.p);
	return in;
}

// What stands in front of the last '@' says who, not where.
static struct bytes without_user(struct bytes in)
{
	const uint8_t *at = in.len > 0 ? memrchr(in.p, '@', in.len) : NULL;
	size_t cut = at != NULL ? (size_t)(at - in.p) + 1 : 0;

	for (size_t i = in.len; i >= cut + 3; i--) {
		if (memcmp(in.p + i - 3, "%40", 3) == 0) {
			cut = i;
			break;
		}
	}
	bytes_take(&in, cut);
	return in;
}

// True when the whole host was put, and is cut off `in`.
static bool put_whole(struct mask_out *o, struct bytes *in)
{
	struct bytes host = host_of(*in);
	uint8_t address[16];

	if (host.len == 0 || begins_ip6(*in, 0) || begins_ip6(*in, host.len + 1))
		return false;
	bool dotted = memchr(host.p, '.', host.len) != NULL;
	if (host.p[0] == '[' && (dotted || host.len < in->len)) // an address, it says
		return false;
	if (spelled_number_host(host, address) && (dotted || host.len >= HOST_DIGITS_MIN))
		mask_put_quad(o, address, '.', false, host);
	else if (!dotted && !is_label_of_all(host))
		mask_put_person(o, host);
	else
		return false;
	bytes_take(in, host.len);
	return true;
}

// The first label of a name that a device has at home.
static void put_device(struct mask_out *o, struct bytes *in)
{
	struct bytes host = host_of(*in);
	const uint8_t *dot = host.len > 0 ? memchr(host.p, '.', host.len) : NULL;

	if (dot == NULL || host.p[0] == '_' || !is_home(host))
		return;
	mask_put_person(o, bytes_take(in, (size_t)(dot - host.p)));
}

void mask_put_name(struct mask_out *o, struct bytes name)
{
	const char *zone = reverse_zone(name);
	size_t instance = instance_len(name);

	if (zone != NULL) {
		mask_put(o, "*", 1);
		mask_put(o, zone, strlen(zone));
		return;
	}
	if (instance > 0)
		mask_put_person(o, bytes_take(&name, instance));
	name = without_user(name);
	if (instance == 0 && !put_whole(o, &name))
		put_device(o, &name);
	put_labels(o, name);
}

size_t mask_name(struct masker *m, struct bytes in, uint8_t *out)
{
	struct mask_out o = mask_out_to(m, out, MASK_NAME_MORE - 1); // "*" of a zone

	mask_put_name(&o, in);
	return o.n;
}
