#include "dataplane/inspect/proto/proto.h"

// Cheap and certain ones first.
const struct proto *const proto_table[] = {
	&proto_tls,
	&proto_http,
	&proto_dns_tcp,
	&proto_dns,
	NULL,
};
