// The parts of posture_message(), by protocol. Used by this folder only.

#pragma once

#include "dataplane/inspect/posture/posture.h"

void posture_tls(const struct find *find, struct posture_told *told); // QUIC and DTLS, too
void posture_http(const struct find *find, struct posture_told *told);
void posture_mail(const struct find *find, struct posture_told *told); // SMTP, IMAP, POP3
void posture_chat(const struct find *find, struct posture_told *told); // XMPP, IRC, SIP, MQTT
void posture_ssh(const struct find *find, struct posture_told *told);

// What is known of a server by its name (names.c), without regard to the case of letters: bits of checks.
uint64_t posture_of_name(struct bytes sni);
uint64_t posture_of_host(struct bytes host, struct bytes target); // of HTTP

static inline void posture_set(struct posture_told *told, unsigned bit)
{
	told->bits |= POSTURE_BIT(bit);
}

static inline bool posture_says(struct bytes v, const char *word)
{
	return bytes_equal(v, word, strlen(word));
}

// The first value of a field; empty: there is none.
static inline struct bytes posture_value(const struct find *find, enum field field)
{
	for (unsigned i = 0; i < find->n_fields; i++) {
		if (find->fields[i].field == field)
			return find->fields[i].value;
	}
	return (struct bytes){0};
}

// The port that the flow's server listens at.
static inline uint16_t posture_port(const struct find *find)
{
	const struct flow *f = find->flow;

	return f->flags & FLOW_A_IS_CLIENT ? f->key.bport : f->key.aport;
}
