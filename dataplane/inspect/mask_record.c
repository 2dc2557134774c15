// Values of several words, some of which are names.

#include "dataplane/inspect/mask_out.h"
#include "dataplane/inspect/spelling.h"

enum { SRV_NUMBERS = 3, SOA_NUMBERS = 5 };

// The word at the begin, without the space behind it.
static struct bytes peek(struct bytes in)
{
	const uint8_t *space = in.len > 0 ? memchr(in.p, ' ', in.len) : NULL;

	if (space != NULL)
		in.len = (size_t)(space - in.p);
	return in;
}

static bool is_number(struct bytes word)
{
	for (size_t i = 0; i < word.len; i++) {
		if (!spelled_digit(word.p[i]))
			return false;
	}
	return word.len > 0 && word.len <= 10;
}

static void put_space(struct mask_out *o, struct bytes *in)
{
	if (in->len > 0)
		mask_put(o, bytes_take(in, 1).p, 1);
}

void mask_put_words(struct mask_out *o, struct bytes in)
{
	while (in.len > 0) {
		mask_put_text(o, bytes_take(&in, peek(in).len));
		put_space(o, &in);
	}
}

// RFC 2782: three numbers and a name. RFC 9460: a number, a name, parameters.
void mask_put_service(struct mask_out *o, struct bytes in)
{
	unsigned n = 0;

	while (n < SRV_NUMBERS && is_number(peek(in)) && peek(in).len < in.len) {
		mask_put(o, in.p, peek(in).len);
		bytes_take(&in, peek(in).len);
		put_space(o, &in);
		n++;
	}
	mask_put_name(o, bytes_take(&in, n == SRV_NUMBERS ? in.len : peek(in).len));
	mask_put_text(o, in);
}

// RFC 1035 3.3.13. The second name is a mailbox.
void mask_put_soa(struct mask_out *o, struct bytes in)
{
	size_t numbers = in.len;

	mask_put_name(o, bytes_take(&in, peek(in).len));
	put_space(o, &in);
	numbers = in.len;
	for (unsigned n = 0; n < SOA_NUMBERS; n++) {
		const uint8_t *space = numbers > 0 ? memrchr(in.p, ' ', numbers) : NULL;
		if (space == NULL)
			break;
		size_t at = (size_t)(space - in.p);
		if (!is_number((struct bytes){space + 1, numbers - at - 1, false}))
			break;
		numbers = at;
	}
	mask_put_person(o, bytes_take(&in, numbers));
	mask_put(o, in.p, in.len);
}
