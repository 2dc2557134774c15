// What sealwatch-craft builds: headers by a naive checksum and fixed offsets, a ClientHello, the
// sample, and files read back by libpcap.

#include "tests/unit/craft_frames.h"
#include "tools/craft/capture_out.h"
#include "tools/craft/rng.h"
#include "tools/craft/sample_plan.h"
#include "tools/craft/tls.h"

#include <pcap/pcap.h>

#include <unistd.h>

static void test_headers(void)
{
	static const size_t lens[] = {0, 1, 2, 31, 32, 33, 1399, 1400};
	uint8_t payload[1400], buf[2048];
	struct rng r = {.state = 3};

	rng_fill(&r, payload, sizeof(payload));
	for (size_t i = 0; i < ROWS(paths) * ROWS(lens) * 3; i++) {
		size_t path = i % 2, len = lens[i / 2 % ROWS(lens)], kind = i / 2 / ROWS(lens);
		struct host from = host_of(paths[path].from, 1234);
		struct host to = host_of(paths[path].to, 443);
		struct tcp_header tcp = {.seq = 7, .flags = TCP_ACK, .mss = kind == 2 ? 1460 : 0};
		struct wire w = wire_over(buf, sizeof(buf));

		if (kind == 0)
			packet_udp(&w, &from, &to, 9, payload, len);
		else
			packet_tcp(&w, &from, &to, 9, &tcp, payload, len);
		size_t want = 14 + (path == 0 ? 20 : 40) +
			(kind == 0		    ? 8
					: kind == 1 ? 20
						    : 24) +
			len;
		CHECK(w.len == want && !w.full, "%s %zu: %zu", paths[path].name, len, w.len);
		CHECK(be16(buf + 12) == (path == 0 ? 0x0800u : 0x86ddu), "%s", paths[path].name);
		check_packet(paths[path].name, buf + 14, w.len - 14);
		CHECK(memcmp(buf + w.len - len, payload, len) == 0, "%s", paths[path].name);
	}
}

// A sum that comes out as zero is sent as ffff, for zero says "none".
static void test_udp_sum_zero(void)
{
	struct host from = host_of("10.0.0.1", 1), to = host_of("10.0.0.2", 2);
	uint8_t payload[2] = {0}, buf[64];
	unsigned seen = 0;

	for (unsigned v = 0; v <= 0xffff; v++) {
		struct wire w = wire_over(buf, sizeof(buf));
		payload[0] = (uint8_t)(v >> 8);
		payload[1] = (uint8_t)v;
		packet_udp(&w, &from, &to, 0, payload, 2);
		CHECK(be16(buf + 40) != 0, "payload %04x", v);
		seen += be16(buf + 40) == 0xffff;
	}
	CHECK(seen > 0, "no payload gave it");
}

static void test_wire_full(void)
{
	uint8_t buf[64];
	struct host h = host_of("10.0.0.1", 1);

	for (size_t cap = 0; cap < sizeof(buf); cap++) {
		uint8_t *exact = malloc(cap != 0 ? cap : 1);
		struct wire w = wire_over(exact, cap);
		packet_udp(&w, &h, &h, 1, "0123456789", 10);
		CHECK(w.full == (cap < 52) && w.len <= cap, "%zu", cap);
		free(exact);
	}
}

static void test_client_hello(void)
{
	static const char *const alpn[] = {"h2", "http/1.1", NULL};
	static const struct tls_profile rows[] = {
		{.sni = "a.example", .version = TLS_12},
		{.sni = "b.example", .version = TLS_13, .alpn = alpn, .grease = true},
		{.sni = "c.example", .version = TLS_13, .hybrid_share = true, .ticket_len = 900},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t buf[4096];
		struct wire w = wire_over(buf, sizeof(buf));
		struct rng r = {.state = i};
		tls_client_hello(&w, &rows[i], &r);
		const char *row = rows[i].sni;

		CHECK(buf[0] == 22 && be16(buf + 3) == w.len - 5, "%s: record", row);
		CHECK(buf[5] == 1 && (be32(buf + 5) & 0xffffff) == w.len - 9, "%s: message", row);
		size_t at = 9 + 2 + 32;
		at += 1 + buf[at];
		at += 2 + be16(buf + at);
		at += 1 + buf[at];
		CHECK(be16(buf + at) == w.len - at - 2, "%s: extensions", row);
		at += 2;
		bool sni = false, versions = false;
		unsigned grease = 0;
		while (at + 4 <= w.len) {
			uint32_t type = be16(buf + at), len = be16(buf + at + 2);
			if (type == 0)
				sni = len == strlen(row) + 5 &&
					memcmp(buf + at + 9, row, strlen(row)) == 0;
			versions |= type == 43 && has(buf + at + 4, len, "\x03\x04", 2);
			grease += (type & 0x0f0f) == 0x0a0a;
			at += 4 + len;
		}
		CHECK(at == w.len, "%s: extensions end at %zu of %zu", row, at, w.len);
		CHECK(sni, "%s", row);
		CHECK(versions == (rows[i].version == TLS_13), "%s", row);
		CHECK(grease == rows[i].grease, "%s", row);
		CHECK(has(buf, w.len, "\x02h2\x08http/1.1", 12) == (rows[i].alpn != NULL), "%s",
			row);
		CHECK((w.len > 2000) == rows[i].hybrid_share, "%s: %zu", row, w.len);
	}
}

// Every operation over every cut of packets of all sorts, in exactly sized memory: no output
// is wrong to read, and nothing is lost.
static void test_truncated(void)
{
	struct sample sample;
	static const int links[] = {DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL};

	CHECK(sample_make(&sample, 1) == 0, "sample");
	for (size_t i = 0; i < sample.trace.n; i += 13) {
		struct frame whole = sample.trace.frames[i];
		for (uint32_t len = 0; len <= whole.len && len < 160; len++) {
			struct frame f = whole;
			struct trace one = {.frames = &f, .n = 1};
			f.len = len;
			f.wire_len = i % 2 ? whole.len : len;
			for (size_t k = 0; k < n_ops * ROWS(links); k++) {
				const struct op *op = &ops[k % n_ops];
				struct trace out = transform(&one, links[k / n_ops], op->name,
					op->min != 0 ? op->min : 1, 0);
				CHECK(out.n >= 1, "%s, %u bytes", op->name, len);
				for (size_t m = 0; m < out.n; m++)
					CHECK(out.frames[m].len <= out.frames[m].wire_len, "%s",
						op->name);
				trace_free(&out);
			}
		}
	}
	sample_free(&sample);
}

// Of a checksum that was cut in half nothing is changed.
static void test_addresses_cut(void)
{
	struct stream *s = stream_new(0);
	struct frame f = s->trace.frames[3];
	struct trace one = {.frames = &f, .n = 1};

	f.len = 51;
	struct trace out = transform(&one, DLT_EN10MB, "addresses", 5, 0);
	CHECK(memcmp(out.frames[0].data + 26, f.data + 26, 8) != 0, "addresses");
	CHECK(out.frames[0].data[50] == f.data[50], "%#x", out.frames[0].data[50]);
	trace_free(&out);
	stream_free(s);
}

static unsigned occurrences(const struct sample *s, const char *what)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->trace.n; i++)
		n += has(s->trace.frames[i].data, s->trace.frames[i].len, what, strlen(what));
	return n;
}

static void test_sample(void)
{
	struct sample a, b, c;

	CHECK(sample_make(&a, 1) == 0 && sample_make(&b, 1) == 0 && sample_make(&c, 2) == 0,
		"make");
	CHECK(a.trace.n > 200 && a.trace.n < 1000 && a.trace.n == b.trace.n, "%zu", a.trace.n);
	bool same = true, other = false;
	for (size_t i = 0; i < a.trace.n && i < b.trace.n; i++) {
		const struct frame *x = &a.trace.frames[i], *y = &b.trace.frames[i];
		same &= x->len == y->len && x->ts_ns == y->ts_ns &&
			memcmp(x->data, y->data, x->len) == 0;
		other |= i < c.trace.n &&
			(x->len != c.trace.frames[i].len ||
				memcmp(x->data, c.trace.frames[i].data, x->len) != 0);
		CHECK(i == 0 || x->ts_ns >= a.trace.frames[i - 1].ts_ns, "time of %zu", i);
	}
	CHECK(same && other, "seeds: same %d, other %d", same, other);
	for (unsigned i = 0; i < a.tls_sni.n; i++)
		CHECK(occurrences(&a, a.tls_sni.name[i]) >= 1, "%s", a.tls_sni.name[i]);
	for (unsigned i = 0; i < a.http_host.n; i++)
		CHECK(occurrences(&a, a.http_host.name[i]) >= 1, "%s", a.http_host.name[i]);
	CHECK(occurrences(&a, "4111111111111111") == 1, "card");
	CHECK(occurrences(&a, "user@example.com") == 1, "mail");
	CHECK(occurrences(&a, "WA\x06\x03") == 1, "WhatsApp");
	CHECK(occurrences(&a, "POST /mmtls/") == 1, "mmtls");
	sample_free(&a);
	sample_free(&b);
	sample_free(&c);
}

// libpcap reads back what was written.
static void test_capture_out(void)
{
	static const char *const names[] = {"craft-test.pcap", "craft-test.pcapng"};
	struct stream *s = stream_new(0);

	s->trace.frames[3].len = 41; // an odd length, and less than there was
	for (size_t i = 0; i < ROWS(names); i++) {
		char path[64], error[PCAP_ERRBUF_SIZE];
		struct capture_out *out;
		struct pcap_pkthdr *h;
		const u_char *data;
		size_t n = 0;
		snprintf(path, sizeof(path), "/tmp/%ld-%s", (long)getpid(), names[i]);
		CHECK(capture_out_open(path, DLT_EN10MB, &out) == 0, "%s", path);
		CHECK(trace_write(&s->trace, capture_out_put, out) == 0, "%s", path);
		CHECK(capture_out_close(out) == 0, "%s", path);
		pcap_t *p = pcap_open_offline_with_tstamp_precision(
			path, PCAP_TSTAMP_PRECISION_NANO, error);
		CHECK(p != NULL, "%s: %s", path, error);
		for (; p != NULL && pcap_next_ex(p, &h, &data) == 1 && n < s->trace.n; n++) {
			const struct frame *f = &s->trace.frames[n];
			CHECK(h->caplen == f->len && h->len == f->wire_len, "%s %zu", path, n);
			CHECK(memcmp(data, f->data, f->len) == 0, "%s %zu", path, n);
			CHECK((uint64_t)h->ts.tv_sec * 1000000000 + (uint64_t)h->ts.tv_usec ==
					f->ts_ns,
				"%s %zu", path, n);
		}
		CHECK(n == s->trace.n, "%s: %zu", path, n);
		if (p != NULL)
			pcap_close(p);
		unlink(path);
	}
	struct capture_out *none;
	CHECK(capture_out_open("/nonexistent/x.pcap", DLT_EN10MB, &none) < 0, "no directory");
	stream_free(s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"headers and checksums", test_headers},
		{"udp: a sum of zero", test_udp_sum_zero},
		{"a full buffer", test_wire_full},
		{"client hello", test_client_hello},
		{"operations over cut frames", test_truncated},
		{"addresses of a cut frame", test_addresses_cut},
		{"sample", test_sample},
		{"capture files", test_capture_out},
		CU_TEST_INFO_NULL,
	};
	return check_main("craft", tests);
}
