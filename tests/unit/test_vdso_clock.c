/*
 * test_vdso_clock.c: the host's clock data: what is taken for it, and what the
 * vDSO makes of it.
 *
 * Some claims need a host whose clock is the TSC; they look at its own page, or
 * spoil a copy of it.
 */
#include "vdso_clock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NSEC 1000000000ull

/* ---- This machine's own page -------------------------------------------- */

static const void *own_vvar(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long start = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "[vvar]"))
			sscanf(line, "%lx", &start);
	if (f)
		fclose(f);
	return (const void *)start;
}

static uint64_t system_ns(int clock)
{
	struct timespec ts = {0};

	syscall(SYS_clock_gettime, clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static struct vdso_clock own_clock(void)
{
	const void *page = own_vvar();
	struct vdso_clock c;

	if (!page)
		cr_skip_test("this host has no [vvar]");
	if (!vdso_clock_find(&c, page, 4096))
		cr_skip_test("this host's clock is not the TSC");
	return c;
}

Test(vdso_clock, every_clock_of_this_host_is_read_to_the_nanosecond)
{
	static const int clocks[] = {0, 1, 4, 7, 11};
	struct vdso_clock c = own_clock();
	struct hv_vdso_data d = {0};

	for (int i = 0; i < 1000; i++) {
		int clock = clocks[i % 5];
		uint64_t before = system_ns(clock), at, after;

		cr_assert(vdso_clock_read(&c, &d));
		at = vdso_clock_ns(&d, clock, vdso_clock_tsc());
		after = system_ns(clock);
		cr_assert(before <= at && at <= after, "clock %d: %lu %lu %lu",
			  clock, before, at, after);
	}
}

/* An hour is 40 bits of ticks: no product of theirs overflows. */
Test(vdso_clock, data_of_an_hour_ago_is_read_alike)
{
	struct vdso_clock c = own_clock();
	struct hv_vdso_data d = {0};
	uint64_t now, later, tsc, hour;

	cr_assert(vdso_clock_read(&c, &d));
	tsc = d.hres.cycle_last;
	hour = (uint64_t)(((unsigned __int128)3600 * NSEC << d.hres.shift) /
			  d.hres.mult);
	now = vdso_clock_ns(&d, CLOCK_MONOTONIC, tsc);
	later = vdso_clock_ns(&d, CLOCK_MONOTONIC, tsc + hour);
	cr_assert(later - now <= 3600 * NSEC);
	cr_assert(later - now >= 3600 * NSEC - 1000);
}

/* ---- What is not believed ------------------------------------------------ */

static _Alignas(8) uint8_t page[4096];

static void copy_own(void)
{
	const void *own = own_vvar();

	own_clock();
	memcpy(page, own, sizeof(page));
}

static struct vdso_clock found;

Test(vdso_clock, an_empty_page_has_no_clock)
{
	cr_assert(!vdso_clock_find(&found, page, sizeof(page)));
	cr_assert_null(found.hres);
	cr_assert_null(found.raw);
}

Test(vdso_clock, a_page_of_ones_has_no_clock)
{
	memset(page, 0xff, sizeof(page));
	cr_assert(!vdso_clock_find(&found, page, sizeof(page)));
}

/* Read by the wrong layout it tells another time. */
Test(vdso_clock, a_copy_that_is_fresh_is_believed_and_a_wrong_rate_is_not)
{
	uint32_t *mult;

	copy_own();
	cr_assert(vdso_clock_find(&found, page, sizeof(page)));
	mult = (uint32_t *)(page + (found.hres - page) +
			    (found.has_max ? 32 : 24));
	*mult += *mult / 2;
	cr_assert(!vdso_clock_find(&found, page, sizeof(page)));
}

Test(vdso_clock, another_clock_source_is_not_believed)
{
	copy_own();
	cr_assert(vdso_clock_find(&found, page, sizeof(page)));
	memset(page + (found.hres - page) + 4, 0, 4);
	cr_assert(!vdso_clock_find(&found, page, sizeof(page)));
}

/* The kernel is in the middle of writing, and remains there. */
Test(vdso_clock, an_odd_sequence_is_not_read)
{
	struct hv_vdso_data d = {0};

	copy_own();
	cr_assert(vdso_clock_find(&found, page, sizeof(page)));
	page[found.hres - page] |= 1;
	cr_assert(!vdso_clock_read(&found, &d));
	cr_assert(!vdso_clock_find(&found, page, sizeof(page)));
}

Test(vdso_clock, no_clock_reads_as_failure)
{
	struct hv_vdso_data d = {0}, zero = {0};

	found = (struct vdso_clock){0};
	cr_assert(!vdso_clock_read(&found, &d));
	cr_assert_arr_eq(&d, &zero, sizeof(d));
}

/* ---- Never back ---------------------------------------------------------- */

/* One tick is one nanosecond: mult 2^10, shift 10. */
static struct hv_vdso_data ticking(uint64_t tsc, uint64_t ns)
{
	struct hv_vdso_data d = {
		.hres = {tsc, 1 << 10, 10},
		.raw = {tsc, 1 << 10, 10},
	};

	for (int i = 0; i < HV_VDSO_BASES; i++)
		d.base[i] = (struct hv_vdso_base){ns / NSEC, ns % NSEC << 10};
	return d;
}

Test(vdso_clock, data_that_is_ahead_is_taken_as_it_is)
{
	struct hv_vdso_data a = ticking(1000, 5000), b = ticking(2000, 6500);
	struct hv_vdso_data same = b;

	vdso_clock_keep_monotonic(&a, &b, 2000);
	cr_assert_arr_eq(&b, &same, sizeof(b));
}

Test(vdso_clock, data_that_is_behind_is_put_forward)
{
	/* At 2000 a says 7 s + 6000, b says 6000. */
	struct hv_vdso_data a = ticking(1000, 7 * NSEC + 5000);
	struct hv_vdso_data b = ticking(2000, 6000);

	vdso_clock_keep_monotonic(&a, &b, 2000);
	cr_assert_eq(vdso_clock_ns(&b, CLOCK_MONOTONIC, 2000),
		     7 * NSEC + 6000 - 1000);
	cr_assert_eq(vdso_clock_ns(&b, CLOCK_BOOTTIME, 2000),
		     7 * NSEC + 6000 - 1000);
	cr_assert_eq(vdso_clock_ns(&b, CLOCK_MONOTONIC_RAW, 2000), 6000);
}

Test(vdso_clock, what_was_put_forward_converges)
{
	struct hv_vdso_data a = ticking(0, 10000 + 1000), b;
	uint64_t last = 0, tsc = 0;

	/* Renewed each 2000 ticks; 10000 ns too far at first. */
	for (int i = 0; i < 20; i++, tsc += 2000) {
		b = ticking(tsc, tsc + 1000);
		vdso_clock_keep_monotonic(&a, &b, tsc);
		cr_assert(vdso_clock_ns(&b, 1, tsc) + 1000 >=
			  vdso_clock_ns(&a, 1, tsc));
		cr_assert(vdso_clock_ns(&b, 1, tsc) > last);
		last = vdso_clock_ns(&b, 1, tsc);
		a = b;
	}
	cr_assert_eq(last, tsc - 2000 + 1000);
}

/* Another processor's TSC may be a little behind. */
Test(vdso_clock, ticks_before_the_last_update_count_as_none)
{
	struct hv_vdso_data d = ticking(1000, 5000);

	cr_assert_eq(vdso_clock_ns(&d, CLOCK_MONOTONIC, 900), 5000);
}
