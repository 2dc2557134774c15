// Servers that are known by name. Names that a provider itself documents; what is not here is not counted.

#include "dataplane/inspect/posture/parts.h"

#include <strings.h>

enum { TAIL = 8 };

// With a dot in front: what is behind another label is below the name.
struct known {
	const char *dotted; // TAIL bytes at least
	uint8_t len;
	uint8_t check; // enum posture_check
};
#define KNOWN(name, check)                                                                         \
	{                                                                                          \
		"." name, sizeof(name), check                                                      \
	}

// Its last bytes, in lower case; of a short name with a dot in front, as the rows have it.
static uint64_t tail_of(struct bytes name)
{
	uint8_t last[TAIL] = {0};
	uint64_t tail;

	if (name.len >= TAIL) {
		memcpy(last, name.p + name.len - TAIL, TAIL);
	} else if (name.len == TAIL - 1) {
		last[0] = '.';
		memcpy(last + 1, name.p, TAIL - 1);
	}
	memcpy(&tail, last, TAIL);
	return tail | 0x2020202020202020;
}

static bool is_under(struct bytes name, const struct known *k)
{
	size_t n = k->len;

	if (name.len + 1 == n)
		return strncasecmp((const char *)name.p, k->dotted + 1, n - 1) == 0;
	return name.len >= n && strncasecmp((const char *)name.p + name.len - n, k->dotted, n) == 0;
}

// The bits of what is known of the name, or of one that it is below. Rows are told apart by eight bytes: this
// is asked for each hello.
static uint64_t checks_of(struct bytes name, const struct known *list, size_t n)
{
	uint64_t tail = tail_of(name), checks = 0;

	for (size_t i = 0; i < n; i++) {
		const struct known *k = &list[i];
		uint64_t row;
		memcpy(&row, k->dotted + k->len - TAIL, TAIL);
		if ((row | 0x2020202020202020) == tail && is_under(name, k))
			checks |= POSTURE_BIT(k->check);
	}
	return checks;
}
#define CHECKS_OF(name, list) checks_of(name, list, sizeof(list) / sizeof((list)[0]))

// Resolvers of DNS over HTTPS and TLS; Tor's servers and VPN providers'.
uint64_t posture_of_name(struct bytes sni)
{
	static const struct known names[] = {KNOWN("dns.google", POSTURE_DNS_SEALED),
		KNOWN("cloudflare-dns.com", POSTURE_DNS_SEALED),
		KNOWN("one.one.one.one", POSTURE_DNS_SEALED),
		KNOWN("dns.quad9.net", POSTURE_DNS_SEALED), KNOWN("doh.pub", POSTURE_DNS_SEALED),
		KNOWN("dot.pub", POSTURE_DNS_SEALED), KNOWN("dns.alidns.com", POSTURE_DNS_SEALED),
		KNOWN("doh.360.cn", POSTURE_DNS_SEALED), KNOWN("dot.360.cn", POSTURE_DNS_SEALED),
		KNOWN("dns.adguard-dns.com", POSTURE_DNS_SEALED),
		KNOWN("dns.adguard.com", POSTURE_DNS_SEALED),
		KNOWN("doh.opendns.com", POSTURE_DNS_SEALED),
		KNOWN("dns.nextdns.io", POSTURE_DNS_SEALED),
		KNOWN("doh.cleanbrowsing.org", POSTURE_DNS_SEALED),
		KNOWN("dns.twnic.tw", POSTURE_DNS_SEALED), KNOWN("doh.dns.sb", POSTURE_DNS_SEALED),
		KNOWN("torproject.org", POSTURE_TUNNEL), KNOWN("torproject.net", POSTURE_TUNNEL),
		KNOWN("cloudflareclient.com", POSTURE_TUNNEL), KNOWN("mullvad.net", POSTURE_TUNNEL),
		KNOWN("nordvpn.com", POSTURE_TUNNEL), KNOWN("expressvpn.com", POSTURE_TUNNEL),
		KNOWN("protonvpn.com", POSTURE_TUNNEL), KNOWN("protonvpn.net", POSTURE_TUNNEL),
		KNOWN("surfshark.com", POSTURE_TUNNEL), KNOWN("windscribe.com", POSTURE_TUNNEL),
		KNOWN("psiphon3.com", POSTURE_TUNNEL), KNOWN("getlantern.org", POSTURE_TUNNEL)};

	return CHECKS_OF(sni, names);
}

static bool starts(struct bytes v, const char *with)
{
	size_t n = strlen(with);

	return v.len >= n && strncasecmp((const char *)v.p, with, n) == 0;
}

// Asked by address: those of Tencent and Alibaba.
static bool is_address_of_resolver(struct bytes host, struct bytes target)
{
	static const char *const addresses[] = {
		"119.29.29.29", "119.29.29.98", "119.29.29.99", "203.107.1.1", "203.107.1.33"};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		if (posture_says(host, addresses[i]))
			return starts(target, "/d?") ||
				(target.len > 0 &&
					memmem(target.p, target.len, "host=", 5) != NULL);
	}
	return false;
}

// Resolvers over plain HTTP are called so by nearly all who run one. Keyboards: where those of Sogou, iFlytek
// and Baidu ask (Citizen Lab, 2023-08 and 2024-04).
uint64_t posture_of_host(struct bytes host, struct bytes target)
{
	static const struct known names[] = {KNOWN("dns.weixin.qq.com", POSTURE_HTTPDNS),
		KNOWN("dns.weixin.qq.com.cn", POSTURE_HTTPDNS),
		KNOWN("hdns.ksyun.com", POSTURE_HTTPDNS),
		KNOWN("httpdns.aliyuncs.com", POSTURE_HTTPDNS),
		KNOWN("get.sogou.com", POSTURE_KEYBOARD),
		KNOWN("pinyin.sogou.com", POSTURE_KEYBOARD),
		KNOWN("shouji.sogou.com", POSTURE_KEYBOARD),
		KNOWN("pinyin.voicecloud.cn", POSTURE_KEYBOARD),
		KNOWN("udpolimenew.baidu.com", POSTURE_KEYBOARD),
		KNOWN("udpolimeok.baidu.com", POSTURE_KEYBOARD),
		KNOWN("olime.baidu.com", POSTURE_KEYBOARD)};
	uint64_t checks = CHECKS_OF(host, names);

	if (starts(host, "httpdns") || is_address_of_resolver(host, target))
		checks |= POSTURE_BIT(POSTURE_HTTPDNS);
	return checks;
}
