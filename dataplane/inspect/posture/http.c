#include "dataplane/inspect/posture/parts.h"

#include <strings.h>

enum { PORT_OPENIM = 10002 }; // docs.openim.io: its HTTP interface

static bool starts(struct bytes v, const char *with)
{
	size_t n = strlen(with);

	return v.len >= n && strncasecmp((const char *)v.p, with, n) == 0;
}

static bool has_within(struct bytes v, const char *word)
{
	size_t n = strlen(word);

	for (; v.len >= n; bytes_take(&v, 1)) {
		if (strncasecmp((const char *)v.p, word, n) == 0)
			return true;
	}
	return false;
}

// The target without its query.
static struct bytes path_of(struct bytes target)
{
	const uint8_t *mark = target.len > 0 ? memchr(target.p, '?', target.len) : NULL;

	if (mark != NULL)
		target.len = (size_t)(mark - target.p);
	return target;
}

static bool ends(struct bytes v, const char *with)
{
	size_t n = strlen(with);

	return v.len > n && strncasecmp((const char *)v.p + v.len - n, with, n) == 0;
}

// docs.openim.io: the gateway's query; the interface's groups of calls at its port.
static bool is_openim(struct bytes target, uint16_t port)
{
	static const char *const calls[] = {"/auth/", "/msg/", "/friend/", "/group/", "/user/"};

	if (has_within(target, "sendID=") && has_within(target, "platformID=") &&
		has_within(target, "token="))
		return true;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && port == PORT_OPENIM; i++) {
		if (starts(target, calls[i]))
			return true;
	}
	return false;
}

static void credentials(struct bytes word, struct posture_told *told)
{
	posture_set(told, posture_says(word, "session") ? POSTURE_HTTP_SESSION : POSTURE_HTTP_AUTH);
}

static void target(const struct find *find, struct bytes uri, struct posture_told *told)
{
	struct bytes path = path_of(uri);

	if (ends(path, ".apk") || ends(path, ".ipa"))
		posture_set(told, POSTURE_APP_OVER_HTTP);
	if (is_openim(uri, posture_port(find)))
		posture_set(told, POSTURE_OPENIM);
}

void posture_http(const struct find *find, struct posture_told *told)
{
	struct bytes host = {0}, uri = {0};

	for (unsigned i = 0; i < find->n_fields; i++) {
		struct bytes v = find->fields[i].value;
		switch (find->fields[i].field) {
		case FIELD_HTTP_METHOD:
			if (posture_says(v, "CONNECT")) // what it asks for tells by itself
				return;
			break;
		case FIELD_HTTP_URI:
			uri = v;
			target(find, v, told);
			break;
		case FIELD_HTTP_HOST:
			host = v;
			break;
		case FIELD_HTTP_CREDENTIALS:
			credentials(v, told);
			break;
		case FIELD_HTTP_CONTENT_TYPE:
			if (starts(v, "application/vnd.android.package-archive"))
				posture_set(told, POSTURE_APP_OVER_HTTP);
			break;
		case FIELD_HTTP_UPGRADE:
			if (posture_says(v, "mmtls"))
				posture_set(told, POSTURE_MMTLS);
			break;
		}
	}
	posture_set(told, POSTURE_CLEAR);
	told->bits |= posture_of_host(host, uri);
}
