#include "dataplane/runtime/service_by.h"

#include <string.h>

const char *service_by(enum field field)
{
	// The first that a field's name begins with.
	static const struct {
		const char *field, *word;
	} words[] = {{"tls.sni", "sni"}, {"quic.sni", "sni"}, {"http.host", "host"},
		{"dns.", "dns"}, {"tls.cert", "certificate"}, {"tls.subject", "certificate"},
		{"stun.", "stun"}};

	if (field == FIELD_NONE)
		return "prefix";
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncmp(field_table[field].name, words[i].field, strlen(words[i].field)) == 0)
			return words[i].word;
	}
	return "marker";
}
