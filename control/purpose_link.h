// The register of purposes on its way to the dataplane, and who waits until it has arrived there.

#pragma once

#include "control/control_socket.h"
#include "control/link.h"
#include "control/purpose_store.h"

enum { PURPOSE_WAITERS_MAX = 16 };

struct purpose_link {
	struct link *link; // NULL: not yet
	struct purpose_store *store;
	bool due; // the dataplane has another register
	bool sent; // and this one is on its way
	unsigned n_waiters;
	struct {
		struct control_call *call;
		json_t *answer;
	} waiters[PURPOSE_WAITERS_MAX];
};

// It has changed, or the dataplane is new: it is sent, now or with a later status.
void purpose_link_due(struct purpose_link *p);
// What the link tells.
void purpose_link_replied(struct purpose_link *p, int status);
void purpose_link_status(struct purpose_link *p);
void purpose_link_down(struct purpose_link *p);
// The answer goes out when the dataplane has the register, with "dataplane": "has it"; or at once when it
// is down, and gets it when it comes. Steals `answer`.
void purpose_link_answer(struct purpose_link *p, struct control_call *call, json_t *answer);
void purpose_link_close(struct purpose_link *p);
