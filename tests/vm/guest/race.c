/*
 * race.c: threads that change one address space against each other: map, unmap,
 * protect, move, drop, fork; each knows what its own pages must hold.
 *
 * race THREADS STEPS SEED: prints the steps and how many were wrong.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 8
#define SLOTS	    6
#define PAGES_MAX   9

struct slot {
	unsigned char *at; /* NULL: not mapped */
	size_t pages;
	unsigned char holds[PAGES_MAX]; /* first byte of each page */
};

struct racer {
	pthread_t id;
	unsigned long seed, steps, wrong;
	struct slot slot[SLOTS];
};

static size_t page;

static unsigned long next(struct racer *r)
{
	r->seed = r->seed * 6364136223846793005ul + 1442695040888963407ul;
	return r->seed >> 33;
}

static void check(struct racer *r, const struct slot *s)
{
	for (size_t i = 0; i < s->pages; i++)
		r->wrong += s->at[i * page] != s->holds[i];
}

static void map_slot(struct racer *r, struct slot *s)
{
	s->pages = 1 + next(r) % PAGES_MAX;
	s->at = mmap(NULL, s->pages * page, PROT_READ | PROT_WRITE,
		     MAP_ANONYMOUS | (next(r) % 4 ? MAP_PRIVATE : MAP_SHARED),
		     -1, 0);
	if (s->at == MAP_FAILED) {
		s->at = NULL;
		r->wrong++;
	}
	memset(s->holds, 0, sizeof(s->holds));
}

static void unmap_slot(struct slot *s)
{
	munmap(s->at, s->pages * page);
	s->at = NULL;
}

static void write_slot(struct racer *r, struct slot *s)
{
	size_t i = next(r) % s->pages;

	s->holds[i] = (unsigned char)next(r);
	s->at[i * page] = s->holds[i];
}

static void protect_slot(struct racer *r, struct slot *s)
{
	size_t i = next(r) % s->pages;

	mprotect(s->at + i * page, page, PROT_READ);
	r->wrong += s->at[i * page] != s->holds[i];
	mprotect(s->at + i * page, page, PROT_READ | PROT_WRITE);
}

static void move_slot(struct racer *r, struct slot *s)
{
	unsigned char *to =
		mremap(s->at, s->pages * page, s->pages * page, MREMAP_MAYMOVE);

	if (to == MAP_FAILED)
		r->wrong++;
	else
		s->at = to;
}

/* A child sees what is here now, and its stores stay its own. */
static void fork_slot(struct racer *r, struct slot *s)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		for (size_t i = 0; i < s->pages; i++)
			if (s->at[i * page] != s->holds[i])
				_exit(1);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		r->wrong++;
}

static void step(struct racer *r)
{
	struct slot *s = &r->slot[next(r) % SLOTS];
	unsigned long what = next(r) % 64;

	if (!s->at) {
		map_slot(r, s);
		return;
	}
	if (what < 8)
		unmap_slot(s);
	else if (what < 16)
		protect_slot(r, s);
	else if (what < 20)
		move_slot(r, s);
	else if (what < 21)
		fork_slot(r, s);
	else
		write_slot(r, s);
	if (s->at)
		check(r, s);
}

static void *race(void *arg)
{
	struct racer *r = arg;

	for (unsigned long i = 0; i < r->steps; i++)
		step(r);
	for (int i = 0; i < SLOTS; i++)
		if (r->slot[i].at)
			unmap_slot(&r->slot[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct racer racers[THREADS_MAX];
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 3;
	unsigned long wrong = 0,
		      steps = argc > 2 ? strtoul(argv[2], NULL, 0) : 500;

	page = (size_t)sysconf(_SC_PAGESIZE);
	if (n > THREADS_MAX)
		return 2;
	for (unsigned i = 0; i < n; i++) {
		racers[i].steps = steps;
		racers[i].seed = (argc > 3 ? strtoul(argv[3], NULL, 0) : 1) +
				 i * 1000003ul;
		if (pthread_create(&racers[i].id, NULL, race, &racers[i]))
			return 3;
	}
	for (unsigned i = 0; i < n; i++) {
		pthread_join(racers[i].id, NULL);
		wrong += racers[i].wrong;
	}
	printf("%u threads, %lu steps each, %lu wrong\n", n, steps, wrong);
	return wrong != 0;
}
