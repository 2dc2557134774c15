#include "dataplane/inspect/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static_assert(SEGMENTS_MAX <= 64, "a bit each");

struct place { // an address, a port or a VLAN id as a number
	uint64_t high, low;
};

struct range {
	struct place lo, hi;
	uint64_t of; // segments
};

// From `from` to the next step: the segments that have it.
struct step {
	struct place from;
	uint64_t of;
};

// What segments say of one kind. One that says nothing has all of it.
struct axis {
	struct range *ranges; // until it is ready
	unsigned n_ranges;
	struct step *steps;
	unsigned n_steps;
	uint64_t named; // segments with a range
};

enum axis_kind { AXIS_IP4, AXIS_IP6, AXIS_VLAN, AXIS_PORT, AXES };

struct segment {
	char name[SEGMENT_NAME_LEN];
	enum segment_masking masking;
};

struct segments {
	struct axis axes[AXES];
	struct segment of[SEGMENTS_MAX];
	unsigned n;
	uint64_t all; // a bit each, but for the default one
	uint64_t servers; // those whose prefixes are servers'
	uint64_t anywhere; // those without prefixes
};

struct segments *segments_new(void)
{
	struct segments *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->n = 1;
	strcpy(s->of[0].name, "default");
	return s;
}

void segments_free(struct segments *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < AXES; i++) {
		free(s->axes[i].ranges);
		free(s->axes[i].steps);
	}
	free(s);
}

int segments_add(
	struct segments *s, const char *name, enum segment_side side, enum segment_masking masking)
{
	if (s->n == SEGMENTS_MAX)
		return -ENOSPC;
	unsigned n = s->n++;
	strncpy(s->of[n].name, name, SEGMENT_NAME_LEN - 1);
	s->of[n].masking = masking;
	s->all |= 1ull << n;
	if (side == SEGMENT_SERVER)
		s->servers |= 1ull << n;
	return (int)n;
}

static int add_range(struct segments *s, enum axis_kind kind, struct place lo, struct place hi)
{
	struct axis *axis = &s->axes[kind];
	unsigned n = axis->n_ranges;

	if (n == SEGMENT_RANGES_MAX)
		return -ENOSPC;
	if ((n & (n - 1)) == 0) {
		struct range *more = realloc(axis->ranges, (n > 0 ? 2 * n : 1) * sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		axis->ranges = more;
	}
	uint64_t bit = 1ull << (s->n - 1);
	axis->ranges[axis->n_ranges++] = (struct range){lo, hi, bit};
	axis->named |= bit;
	return 0;
}

static uint64_t number_of(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static struct place address_place(uint8_t ip_version, const uint8_t a[16])
{
	if (ip_version == 4)
		return (struct place){0, number_of(a, 4)};
	return (struct place){number_of(a, 8), number_of(a + 8, 8)};
}

// The bits behind the first `len` of 64.
static uint64_t behind(unsigned len)
{
	return len >= 64 ? 0 : UINT64_MAX >> len;
}

int segments_prefix(struct segments *s, uint8_t ip_version, const uint8_t address[16], unsigned len)
{
	struct place lo = address_place(ip_version, address), hi;
	unsigned at = ip_version == 4 ? len + 96 : len;
	uint64_t high = at < 64 ? behind(at) : 0;
	uint64_t low = at < 64 ? UINT64_MAX : behind(at - 64);

	lo.high &= ~high;
	lo.low &= ~low;
	hi = (struct place){lo.high | high, lo.low | low};
	return add_range(s, ip_version == 4 ? AXIS_IP4 : AXIS_IP6, lo, hi);
}

int segments_vlans(struct segments *s, uint16_t lo, uint16_t hi)
{
	return add_range(s, AXIS_VLAN, (struct place){0, lo}, (struct place){0, hi});
}

int segments_ports(struct segments *s, uint16_t lo, uint16_t hi)
{
	return add_range(s, AXIS_PORT, (struct place){0, lo}, (struct place){0, hi});
}

static int compare(struct place x, struct place y)
{
	if (x.high != y.high)
		return x.high < y.high ? -1 : 1;
	return x.low < y.low ? -1 : x.low > y.low;
}

static int by_place(const void *x, const void *y)
{
	return compare(((const struct step *)x)->from, ((const struct step *)y)->from);
}

static struct place after(struct place p)
{
	p.low++;
	p.high += p.low == 0;
	return p;
}

// A range may change what holds at its first place, and at the one behind its last.
static unsigned steps_of(const struct axis *axis, struct step *steps)
{
	unsigned n = 0, kept = 1;

	steps[n++] = (struct step){.from = {0, 0}};
	for (unsigned i = 0; i < axis->n_ranges; i++) {
		struct place end = after(axis->ranges[i].hi);
		steps[n++] = (struct step){.from = axis->ranges[i].lo};
		if (end.high != 0 || end.low != 0)
			steps[n++] = (struct step){.from = end};
	}
	qsort(steps, n, sizeof(*steps), by_place);
	for (unsigned i = 1; i < n; i++) {
		if (compare(steps[i].from, steps[kept - 1].from) != 0)
			steps[kept++] = steps[i];
	}
	return kept;
}

static unsigned step_at(const struct axis *axis, struct place p)
{
	unsigned lo = 0, hi = axis->n_steps;

	while (hi - lo > 1) {
		unsigned mid = (lo + hi) / 2;
		if (compare(axis->steps[mid].from, p) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static int axis_ready(struct axis *axis)
{
	axis->steps = calloc(2 * (size_t)axis->n_ranges + 1, sizeof(*axis->steps));
	if (axis->steps == NULL)
		return -ENOMEM;
	axis->n_steps = steps_of(axis, axis->steps);
	for (unsigned i = 0; i < axis->n_ranges; i++) {
		const struct range *r = &axis->ranges[i];
		for (unsigned at = step_at(axis, r->lo);
			at < axis->n_steps && compare(axis->steps[at].from, r->hi) <= 0; at++)
			axis->steps[at].of |= r->of;
	}
	free(axis->ranges);
	axis->ranges = NULL;
	return 0;
}

int segments_ready(struct segments *s)
{
	s->anywhere = s->all & ~(s->axes[AXIS_IP4].named | s->axes[AXIS_IP6].named);
	for (unsigned i = 0; i < AXES; i++) {
		if (axis_ready(&s->axes[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

unsigned segments_count(const struct segments *s)
{
	return s != NULL ? s->n : 1;
}

const char *segments_name(const struct segments *s, unsigned segment)
{
	return s != NULL && segment < s->n ? s->of[segment].name : "default";
}

enum segment_masking segments_masking(const struct segments *s, unsigned segment)
{
	return s != NULL && segment < s->n ? s->of[segment].masking : SEGMENT_PSEUDONYMS;
}

static uint64_t axis_find(const struct axis *axis, struct place p)
{
	return axis->steps[axis->n_steps > 1 ? step_at(axis, p) : 0].of;
}

static uint64_t of_address(const struct segments *s, uint8_t ip_version, const uint8_t a[16])
{
	const struct axis *axis = &s->axes[ip_version == 4 ? AXIS_IP4 : AXIS_IP6];

	return axis_find(axis, address_place(ip_version, a)) | s->anywhere;
}

bool segments_hold(
	const struct segments *s, unsigned segment, uint8_t ip_version, const uint8_t address[16])
{
	return (of_address(s, ip_version, address) & ~s->anywhere) >> segment & 1;
}

static uint64_t of_port(const struct segments *s, uint16_t port)
{
	const struct axis *axis = &s->axes[AXIS_PORT];

	return axis_find(axis, (struct place){0, port}) | ~axis->named;
}

static uint64_t of_vlans(const struct segments *s, const struct vlan_path *vlans)
{
	const struct axis *axis = &s->axes[AXIS_VLAN];
	uint64_t of = ~axis->named;

	for (unsigned i = 0; i < vlans->n && i < VLANS_MAX; i++)
		of |= axis_find(axis, (struct place){0, vlans->id[i]});
	return of;
}

void segments_label(const struct segments *s, const struct packet *p, struct flow_note *note)
{
	const struct flow_key *k = &p->key;

	uint64_t in_a = of_address(s, k->ip_version, k->a),
		 in_b = of_address(s, k->ip_version, k->b);
	uint64_t at_a = of_port(s, k->aport), at_b = of_port(s, k->bport);
	// Whose person would be a, whose b: the other end is the server, and has the port.
	uint64_t person_a = (in_a & at_b & ~s->servers) | (in_b & at_b & s->servers);
	uint64_t person_b = (in_b & at_a & ~s->servers) | (in_a & at_a & s->servers);
	uint64_t fits = (person_a | person_b) & of_vlans(s, &p->vlans) & s->all;

	if (fits == 0)
		return;
	unsigned segment = (unsigned)__builtin_ctzll(fits);
	bool a = person_a >> segment & 1, b = person_b >> segment & 1;
	note->segment = segment & (SEGMENTS_MAX - 1);
	note->person = a && b ? PERSON_CLIENT : a ? PERSON_A : PERSON_B;
}
