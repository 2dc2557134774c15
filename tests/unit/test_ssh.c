#include "dataplane/inspect/proto/digest.h"
#include "dataplane/inspect/proto/ssh_agree.h"
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

// RFC 4253 7.1, whoever's lists come first: the client's first that the server has.
static void test_agreed(void)
{
	static const struct {
		const char *name;
		const char *client[SSH_AGREED], *server[SSH_AGREED], *want[SSH_AGREED];
	} rows[] = {
		{"the client's order", {"a,b,c", "x", "m"}, {"c,b", "y,x", "m"}, {"b", "x", "m"}},
		{"nothing in common", {"a,b", "x", "m"}, {"c", "y", "n"}, {"", "", ""}},
		{"a part of a name is none", {"ab,b", "x", "m"}, {"a,b", "x", "m"},
			{"b", "x", "m"}},
		{"empty lists", {"", "", ""}, {"a", "x", ""}, {"", "", ""}},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bytes client[SSH_AGREED], server[SSH_AGREED], out[2][SSH_AGREED];
		struct ssh_offer offer;
		for (unsigned k = 0; k < SSH_AGREED; k++) {
			const char *c = rows[i].client[k], *s = rows[i].server[k];
			client[k] = (struct bytes){(const uint8_t *)c, strlen(c), false};
			server[k] = (struct bytes){(const uint8_t *)s, strlen(s), false};
		}
		ssh_offer_keep(&offer, client);
		ssh_agree_with_client(&offer, server, out[0]);
		ssh_offer_keep(&offer, server);
		ssh_agree_with_server(&offer, client, out[1]);
		for (unsigned k = 0; k < 2 * SSH_AGREED; k++) {
			const char *want = rows[i].want[k / 2];
			CHECK(bytes_equal(out[k % 2][k / 2], want, strlen(want)), "%s, %u",
				rows[i].name, k);
		}
	}
}

// IANA's registry for SSH, and OpenSSH's own names: no two of a list share a hash.
static void test_hashes(void)
{
	static const char *const names[] = {"curve25519-sha256", "curve25519-sha256@libssh.org",
		"curve448-sha512", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
		"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1",
		"diffie-hellman-group14-sha256", "diffie-hellman-group15-sha512",
		"diffie-hellman-group16-sha512", "diffie-hellman-group17-sha512",
		"diffie-hellman-group18-sha512", "diffie-hellman-group-exchange-sha1",
		"diffie-hellman-group-exchange-sha256", "sntrup761x25519-sha512",
		"sntrup761x25519-sha512@openssh.com", "mlkem768x25519-sha256", "rsa1024-sha1",
		"rsa2048-sha256", "ext-info-c", "ext-info-s", "kex-strict-c-v00@openssh.com",
		"kex-strict-s-v00@openssh.com", "3des-cbc", "aes128-cbc", "aes192-cbc",
		"aes256-cbc", "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com",
		"aes256-gcm@openssh.com", "arcfour", "arcfour128", "arcfour256", "blowfish-cbc",
		"cast128-cbc", "chacha20-poly1305@openssh.com", "none", "hmac-md5", "hmac-md5-96",
		"hmac-sha1", "hmac-sha1-96", "hmac-sha2-256", "hmac-sha2-512",
		"umac-64@openssh.com", "umac-128@openssh.com", "hmac-sha1-etm@openssh.com",
		"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
		"umac-64-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-ripemd160"};
	struct bytes lists[SSH_AGREED] = {0};
	struct ssh_offer offers[ROWS(names)];

	for (size_t i = 0; i < ROWS(names); i++) {
		lists[0] = (struct bytes){(const uint8_t *)names[i], strlen(names[i]), false};
		ssh_offer_keep(&offers[i], lists);
		for (size_t k = 0; k < i; k++)
			CHECK(offers[i].hash[0][0] != offers[k].hash[0][0], "%s, %s", names[i],
				names[k]);
	}
}

// Both sides' lists: told with those that come second.
static void test_both(void)
{
	static const uint16_t only[] = {FIELD_SSH_KEX, FIELD_SSH_CIPHER, FIELD_SSH_MAC, FIELD_NONE};
	static const char banner[] = "SSH-2.0-a\r\n" KEXINIT;
	static struct parser_run r = {.only = only};

	run_begin(&r, &proto_ssh);
	run_feed(&r, DIR_S2C, banner, sizeof(banner) - 1);
	run_feed(&r, DIR_C2S, banner, sizeof(banner) - 1);
	CHECK(strcmp(r.text,
		      "s2c \nssh.kex=curve25519-sha256 ssh.cipher=aes128-ctr "
		      "ssh.mac=hmac-sha1\n") == 0,
		"%s", r.text);
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
		{"agreed", test_agreed},
		{"hashes", test_hashes},
		{"both sides", test_both},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("ssh", tests);
}
