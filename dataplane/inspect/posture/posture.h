// What one message says of how well its flow is sealed: rows of dataplane/api/posture_table.h.
//
// A pure function of the message's fields, its flow's ports and its packet's time; never of a packet
// without a message. No value of a credential is looked at, but that it is there.

#pragma once

#include "dataplane/api/posture.h"
#include "dataplane/inspect/inspect.h"

// What a server of mail or XMPP says of STARTTLS, when it tells what it can.
enum posture_upgrade { UPGRADE_UNTOLD, UPGRADE_OFFERED, UPGRADE_MISSING };

struct posture_told {
	uint64_t bits; // checks that hold, facts
	uint8_t upgrade; // enum posture_upgrade
	struct bytes stack; // JA4 of a hello; empty: none. A view into the message
};

// find: a FIND_TX.
struct posture_told posture_message(const struct find *find);
