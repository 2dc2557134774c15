#include "dataplane/inspect/posture/parts.h"

// The fields of one protocol that say what the others say in theirs.
struct mail {
	enum field auth, starttls;
};

static struct mail fields_of(uint8_t app_proto)
{
	switch (app_proto) {
	case APP_IMAP:
		return (struct mail){FIELD_IMAP_AUTH, FIELD_IMAP_STARTTLS};
	case APP_POP3:
		return (struct mail){FIELD_POP3_AUTH, FIELD_POP3_STARTTLS};
	default:
		return (struct mail){FIELD_SMTP_AUTH, FIELD_SMTP_STARTTLS};
	}
}

// RFC 4505, RFC 4422 A: mechanisms that give nothing away.
static bool gives_nothing(struct bytes mechanism)
{
	return posture_says(mechanism, "ANONYMOUS") || posture_says(mechanism, "EXTERNAL");
}

// Who names mechanisms tells what it can; STARTTLS stands beside them, or it is missing.
static void server(struct bytes auth, struct bytes starttls, struct posture_told *told)
{
	if (posture_says(starttls, "offered"))
		told->upgrade = UPGRADE_OFFERED;
	else if (auth.len > 0 && starttls.len == 0)
		told->upgrade = UPGRADE_MISSING;
}

static void client(const struct find *find, struct bytes auth, struct posture_told *told)
{
	if (auth.len > 0 && !gives_nothing(auth)) {
		posture_set(told, POSTURE_MAIL_CLEAR);
		posture_set(told, POSTURE_CLEAR);
	}
	// A letter on its way.
	if (posture_value(find, FIELD_SMTP_MAIL_FROM).len > 0)
		posture_set(told, POSTURE_CLEAR);
}

void posture_mail(const struct find *find, struct posture_told *told)
{
	struct mail fields = fields_of(find->app_proto);
	struct bytes auth = posture_value(find, fields.auth);

	// POP3's capabilities are a message a line: which of them are missing none can tell.
	if (find->dir == DIR_S2C && find->app_proto != APP_POP3)
		server(auth, posture_value(find, fields.starttls), told);
	else if (find->dir == DIR_C2S)
		client(find, auth, told);
}
