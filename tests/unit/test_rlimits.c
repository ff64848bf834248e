/*
 * What does --limit understand, and what does the VMM take for itself?
 */
#include <criterion/criterion.h>
#include <string.h>

#include "rlimits.h"

static struct rlimits l;

static void setup(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++)
		l.of[i] = (struct rlimit){1, 2};
}

TestSuite(rlimits, .init = setup);

static void is(int resource, rlim_t soft, rlim_t hard)
{
	cr_assert_eq(l.of[resource].rlim_cur, soft, "%d: %lu", resource,
		     l.of[resource].rlim_cur);
	cr_assert_eq(l.of[resource].rlim_max, hard, "%d: %lu", resource,
		     l.of[resource].rlim_max);
}

static void takes(const char *text)
{
	const char *mistake = rlimits_parse(&l, text);

	cr_assert(!mistake, "%s: %s", text, mistake);
}

Test(rlimits, one_value_is_both)
{
	takes("nofile:64");
	is(RLIMIT_NOFILE, 64, 64);
	takes("stack:32K");
	is(RLIMIT_STACK, 32 << 10, 32 << 10);
	takes("as:unlimited");
	is(RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY);
	is(RLIMIT_DATA, 1, 2);
}

Test(rlimits, two_values_are_soft_and_hard)
{
	takes("data:1M:2G");
	is(RLIMIT_DATA, 1 << 20, 2ul << 30);
	takes("core:0:unlimited");
	is(RLIMIT_CORE, 0, RLIM_INFINITY);
}

Test(rlimits, every_limit_has_a_name)
{
	static const char *const names[RLIM_NLIMITS] = {
		"cpu",	    "fsize", "data",   "stack",
		"core",	    "rss",   "nproc",  "nofile",
		"memlock",  "as",    "locks",  "sigpending",
		"msgqueue", "nice",  "rtprio", "rttime",
	};

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		char text[32];

		strcpy(text, names[i]);
		takes(strcat(text, ":7"));
		is(i, 7, 7);
	}
}

Test(rlimits, a_mistake_changes_nothing)
{
	static const char *const texts[] = {
		"",
		":",
		"nofile",
		"nofile:",
		"nofile:x",
		"nofile:-1",
		"nofile:1:",
		"nofile::1",
		"nofile:2:1",
		"nofile:1:2:3",
		"nofil:1",
		"nofiles:1",
		"nofile:unlimited:1",
		"nofile:99999999999T",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert(rlimits_parse(&l, texts[i]), "%s", texts[i]);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		is(i, 1, 2);
}

Test(rlimits, ours_are_raised_and_the_programs_kept)
{
	struct rlimits own;
	struct rlimit low;

	getrlimit(RLIMIT_NOFILE, &low);
	low.rlim_cur = 100;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	rlimits_read(&l);
	rlimits_raise();
	rlimits_read(&own);
	is(RLIMIT_NOFILE, 100, low.rlim_max);
	cr_assert(own.of[RLIMIT_NOFILE].rlim_cur >= low.rlim_max);
	cr_assert_eq(own.of[RLIMIT_CPU].rlim_cur, l.of[RLIMIT_CPU].rlim_cur);
	cr_assert_eq(own.of[RLIMIT_CORE].rlim_cur, l.of[RLIMIT_CORE].rlim_cur);
}

static int deep(int argc, char **argv, char **envp)
{
	volatile char room[256 << 10];

	for (size_t i = 0; i < sizeof(room); i += 4096)
		room[i] = 1;
	return argc + (argv == envp);
}

/* 32 KiB more than what this process has used by now may be too few. */
Test(rlimits, a_small_stack_does_not_bound_us)
{
	char *none[1] = {NULL};
	struct rlimit low;

	getrlimit(RLIMIT_STACK, &low);
	low.rlim_cur = 100 << 10;
	cr_assert_eq(setrlimit(RLIMIT_STACK, &low), 0);
	cr_assert_eq(rlimits_with_stack(deep, 41, none, none), 42);
}
