#include "dataplane/inspect/posture/parts.h"

#include <strings.h>

enum { MQTT_USER = 0x80, MQTT_PASSWORD = 0x40 }; // MQTT 3.1.1 3.1.2.3

static bool is_one_of(struct bytes v, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v.len == strlen(words[i]) &&
			strncasecmp((const char *)v.p, words[i], v.len) == 0)
			return true;
	}
	return false;
}
#define IS_ONE_OF(v, words) is_one_of(v, words, sizeof(words) / sizeof((words)[0]))

// XMPP's server names mechanisms in <features>, STARTTLS beside them (RFC 6120 5.4.1).
static void xmpp_features(struct bytes starttls, bool mechanisms, struct posture_told *told)
{
	if (posture_says(starttls, "offered") || posture_says(starttls, "required"))
		told->upgrade = UPGRADE_OFFERED;
	else if (mechanisms)
		told->upgrade = UPGRADE_MISSING;
}

static void xmpp(const struct find *find, struct posture_told *told)
{
	struct bytes element = posture_value(find, FIELD_XMPP_ELEMENT);
	struct bytes auth = posture_value(find, FIELD_XMPP_AUTH);

	if (posture_says(element, "features"))
		xmpp_features(posture_value(find, FIELD_XMPP_STARTTLS), auth.len > 0, told);
	bool login = find->dir == DIR_C2S && auth.len > 0;
	bool message = posture_says(element, "message");
	if (login || message)
		posture_set(told, POSTURE_XMPP_CLEAR);
	if (login || message || posture_says(element, "iq") || posture_says(element, "presence"))
		posture_set(told, POSTURE_CLEAR);
}

static void irc(const struct find *find, struct posture_told *told)
{
	static const char *const logins[] = {"PASS", "OPER", "AUTHENTICATE"};
	static const char *const talk[] = {"NICK", "USER", "JOIN", "PRIVMSG", "NOTICE"};
	struct bytes command = posture_value(find, FIELD_IRC_COMMAND);

	posture_set(told, POSTURE_CLEAR);
	if (IS_ONE_OF(command, talk))
		posture_set(told, POSTURE_IRC_CLEAR);
	if (find->dir == DIR_C2S && IS_ONE_OF(command, logins))
		posture_set(told, POSTURE_IRC_LOGIN);
}

static void sip(const struct find *find, struct posture_told *told)
{
	struct bytes auth = posture_value(find, FIELD_SIP_AUTH);
	struct bytes srtp = posture_value(find, FIELD_SDP_SRTP);

	posture_set(told, POSTURE_CLEAR);
	if (posture_says(auth, "digest-md5") || posture_says(auth, "basic"))
		posture_set(told, POSTURE_SIP_CLEAR);
	if (srtp.len > 0 && srtp.p[0] == 0)
		posture_set(told, POSTURE_SIP_MEDIA);
}

static void mqtt(const struct find *find, struct posture_told *told)
{
	struct bytes flags = posture_value(find, FIELD_MQTT_CONNECT_FLAGS);

	posture_set(told, POSTURE_CLEAR);
	if (flags.len > 0 && (flags.p[0] & (MQTT_USER | MQTT_PASSWORD)))
		posture_set(told, POSTURE_MQTT_CLEAR);
}

void posture_chat(const struct find *find, struct posture_told *told)
{
	switch (find->app_proto) {
	case APP_XMPP:
		xmpp(find, told);
		break;
	case APP_IRC:
		irc(find, told);
		break;
	case APP_SIP:
		sip(find, told);
		break;
	case APP_MQTT:
		mqtt(find, told);
		break;
	}
}
