// A file of geo export, or of the state directory: any bytes; and what was read can be shown, written, and read
// again, to the same bytes.

#include "control/ledger_file.h"
#include "control/matrix.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool any(void *ctx, const struct ledger_window *w)
{
	(void)ctx;
	(void)w;
	return true;
}

static char *write_all(const struct ledger *l, const struct ledger_file *head, size_t *len)
{
	char *p = NULL;
	FILE *out = open_memstream(&p, len);

	if (out == NULL || ledger_file_write(l, head, any, NULL, out) < 0)
		abort();
	fclose(out);
	return p;
}

static void read_again(const struct ledger *l, const struct ledger_file *head)
{
	struct ledger *again = ledger_new();
	char error[LEDGER_FILE_ERROR];
	struct ledger_file_window last;
	struct ledger_file other;
	size_t len, len2;
	char *p = write_all(l, head, &len);

	if (again == NULL)
		abort();
	int err = ledger_file_read(again, (uint8_t *)p, len, &other, &last, error);
	if (err < 0 && strstr(error, "too large") == NULL) // a sum of two may be
		abort();
	if (err == 0) {
		char *q = write_all(again, &other, &len2);
		if (len != len2 || memcmp(p, q, len) != 0)
			abort();
		free(q);
	}
	free(p);
	ledger_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger *l = ledger_new();
	char error[LEDGER_FILE_ERROR];
	struct ledger_file_window last;
	struct ledger_file head;
	struct matrix m;

	if (l == NULL)
		return 0;
	int err = ledger_file_read(l, data, size, &head, &last, error);
	for (enum border_kind kind = 0; kind < BORDER_KINDS; kind++) {
		if (matrix_make(l, kind, 10, &m) == 0)
			matrix_free(&m);
	}
	if (err == 0)
		read_again(l, &head);
	ledger_free(l);
	return 0;
}
