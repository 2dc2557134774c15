// Accounts and keys of messengers.

#include "dataplane/base/reference.h"
#include "dataplane/inspect/detect/family.h"

enum { URL64 = BYTE_ALNUM | BYTE_URL64, NUMBER_MIN = 7, NUMBER_MAX = 15 };

static void tell(struct detect *d, enum detector_id id, enum verdict verdict, size_t at, size_t end)
{
	size_t n = end - at < CANDIDATE_MAX ? end - at : CANDIDATE_MAX;
	found(d, id, verdict, at, end, (const char *)d->p + at, n);
}

// Where the digits begin that end before `at`.
static size_t digits_before(const struct detect *d, size_t at)
{
	size_t begin = at;

	while (begin > 0 && at - begin <= 20 && text_is(d, begin - 1, BYTE_DIGIT))
		begin--;
	return begin;
}

static bool is_number(const struct detect *d, size_t at, size_t end)
{
	size_t n = end - at;

	return n >= NUMBER_MIN && n <= NUMBER_MAX && text_span(d, at, BYTE_DIGIT, n) == n &&
		reference_e164((const char *)d->p + at, n) != NUMBERING_NONE;
}

// number[:device]@server, and group chats of WeChat.
void messenger_jid(struct detect *d, size_t at)
{
	static const char *const servers[] = {"s.whatsapp.net", "c.us", "g.us", "lid", "broadcast"};
	size_t end = at, begin = digits_before(d, at);

	if (begin == at)
		return;
	if (text_has(d, at, "@chatroom", 9) && at - begin >= 8 && at - begin <= 14) {
		tell(d, DETECT_WECHAT_IDS, VERDICT_FORMATTED, begin, at);
		return;
	}
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		size_t n = strlen(servers[i]);
		if (!text_like(d, at + 1, servers[i], n) || text_is(d, at + 1 + n, BYTE_ALNUM))
			continue;
		// A device, or when the group was made.
		if (text_at(d, begin - 1) == ':' || text_at(d, begin - 1) == '-') {
			end = begin - 1;
			begin = digits_before(d, end);
		}
		if (is_number(d, begin, end) && !text_is(d, begin - 1, BYTE_ALNUM))
			tell(d, DETECT_WHATSAPP_JID, VERDICT_GOOD, begin, end);
		return;
	}
}

static bool is_uuid(const struct detect *d, size_t at)
{
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text_at(d, at + i) != '-' : !text_is(d, at + i, BYTE_HEX))
			return false;
	}
	return !text_is(d, at + 36, BYTE_ALNUM);
}

static bool is_slack(const struct detect *d, size_t at)
{
	return text_at(d, at - 1) == '-' && text_ends(d, at - 2, "xox", 3) &&
		is_one_of(text_at(d, at - 2), "abeoprs") && text_span(d, at, URL64, 250) >= 10;
}

// What stands in front of a run says whose it is.
void messenger_run(struct detect *d, size_t at, size_t end)
{
	size_t n = end - at;

	if (text_ends(d, at, "wxid_", 5) && n >= 12 && n <= 22)
		tell(d, DETECT_WECHAT_IDS, VERDICT_FORMATTED, at, end);
	else if (text_ends(d, at, "gh_", 3) && n == 12 && text_span(d, at, BYTE_HEX, 13) == 12)
		tell(d, DETECT_WECHAT_IDS, VERDICT_FORMATTED, at, end);
	else if ((text_ends(d, at, "wa.me/", 6) || text_ends(d, at, "wa.me/+", 7)) &&
		is_number(d, at, end))
		tell(d, DETECT_IM_HANDLE_URL, VERDICT_GOOD, at, end);
	else if (is_slack(d, at))
		tell(d, DETECT_IM_BOT_TOKEN, VERDICT_GOOD, at, at + text_span(d, at, URL64, 250));
	else if (text_ends(d, at, "/api/webhooks/", 14) && n >= 17 && n <= 20 &&
		text_at(d, end) == '/' && text_span(d, end + 1, URL64, 81) >= 60)
		tell(d, DETECT_IM_BOT_TOKEN, VERDICT_GOOD, at, end);
	else if (text_ends(d, at, "/open-apis/bot/v2/hook/", 23) && is_uuid(d, at))
		tell(d, DETECT_IM_BOT_TOKEN, VERDICT_GOOD, at, at + 36);
}

// Telegram: number ':' thirty-five characters, the first an A.
void messenger_bot(struct detect *d, size_t colon)
{
	size_t begin = digits_before(d, colon), n = colon - begin;

	if (n >= 5 && n <= 16 && !text_is(d, begin - 1, BYTE_ALNUM) &&
		text_span(d, colon + 1, URL64, 36) == 35)
		tell(d, DETECT_IM_BOT_TOKEN, VERDICT_GOOD, begin, colon + 36);
}

// DingTalk and WeCom put the token of a robot into the address.
void messenger_webhook(struct detect *d, size_t key, size_t at, size_t end)
{
	if (text_ends(d, key, "robot/send?", 11) && end - at == 64 &&
		text_span(d, at, BYTE_HEX, 65) == 64)
		tell(d, DETECT_IM_BOT_TOKEN, VERDICT_GOOD, at, end);
	else if (text_ends(d, key, "webhook/send?", 13) && is_uuid(d, at))
		tell(d, DETECT_IM_BOT_TOKEN, VERDICT_GOOD, at, end);
}

void messenger_openid(struct detect *d, size_t at, size_t end)
{
	if (end - at == 28 && d->p[at] == 'o' && text_span(d, at, URL64, 29) == 28)
		tell(d, DETECT_WECHAT_IDS, VERDICT_FORMATTED, at, end);
}

void messenger_qq(struct detect *d, size_t at, size_t end)
{
	size_t n = end - at;

	if (n >= 5 && n <= 11 && d->p[at] != '0' && text_span(d, at, BYTE_DIGIT, 12) == n)
		tell(d, DETECT_QQ_UIN, VERDICT_GOOD, at, end);
}

// api.whatsapp.com/send?phone=...
void messenger_link(struct detect *d, size_t at, size_t end)
{
	size_t number = at + (text_at(d, at) == '+');

	if (text_ends(d, at, "whatsapp.com/send?phone=", 24) && is_number(d, number, end))
		tell(d, DETECT_IM_HANDLE_URL, VERDICT_GOOD, number, end);
}
