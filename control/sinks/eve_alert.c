// What an alert record has beside what all records have.

#include "control/sinks/eve_parts.h"

#include <string.h>

// Class types of rules, and the category that alerts show for them.
static const struct {
	const char *classtype, *category;
} categories[] = {
	{"attempted-admin", "Attempted Administrator Privilege Gain"},
	{"attempted-dos", "Attempted Denial of Service"},
	{"attempted-recon", "Attempted Information Leak"},
	{"attempted-user", "Attempted User Privilege Gain"},
	{"bad-unknown", "Potentially Bad Traffic"},
	{"coin-mining", "Crypto Currency Mining Activity Detected"},
	{"command-and-control", "Malware Command and Control Activity Detected"},
	{"credential-theft", "Successful Credential Theft Detected"},
	{"default-login-attempt", "Attempt to login by a default username and password"},
	{"denial-of-service", "Detection of a Denial of Service Attack"},
	{"domain-c2", "Domain Observed Used for C2 Detected"},
	{"exploit-kit", "Exploit Kit Activity Detected"},
	{"external-ip-check", "Device Retrieving External IP Address Detected"},
	{"icmp-event", "Generic ICMP event"},
	{"inappropriate-content", "Inappropriate Content was Detected"},
	{"misc-activity", "Misc activity"},
	{"misc-attack", "Misc Attack"},
	{"network-scan", "Detection of a Network Scan"},
	{"non-standard-protocol", "Detection of a non-standard protocol or event"},
	{"not-suspicious", "Not Suspicious Traffic"},
	{"policy-violation", "Potential Corporate Privacy Violation"},
	{"protocol-command-decode", "Generic Protocol Command Decode"},
	{"pup-activity", "Possibly Unwanted Program Detected"},
	{"rpc-portmap-decode", "Decode of an RPC Query"},
	{"shellcode-detect", "Executable code was detected"},
	{"social-engineering", "Possible Social Engineering Attempted"},
	{"string-detect", "A suspicious string was detected"},
	{"successful-admin", "Successful Administrator Privilege Gain"},
	{"successful-dos", "Denial of Service"},
	{"successful-recon-largescale", "Large Scale Information Leak"},
	{"successful-recon-limited", "Information Leak"},
	{"successful-user", "Successful User Privilege Gain"},
	{"suspicious-filename-detect", "A suspicious filename was detected"},
	{"suspicious-login", "An attempted login using a suspicious username was detected"},
	{"system-call-detect", "A system call was detected"},
	{"targeted-activity", "Targeted Malicious Activity was Detected"},
	{"tcp-connection", "A TCP connection was detected"},
	{"trojan-activity", "A Network Trojan was detected"},
	{"unknown", "Unknown Traffic"},
	{"unsuccessful-user", "Unsuccessful User Privilege Gain"},
	{"unusual-client-port-connection", "A client was using an unusual port"},
	{"web-application-activity", "access to a potentially vulnerable web application"},
	{"web-application-attack", "Web Application Attack"},
};

// NULL: not a class type we know.
static const char *category_of(const void *classtype, size_t len)
{
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		const char *name = categories[i].classtype;
		if (strlen(name) == len && memcmp(name, classtype, len) == 0)
			return categories[i].category;
	}
	return NULL;
}

static size_t key_len(const struct eve_value *v)
{
	const uint8_t *space = memchr(v->p, ' ', v->len);
	return space != NULL ? (size_t)(space - v->p) : v->len;
}

// {"service": ["whatsapp"], ...}: pairs of one key stand together.
static void put_metadata(struct json_out *j, const struct eve_record *r)
{
	if (eve_record_find(r, TAG_METADATA) == NULL)
		return;
	jout_open(j, "metadata", '{');
	for (unsigned i = 0; i < r->n; i++) {
		const struct eve_value *v = &r->values[i];
		bool first = v->tag == TAG_METADATA;
		size_t key = first ? key_len(v) : 0;
		for (unsigned k = 0; k < i && first; k++)
			first = !(r->values[k].tag == TAG_METADATA &&
				key_len(&r->values[k]) == key &&
				memcmp(r->values[k].p, v->p, key) == 0);
		if (!first)
			continue;
		jout_open_text(j, v->p, key, '[');
		for (unsigned k = i; k < r->n; k++) {
			const struct eve_value *other = &r->values[k];
			if (other->tag != TAG_METADATA || key_len(other) != key ||
				memcmp(other->p, v->p, key) != 0)
				continue;
			size_t skip = key < other->len ? key + 1 : key;
			jout_text(j, NULL, other->p + skip, other->len - skip);
		}
		jout_close(j, ']');
	}
	jout_close(j, '}');
}

static void put_category(struct json_out *j, const struct eve_value *classtype)
{
	const char *category = NULL;

	if (classtype != NULL)
		category = category_of(classtype->p, classtype->len);
	if (category != NULL)
		jout_string(j, "category", category);
	else if (classtype != NULL)
		jout_text(j, "category", classtype->p, classtype->len);
	else
		jout_string(j, "category", "");
}

static void put_signature(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *msg = eve_record_find(r, TAG_MSG);
	struct event_alert a = {0};

	eve_record_copy(r, TAG_ALERT, &a, sizeof(a));
	jout_open(j, "alert", '{');
	jout_string(j, "action", "allowed");
	jout_number(j, "gid", a.gid);
	jout_number(j, "signature_id", a.sid);
	jout_number(j, "rev", a.rev);
	jout_text(j, "signature", msg != NULL ? msg->p : NULL, msg != NULL ? msg->len : 0);
	put_category(j, eve_record_find(r, TAG_CLASSTYPE));
	jout_number(j, "severity", a.severity);
	eve_put_list(j, r, "references", TAG_REFERENCE);
	put_metadata(j, r);
	jout_close(j, '}');
}

void eve_put_alert(struct json_out *j, const struct eve_record *r)
{
	struct event_flow f;

	jout_number(j, "tx_id", r->head.tx_id);
	jout_string(j, "direction", r->head.dir == DIR_C2S ? "to_server" : "to_client");
	put_signature(j, r);
	eve_put_app_proto(j, &r->head);
	eve_put_transaction(j, r);
	if (eve_record_copy(r, TAG_FLOW, &f, sizeof(f))) {
		jout_open(j, "flow", '{');
		eve_put_flow_counts(j, &f);
		jout_close(j, '}');
	}
}
