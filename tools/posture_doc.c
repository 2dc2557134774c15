// docs/posture.md, from the code's table: `posture_doc > docs/posture.md`. A test compares them.

#include "dataplane/api/posture.h"

#include <stdio.h>

static const char head[] =
	"# Encryption posture\n\n"
	"Made from the code's table by `posture_doc`; do not edit.\n\n"
	"    sealctl posture                      every service by segment: grade, shares, the "
	"worst check\n"
	"    sealctl posture whatsapp             of one service: each check that holds, with its "
	"flows\n"
	"    sealctl posture --segment office     of one segment\n"
	"    sealctl posture --trend [SERVICE]    by day (UTC), 400 of them\n"
	"    sealctl posture --explain            this table; the daemon is not asked\n"
	"    sealwatch-replay -r capture.pcap     grades by service at the end of its summary\n\n"
	"**What is looked at.** Messages that parsers read anyway, never a packet by itself: what "
	"hellos, key\n"
	"exchanges, certificates, logins and requests say. Of a credential only that it is there. "
	"Nothing is sent,\n"
	"verified or decrypted.\n\n"
	"**The grade of a flow** follows from what was seen of it:\n\n"
	"| Grade | |\n"
	"| --- | --- |\n"
	"| A | TLS 1.3, QUIC or SSH with a post-quantum key exchange |\n"
	"| B | TLS 1.3 without; TLS 1.2 with AEAD and forward secrecy; SSH; Noise |\n"
	"| C | as B, but a check below leaves no more: CBC, no forward secrecy, no extended master "
	"secret ...; "
	"MTProto, MMTLS |\n"
	"| D | as B, but a check below leaves no more: TLS 1.1 and older, weak keys, a certificate "
	"that is over ... |\n"
	"| F | broken ciphers; a login, a message, a request in clear; any protocol in clear that "
	"was not sealed later "
	"in the flow |\n"
	"| - | not known: the server's hello was not seen, or the protocol has no grade (DNS, "
	"STUN, RTP, messengers' "
	"own that are not named above) |\n\n"
	"That is: the base (A, B, F or -) and the column *best* of all checks that hold, whichever "
	"is worst. It does "
	"not depend on the\n"
	"order of messages. A flow is counted once, when it ends, with the service and segment "
	"that it has then.\n\n"
	"**The grade of a service in a segment** is the mean of its flows that have a grade, A = "
	"4, B = 3, C = 2, "
	"D = 1, F = 0,\n"
	"rounded (a half goes up). Flows weigh alike, whatever their bytes.\n\n"
	"**Shares.** *TLS 1.3*, *PQ* and *CERTS* are parts of the flows whose server's hello was "
	"seen. Certificates are\n"
	"sealed in TLS 1.3 and QUIC, and a resumed session has none: of the rest to 100 % nothing "
	"is known, and no\n"
	"certificate check can hold there.\n\n"
	"**Severity.** `info` rows are counted and never told of a single flow: no event, whatever "
	"they say. Those that\n"
	"protect people (ECH, post-quantum, sealed DNS, Tor, VPN) are always `info`. For the "
	"others a flow gets one\n"
	"`posture` record at its end ([events.md](events.md)).\n\n"
	"**Bounds.** 1,024 pairs of service and segment a worker (`posture_cells_full`: flows that "
	"found no place, told as\n"
	"`(other)`); 32,768 servers that offered STARTTLS, the oldest goes "
	"(`posture_servers_shed`); client stacks in\n"
	"16,384 places by a hash of their JA4: two in one place are taken for one, so that at "
	"1,000 stacks some 3 % are\n"
	"not told apart. Days: 400, 65,536 rows; kept in the file `posture` of the daemon's "
	"`state` directory, written\n"
	"each minute and at the end.\n\n"
	"**Cost.** A flow's messages are looked at once each: 8 cycles a packet of "
	"`sealwatch-bench im-mix` (some 1.3 %),\n"
	"160 of a new TLS flow and 140 of a QUIC one in `handshakes` (2 % of each), by the match "
	"stage with and without it.\n\n"
	"| Check | Severity | Best | Holds when | Of | Source |\n"
	"| --- | --- | --- | --- | --- | --- |\n";

static const char tail[] = "\n**Facts** that are counted beside:\n\n"
			   "| Fact | |\n"
			   "| --- | --- |\n";

static const char limits[] =
	"\n# Limits\n\n"
	"- One-way captures show one side: without the server's hello there is no grade, but for a "
	"client that offers\n"
	"  nothing better than TLS 1.1.\n"
	"- `cert_self`: issuer and subject are compared; the signature is not verified, and no "
	"list of roots is asked, so a\n"
	"  chain to an unknown root is not told. There is no list of private CAs to leave out.\n"
	"- `cert_sig`, `cert_key`, `cert_time`, `cert_name`: of the first certificate of the "
	"chain.\n"
	"- `starttls_strip`: learnt since the dataplane began; a server that stops offering for a "
	"reason of its own looks the\n"
	"  same. POP3 tells its capabilities a line at a time, and is left out.\n"
	"- `http_auth_clear`: fields of a form are known by usual names (password, pwd ...); "
	"bodies that are no form are\n"
	"  not looked into. A session is a cookie whose name has sess, sid, token, auth, login or "
	"ticket in it.\n"
	"- `ime_clear`, `httpdns_clear`, `tor_vpn`: known names only; keyboards' own datagrams and "
	"tunnels without a name\n"
	"  (WireGuard, OpenVPN, Tor bridges) are not recognised.\n"
	"- GREASE ECH cannot be told from ECH: `ech` counts both.\n"
	"- QUIC before version 1's drafts (Google's) tells no server hello: no grade.\n";

int main(void)
{
	printf("%s", head);
	for (unsigned i = 0; i < POSTURE_CHECK_COUNT; i++) {
		const struct posture_check_info *c = &posture_checks[i];
		printf("| `%s%s%s` | %s | %s | %s | %s | %s |\n", c->check,
			c->part[0] != '\0' ? "." : "", c->part, posture_severity_names[c->severity],
			posture_grade_names[c->cap], c->rule, c->looks_at, c->source);
	}
	printf("%s", tail);
	for (unsigned i = 0; i < POSTURE_FACT_COUNT; i++)
		printf("| `%s` | %s |\n", posture_facts[i].name, posture_facts[i].help);
	printf("%s", limits);
	return 0;
}
