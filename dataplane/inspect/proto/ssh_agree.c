#include "dataplane/inspect/proto/ssh_agree.h"

// The names of a registry's algorithms differ in it (tests/unit/test_ssh.c).
static uint16_t name_hash(struct bytes name)
{
	uint32_t h = 0x811c9dc5; // FNV-1a

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ name.p[i]) * 0x01000193;
	return (uint16_t)(h ^ h >> 16);
}

static struct bytes next_name(struct bytes *list)
{
	const uint8_t *comma = list->len > 0 ? memchr(list->p, ',', list->len) : NULL;
	struct bytes name = bytes_take(list, comma != NULL ? (size_t)(comma - list->p) : list->len);

	bytes_take(list, comma != NULL ? 1 : 0);
	return name;
}

void ssh_offer_keep(struct ssh_offer *offer, const struct bytes lists[SSH_AGREED])
{
	for (unsigned i = 0; i < SSH_AGREED; i++) {
		struct bytes list = lists[i];
		for (offer->n[i] = 0; list.len > 0 && offer->n[i] < SSH_KEPT_MAX; offer->n[i]++)
			offer->hash[i][offer->n[i]] = name_hash(next_name(&list));
	}
}

// Which of the names it is; n[i]: none.
static unsigned choice(const struct ssh_offer *offer, unsigned i, uint16_t hash)
{
	unsigned k = 0;

	while (k < offer->n[i] && offer->hash[i][k] != hash)
		k++;
	return k;
}

void ssh_agree_with_client(const struct ssh_offer *client, const struct bytes lists[SSH_AGREED],
	struct bytes out[SSH_AGREED])
{
	for (unsigned i = 0; i < SSH_AGREED; i++) {
		struct bytes list = lists[i];
		unsigned best =
			client->n[i]; // the client's first choice of those that the server has
		out[i] = (struct bytes){0};
		while (list.len > 0 && best > 0) {
			struct bytes name = next_name(&list);
			unsigned k = choice(client, i, name_hash(name));
			if (k < best) {
				best = k;
				out[i] = name;
			}
		}
	}
}

void ssh_agree_with_server(const struct ssh_offer *server, const struct bytes lists[SSH_AGREED],
	struct bytes out[SSH_AGREED])
{
	for (unsigned i = 0; i < SSH_AGREED; i++) {
		struct bytes list = lists[i];
		out[i] = (struct bytes){0};
		while (list.len > 0 && out[i].len == 0) {
			struct bytes name = next_name(&list);
			if (choice(server, i, name_hash(name)) < server->n[i])
				out[i] = name;
		}
	}
}
