// The CPU time of whole programs over the same capture.

#pragma once

enum { PEERS_MAX = 2 };

struct peer_result {
	const char *name;
	double cpu_s; // user + system, median, start-up taken off
	double start_s; // the same over a capture without a packet
	char ratio_text[64];
};

// sealwatch-replay first, then ndpiReader where it is installed. Returns how many.
unsigned peers_measure(const char *replay, const char *const *rules, unsigned n_rules,
	const char *capture, unsigned runs, struct peer_result out[PEERS_MAX]);
