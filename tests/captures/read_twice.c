// Every plain pcap file of the corpus, read as it is and read packed, which is libpcap's to read:
// the same frames, the same end. Skipped where the corpus is not at hand.

#include "dataplane/runtime/capture_pcap.h"
#include "tests/unit/capture_twice.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

enum { EXIT_SKIPPED = 77, FILE_MAX = 256 << 20 };

static unsigned n_read, n_left, n_differ;
static unsigned long long n_frames;

static void compare(const char *path, const uint8_t *bytes, size_t len)
{
	char packed[TWICE_PATH];
	struct twice t;
	int fd = twice_packed(bytes, len, packed);

	if (!twice_same(&t, path, packed, NULL)) {
		printf("%s: %s\n", path, t.why);
		n_differ++;
	}
	n_frames += t.frames;
	n_read++;
	close(fd);
}

static int take(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct capture_pcap_form form;
	FILE *f = type == FTW_F && st->st_size <= FILE_MAX ? fopen(path, "r") : NULL;

	(void)ftw;
	if (f == NULL)
		return 0;
	size_t len = (size_t)st->st_size;
	uint8_t *bytes = malloc(len + CAPTURE_PCAP_HEAD);
	if (bytes == NULL || fread(bytes, 1, len, f) != len)
		abort();
	fclose(f);
	if (len >= CAPTURE_PCAP_HEAD && capture_pcap_form(bytes, &form))
		compare(path, bytes, len);
	else
		n_left++;
	free(bytes);
	return 0;
}

int main(void)
{
	const char *shared = getenv("SEALWATCH_SHARED"), *source = getenv("SEALWATCH_SOURCE");
	char root[4096];

	if (shared != NULL)
		snprintf(root, sizeof(root), "%s/corpus/captures", shared);
	else
		snprintf(root, sizeof(root), "%s/../shared/corpus/captures",
			source != NULL ? source : ".");
	if (access(root, R_OK) < 0) {
		printf("skipped: no captures at %s; set SEALWATCH_SHARED\n", root);
		return EXIT_SKIPPED;
	}
	nftw(root, take, 16, 0);
	printf("%u files, %llu frames, %u differ; %u files are of another kind\n", n_read, n_frames,
		n_differ, n_left);
	return n_read == 0 || n_differ > 0;
}
