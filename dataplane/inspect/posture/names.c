// Servers that are known by name. Names that a provider itself documents; what is not here is not counted.

#include "dataplane/inspect/posture/parts.h"

#include <strings.h>

// The name, or one below it.
static bool is_under(struct bytes name, const char *suffix)
{
	size_t n = strlen(suffix);

	if (name.len < n || strncasecmp((const char *)name.p + name.len - n, suffix, n) != 0)
		return false;
	return name.len == n || name.p[name.len - n - 1] == '.';
}

static bool is_listed(struct bytes name, const char *const *suffixes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_under(name, suffixes[i]))
			return true;
	}
	return false;
}
#define IS_LISTED(name, list) is_listed(name, list, sizeof(list) / sizeof((list)[0]))

bool posture_is_resolver(struct bytes sni)
{
	static const char *const names[] = {"dns.google", "cloudflare-dns.com", "one.one.one.one",
		"dns.quad9.net", "doh.pub", "dot.pub", "dns.alidns.com", "doh.360.cn", "dot.360.cn",
		"dns.adguard-dns.com", "dns.adguard.com", "doh.opendns.com", "dns.nextdns.io",
		"doh.cleanbrowsing.org", "dns.twnic.tw", "doh.dns.sb"};

	return IS_LISTED(sni, names);
}

bool posture_is_tunnel(struct bytes sni)
{
	static const char *const names[] = {"torproject.org", "torproject.net",
		"cloudflareclient.com", "mullvad.net", "nordvpn.com", "expressvpn.com",
		"protonvpn.com", "protonvpn.net", "surfshark.com", "windscribe.com", "psiphon3.com",
		"getlantern.org"};

	return IS_LISTED(sni, names);
}

static bool starts(struct bytes v, const char *with)
{
	size_t n = strlen(with);

	return v.len >= n && strncasecmp((const char *)v.p, with, n) == 0;
}

// Resolvers over plain HTTP are called so by nearly all who run one; those of Tencent and Alibaba are asked
// by address as well.
bool posture_is_httpdns(struct bytes host, struct bytes target)
{
	static const char *const names[] = {"dns.weixin.qq.com", "dns.weixin.qq.com.cn",
		"hdns.ksyun.com", "httpdns.aliyuncs.com"};
	static const char *const addresses[] = {
		"119.29.29.29", "119.29.29.98", "119.29.29.99", "203.107.1.1", "203.107.1.33"};

	if (starts(host, "httpdns") || IS_LISTED(host, names))
		return true;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		if (posture_says(host, addresses[i]))
			return starts(target, "/d?") ||
				(target.len > 0 &&
					memmem(target.p, target.len, "host=", 5) != NULL);
	}
	return false;
}

// Where the keyboards of Sogou, iFlytek and Baidu ask (Citizen Lab, 2023-08 and 2024-04).
bool posture_is_keyboard(struct bytes host)
{
	static const char *const names[] = {"get.sogou.com", "pinyin.sogou.com", "shouji.sogou.com",
		"pinyin.voicecloud.cn", "udpolimenew.baidu.com", "udpolimeok.baidu.com",
		"olime.baidu.com"};

	return IS_LISTED(host, names);
}
