/*
 * loop.h: a program of small cases, each timed by itself or counted by
 * callgrind: bench_alloc, bench_malloc, bench_vma.
 *
 *   PROGRAM              every case in turn
 *   PROGRAM CASE         one case: the last two words are nanoseconds an
 *                        operation, of wall and of CPU time
 *   PROGRAM --count      every case once more briefly, for callgrind: each in
 *                        one call of run_case(), the first one empty. Prints
 *                        operations and rounds of each, a line for each.
 *
 * An operation is one allocation and its free, or what the case says.
 */
#ifndef LOOP_H
#define LOOP_H

struct bench_case {
	const char *name;
	void (*fn)(void);
	unsigned operations; /* in a call of fn */
	unsigned rounds;     /* calls of fn when timed */
	unsigned counted;    /* calls of fn when counted */
};

/* Each program has these. setup is called before each case. */
extern const struct bench_case bench_cases[];
extern const unsigned bench_nr_cases;
void bench_setup(const struct bench_case *c);
int bench_is_sound(void); /* at the end: nothing is broken */

#endif
