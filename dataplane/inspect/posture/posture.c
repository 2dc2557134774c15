#include "dataplane/inspect/posture/parts.h"

enum { PORT_DNS = 53 };

// Names of the local link (RFC 6762, RFC 4795) leave no network.
static void dns(const struct find *find, struct posture_told *told)
{
	if (posture_port(find) == PORT_DNS)
		posture_set(told, POSTURE_DNS_CLEAR);
}

static void sealed_as(struct posture_told *told, enum posture_check what)
{
	posture_set(told, what);
	posture_set(told, POSTURE_SEALED);
}

struct posture_told posture_message(const struct find *find)
{
	struct posture_told told = {0};

	switch (find->app_proto) {
	case APP_TLS:
	case APP_QUIC:
		posture_tls(find, &told);
		break;
	case APP_HTTP:
	case APP_HTTP2:
		posture_http(find, &told);
		break;
	case APP_SMTP:
	case APP_IMAP:
	case APP_POP3:
		posture_mail(find, &told);
		break;
	case APP_XMPP:
	case APP_IRC:
	case APP_SIP:
	case APP_MQTT:
		posture_chat(find, &told);
		break;
	case APP_SSH:
		posture_ssh(find, &told);
		break;
	case APP_DNS:
		dns(find, &told);
		break;
	case APP_MMTLS:
		sealed_as(&told, POSTURE_MMTLS);
		break;
	case APP_WHATSAPP:
		sealed_as(&told, POSTURE_NOISE);
		break;
	case APP_MTPROTO:
		sealed_as(&told, POSTURE_MTPROTO);
		break;
	}
	return told;
}
