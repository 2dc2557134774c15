#include "dataplane/inspect/proto/digest.h"
#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define COOKIE "0123456789abcdef"
#define LIST(n, s) "\x00\x00\x00" n s
// curve25519-sha256;aes128-ctr;hmac-sha1;none of the client, others of the server.
#define KEXINIT                                                                                    \
	"\x00\x00\x00\x7e\x04\x14" COOKIE LIST("\x11", "curve25519-sha256")                        \
		LIST("\x0b", "ssh-ed25519") LIST("\x0a", "aes128-ctr") LIST("\x0a", "aes256-ctr")  \
			LIST("\x09", "hmac-sha1") LIST("\x08", "hmac-md5") LIST("\x04", "none")    \
				LIST("\x04", "zlib") LIST("\x00", "")                              \
					LIST("\x00", "") "\x00\x00\x00\x00\x00pppp"
#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}
static const struct {
	const char *name;
	struct bytes in;
	enum dir dir;
	enum parse want;
	const char *text;
} cases[] = {
	{"client", BYTES("SSH-2.0-Dropbear_1\r\n" KEXINIT "sealed"), DIR_C2S, PARSE_DONE,
		"ssh.proto=2.0 ssh.software=Dropbear_1 ssh.hassh=HASSH_CLIENT "
		"ssh.hassh.string=curve25519-sha256;aes128-ctr;hmac-sha1;none "
		"ssh.host_keys=ssh-ed25519\n"},
	{"server, after other lines", BYTES("hello\r\nSSH-1.99-x y z\n" KEXINIT), DIR_S2C,
		PARSE_DONE,
		"s2c ssh.proto=1.99 ssh.software=x ssh.hassh.server=HASSH_SERVER "
		"ssh.hassh.server.string=curve25519-sha256;aes256-ctr;hmac-md5;zlib "
		"ssh.host_keys=ssh-ed25519\n"},
	{"banner alone", BYTES("SSH-2.0-a\r\n"), DIR_C2S, PARSE_MORE,
		"ssh.proto=2.0 ssh.software=a\n"},
	{"ssh 1", BYTES("SSH-1.5-a\n\x00\x00"), DIR_S2C, PARSE_DONE,
		"s2c ssh.proto=1.5 ssh.software=a\n"},
	{"no key exchange behind it", BYTES("SSH-2.0-a\r\n\x00\x00\x00\x10\x04\x15zzzz"), DIR_C2S,
		PARSE_DONE, "ssh.proto=2.0 ssh.software=a\n"},
	{"lists run past the message",
		BYTES("SSH-2.0-a\r\n\x00\x00\x00\x17\x04\x14" COOKIE "\x00\x00\x00\xff"
		      "a"),
		DIR_C2S, PARSE_DONE, "ssh.proto=2.0 ssh.software=a\n"},
	{"no software", BYTES("SSH-2.0\r\n"), DIR_C2S, PARSE_BAD, ""},
	{"message too long", BYTES("SSH-2.0-a\r\n\x00\xff\x00\x00\x04\x14zzzzz"), DIR_C2S,
		PARSE_DONE, "ssh.proto=2.0 ssh.software=a\n"},
};

static const char *hash_of(const char *text, char out[MD5_TEXT + 1])
{
	digest_md5_text((struct bytes){(const uint8_t *)text, strlen(text), false}, out);
	out[MD5_TEXT] = '\0';
	return out;
}

// The expected text with digests put in: they are defined as MD5 of the string beside them.
static void expand(const char *text, char *out, size_t cap)
{
	static const struct {
		const char *word, *string;
	} rows[] = {{"HASSH_CLIENT", "curve25519-sha256;aes128-ctr;hmac-sha1;none"},
		{"HASSH_SERVER", "curve25519-sha256;aes256-ctr;hmac-md5;zlib"}};
	char md5[MD5_TEXT + 1];

	snprintf(out, cap, "%s", text);
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *at = strstr(text, rows[i].word);
		if (at != NULL)
			snprintf(out, cap, "%.*s%s%s", (int)(at - text), text,
				hash_of(rows[i].string, md5), at + strlen(rows[i].word));
	}
}

static void check_run(const struct parser_run *r, size_t i, size_t cut)
{
	char want[512];

	expand(cases[i].text, want, sizeof(want));
	CHECK(r->result[cases[i].dir] == cases[i].want, "%s, cut %zu: %d", cases[i].name, cut,
		r->result[cases[i].dir]);
	CHECK(strcmp(r->text, want) == 0, "%s, cut %zu: %s", cases[i].name, cut, r->text);
	CHECK(r->borrowed == 0, "%s, cut %zu", cases[i].name, cut);
}

static void test_streams(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct bytes in = cases[i].in;
		for (size_t cut = 1; cut <= in.len; cut++) {
			run_stream(&r, &proto_ssh, cases[i].dir, in, cut, in.len);
			check_run(&r, i, cut);
		}
		run_stream(&r, &proto_ssh, cases[i].dir, in, 1, 1);
		check_run(&r, i, 0);
	}
}

static void test_truncated(void)
{
	static struct parser_run r;
	struct bytes in = cases[0].in;

	for (size_t n = 0; n < in.len; n++) {
		run_begin(&r, &proto_ssh);
		run_feed(&r, DIR_C2S, in.p, n);
		run_gap(&r, DIR_C2S, 10);
		run_end(&r);
		CHECK((r.n_tx == 1) == (n >= 20), "%zu: %s", n, r.text);
		CHECK(r.borrowed == 0, "%zu", n);
		run_begin(&r, &proto_ssh);
		r.poor = true;
		run_feed(&r, DIR_C2S, in.p, n);
		run_end(&r);
		CHECK(r.n_tx == 0, "no buffers, %zu", n);
	}
}

static void test_probe(void)
{
	static const struct {
		const char *in;
		uint16_t sport, dport;
		enum probe want;
		enum dir sender;
	} rows[] = {{"SSH-2.0-x\r\n", 40000, 22, PROBE_YES, DIR_C2S},
		{"SSH-2.0-x\r\n", 22, 40000, PROBE_YES, DIR_S2C},
		{"SSH-1.5-x\r\n", 2222, 40000, PROBE_YES, DIR_S2C},
		{"SSH-", 1, 22, PROBE_MORE, DIR_C2S}, {"S", 1, 22, PROBE_MORE, DIR_C2S},
		{"SSH-3", 1, 22, PROBE_NO, DIR_C2S}, {"SSH-20", 1, 22, PROBE_NO, DIR_C2S},
		{"SSX-2.0", 1, 22, PROBE_NO, DIR_C2S}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		enum dir sender = DIR_C2S;
		struct bytes in = {(const uint8_t *)rows[i].in, strlen(rows[i].in), false};
		enum probe got = proto_ssh.probe(in, rows[i].sport, rows[i].dport, &sender);
		CHECK(got == rows[i].want, "%s: %d", rows[i].in, got);
		CHECK(got != PROBE_YES || sender == rows[i].sender, "%s: sender", rows[i].in);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"streams", test_streams},
		{"truncated", test_truncated},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("ssh", tests);
}
