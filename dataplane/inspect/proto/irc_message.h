// The grammar of an IRC message (RFC 2812 2.3.1).

#pragma once

#include "dataplane/inspect/proto/proto.h"

struct irc_message {
	struct bytes prefix; // without the colon
	struct bytes command;
	bool known; // the command: any other word may be one that somebody says
	struct bytes target; // empty where the first parameter is no name
};

// `line` without its end, not empty. False: it is no message.
bool irc_message_read(struct bytes line, struct irc_message *out);

// What only IRC begins with. struct proto.probe
enum probe irc_probe(struct bytes in, enum dir *sender);
