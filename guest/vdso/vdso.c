/*
 * vdso.c: the shared object that every program finds at AT_SYSINFO_EHDR: time
 * and processor number without a system call (vdso(7); Linux lib/vdso/
 * gettimeofday.c says what each function does).
 *
 * User code, at any address, without data of its own: no relocations. What it
 * cannot tell it asks the system.
 */
#include <linux/time.h>

#include "hv_vdso.h"

#define NSEC 1000000000ull

/* From asm/unistd_64.h. */
#define NR_gettimeofday	 96
#define NR_time		 201
#define NR_clock_gettime 228
#define NR_clock_getres	 229
#define NR_getcpu	 309

#define PUBLIC __attribute__((visibility("default")))
/* Linux gives each function a second name, without the prefix. */
#define ALIAS(of) __attribute__((visibility("default"), weak, alias(#of)))

struct timespec64 {
	int64_t sec, nsec;
};
struct timeval64 {
	int64_t sec, usec;
};
struct timezone32 {
	int32_t minuteswest, dsttime;
};

/* Patched by the VMM; volatile, so that the compiler does not know it. */
__attribute__((section(".params"), used, visibility("hidden")))
const volatile struct hv_vdso_params vdso_params = {.magic = HV_VDSO_MAGIC};
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static inline const volatile struct hv_vdso_data *vdso_data(void)
{
	return (const volatile void *)(__ehdr_start + vdso_params.data);
}

static inline int64_t system_call(int64_t nr, const void *a, const void *b,
				  const void *c)
{
	int64_t ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

/* ---- The clock ---------------------------------------------------------- */

static inline uint64_t read_tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

static inline uint32_t read_begin(const volatile struct hv_vdso_data *d)
{
	uint32_t seq;

	while ((seq = d->seq) & 1)
		__asm__ volatile("pause");
	__asm__ volatile("" ::: "memory");
	return seq;
}

static inline int read_again(const volatile struct hv_vdso_data *d,
			     uint32_t seq)
{
	__asm__ volatile("" ::: "memory");
	return d->seq != seq;
}

/* Wide, because the data may be as old as the program's last trap. */
static inline uint64_t elapsed(const volatile struct hv_vdso_scale *s,
			       uint64_t base)
{
	uint64_t last = s->cycle_last, now = read_tsc();
	uint64_t delta = now > last ? now - last : 0;

	return (uint64_t)(((unsigned __int128)delta * s->mult + base) >>
			  s->shift);
}

/* The clock whose base and scale serve for this one, or -1. */
static inline int clock_base(int64_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return CLOCK_REALTIME;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
		return CLOCK_MONOTONIC;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return (int)clock;
	default:
		return -1;
	}
}

/* 0 if the system must be asked. */
static inline int read_clock(int base, struct timespec64 *ts)
{
	const volatile struct hv_vdso_data *d = vdso_data();
	uint64_t ns, sec;
	uint32_t seq;

	do {
		seq = read_begin(d);
		if (!(d->flags & HV_VDSO_TIME))
			return 0;
		sec = d->base[base].sec;
		ns = elapsed(base == CLOCK_MONOTONIC_RAW ? &d->raw : &d->hres,
			     d->base[base].nsec);
	} while (read_again(d, seq));
	ts->sec = (int64_t)(sec + ns / NSEC);
	ts->nsec = (int64_t)(ns % NSEC);
	return 1;
}

static inline int is_coarse(int64_t clock)
{
	return clock == CLOCK_REALTIME_COARSE ||
	       clock == CLOCK_MONOTONIC_COARSE;
}

/*
 * A coarse clock is what the system said at the last trap, so that it is never
 * behind a system call, nor behind the times of a file just written. It goes on
 * without traps, too: two ticks late, so that it is not ahead of the next call.
 */
static inline int read_coarse(int clock, struct timespec64 *ts)
{
	const volatile struct hv_vdso_data *d = vdso_data();
	int64_t late = 2 * (int64_t)d->coarse_ns;
	int64_t sec, nsec;
	uint32_t seq;

	if (!read_clock(clock_base(clock), ts))
		return 0;
	ts->nsec -= late;
	if (ts->nsec < 0) {
		ts->nsec += NSEC;
		ts->sec--;
	}
	do {
		seq = read_begin(d);
		sec = (int64_t)d->base[clock].sec;
		nsec = (int64_t)d->base[clock].nsec;
	} while (read_again(d, seq));
	if (sec > ts->sec || (sec == ts->sec && nsec > ts->nsec)) {
		ts->sec = sec;
		ts->nsec = nsec;
	}
	return 1;
}

PUBLIC int __vdso_clock_gettime(int clock, struct timespec64 *ts);
int __vdso_clock_gettime(int clock, struct timespec64 *ts)
{
	int base = clock_base(clock);

	if (is_coarse(clock) && read_coarse(clock, ts))
		return 0;
	if (base >= 0 && !is_coarse(clock) && read_clock(base, ts))
		return 0;
	return (int)system_call(NR_clock_gettime, (void *)(int64_t)clock, ts,
				0);
}

PUBLIC int __vdso_gettimeofday(struct timeval64 *tv, struct timezone32 *tz);
int __vdso_gettimeofday(struct timeval64 *tv, struct timezone32 *tz)
{
	const volatile struct hv_vdso_data *d = vdso_data();
	struct timespec64 ts;

	if (!read_clock(CLOCK_REALTIME, &ts))
		return (int)system_call(NR_gettimeofday, tv, tz, 0);
	if (tv) {
		tv->sec = ts.sec;
		tv->usec = ts.nsec / 1000;
	}
	if (tz) {
		tz->minuteswest = d->minuteswest;
		tz->dsttime = d->dsttime;
	}
	return 0;
}

PUBLIC int64_t __vdso_time(int64_t *t);
int64_t __vdso_time(int64_t *t)
{
	struct timespec64 ts;

	if (!read_coarse(CLOCK_REALTIME_COARSE, &ts))
		return system_call(NR_time, t, 0, 0);
	if (t)
		*t = ts.sec;
	return ts.sec;
}

PUBLIC int __vdso_clock_getres(int clock, struct timespec64 *ts);
int __vdso_clock_getres(int clock, struct timespec64 *ts)
{
	const volatile struct hv_vdso_data *d = vdso_data();

	if (clock_base(clock) < 0 || !(d->flags & HV_VDSO_TIME))
		return (int)system_call(NR_clock_getres, (void *)(int64_t)clock,
					ts, 0);
	if (ts) {
		ts->sec = 0;
		ts->nsec = is_coarse(clock) ? d->coarse_ns : d->fine_ns;
	}
	return 0;
}

PUBLIC int64_t __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused);
int64_t __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused)
{
	const volatile struct hv_vdso_data *d = vdso_data();

	(void)unused;
	if (!(d->flags & HV_VDSO_CPU))
		return system_call(NR_getcpu, cpu, node, 0);
	if (cpu)
		*cpu = d->cpu;
	if (node)
		*node = d->node;
	return 0;
}

int clock_gettime(int, struct timespec64 *) ALIAS(__vdso_clock_gettime);
int gettimeofday(struct timeval64 *, struct timezone32 *)
	ALIAS(__vdso_gettimeofday);
int64_t time(int64_t *) ALIAS(__vdso_time);
int clock_getres(int, struct timespec64 *) ALIAS(__vdso_clock_getres);
int64_t getcpu(uint32_t *, uint32_t *, void *) ALIAS(__vdso_getcpu);
