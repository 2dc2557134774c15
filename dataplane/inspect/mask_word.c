// Words that everybody uses, and so tell of nobody.

#include "dataplane/inspect/mask_out.h"
#include "dataplane/inspect/spelling.h"

#include <strings.h>

// Methods of HTTP, SIP and RTSP, mechanisms of SASL (IANA; RFC 4422), commands of IRC, elements and
// types of XMPP, MQTT's names. In order, in lower case.
// clang-format off
static const char *const vocabulary[] = {
	"9798-m-dsa-sha1", "9798-m-ecdsa-sha1", "9798-m-rsa-sha1-enc", "9798-u-dsa-sha1",
	"9798-u-ecdsa-sha1", "9798-u-rsa-sha1-enc", "a", "abort", "accept", "account", "ack",
	"acl", "active", "admin", "announce", "anonymous", "apop", "auth", "authenticate",
	"available", "away", "baseline-control", "batch", "bind", "bits_post", "bye", "cancel",
	"cap", "ccm_post", "challenge", "chat", "chathistory", "checkin", "checkout", "chghost",
	"clearchat", "clearmsg", "close", "cnotice", "compress", "compressed", "compression",
	"connect", "continue", "copy", "cprivmsg", "cram-md5", "cram-sha1", "delete", "describe",
	"die", "digest-md5", "eap-aes128", "eap-aes128-plus", "ecdh-x25519-challenge",
	"ecdsa-nist256p-challenge", "enable", "enabled", "encap", "error", "external", "fail",
	"failed", "failure", "features", "form", "get", "get_parameter", "globaluserstate",
	"groupchat", "gs2-iakerb", "gs2-krb5", "gs2-krb5-plus", "gss-spnego", "gssapi",
	"handshake", "head", "headline", "help", "hosttarget", "ht-sha-256-endp",
	"ht-sha-256-expr", "ht-sha-256-none", "ht-sha-256-uniq", "ht-sha3-512-none", "inactive",
	"info", "invalid", "invisible", "invite", "iq", "ison", "join", "kerberos_v4",
	"kerberos_v5", "kick", "kill", "knock", "label", "link", "links", "list", "lock", "login",
	"lusers", "m-search", "map", "markread", "merge", "message", "metadata", "mkactivity",
	"mkcalendar", "mkcol", "mkredirectref", "mkworkspace", "mode", "modify", "monitor",
	"motd", "move", "mqisdp", "mqtt", "msn", "names", "next", "nick", "nmas_login", "normal",
	"note", "notice", "notify", "ntlm", "oauth10a", "oauthbearer", "open", "openid20", "oper",
	"options", "orderpatch", "otp", "part", "pass", "patch", "pause", "ping", "plain", "play",
	"pong", "post", "prack", "presence", "pri", "privmsg", "probe", "proceed", "propfind",
	"proppatch", "proxy", "publish", "purge", "put", "query", "quit", "r", "rebind",
	"reconnect", "record", "redact", "redirect", "refer", "register", "rehash", "rename",
	"report", "response", "restart", "result", "resume", "resumed", "roomstate", "route",
	"rpc_connect", "rpc_in_data", "rpc_out_data", "rules", "sajoin", "saml20", "sanick",
	"sapart", "scram-sha-1", "scram-sha-1-plus", "scram-sha-256", "scram-sha-256-plus",
	"scram-sha-512", "scram-sha-512-plus", "scram-sha3-512", "scram-sha3-512-plus", "search",
	"securid", "server", "service", "servlist", "session", "set", "set_parameter", "setname",
	"setup", "silence", "skey", "sm", "spnego", "spnego-plus", "squery", "squit",
	"sstp_duplex_post", "starttls", "stats", "stream", "stream_end", "submit", "subscribe",
	"subscribed", "success", "summon", "sxover-plus", "tagmsg", "teardown", "terminate",
	"time", "topic", "trace", "unavailable", "unbind", "uncheckout", "unlink", "unlock",
	"unsubscribe", "unsubscribed", "update", "updateredirectref", "user", "userhost",
	"userip", "usernotice", "users", "userstate", "valid", "verify", "version",
	"version-control", "wait", "wallops", "warn", "watch", "wauth-1", "wauth-2", "webirc",
	"whisper", "who", "whois", "whowas", "x-facebook-platform", "x-google-token",
	"x-messenger-oauth2", "x-oauth2", "xoauth", "xoauth2",
};

// Levels of MQTT topics. In order.
static const char *const levels[] = {
	"action", "actions", "air", "alarm", "alarms", "alert", "alerts", "all", "app", "apps",
	"attributes", "auth", "availability", "available", "battery", "binary_sensor", "bridge",
	"brightness", "broadcast", "broker", "button", "bytes", "call", "camera", "cfg", "chat",
	"client", "clients", "climate", "cmd", "cmnd", "color", "command", "commands", "config",
	"connected", "connection", "control", "core", "count", "current", "data", "debug",
	"delete", "device", "devices", "disconnected", "discovery", "door", "down", "energy",
	"error", "errors", "event", "events", "firmware", "flash", "floor", "garage", "garden",
	"gateway", "get", "group", "groups", "heartbeat", "home", "homeassistant", "hum",
	"humidity", "in", "inbox", "info", "input", "inputs", "kitchen", "last", "lastwill",
	"latest", "level", "light", "lights", "line", "lines", "load", "location", "lock", "log",
	"logs", "lwt", "machine", "mail", "maximum", "message", "messages", "messaging", "meter",
	"meters", "mode", "motion", "msg", "msgs", "music", "news", "node", "nodes",
	"notification", "notifications", "notify", "off", "offline", "on", "online", "ota", "out",
	"outbox", "output", "outputs", "outside", "ping", "plant", "power", "presence",
	"pressure", "private", "pub", "public", "publish", "push", "rain", "raw", "reading",
	"readings", "receive", "received", "register", "relay", "report", "reports", "request",
	"requests", "res", "reset", "response", "responses", "result", "results", "room", "rooms",
	"rpc", "rssi", "rx", "sensor", "sensors", "sent", "server", "service", "set", "setpoint",
	"settings", "shadow", "sound", "speed", "stat", "state", "stats", "status", "stocks",
	"stored", "sub", "subscribe", "subscriptions", "switch", "sync", "sys", "system",
	"target", "task", "tasks", "tele", "telemetry", "temp", "temperature", "test", "time",
	"timestamp", "topic", "topics", "total", "traffic", "tx", "type", "typing", "up",
	"update", "uptime", "user", "users", "value", "values", "version", "video", "voltage",
	"volume", "warning", "water", "weather", "wifi", "will", "wind", "window", "write", "x",
	"y", "z", "zone",
};
// clang-format on

#define KNOWS(words, word) is_one_of(words, sizeof(words) / sizeof((words)[0]), word)

static int compare(struct bytes word, const char *known)
{
	size_t len = strlen(known);
	int c = strncasecmp((const char *)word.p, known, word.len < len ? word.len : len);

	return c != 0 ? c : (word.len > len) - (word.len < len);
}

static bool is_one_of(const char *const *words, size_t n, struct bytes word)
{
	size_t from = 0;

	while (n > 0 && word.len > 0) {
		int c = compare(word, words[from + n / 2]);
		if (c == 0)
			return true;
		from += c > 0 ? n / 2 + 1 : 0;
		n = c > 0 ? n - n / 2 - 1 : n / 2;
	}
	return false;
}

// RFC 2812 2.4: a reply's three digits.
static bool is_numeric(struct bytes word)
{
	return word.len == 3 && spelled_digit(word.p[0]) && spelled_digit(word.p[1]) &&
		spelled_digit(word.p[2]);
}

void mask_put_word(struct mask_out *o, struct bytes word)
{
	if (KNOWS(vocabulary, word) || is_numeric(word))
		mask_put(o, word.p, word.len);
	else if (word.len > 0)
		mask_put(o, "other", 5);
}

void mask_put_type(struct mask_out *o, struct bytes type)
{
	size_t len = 0;

	while (len < type.len && type.p[len] != '\0' && strchr(";, \t", type.p[len]) == NULL)
		len++;
	mask_put_text(o, (struct bytes){type.p, len, false});
}

// "line1" is known when "line" is.
static bool is_level(struct bytes level)
{
	size_t digits = 0;

	if (level.len == 1 && (level.p[0] == '+' || level.p[0] == '#'))
		return true;
	while (digits < level.len && digits < 3 && spelled_digit(level.p[level.len - 1 - digits]))
		digits++;
	if (digits > 0 && digits == level.len)
		return digits < 3;
	level.len -= digits < 3 ? digits : 0;
	return KNOWS(levels, level);
}

void mask_put_topic(struct mask_out *o, struct bytes topic)
{
	bool first = true;

	while (topic.len > 0) {
		const uint8_t *slash = memchr(topic.p, '/', topic.len);
		struct bytes level =
			bytes_take(&topic, slash != NULL ? (size_t)(slash - topic.p) : topic.len);
		if (is_level(level) || (first && !mask_tells(level)))
			mask_put(o, level.p, level.len);
		else
			mask_put_token(o, level);
		first &= level.len == 0;
		if (topic.len > 0)
			mask_put(o, bytes_take(&topic, 1).p, 1);
	}
}
