// Flows that say a ClientHello and no more: a source.

#pragma once

#include "tools/bench/loop_source.h"

// TCP: opened, the hello, acknowledged, reset: six packets. NULL: memory is short.
struct loop_source *hello_source_tls(unsigned flows);
// QUIC: the client's first datagram.
struct loop_source *hello_source_quic(unsigned flows);

// The datagram of such a flow: QUIC_HELLO_LEN bytes. False: OpenSSL would not.
bool hello_datagram(unsigned number, uint8_t *out);
