// A file of the state directory that something damaged: what is no line is left out, and what is left can
// be written and read again.

#include "control/posture_days.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[] = "/tmp/fuzz_posture_XXXXXX", file[64];
	struct posture_tally tally = {.service = "s", .segment = "default", .flows = 3};
	struct posture_tallies now = {.n = 1, .items = &tally};
	struct posture_days days;

	if (file[0] == '\0') {
		if (mkdtemp(path) == NULL)
			abort();
		snprintf(file, sizeof(file), "%s/posture", path);
	}
	FILE *f = fopen(file, "w");
	if (f == NULL)
		abort();
	fwrite(data, 1, size, f);
	fclose(f);
	posture_days_open(&days, path);
	posture_days_update(&days, &now, 1, 20000);
	uint32_t rows = days.n_rows;
	posture_days_save(&days, &now);
	posture_days_close(&days);
	posture_days_open(&days, path);
	if (days.n_rows < rows && rows < POSTURE_DAY_ROWS_MAX)
		abort();
	posture_days_close(&days);
	return 0;
}
