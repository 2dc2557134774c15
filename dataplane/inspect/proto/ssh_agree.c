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

static bool has(const struct ssh_offer *offer, unsigned i, uint16_t hash)
{
	for (unsigned k = 0; k < offer->n[i]; k++) {
		if (offer->hash[i][k] == hash)
			return true;
	}
	return false;
}

static struct bytes find(struct bytes list, uint16_t hash)
{
	while (list.len > 0) {
		struct bytes name = next_name(&list);
		if (name_hash(name) == hash)
			return name;
	}
	return (struct bytes){0};
}

void ssh_agree_with_client(const struct ssh_offer *client, const struct bytes lists[SSH_AGREED],
	struct bytes out[SSH_AGREED])
{
	for (unsigned i = 0; i < SSH_AGREED; i++) {
		out[i] = (struct bytes){0};
		for (unsigned k = 0; k < client->n[i] && out[i].len == 0; k++)
			out[i] = find(lists[i], client->hash[i][k]);
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
			if (has(server, i, name_hash(name)))
				out[i] = name;
		}
	}
}
