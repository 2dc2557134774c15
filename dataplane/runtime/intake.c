#include "dataplane/runtime/intake.h"

#include "dataplane/inspect/answers.h"

#include <stdatomic.h>
#include <time.h>

enum {
	EXPIRE_INTERVAL_NS = 100000000,
	TICK_FRAMES = 64, // of a capture: how often its time ends flows
};

static unsigned owner_of(const struct intake *in, const struct packet *p, enum deal deal)
{
	if (deal == DEAL_NONE || (deal == DEAL_TUNNELLED && !(p->flags & PACKET_TUNNELLED)))
		return in->self;
	return (unsigned)((uint64_t)p->owner_hash * in->n_workers >> 32);
}

// There is no room: wait a little? False: there is no time for that.
static bool waits(const struct intake *in)
{
	static const struct timespec pause = {.tv_nsec = 20000};

	if (!in->lossless || atomic_load_explicit(in->stop, memory_order_relaxed))
		return false;
	stage_clock_pause(in->clock);
	nanosleep(&pause, NULL);
	stage_clock_resume(in->clock);
	return true;
}

static void hand_over(struct intake *in, unsigned owner, struct packet *p)
{
	while (handover_put(in->workers[owner], p, 1) == 0) {
		if (!waits(in)) {
			in->counters[CTR_HANDOVER_FULL] += p->frames;
			in->counters[CTR_WITNESS_LOST] += (p->flags & PACKET_WITNESS) != 0;
			packet_free(p);
			return;
		}
	}
	in->counters[CTR_HANDED_OUT] += p->frames;
}

// What p tells is told to all workers but its owner, before any packet that comes later.
static void bear_witness(struct intake *in, unsigned owner, const struct packet *p)
{
	struct packet copy;

	if (in->n_workers < 2 || answer_of(p).len == 0)
		return;
	while (!witness_make(in->witnesses, p, in->n_workers - 1, &copy)) {
		if (!waits(in)) {
			in->counters[CTR_WITNESS_LOST]++;
			return;
		}
	}
	for (unsigned i = 0; i < in->n_workers; i++) {
		struct packet each = copy;
		if (i != owner)
			hand_over(in, i, &each);
	}
}

// Time goes on for all workers: each is told with its next packet. A capture's may jump back, so when
// that is must not depend on bursts, which are cut in another way for each number of workers.
static void tick(struct intake *in, uint64_t now_ns)
{
	for (unsigned i = 0; i < in->n_workers || i == in->self; i++) {
		if (now_ns > in->due_ns[i])
			in->due_ns[i] = now_ns;
	}
}

// What came back from decode: true when p goes on to inspection here.
static bool keep(struct intake *in, struct packet *p, enum deal deal)
{
	enum counter verdict = decode_packet(in->decoder, p);

	p->tick_ns = 0;
	if (verdict == CTR_DELIVERED) {
		p->serial = in->order != NULL ? in->serial : 0;
		in->latest_ns = p->ts_ns > in->latest_ns ? p->ts_ns : in->latest_ns;
		unsigned owner = owner_of(in, p, deal);
		if (in->witnesses != NULL && packet_may_answer(p))
			bear_witness(in, owner, p);
		p->tick_ns = in->due_ns[owner];
		in->due_ns[owner] = 0;
		if (owner == in->self)
			return true;
		hand_over(in, owner, p);
		return false;
	}
	// The decoder counts what it holds.
	if (verdict != CTR_HELD_FRAGMENTS)
		in->counters[verdict]++;
	packet_free(p);
	return false;
}

static unsigned decode_burst(struct intake *in, enum deal deal, struct packet *packets, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(packets[i].data);
	for (unsigned i = 0; i < n; i++) {
		in->counters[CTR_RX_BYTES] += packets[i].wire_len;
		if (++in->serial % TICK_FRAMES == 0)
			tick(in, packets[i].ts_ns);
		if (keep(in, &packets[i], deal)) {
			if (kept != i)
				packets[kept] = packets[i];
			if (in->inspector != NULL)
				inspect_ahead(in->inspector, &packets[kept]);
			kept++;
		}
		if (in->order != NULL)
			order_deal(in->order, in->serial + 1);
	}
	return kept;
}

unsigned intake_burst(struct intake *in, struct source *s, enum deal deal, struct packet *packets)
{
	unsigned n = s->rx(s, packets, BURST_MAX);

	if (n == 0)
		return 0;
	stage_enter(in->clock, STAGE_DECODE);
	if (s->decoded) {
		for (unsigned i = 0; i < n; i++) {
			in->counters[CTR_HANDED_IN] += packets[i].frames;
			inspect_ahead(in->inspector, &packets[i]);
		}
		return n;
	}

	in->counters[CTR_RX_PACKETS] += n;
	uint64_t now_ns = packets[n - 1].ts_ns;
	if (s->live)
		tick(in, now_ns);
	n = decode_burst(in, deal, packets, n);
	if (now_ns > in->expire_ns + EXPIRE_INTERVAL_NS || now_ns < in->expire_ns) {
		decoder_expire(in->decoder, now_ns);
		in->expire_ns = now_ns;
	}
	return n;
}

void intake_finish(struct intake *in)
{
	decoder_flush(in->decoder);
}
