#include "control/metrics_text.h"

#include "control/sinks/json_out.h"

#include <stdint.h>
#include <string.h>

void metrics_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# TYPE sealwatch_%s %s\n# HELP sealwatch_%s %s.\n", name, type, name, help);
}

// OpenMetrics 1.0, ABNF: backslash and quote are escaped, the text is UTF-8. Names of services come
// from rules: control bytes and what is no UTF-8 (a name may be cut inside a character) read \xNN.
void metrics_label(FILE *out, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text);

	while (left > 0) {
		size_t n = *p >= 0x80 ? jout_utf8(p, left) : 1;
		if (*p == '\\' || *p == '"')
			fprintf(out, "\\%c", *p);
		else if (n == 0 || *p < 0x20 || *p == 0x7f)
			fprintf(out, "\\\\x%02x", *p);
		else
			fwrite(p, 1, n, out);
		n = n > 0 ? n : 1;
		p += n;
		left -= n;
	}
}
