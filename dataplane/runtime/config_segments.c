#include "dataplane/runtime/config_segments.h"

#include <arpa/inet.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { VLAN_MAX = 4095, PORT_MAX = 65535 };

static int wrong(struct segment_mistake *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(struct segment_mistake *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(m->what, sizeof(m->what), fmt, args);
	va_end(args);
	return -EINVAL;
}

// Digits only, and no more than `max`. What follows is left.
static bool take_number(const char **text, unsigned max, unsigned *out)
{
	const char *p = *text;
	unsigned v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (unsigned)(*p - '0');
		if (v > max)
			return false;
	}
	*out = v;
	bool any = p > *text;
	*text = p;
	return any;
}

// "7" or "7-9".
static bool read_range(const char *text, unsigned least, unsigned max, uint16_t *lo, uint16_t *hi)
{
	unsigned from, to;

	if (!take_number(&text, max, &from))
		return false;
	to = from;
	if (*text == '-') {
		text++;
		if (!take_number(&text, max, &to))
			return false;
	}
	*lo = (uint16_t)from;
	*hi = (uint16_t)to;
	return *text == '\0' && least <= from && from <= to;
}

static int read_prefix(const char *text, uint8_t *version, uint8_t address[16], unsigned *len)
{
	char host[INET6_ADDRSTRLEN];
	size_t n = strcspn(text, "/");
	const char *rest = text + n;

	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	memset(address, 0, 16);
	*version = strchr(host, ':') != NULL ? 6 : 4;
	if (inet_pton(*version == 4 ? AF_INET : AF_INET6, host, address) != 1)
		return -EINVAL;
	unsigned max = *version == 4 ? 32 : 128;
	*len = max;
	if (*rest == '\0')
		return 0;
	rest++;
	return take_number(&rest, max, len) && *rest == '\0' ? 0 : -EINVAL;
}

static int added(struct segment_mistake *m, int err)
{
	if (err == -ENOSPC)
		return wrong(m, "more than %d in all", SEGMENT_RANGES_MAX);
	return err < 0 ? wrong(m, "not enough memory") : 0;
}

static int add_prefixes(
	struct segments *s, const struct segment_config *c, struct segment_mistake *m)
{
	m->key = "prefixes";
	for (m->item = 0; m->item < c->prefixes_count; m->item++) {
		uint8_t version, address[16];
		unsigned len;
		if (read_prefix(c->prefixes[m->item], &version, address, &len) < 0)
			return wrong(m, "not an address or prefix: %.60s", c->prefixes[m->item]);
		if (added(m, segments_prefix(s, version, address, len)) < 0)
			return -EINVAL;
	}
	return 0;
}

static int add_ranges(struct segments *s, char *const *texts, uint32_t n, const char *key,
	struct segment_mistake *m)
{
	bool ports = strcmp(key, "ports") == 0;

	m->key = key;
	for (m->item = 0; m->item < n; m->item++) {
		uint16_t lo, hi;
		if (!read_range(
			    texts[m->item], ports ? 1 : 0, ports ? PORT_MAX : VLAN_MAX, &lo, &hi))
			return wrong(m, "not a number or range of %s: %.60s", key, texts[m->item]);
		int err = ports ? segments_ports(s, lo, hi) : segments_vlans(s, lo, hi);
		if (added(m, err) < 0)
			return -EINVAL;
	}
	return 0;
}

// Names stand in records, metrics and tables as they are.
static int check_name(
	const struct dataplane_config *c, unsigned at, const char *name, struct segment_mistake *m)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";

	m->key = "name";
	if (strlen(name) >= SEGMENT_NAME_LEN || strspn(name, letters) != strlen(name))
		return wrong(m, "name takes 1 to %d of a-z 0-9 _ - .", SEGMENT_NAME_LEN - 1);
	if (strcmp(name, "default") == 0)
		return wrong(m, "default is the name of what no segment fits");
	for (unsigned i = 0; i < at; i++) {
		if (strcmp(c->segments[i].name, name) == 0)
			return wrong(m, "there is one of this name: %s", name);
	}
	return 0;
}

// The number of a word, -EINVAL. No text: the first one.
static int word_of(
	const char *text, const char *const *words, unsigned n, struct segment_mistake *m)
{
	char all[80] = "";

	for (unsigned i = 0; i < n; i++) {
		if (text == NULL || strcmp(words[i], text) == 0)
			return (int)i;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i > 0 ? ", " : "",
			words[i]);
	}
	return wrong(m, "%s takes one of: %s", m->key, all);
}

static int add_segment(struct dataplane_config *c, unsigned at, struct segment_mistake *m)
{
	static const char *const sides[] = {
		[SEGMENT_SUBSCRIBER] = "subscriber", [SEGMENT_SERVER] = "server"};
	static const char *const maskings[] = {[SEGMENT_PSEUDONYMS] = "pseudonyms",
		[SEGMENT_HIDDEN] = "hidden",
		[SEGMENT_CLEAR_SERVERS] = "clear-servers"};
	const struct segment_config *s = &c->segments[at];

	*m = (struct segment_mistake){.segment = at};
	if (check_name(c, at, s->name, m) < 0)
		return -EINVAL;
	m->key = "side";
	int side = word_of(s->side, sides, 2, m);
	if (side < 0)
		return side;
	m->key = "masking";
	int masking = word_of(s->masking, maskings, 3, m);
	if (masking < 0)
		return masking;
	if (masking == SEGMENT_CLEAR_SERVERS && (side != SEGMENT_SERVER || s->prefixes_count == 0))
		return wrong(m, "clear-servers is for prefixes with side: server");
	m->key = NULL;
	if (s->prefixes_count + s->vlans_count + s->ports_count == 0)
		return wrong(m, "%s has no prefixes, vlans or ports", s->name);
	if (segments_add(c->network, s->name, (enum segment_side)side,
		    (enum segment_masking)masking) < 0)
		return wrong(m, "more than %d", SEGMENTS_MAX - 1);
	if (add_prefixes(c->network, s, m) < 0 ||
		add_ranges(c->network, s->vlans, s->vlans_count, "vlans", m) < 0)
		return -EINVAL;
	return add_ranges(c->network, s->ports, s->ports_count, "ports", m);
}

int config_segments(struct dataplane_config *c, struct segment_mistake *mistake)
{
	if (c->segments_count == 0)
		return 0;
	c->network = segments_new();
	if (c->network == NULL)
		return wrong(mistake, "not enough memory");
	for (unsigned i = 0; i < c->segments_count; i++) {
		if (add_segment(c, i, mistake) < 0)
			return -EINVAL;
	}
	return segments_ready(c->network) < 0 ? wrong(mistake, "not enough memory") : 0;
}
