/*
 * two_worlds.h: one script of system calls, run natively by a child and by our
 * handlers, each with the same memory at the same addresses (FAKE_BASE on); and
 * both must have seen the same.
 *
 * A script says what it sees by SAY. It must not leave threads behind. Signals
 * that it raises must be blocked: here, no handler runs.
 */
#ifndef TWO_WORLDS_H
#define TWO_WORLDS_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_call.h"
#include "sys_fixture.h"

#define WORDS_MAX 400

struct words {
	unsigned n;
	bool ended;
	int line[WORDS_MAX];
	int64_t word[WORDS_MAX];
};

struct world {
	int64_t (*make)(long nr, const uint64_t arg[6]);
	void *(*at)(uint64_t va);
	struct words *said;
};

#define CALL(w, nr, ...) (w)->make((nr), (const uint64_t[6]){__VA_ARGS__})
#define SAY(w, value)	 say((w), __LINE__, (int64_t)(value))
/* Make a call and say its result. */
#define DO(w, ...) SAY((w), CALL((w), __VA_ARGS__))

static inline int64_t say(const struct world *w, int line, int64_t value)
{
	struct words *s = w->said;

	if (s->n < WORDS_MAX) {
		s->line[s->n] = line;
		s->word[s->n++] = value;
	}
	return value;
}

/* Put a value there; its address. */
#define PUT(w, va, value)                                                      \
	({                                                                     \
		__typeof__(value) copy_ = (value);                             \
		memcpy((w)->at(va), &copy_, sizeof(copy_));                    \
		(uint64_t)(va);                                                \
	})
#define GET(w, va, type)                                                       \
	({                                                                     \
		type copy_;                                                    \
		memcpy(&copy_, (w)->at(va), sizeof(copy_));                    \
		copy_;                                                         \
	})

static inline int64_t world_native(long nr, const uint64_t arg[6])
{
	return host_call(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

static inline void *world_native_at(uint64_t va)
{
	return (void *)va;
}

static inline void *world_ours_at(uint64_t va)
{
	return fake_at(&cpu, va);
}

static inline void run_native(void (*script)(const struct world *w),
			      struct words *said)
{
	const struct world w = {world_native, world_native_at, said};
	int prot = PROT_READ | PROT_WRITE;

	if (mmap((void *)FAKE_BASE, FAKE_SIZE, prot,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0) != (void *)FAKE_BASE ||
	    munmap((void *)FAKE_HOLE, 4096))
		_exit(1);
	script(&w);
	said->ended = true;
	_exit(0);
}

static inline void same_in_both(void (*script)(const struct world *w))
{
	struct words ours_said = {0};
	const struct world ours = {sys_call, world_ours_at, &ours_said};
	struct words *linux_said =
		mmap(NULL, sizeof(*linux_said), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();

	cr_assert_neq(linux_said, MAP_FAILED);
	if (!child)
		run_native(script, linux_said);
	cr_assert_eq(waitpid(child, NULL, 0), child);
	cr_assert(linux_said->ended);
	script(&ours);
	for (unsigned i = 0; i < linux_said->n && i < ours_said.n; i++)
		cr_assert_eq(ours_said.word[i], linux_said->word[i],
			     "line %d: %ld, natively %ld", ours_said.line[i],
			     ours_said.word[i], linux_said->word[i]);
	cr_assert_eq(ours_said.n, linux_said->n);
	cr_assert(ours_said.n && ours_said.n < WORDS_MAX);
	munmap(linux_said, sizeof(*linux_said));
}

#endif
