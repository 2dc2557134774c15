#include "dataplane/inspect/proto/tls_name.h"

#include "dataplane/base/hash.h"
#include "dataplane/inspect/proto/certificate.h"

enum { NAME_MAX_LEN = 256 };

static const uint64_t lower_case = 0x2020202020202020;

// Letters in lower case (RFC 4343), which leaves digits, dots and hyphens as they are. Who makes two names
// that share a hash gains nothing but a check that does not fail for him.
static uint64_t name_hash(struct bytes name)
{
	uint64_t h = name.len, word = 0;

	for (; name.len >= sizeof(word); bytes_take(&name, sizeof(word)))
		h = hash_mix(h, hash_load64(name.p) | lower_case);
	if (name.len > 0) {
		memcpy(&word, name.p, name.len);
		h = hash_mix(h, word | lower_case);
	}
	return h != 0 ? h : 1;
}

static struct bytes without_end_dot(struct bytes name)
{
	if (name.len > 1 && name.p[name.len - 1] == '.')
		name.len--;
	return name;
}

// Behind the first label; empty when there is but one.
static struct bytes parent_of(struct bytes name)
{
	const uint8_t *dot = name.len > 0 ? memchr(name.p, '.', name.len) : NULL;

	if (dot == NULL)
		return (struct bytes){0};
	bytes_take(&name, (size_t)(dot - name.p) + 1);
	return name;
}

struct tls_name tls_name_of(struct bytes sni)
{
	struct bytes name = without_end_dot(sni), parent = parent_of(name);

	if (name.len == 0)
		return (struct tls_name){0};
	return (struct tls_name){
		.whole = name_hash(name), .parent = parent.len > 0 ? name_hash(parent) : 0};
}

// RFC 9525 6.3: a wildcard is the whole first label, and stands for one label.
static bool fits(struct tls_name asked, struct bytes name)
{
	if (name.len > 2 && name.p[0] == '*' && name.p[1] == '.')
		return asked.parent != 0 && name_hash(parent_of(name)) == asked.parent;
	return name.len > 0 && name_hash(name) == asked.whole;
}

bool tls_name_fits(struct tls_name asked, struct bytes names)
{
	char text[NAME_MAX_LEN];
	size_t len;

	while ((len = certificate_next_name(&names, text, sizeof(text))) > 0) {
		struct bytes name = {(const uint8_t *)text, len, false};
		if (fits(asked, without_end_dot(name)))
			return true;
	}
	return false;
}
