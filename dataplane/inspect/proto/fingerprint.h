// Fingerprints of hellos: JA3 and JA3S (2017, BSD 3-clause), JA4 (2023, the TLS client part of JA4+,
// BSD 3-clause).

#pragma once

#include "dataplane/inspect/proto/digest.h"
#include "dataplane/inspect/proto/tls_hello.h"

enum { JA4_LEN = 36 };

// The text whose MD5 is JA3 (JA3S), into out; 0 when it has more than `cap` bytes.
size_t ja3_text(const struct client_hello *h, char *out, size_t cap);
size_t ja3s_text(const struct server_hello *h, char *out, size_t cap);

// False: it offers more than is looked at (FINGERPRINT_VALUES).
enum { FINGERPRINT_VALUES = 1024 };
bool ja4_text(const struct client_hello *h, enum tls_carrier carrier, char out[JA4_LEN]);
