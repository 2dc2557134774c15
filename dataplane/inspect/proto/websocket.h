// What HTTP tells the WebSocket parser when a connection becomes one: setup[0] of proto_next.

#pragma once

enum {
	WEBSOCKET_DEFLATE = 1, // permessage-deflate was agreed on (RFC 7692)
	// The sender begins each message with an empty window.
	WEBSOCKET_CLIENT_FRESH = 2,
	WEBSOCKET_SERVER_FRESH = 4,
};
