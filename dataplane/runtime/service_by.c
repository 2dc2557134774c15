#include "dataplane/runtime/service_by.h"

#include <string.h>

enum service_by service_by(enum field field)
{
	// The first that a field's name begins with.
	static const struct {
		const char *field;
		enum service_by by;
	} rows[] = {{"tls.sni", BY_SNI}, {"quic.sni", BY_SNI}, {"http.host", BY_HOST},
		{"dns.", BY_DNS}, {"tls.cert", BY_CERTIFICATE}, {"tls.subject", BY_CERTIFICATE},
		{"stun.", BY_STUN}, {"ip.", BY_PREFIX}, {"payload", BY_BYTES}, {"stream", BY_BYTES},
		// What comes after STARTTLS may know better.
		{"xmpp.element", BY_BYTES}};

	if (field == FIELD_NONE)
		return BY_PREFIX;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strncmp(field_table[field].name, rows[i].field, strlen(rows[i].field)) == 0)
			return rows[i].by;
	}
	return BY_MARKER;
}
