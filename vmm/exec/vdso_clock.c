/*
 * vdso_clock.c: see vdso_clock.h. The record: Linux include/vdso/datapage.h,
 * struct vdso_clock, before 6.15 the head of struct vdso_data.
 */
#include "vdso_clock.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NSEC	 1000000000ull
#define MODE_TSC 1 /* VDSO_CLOCKMODE_TSC */
#define TRIES	 1000
#define ALL_BITS UINT64_MAX /* the mask of a 64-bit counter */

struct record {
	uint32_t seq;
	int32_t mode;
	uint64_t cycle_last;
	uint64_t mask;
	uint32_t mult, shift;
	struct hv_vdso_base base[HV_VDSO_BASES];
};
#define RECORD_SIZE(has_max) (sizeof(struct record) + ((has_max) ? 8 : 0))

static const int hres_clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
				  CLOCK_BOOTTIME, CLOCK_TAI};
static const int raw_clocks[] = {CLOCK_MONOTONIC_RAW};
#define N_HRES (sizeof(hres_clocks) / sizeof(hres_clocks[0]))

/* ---- One record --------------------------------------------------------- */

static uint32_t read_seq(const uint8_t *p)
{
	return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
}

/* As the kernel's readers: until nobody has written meanwhile. */
static bool read_record(const uint8_t *p, bool has_max, struct record *r)
{
	const size_t head = offsetof(struct record, mask);

	for (int i = 0; i < TRIES; i++) {
		uint32_t seq = read_seq(p);

		if (seq & 1)
			continue;
		memcpy(r, p, head);
		memcpy(&r->mask, p + head + (has_max ? 8 : 0),
		       sizeof(*r) - head);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (read_seq(p) == seq)
			return true;
	}
	return false;
}

static bool is_plausible(const struct record *r)
{
	return r->mode == MODE_TSC && r->mask == ALL_BITS && r->mult &&
	       r->shift >= 1 && r->shift <= 32;
}

/* ---- Time --------------------------------------------------------------- */

static uint64_t scale_ns(const struct hv_vdso_scale *s,
			 const struct hv_vdso_base *base, uint64_t tsc)
{
	uint64_t delta = tsc > s->cycle_last ? tsc - s->cycle_last : 0;

	return base->sec * NSEC +
	       (uint64_t)(((unsigned __int128)delta * s->mult + base->nsec) >>
			  s->shift);
}

uint64_t vdso_clock_ns(const struct hv_vdso_data *d, int clock, uint64_t tsc)
{
	return scale_ns(clock == CLOCK_MONOTONIC_RAW ? &d->raw : &d->hres,
			&d->base[clock], tsc);
}

/* The system call itself: what is compared must not be what is examined. */
static uint64_t system_ns(int clock)
{
	struct timespec ts = {0};

	syscall(SYS_clock_gettime, clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static bool reads_true(const uint8_t *p, bool has_max, int clock)
{
	uint64_t before = system_ns(clock), ns;
	struct hv_vdso_scale s;
	struct record r;

	if (!read_record(p, has_max, &r))
		return false;
	s = (struct hv_vdso_scale){r.cycle_last, r.mult, r.shift};
	ns = scale_ns(&s, &r.base[clock], vdso_clock_tsc());
	return before <= ns && ns <= system_ns(clock);
}

/* ---- The page ----------------------------------------------------------- */

static const uint8_t *find(const uint8_t *page, size_t len, bool has_max,
			   const int *clocks, size_t n)
{
	for (size_t at = 0; at + RECORD_SIZE(has_max) <= len; at += 8) {
		const uint8_t *p = page + at;
		struct record r;
		size_t good = 0;

		if (*(const int32_t *)(p + 4) != MODE_TSC ||
		    !read_record(p, has_max, &r) || !is_plausible(&r))
			continue;
		while (good < n && reads_true(p, has_max, clocks[good]))
			good++;
		if (good == n)
			return p;
	}
	return NULL;
}

bool vdso_clock_find(struct vdso_clock *c, const void *page, size_t len)
{
	for (int has_max = 0; has_max < 2; has_max++) {
		c->has_max = has_max;
		c->hres = find(page, len, has_max, hres_clocks, N_HRES);
		c->raw = find(page, len, has_max, raw_clocks, 1);
		if (c->hres && c->raw)
			return true;
	}
	c->hres = c->raw = NULL;
	return false;
}

bool vdso_clock_read(const struct vdso_clock *c, struct hv_vdso_data *d)
{
	struct record h, r;

	if (!c->hres || !read_record(c->hres, c->has_max, &h) ||
	    !read_record(c->raw, c->has_max, &r) || !is_plausible(&h) ||
	    !is_plausible(&r))
		return false;
	d->hres = (struct hv_vdso_scale){h.cycle_last, h.mult, h.shift};
	d->raw = (struct hv_vdso_scale){r.cycle_last, r.mult, r.shift};
	for (size_t i = 0; i < N_HRES; i++)
		d->base[hres_clocks[i]] = h.base[hres_clocks[i]];
	d->base[CLOCK_MONOTONIC_RAW] = r.base[CLOCK_MONOTONIC_RAW];
	return true;
}

void vdso_clock_keep_monotonic(const struct hv_vdso_data *now,
			       struct hv_vdso_data *next, uint64_t tsc)
{
	uint64_t a = vdso_clock_ns(now, CLOCK_MONOTONIC, tsc);
	uint64_t b = vdso_clock_ns(next, CLOCK_MONOTONIC, tsc);
	uint64_t ahead = a > b ? a - b : 0;

	/* A trap takes longer than this, so it is never seen. */
	ahead -= ahead < 1000 ? ahead : 1000;
	for (size_t i = 0; i < N_HRES; i++) {
		struct hv_vdso_base *base = &next->base[hres_clocks[i]];

		base->sec += ahead / NSEC;
		base->nsec += ahead % NSEC << next->hres.shift;
	}
}
