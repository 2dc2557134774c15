// Google QUIC's own hello (the QUIC crypto handshake, revision of 2016): a map of tags.

#pragma once

#include "dataplane/inspect/proto/proto.h"

// Find a CHLO in the begin of a packet's payload and report it. False: there is none, or it is
// not whole and tells no name.
bool quic_google_hello(const struct proto_io *io, uint32_t version, struct bytes payload);
