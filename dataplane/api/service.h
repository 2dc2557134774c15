// What is known of the service of a flow, in numbers and in words.

#pragma once

// What named it. A later one takes the place of an earlier one. X(id, word)
#define SERVICE_BYS_TABLE(X)                                                                       \
	X(BY_NONE, "")                                                                             \
	X(BY_PORT, "port") /* what stands there is a habit */                                      \
	X(BY_PEER, "stun") /* one end of the flow was another's that had a name: ICE */            \
	X(BY_PREFIX, "prefix") /* whose the address is */                                          \
	X(BY_DNS, "dns") /* a question, or what an answer told of the server's address */          \
	X(BY_BYTES, "marker") /* bytes of the payload that a rule looks for */                     \
	X(BY_STUN, "stun") /* realm, attributes */                                                 \
	X(BY_CERTIFICATE, "certificate")                                                           \
	X(BY_HOST, "host")                                                                         \
	X(BY_SNI, "sni")                                                                           \
	X(BY_MARKER, "marker") /* its own protocol, as a parser knows it */

enum service_by {
#define X(id, word) id,
	SERVICE_BYS_TABLE(X)
#undef X
		SERVICE_BYS
};

static const char *const service_by_words[SERVICE_BYS] __attribute__((unused)) = {
#define X(id, word) [id] = word,
	SERVICE_BYS_TABLE(X)
#undef X
};

// How sure that is.
enum confidence {
	CONFIDENCE_NONE,
	CONFIDENCE_LOW,
	CONFIDENCE_MEDIUM,
	CONFIDENCE_HIGH,
	CONFIDENCES
};

static const char *const confidence_words[CONFIDENCES]
	__attribute__((unused)) = {"", "low", "medium", "high"};

// What the flow is used for, where that is visible. A call: voice or video, it does not say which.
enum flow_function {
	FUNCTION_NONE,
	FUNCTION_CHAT,
	FUNCTION_CALL,
	FUNCTION_VOICE,
	FUNCTION_VIDEO,
	FUNCTION_MEDIA,
	FUNCTION_LOGIN,
	FUNCTIONS
};

static const char *const function_words[FUNCTIONS]
	__attribute__((unused)) = {"", "chat", "call", "voice", "video", "media", "login"};
