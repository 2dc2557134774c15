// sealwatch-open: opens evidence, away from the appliance. Wants both private keys, the purpose under which the
// record was kept, and a ticket; and writes down each opening, before anything is shown.

#include "control/hash_chain.h"
#include "tools/open/record.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_REFUSED = 1, EXIT_BAD_USAGE = 2, EXIT_RECORD = 3, EXIT_LOG = 4, TEXT_MAX = 200 };

struct job {
	const char *keys[EVIDENCE_KEYS];
	unsigned n_keys;
	const char *purpose, *ticket, *log, *out;
	char asked[2][TEXT_MAX];
};

static int fail(int status, const char *what, const char *why)
{
	fprintf(stderr, "sealwatch-open: %s%s%s\n", what, why[0] != '\0' ? ": " : "", why);
	return status;
}

static void help(void)
{
	printf("usage: sealwatch-open --key FILE --key FILE --log FILE [--purpose ID] [--ticket "
	       "TEXT]\n"
	       "                      [--out FILE] RECORD.swev\n"
	       "       sealwatch-open --keygen NAME\n"
	       "       sealwatch-open --check-log FILE\n\n"
	       "Opens a record of evidence that sealctl evidence export gave. Both private keys "
	       "are\n"
	       "needed; the purpose has to be the record's; purpose and ticket are asked for when "
	       "they\n"
	       "are not given. Each opening, also one that fails, is a line of the log before\n"
	       "anything is shown.\n\n"
	       "      --key FILE        a private key; given twice\n"
	       "      --purpose ID      the purpose that the record was kept for\n"
	       "      --ticket TEXT     the case that it is opened for\n"
	       "      --log FILE        openings, a chain of digests; made when it is missing\n"
	       "      --out FILE        the window as it is (0600), instead of text\n"
	       "      --keygen NAME     make NAME.key (private, 0600) and NAME.pub\n"
	       "      --check-log FILE  is the log whole\n"
	       "  -h, --help            this text\n\n"
	       "exit status: 0 done, 1 refused (keys, purpose) or the output can not be written,\n"
	       "2 usage, 3 no record, or a changed one, 4 the log can not be written, or is "
	       "damaged\n");
}

// One line of text, asked for on the terminal.
static const char *ask(const char *question, char answer[TEXT_MAX])
{
	fprintf(stderr, "%s: ", question);
	if (fgets(answer, TEXT_MAX, stdin) == NULL)
		return "";
	answer[strcspn(answer, "\n")] = '\0';
	return answer;
}

static bool text_ok(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	json_t *string = json_string(text);
	bool utf8 = string != NULL;
	json_decref(string);
	return n > 0 && n < TEXT_MAX && utf8;
}

static json_t *hex(const uint8_t *p, size_t len)
{
	char text[2 * 64 + 1];

	sodium_bin2hex(text, sizeof(text), p, len);
	return json_string(text);
}

static json_t *now(void)
{
	char text[32];
	time_t t = time(NULL);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

// Nothing is shown that is not written down.
static int write_down(const struct job *j, const struct evidence_head *h,
	const struct open_key keys[EVIDENCE_KEYS], const char *outcome)
{
	struct hash_chain log;
	char hash[HASH_CHAIN_HEX];

	int err = hash_chain_open_shared(j->log, &log);
	if (err < 0)
		return err;
	json_t *line = json_pack("{s:o, s:I, s:s, s:s, s:s, s:o, s:o, s:[o, o]}", "at", now(),
		"uid", (json_int_t)getuid(), "purpose", j->purpose, "ticket", j->ticket, "outcome",
		outcome, "record", hex(h->id, sizeof(h->id)), "hash", hex(h->hash, sizeof(h->hash)),
		"keys", hex(keys[0].id, EVIDENCE_KEY_ID_LEN), hex(keys[1].id, EVIDENCE_KEY_ID_LEN));
	err = line == NULL ? -EINVAL : hash_chain_add(&log, line, hash);
	if (err == 0)
		err = hash_chain_sync(&log);
	hash_chain_close(&log);
	return err;
}

static void print_bytes(const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if ((p[i] >= 0x20 && p[i] < 0x7f) || p[i] == '\n')
			putchar(p[i]);
		else
			printf("\\x%02x", p[i]);
	}
	putchar('\n');
}

static void print_window(const uint8_t *window, size_t len)
{
	struct evidence_section s;
	size_t at = 0;

	while (evidence_section_get(window, len, &at, &s)) {
		printf("== ");
		print_bytes((const uint8_t *)s.name, (uint32_t)strlen(s.name));
		print_bytes(s.bytes, s.len);
	}
	if (at != len)
		printf("== %zu bytes that make no sense\n", len - at);
}

static int write_window(const char *path, const uint8_t *window, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, window, len);
	int err = n < 0 ? errno : n != (ssize_t)len ? ENOSPC : 0;

	if (fd >= 0)
		close(fd);
	if (fd >= 0 && err != 0)
		unlink(path);
	return err == 0 ? 0 : fail(EXIT_REFUSED, path, strerror(err));
}

static int read_record(const char *path, uint8_t *record, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, record, EVIDENCE_MAX + 1);
	int err = n < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	if (err != 0)
		return fail(EXIT_RECORD, path, strerror(err));
	*len = (size_t)n;
	return evidence_ok(record, *len) ? 0
					 : fail(EXIT_RECORD, path, "this is no record of evidence");
}

static void take_asked(struct job *j)
{
	if (j->purpose == NULL)
		j->purpose = ask("purpose", j->asked[0]);
	if (j->ticket == NULL)
		j->ticket = ask("ticket", j->asked[1]);
}

struct attempt {
	struct evidence_head head;
	struct open_key keys[EVIDENCE_KEYS]; // zeros: not read
	const char *outcome; // for the log
	char error[256];
	size_t len, window_len;
};

// 0, or the exit status.
static int try_open(struct job *j, struct attempt *a, const uint8_t *record, uint8_t *window)
{
	bool purpose_ok = text_ok(j->purpose), ticket_ok = text_ok(j->ticket);

	a->outcome = a->error;
	strcpy(a->error, "a purpose and a ticket are wanted, a line each");
	if (!purpose_ok)
		j->purpose = "";
	if (!ticket_ok)
		j->ticket = "";
	if (!purpose_ok || !ticket_ok)
		return EXIT_BAD_USAGE;
	for (unsigned i = 0; i < EVIDENCE_KEYS; i++) {
		if (open_key_read(j->keys[i], &a->keys[i], a->error) < 0) {
			a->outcome = "a private key can not be read"; // no file's name
			return EXIT_REFUSED;
		}
	}
	strcpy(a->error, "it was kept for another purpose");
	if (strcmp(j->purpose, a->head.purpose) != 0)
		return EXIT_REFUSED;
	int err = open_record(record, a->len, a->keys, window, &a->window_len, a->error);
	if (err < 0)
		return err == -EBADMSG ? EXIT_RECORD : EXIT_REFUSED;
	a->outcome = "opened";
	return 0;
}

static int open_one(struct job *j, const char *path)
{
	static uint8_t record[EVIDENCE_MAX + 1], window[EVIDENCE_WINDOW_MAX];
	struct attempt a = {0};

	int status = read_record(path, record, &a.len);
	if (status != 0)
		return status;
	memcpy(&a.head, record, sizeof(a.head));
	take_asked(j);
	status = try_open(j, &a, record, window);
	int logged = write_down(j, &a.head, a.keys, a.outcome);
	if (logged < 0)
		status = fail(EXIT_LOG, j->log,
			logged == -EBADMSG ? "the log is damaged" : strerror(-logged));
	else if (status != 0)
		fail(status, path, a.error);
	else if (j->out != NULL)
		status = write_window(j->out, window, a.window_len);
	else
		print_window(window, a.window_len);
	sodium_memzero(window, sizeof(window));
	sodium_memzero(&a, sizeof(a));
	return status;
}

static int check_log(const char *path)
{
	char last[HASH_CHAIN_HEX], text[64];
	uint64_t lines = 0;

	int err = hash_chain_check(path, &lines, last);
	snprintf(text, sizeof(text), "line %llu does not follow from the one before",
		(unsigned long long)lines);
	if (err < 0)
		return fail(EXIT_LOG, path, err == -EBADMSG ? text : strerror(-err));
	printf("%s: whole, %llu lines, last %s\n", path, (unsigned long long)lines, last);
	return 0;
}

static int make_keys(const char *name)
{
	char error[256];

	if (open_key_make(name, error) < 0)
		return fail(EXIT_REFUSED, error, "");
	printf("%s.key is the private key: it stays with one person, away from the appliance and "
	       "from "
	       "the\nother key's holder. %s.pub goes into evidence_keys of dataplane.yaml.\n",
		name, name);
	return 0;
}

static int take(struct job *j, int argc, char **argv)
{
	static const struct option longs[] = {{"key", required_argument, NULL, 'k'},
		{"purpose", required_argument, NULL, 'p'}, {"ticket", required_argument, NULL, 't'},
		{"log", required_argument, NULL, 'l'}, {"out", required_argument, NULL, 'o'},
		{"keygen", required_argument, NULL, 'g'},
		{"check-log", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (option) {
		case 'k':
			if (j->n_keys == EVIDENCE_KEYS)
				return fail(
					EXIT_BAD_USAGE, "--key is given twice, not more often", "");
			j->keys[j->n_keys++] = optarg;
			break;
		case 'p':
			j->purpose = optarg;
			break;
		case 't':
			j->ticket = optarg;
			break;
		case 'l':
			j->log = optarg;
			break;
		case 'o':
			j->out = optarg;
			break;
		case 'g':
			return make_keys(optarg);
		case 'c':
			return check_log(optarg);
		case 'h':
			help();
			return 0;
		default:
			return EXIT_BAD_USAGE;
		}
	}
	return -1;
}

static int run(int argc, char **argv)
{
	struct job job = {0};

	int status = take(&job, argc, argv);
	if (status >= 0)
		return status;
	if (optind != argc - 1)
		return fail(EXIT_BAD_USAGE, "one record is wanted; try --help", "");
	if (job.n_keys != EVIDENCE_KEYS)
		return fail(EXIT_BAD_USAGE, "both private keys are wanted (--key twice)", "");
	if (job.log == NULL)
		return fail(EXIT_BAD_USAGE, "a log is wanted (--log FILE)", "");
	return open_one(&job, argv[optind]);
}

int main(int argc, char **argv)
{
	if (sodium_init() < 0)
		return fail(EXIT_REFUSED, "libsodium can not be used", "");
	int status = run(argc, argv);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0)
		status = fail(
			EXIT_REFUSED, "what was to be shown can not be written", strerror(errno));
	return status;
}
