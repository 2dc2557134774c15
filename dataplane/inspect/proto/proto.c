#include "dataplane/inspect/proto/proto.h"

// Cheap and certain ones first: the order of PROTOS.
const struct proto *const proto_table[] = {
#define X(proto) &proto,
	PROTOS(X)
#undef X
		NULL,
};
