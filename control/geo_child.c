#include "control/geo_child.h"

#include "control/child.h"
#include "control/compile_report.h"
#include "control/geo_database.h"
#include "dataplane/base/write_all.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICE = 10 };

// Where in the file stands in the text.
static int fail(struct diags *diags, int err, const char *why)
{
	diag_add(diags, DIAG_ERROR, (struct rule_where){.file = "", .line = 1, .column = 1}, "%s",
		why);
	return err;
}

static int make(const struct compile_request *req, int blob_fd, struct diags *diags)
{
	struct geo_database *d = geo_database_new(req->geoip_database, req->asn_database);
	const char *why = "short of memory";
	uint8_t *map = NULL;
	size_t len = 0;

	int err = d != NULL ? geo_database_map(d, (void **)&map, &len, &why) : -ENOMEM;
	if (err < 0)
		return fail(diags, err, why);
	return write_all(blob_fd, map, len);
}

// Nothing is freed: the process ends here.
noreturn void geo_child_run(const struct compile_request *req, int blob_fd, int report_fd)
{
	int keep[] = {blob_fd, report_fd};
	struct diags diags = {0};

	child_begin(keep, 2);
	compile_child_limit(&req->limits);
	setpriority(PRIO_PROCESS, 0, NICE); // packets come first
	FILE *report = fdopen(report_fd, "w");
	if (report == NULL)
		_exit(EXIT_FAILURE);
	int err = make(req, blob_fd, &diags);
	compile_report_origin(CACHE_NONE, NULL, false, report);
	compile_report_write(NULL, &diags, err, 0, report);
	_exit(fclose(report) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
