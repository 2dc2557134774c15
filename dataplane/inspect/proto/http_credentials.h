// Credentials that stand in a message in clear: that they are there, and of what kind. Their values are
// compared with nothing and go nowhere.

#pragma once

#include "dataplane/inspect/proto/http_head.h"

// RFC 9110 11.4: the scheme of an Authorization's value; one that is not known: "other".
const char *http_credentials_scheme(struct bytes authorization);

// Is the body of this request a form (HTML, application/x-www-form-urlencoded)?
bool http_credentials_form(const struct http_head *h);

// Does a Cookie's value have one that is named as sessions and tokens are?
bool http_credentials_session(struct bytes cookies);

// Does a form, or a query behind its '?', have a field for a password that is filled in?
bool http_credentials_in_form(struct bytes form);
