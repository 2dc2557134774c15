#include "dataplane/runtime/own_threads.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

struct own_thread {
	pthread_t thread;
	int (*fn)(void *arg);
	void *arg;
	int result;
	sem_t *done; // counts who is
	pthread_mutex_t *gate; // shut until all are
};

static void *run(void *ctx)
{
	struct own_thread *t = ctx;

	t->result = t->fn(t->arg);
	sem_post(t->done);
	pthread_mutex_lock(t->gate);
	pthread_mutex_unlock(t->gate);
	return NULL;
}

static bool run_all(
	struct own_thread *threads, unsigned n, int (*fn)(void *arg), void *const args[])
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	unsigned started = 0;
	bool ok = true;
	sem_t done;

	sem_init(&done, 0, 0);
	pthread_mutex_lock(&gate);
	for (; started < n && ok; started += ok) {
		threads[started] = (struct own_thread){
			.fn = fn, .arg = args[started], .done = &done, .gate = &gate};
		ok = pthread_create(&threads[started].thread, NULL, run, &threads[started]) == 0;
	}
	for (unsigned i = 0; i < started; i++) {
		while (sem_wait(&done) != 0)
			; // a signal
	}
	pthread_mutex_unlock(&gate);
	for (unsigned i = 0; i < started; i++) {
		pthread_join(threads[i].thread, NULL);
		ok &= threads[i].result == 0;
	}
	sem_destroy(&done);
	return ok;
}

bool own_threads_run(unsigned n, int (*fn)(void *arg), void *const args[])
{
	if (n == 1)
		return fn(args[0]) == 0;
	struct own_thread *threads = calloc(n, sizeof(*threads));
	bool ok = threads != NULL && run_all(threads, n, fn, args);

	free(threads);
	return ok;
}
