// sealwatch-detect: the personal-data detectors over text on standard input.

#include "dataplane/inspect/detect/detect.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { EXIT_OUTPUT = 1, EXIT_USAGE = 2, EXIT_LINES = 3, LINE_BYTES = 1 << 20 };

static const char help[] =
	"usage: sealwatch-detect < LINES\n"
	"\n"
	"Says which personal data stands in texts. Reads a JSON object a line and answers each "
	"with one:\n"
	"\n"
	"  {\"text\": \"...\", \"direction\": \"c2s\"}      direction: c2s (default) or s2c\n"
	"  {\"detections\": [{\"detector\": \"cn_mobile\", \"class\": \"phone\", \"severity\": "
	"\"medium\",\n"
	"    \"confidence\": \"medium\", \"masked\": \"138****8000\", \"count\": 2}]}\n"
	"\n"
	"One detection a kind; count, when above 1: how many different values. class test-data: "
	"values\n"
	"that are published for tests. lost: kinds or values there was no room for. unseen: bytes "
	"of\n"
	"the text behind the first 65,536, which nobody looked at. A value itself is never "
	"written.\n"
	"\n"
	"A line that is no such object, or longer than 1 MiB, is told on standard error and "
	"answered\n"
	"with {\"detections\": []}: there are as many answers as lines.\n"
	"\n"
	"  -l, --list   one line a detector: id, class, severity\n"
	"  -h, --help   this text\n"
	"\n"
	"exit status: 0 each line was read, 1 input or output failed, 2 usage, 3 some lines were "
	"bad\n";

struct input {
	char line[LINE_BYTES + 1];
	size_t len;
	unsigned long number;
	bool too_long;
};

// The next line without its end; false when there is none.
static bool next_line(struct input *in)
{
	int c = getc_unlocked(stdin);

	in->len = 0;
	in->too_long = false;
	if (c == EOF)
		return false;
	in->number++;
	for (; c != EOF && c != '\n'; c = getc_unlocked(stdin)) {
		if (in->len < LINE_BYTES)
			in->line[in->len++] = (char)c;
		else
			in->too_long = true;
	}
	return true;
}

// The text of the line and its direction, in `root`; or what is wrong with it.
static const char *parse(const struct input *in, json_t **root, struct bytes *text, enum dir *dir)
{
	static char what[JSON_ERROR_TEXT_LENGTH + 32];
	json_error_t error;

	*root = NULL;
	if (in->too_long)
		return "longer than 1048576 bytes; split the text";
	*root = json_loadb(in->line, in->len, JSON_ALLOW_NUL, &error);
	if (*root == NULL) {
		// Its message would quote the text: only the place is told.
		snprintf(what, sizeof(what), "no JSON object (column %d)", error.column);
		return what;
	}
	json_t *value = json_object_get(*root, "text"), *side = json_object_get(*root, "direction");
	if (!json_is_string(value))
		return "no \"text\" that is a string";
	*text = (struct bytes){
		(const uint8_t *)json_string_value(value), json_string_length(value), false};
	*dir = DIR_C2S;
	if (side == NULL || (json_is_string(side) && strcmp(json_string_value(side), "c2s") == 0))
		return NULL;
	*dir = DIR_S2C;
	return json_is_string(side) && strcmp(json_string_value(side), "s2c") == 0
		? NULL
		: "\"direction\" is neither \"c2s\" nor \"s2c\"";
}

static json_t *detection(const struct detect_hit *h)
{
	json_t *out = json_pack("{s:s, s:s, s:s, s:s, s:s}", "detector", detect_name(h->detector),
		"class", detect_class(h), "severity", detect_severity(h->detector), "confidence",
		detect_confidence_names[h->confidence], "masked", h->masked);

	if (out != NULL && h->count > 1)
		json_object_set_new(out, "count", json_integer(h->count));
	return out;
}

static bool answer(const struct detect_result *result)
{
	json_t *list = json_array(), *root = json_pack("{s:o}", "detections", list);

	for (uint32_t i = 0; i < result->n; i++)
		json_array_append_new(list, detection(&result->hits[i]));
	if (root != NULL && result->lost > 0)
		json_object_set_new(root, "lost", json_integer(result->lost));
	if (root != NULL && result->unseen > 0)
		json_object_set_new(root, "unseen", json_integer(result->unseen));
	bool written = root != NULL && json_dumpf(root, stdout, JSON_ENSURE_ASCII) == 0 &&
		putchar('\n') != EOF;
	json_decref(root);
	return written;
}

static int run(struct detect *d, struct input *in)
{
	struct detect_result result;
	int status = EXIT_SUCCESS;

	setvbuf(stdout, NULL, _IOLBF, 0); // who asks line by line gets an answer to each
	while (next_line(in)) {
		struct bytes text;
		enum dir dir;
		json_t *root;
		const char *fault = parse(in, &root, &text, &dir);
		if (fault != NULL) {
			fprintf(stderr, "sealwatch-detect: -:%lu: %s\n", in->number, fault);
			status = EXIT_LINES;
			text = (struct bytes){.p = NULL};
			dir = DIR_C2S;
		}
		detect_scan(d, text, dir, &result);
		bool written = answer(&result);
		json_decref(root);
		if (!written)
			break;
	}
	if (ferror(stdin) || fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "sealwatch-detect: %s: %s\n", ferror(stdin) ? "input" : "output",
			strerror(errno));
		return EXIT_OUTPUT;
	}
	return status;
}

static void list(void)
{
	for (unsigned i = 0; i < detect_count(); i++) {
		struct detect_hit h = {.detector = (uint8_t)i};
		printf("%s\t%s\t%s\n", detect_name(i), detect_class(&h), detect_severity(i));
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'}, {"list", no_argument, NULL, 'l'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "hl", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
		if (option == 'l') {
			list();
			return EXIT_SUCCESS;
		}
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	if (optind != argc) {
		fprintf(stderr,
			"sealwatch-detect: %s: no arguments; text comes on standard input "
			"(--help)\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	uint64_t seed;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		perror("sealwatch-detect: random numbers");
		return EXIT_OUTPUT;
	}
	struct detect *d = detect_new(seed);
	struct input *in = calloc(1, sizeof(*in));
	int status = EXIT_OUTPUT;
	if (d == NULL || in == NULL)
		fputs("sealwatch-detect: no memory\n", stderr);
	else
		status = run(d, in);
	free(in);
	detect_free(d);
	return status;
}
