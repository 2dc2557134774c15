// What two sides of SSH agree on (RFC 4253 7.1): of each list the client's first name that the server has,
// too. Of the lists that come first hashes are kept until those of the other side come.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdint.h>

enum { SSH_AGREED = 3, SSH_KEPT_MAX = 16 };

struct ssh_offer {
	uint8_t n[SSH_AGREED];
	uint16_t hash[SSH_AGREED][SSH_KEPT_MAX]; // names behind so many are left out
};

void ssh_offer_keep(struct ssh_offer *offer, const struct bytes lists[SSH_AGREED]);
// The names, views into `lists`; empty: there is none.
void ssh_agree_with_client(const struct ssh_offer *client, const struct bytes lists[SSH_AGREED],
	struct bytes out[SSH_AGREED]);
void ssh_agree_with_server(const struct ssh_offer *server, const struct bytes lists[SSH_AGREED],
	struct bytes out[SSH_AGREED]);
