/*
 * vdso.c: asks the vDSO and the system the same questions, and says "ok" or
 * what was wrong. Without an argument all; else clocks, back, long, cpu, other
 * or libc.
 *
 * The vDSO's functions are looked up in its own tables, as a C library does.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NSEC 1000000000ll

typedef int time_fn(int clock, struct timespec *ts);
typedef int day_fn(struct timeval *tv, struct timezone *tz);
typedef time_t seconds_fn(time_t *t);
typedef long cpu_fn(unsigned *cpu, unsigned *node, void *unused);

static time_fn *vdso_gettime, *vdso_getres;
static day_fn *vdso_day;
static seconds_fn *vdso_seconds;
static cpu_fn *vdso_cpu;

/* ---- Looking up --------------------------------------------------------- */

static const char *base;
static const Elf64_Sym *symbols;
static const char *strings;
static const uint32_t *hash; /* nbucket, nchain, ... */

static void find_tables(void)
{
	const Elf64_Ehdr *eh = (const void *)base;
	const Elf64_Phdr *ph = (const void *)(base + eh->e_phoff);
	const Elf64_Dyn *d;

	while (ph->p_type != PT_DYNAMIC)
		ph++;
	for (d = (const void *)(base + ph->p_vaddr); d->d_tag; d++) {
		if (d->d_tag == DT_SYMTAB)
			symbols = (const void *)(base + d->d_un.d_ptr);
		if (d->d_tag == DT_STRTAB)
			strings = base + d->d_un.d_ptr;
		if (d->d_tag == DT_HASH)
			hash = (const void *)(base + d->d_un.d_ptr);
	}
}

static void *look_up(const char *name)
{
	for (uint32_t i = 1; i < hash[1]; i++)
		if (!strcmp(strings + symbols[i].st_name, name))
			return (void *)(base + symbols[i].st_value);
	printf("no %s\n", name);
	exit(1);
}

static void find_functions(void)
{
	base = (const char *)getauxval(AT_SYSINFO_EHDR);
	if (!base) {
		printf("no vDSO\n");
		exit(1);
	}
	find_tables();
	vdso_gettime = look_up("__vdso_clock_gettime");
	vdso_getres = look_up("__vdso_clock_getres");
	vdso_day = look_up("__vdso_gettimeofday");
	vdso_seconds = look_up("__vdso_time");
	vdso_cpu = look_up("__vdso_getcpu");
}

/* ---- Reading ------------------------------------------------------------ */

static long long of_system(int clock)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, clock, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static long long of_vdso(int clock)
{
	struct timespec ts = {-1, -1};
	int r = vdso_gettime(clock, &ts);

	if (r || ts.tv_nsec < 0 || ts.tv_nsec >= NSEC) {
		printf("clock %d: %d, %ld ns\n", clock, r, ts.tv_nsec);
		exit(1);
	}
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static int wrong(const char *what, long long a, long long b)
{
	printf("%s: %lld, %lld\n", what, a, b);
	return 1;
}

/* The vDSO between two answers of the system, with this much slack. */
static int between(int clock, long long slack)
{
	long long before = of_system(clock), at = of_vdso(clock);
	long long after = of_system(clock);

	if (at < before - slack || at > after + slack) {
		printf("clock %d: ", clock);
		return wrong("between", at - before, after - at);
	}
	return 0;
}

/* ---- The tests ---------------------------------------------------------- */

/*
 * CLOCK_REALTIME, MONOTONIC, MONOTONIC_RAW, BOOTTIME, TAI; the coarse ones are
 * late as the system's are, not more and not less. Where the host's rate has
 * just changed, as while it boots, the vDSO may be ahead for some milliseconds.
 */
static int test_clocks(void)
{
	static const int fine[] = {0, 1, 4, 7, 11}, coarse[] = {5, 6};
	long long start = of_system(CLOCK_MONOTONIC);

	while (of_system(CLOCK_MONOTONIC) < start + NSEC / 10)
		;
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 5; i++)
			if (between(fine[i], 1000))
				return 1;
		for (int i = 0; i < 2; i++)
			if (between(coarse[i], 1000000))
				return 1;
	}
	return 0;
}

/* Vdso and system in turn: time never goes back by more than slack. */
static int test_back(void)
{
	long long last = of_vdso(CLOCK_MONOTONIC), now;

	for (int i = 0; i < 20000; i++) {
		now = of_vdso(CLOCK_MONOTONIC);
		if (now < last)
			return wrong("vDSO went back", now, last);
		last = now;
		if (i % 16)
			continue;
		now = of_system(CLOCK_MONOTONIC);
		if (now < last - 1000)
			return wrong("system is behind", now, last);
	}
	return 0;
}

/* Half a second without a trap: nobody has renewed the data. How much later the
 * system is at the end; a busy machine may take a while to answer. */
static long long after_long(int clock)
{
	long long end = of_vdso(clock) + NSEC / 2, now;

	do
		now = of_vdso(clock);
	while (now < end);
	return of_system(clock) - now;
}

static int test_long(void)
{
	long long least = NSEC, later;

	for (int i = 0; i < 4; i++) {
		later = after_long(i % 2 ? CLOCK_REALTIME : CLOCK_MONOTONIC);
		if (later < -1000)
			return wrong("ahead after half a second", later, 0);
		least = later < least ? later : least;
	}
	return least > 200000 ? wrong("behind", least, 0) : 0;
}

static int test_cpu(void)
{
	unsigned cpu, node, same = 0;

	for (int i = 0; i < 100; i++) {
		unsigned real = 0, real_node = 0;

		syscall(SYS_getcpu, &real, &real_node, NULL);
		if (vdso_cpu(&cpu, &node, NULL))
			return wrong("getcpu", 0, 0);
		same += cpu == real && node == real_node;
	}
	/* The thread may be moved at any moment, but is not all the time. */
	return same < 90 ? wrong("getcpu agrees", same, 100) : 0;
}

static int other_resolution(int clock)
{
	struct timespec a = {-1, -1}, b = {-2, -2};

	syscall(SYS_clock_getres, clock, &a);
	if (vdso_getres(clock, &b) || a.tv_sec != b.tv_sec ||
	    a.tv_nsec != b.tv_nsec)
		return wrong("resolution", a.tv_nsec, b.tv_nsec);
	return 0;
}

static int test_other(void)
{
	struct timeval tv, now;
	struct timespec ts;
	struct timezone tz = {99, 99}, system_tz = {0, 0};
	time_t a, b;

	if (between(CLOCK_PROCESS_CPUTIME_ID, 0) ||
	    between(CLOCK_THREAD_CPUTIME_ID, 0))
		return 1;
	if (vdso_gettime(99, &ts) != -EINVAL)
		return wrong("clock 99", 0, 0);
	if (other_resolution(CLOCK_MONOTONIC) ||
	    other_resolution(CLOCK_MONOTONIC_COARSE))
		return 1;
	if (vdso_getres(CLOCK_MONOTONIC, NULL) ||
	    vdso_getres(99, &ts) != -EINVAL)
		return wrong("resolution", 0, 99);
	syscall(SYS_gettimeofday, &now, &system_tz);
	if (vdso_day(&tv, &tz) || vdso_day(NULL, NULL) ||
	    tz.tz_minuteswest != system_tz.tz_minuteswest ||
	    tz.tz_dsttime != system_tz.tz_dsttime)
		return wrong("time zone", tz.tz_minuteswest, tz.tz_dsttime);
	if (tv.tv_sec * 1000000 + tv.tv_usec <
	    now.tv_sec * 1000000 + now.tv_usec)
		return wrong("gettimeofday", tv.tv_sec, tv.tv_usec);
	a = vdso_seconds(NULL);
	if (vdso_seconds(&b) != b || b < a || b - a > 2)
		return wrong("time", a, b);
	return 0;
}

/* The C library uses it: no call of its takes as long as a system call. */
static int test_libc(void)
{
	long long libc = NSEC, system = NSEC, start;
	struct timespec ts;

	for (int i = 0; i < 1000; i++) {
		start = of_vdso(CLOCK_MONOTONIC);
		clock_gettime(CLOCK_REALTIME, &ts);
		start = of_vdso(CLOCK_MONOTONIC) - start;
		libc = start < libc ? start : libc;
		start = of_vdso(CLOCK_MONOTONIC);
		of_system(CLOCK_REALTIME);
		start = of_vdso(CLOCK_MONOTONIC) - start;
		system = start < system ? start : system;
	}
	return libc * 4 > system ? wrong("ns of libc, system", libc, system)
				 : 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
	{"clocks", test_clocks}, {"back", test_back},	{"long", test_long},
	{"cpu", test_cpu},	 {"other", test_other}, {"libc", test_libc},
};

int main(int argc, char **argv)
{
	find_functions();
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if ((argc < 2 || !strcmp(argv[1], tests[i].name)) &&
		    tests[i].run())
			return 1;
	printf("ok\n");
	return 0;
}
