// Any bytes, cut by the first two of them, and with a hole at the third: safe, the same
// transactions as in one piece, every buffer given back. Once more as a datagram.

#include "tests/unit/tx_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct parser_run whole, cut, holed;
	struct bytes in = {data, size, false};
	size_t first = bytes_u8(&in);
	size_t step = 1 + (size_t)bytes_u8(&in);
	size_t hole = bytes_u8(&in);
	enum dir dir = first & 1 ? DIR_S2C : DIR_C2S;
	enum dir sender;

	if (in.bad)
		return 0;
	proto_dns_tcp.probe(in, 40000, 53, &sender);
	run_stream(&whole, &proto_dns_tcp, dir, in, in.len, 1);
	run_stream(&cut, &proto_dns_tcp, dir, in, first, step);
	run_begin(&holed, &proto_dns);
	run_feed(&holed, dir, in.p, in.len);
	proto_dns.probe(in, 40000, (uint16_t)(hole << 5), &sender);
	if (strcmp(whole.text, cut.text) != 0 || whole.result[dir] != cut.result[dir])
		abort();

	struct bytes head = bytes_take(&in, hole < in.len ? hole : in.len);
	run_begin(&holed, &proto_dns_tcp);
	run_feed(&holed, dir, head.p, head.len);
	run_gap(&holed, dir, (uint32_t)step);
	run_feed(&holed, dir, in.p, in.len);
	run_end(&holed);
	if (whole.borrowed + cut.borrowed + holed.borrowed != 0)
		abort();
	return 0;
}
