/*
 * loop.c: see loop.h.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "loop.h"

#define EMPTY_ROUNDS 1000

/* Not static: callgrind finds it by its name. */
void run_case(void (*fn)(void), unsigned rounds);
__attribute__((noinline)) void run_case(void (*fn)(void), unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		fn();
}

static void nothing(void)
{
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void time_case(const struct bench_case *c)
{
	double n = (double)c->rounds * c->operations, wall, cpu;

	bench_setup(c);
	c->fn();
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	run_case(c->fn, c->rounds);
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%-18s\n%.3f %.3f\n", c->name, wall / n, cpu / n);
}

static void count_cases(void)
{
	printf("%u %u\n", EMPTY_ROUNDS, EMPTY_ROUNDS);
	run_case(nothing, EMPTY_ROUNDS);
	for (unsigned i = 0; i < bench_nr_cases; i++) {
		const struct bench_case *c = &bench_cases[i];

		bench_setup(c);
		for (unsigned k = 0; k < c->counted; k++)
			c->fn();
		run_case(c->fn, c->counted);
		printf("%u %u\n", c->counted * c->operations, c->counted);
	}
}

int main(int argc, char **argv)
{
	int found = argc < 2;

	if (argc > 1 && !strcmp(argv[1], "--count")) {
		count_cases();
		return !bench_is_sound();
	}
	for (unsigned i = 0; i < bench_nr_cases; i++) {
		if (argc > 1 && strcmp(argv[1], bench_cases[i].name))
			continue;
		time_case(&bench_cases[i]);
		found = 1;
	}
	if (!found)
		fprintf(stderr, "%s: no such case\n", argv[1]);
	return !found || !bench_is_sound();
}
