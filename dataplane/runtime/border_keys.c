#include "dataplane/runtime/border_keys.h"

#include <string.h>
#include <sys/random.h>

void border_keys_open(struct border_keys *k, bool fixed)
{
	memset(k, 0, sizeof(*k));
	pthread_mutex_init(&k->lock, NULL);
	k->fixed = fixed;
}

void border_keys_close(struct border_keys *k)
{
	explicit_bzero(k->of, sizeof(k->of));
	explicit_bzero(k->secret, sizeof(k->secret));
	pthread_mutex_destroy(&k->lock);
}

static bool draw(
	const struct border_keys *k, unsigned slot, uint64_t number, uint8_t key[BORDER_KEY_LEN])
{
	if (k->has_secret) {
		border_key_derive(k->secret, border_kind_of(slot), number, key);
		return true;
	}
	memset(key, 0x5e, BORDER_KEY_LEN);
	return k->fixed || getrandom(key, BORDER_KEY_LEN, 0) == BORDER_KEY_LEN;
}

bool border_keys_get(
	struct border_keys *k, unsigned slot, uint64_t number, uint8_t key[BORDER_KEY_LEN])
{
	struct border_key *own = &k->of[slot];

	pthread_mutex_lock(&k->lock);
	bool fine = own->number <= number;
	if (own->number < number) {
		fine = draw(k, slot, number, own->key); // over the last one
		own->number = fine ? number : 0;
	}
	if (fine)
		memcpy(key, own->key, BORDER_KEY_LEN);
	pthread_mutex_unlock(&k->lock);
	return fine;
}

void border_keys_put(struct border_keys *k, unsigned slot, const struct border_key *key)
{
	struct border_key *own = &k->of[slot];

	if (!border_number_is_good(border_kind_of(slot), key->number) ||
		border_slot(border_kind_of(slot), key->number) != slot)
		return;
	pthread_mutex_lock(&k->lock);
	if (k->has_secret) {
		pthread_mutex_unlock(&k->lock);
		return;
	}
	if (own->number == key->number && memcmp(own->key, key->key, BORDER_KEY_LEN) != 0)
		atomic_fetch_add_explicit(&k->serial, 1, memory_order_acq_rel);
	if (own->number <= key->number)
		*own = *key;
	pthread_mutex_unlock(&k->lock);
}

void border_keys_secret(struct border_keys *k, const uint8_t secret[BORDER_SECRET_LEN])
{
	pthread_mutex_lock(&k->lock);
	bool changes = !k->has_secret || memcmp(k->secret, secret, BORDER_SECRET_LEN) != 0;
	k->has_secret = true;
	memcpy(k->secret, secret, BORDER_SECRET_LEN);
	for (unsigned slot = 0; changes && slot < BORDER_WINDOWS; slot++) {
		if (k->of[slot].number != 0)
			draw(k, slot, k->of[slot].number, k->of[slot].key);
	}
	if (changes)
		atomic_fetch_add_explicit(&k->serial, 1, memory_order_acq_rel);
	pthread_mutex_unlock(&k->lock);
}

void border_keys_copy(struct border_keys *k, struct border_key of[BORDER_WINDOWS])
{
	pthread_mutex_lock(&k->lock);
	memcpy(of, k->of, sizeof(k->of));
	pthread_mutex_unlock(&k->lock);
}
