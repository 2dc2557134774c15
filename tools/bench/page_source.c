#include "tools/bench/page_source.h"

#include "tools/bench/craft_source.h"
#include "tools/craft/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct page {
	char *p;
	size_t len; // PAGE_LEN when it is full
};

static void add(struct page *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct page *page, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (int i = 0; i < len && page->len < PAGE_LEN; i++)
		page->p[page->len++] = text[i];
}

static void add_sentence(struct page *page, struct rng *rng)
{
	static const char *const words[] = {"message", "the", "a", "group", "of", "voice", "and",
		"server", "to", "is", "was", "people", "in", "morning", "picture", "answer", "for",
		"with", "letter", "window", "that", "it", "on", "station", "river", "market",
		"when", "they", "came", "home", "under", "bridge", "summer", "quiet", "number",
		"train"};
	unsigned n = 6 + (unsigned)(rng_next(rng) % 12);

	for (unsigned i = 0; i < n; i++)
		add(page, "%s%s", words[rng_next(rng) % (sizeof(words) / sizeof(words[0]))],
			i + 1 < n ? " " : ". ");
}

void page_text(unsigned number, char out[PAGE_LEN])
{
	struct rng rng = {.state = number + 1};
	struct page page = {.p = out};

	add(&page, "<html><head><title>Page %u</title></head><body>\n", number);
	while (page.len < PAGE_LEN) {
		unsigned kind = (unsigned)(rng_next(&rng) % 16);
		add(&page, "<p class=\"text\">");
		for (unsigned i = 0; i < 4; i++)
			add_sentence(&page, &rng);
		if (kind == 0)
			add(&page, "<a href=\"/page/%u?from=%u\">%u of %u</a>", kind, number,
				(unsigned)(rng_next(&rng) % 100), 100);
		if (kind == 1)
			add(&page, "order %08u, 2025-%02u-%02u",
				(unsigned)rng_next(&rng) % 99999999, 1 + number % 12,
				1 + number % 28);
		if (kind == 2)
			add(&page, "{\"id\":%u,\"name\":\"item%u\"}", number, kind);
		add(&page, "</p>\n");
	}
}

static int put_flow(struct session *s, unsigned number)
{
	static char body[PAGE_LEN];
	uint8_t head[1024];
	char path[32], host[48];
	struct http_request q = {
		.method = "GET", .host = host, .path = path, .agent = "Mozilla/5.0"};

	snprintf(path, sizeof(path), "/page/%u", number);
	snprintf(host, sizeof(host), "www%u.chat.example.net", number % 50);
	s->host[CLIENT] = host_of("10.2.0.0", (uint16_t)(20000 + number));
	s->host[CLIENT].ip[3] = (uint8_t)number;
	s->host[SERVER] = host_of("192.0.2.2", 80);
	session_open(s);
	struct wire w = wire_over(head, sizeof(head));
	http_request(&w, &q, 0);
	session_send(s, CLIENT, head, w.len);
	w = wire_over(head, sizeof(head));
	http_response(&w, "text/html", PAGE_LEN);
	session_send(s, SERVER, head, w.len);
	page_text(number, body);
	session_send(s, SERVER, body, PAGE_LEN);
	session_close(s);
	return s->err;
}

struct loop_source *page_source_new(unsigned flows)
{
	return craft_source_new(flows, 10000, put_flow);
}
