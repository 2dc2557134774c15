#include "control/purpose_link.h"

#include "dataplane/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void tell_all(struct purpose_link *p, const char *what)
{
	for (unsigned i = 0; i < p->n_waiters; i++) {
		json_object_set_new(p->waiters[i].answer, "dataplane", json_string(what));
		control_call_answer(p->waiters[i].call, p->waiters[i].answer);
	}
	p->n_waiters = 0;
}

// A memfd that nobody changes any more; or -errno.
static int sealed(const struct purpose_table *t)
{
	int fd = memfd_create("purposes", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, t, sizeof(*t));
	if (n == (ssize_t)sizeof(*t) &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
			0)
		return fd;
	int err = n < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

static int send_table(struct purpose_link *p)
{
	struct purpose_table *t = malloc(sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	purpose_store_table(p->store, t);
	int fd = sealed(t);
	free(t);
	if (fd < 0)
		return fd;
	int err = link_purposes(p->link, fd);
	close(fd);
	return err;
}

static void try_send(struct purpose_link *p)
{
	if (!p->due || p->sent || p->link == NULL || !link_is_up(p->link))
		return;
	int err = send_table(p);
	if (err == 0) {
		p->sent = true;
		p->due = false;
	} else if (err != -EBUSY && err != -EAGAIN) {
		log_error("the register of purposes can not be sent: %s", strerror(-err));
	}
}

void purpose_link_due(struct purpose_link *p)
{
	p->due = true;
	try_send(p);
}

void purpose_link_replied(struct purpose_link *p, int status)
{
	p->sent = false;
	if (status == -ECONNRESET || status == -EBUSY) {
		p->due = true; // with the next status, or when it is there again
		return;
	}
	if (status < 0)
		log_error("the dataplane refuses the register of purposes: %s", strerror(-status));
	if (!p->due)
		tell_all(p, status < 0 ? "refuses it" : "has it");
	try_send(p);
}

void purpose_link_status(struct purpose_link *p)
{
	try_send(p);
}

void purpose_link_down(struct purpose_link *p)
{
	p->sent = false;
	p->due = true;
	tell_all(p, "down");
}

void purpose_link_answer(struct purpose_link *p, struct control_call *call, json_t *answer)
{
	const char *now = NULL;

	if (p->link == NULL || !link_is_up(p->link))
		now = "down";
	else if (!p->due && !p->sent)
		now = "has it";
	else if (p->n_waiters == PURPOSE_WAITERS_MAX)
		now = "will have it";
	if (now == NULL) {
		p->waiters[p->n_waiters].call = call;
		p->waiters[p->n_waiters++].answer = answer;
		return;
	}
	json_object_set_new(answer, "dataplane", json_string(now));
	control_call_answer(call, answer);
}

void purpose_link_close(struct purpose_link *p)
{
	tell_all(p, "down");
}
