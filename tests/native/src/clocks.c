/* clocks.c: time goes forward, and sleeping takes as long as it should. */
#include <stdint.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int backwards(clockid_t clock)
{
	int64_t last = now(clock), back = 0;

	for (int i = 0; i < 2000; i++) {
		int64_t t = now(clock);

		back += t < last;
		last = t;
	}
	return (int)back;
}

int main(void)
{
	struct timespec ms = {0, 20000000}, res, bad = {0, 1000000000};
	struct timeval tv;
	int64_t t0 = now(CLOCK_MONOTONIC), dt;
	time_t sec;

	SHOW(nanosleep(&ms, NULL));
	dt = now(CLOCK_MONOTONIC) - t0;
	SHOW(dt >= 20000000 && dt < 2000000000);
	SHOW(nanosleep(&bad, NULL));
	SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &ms, NULL));
	SHOW(backwards(CLOCK_MONOTONIC));
	SHOW(backwards(CLOCK_MONOTONIC_RAW));
	SHOW(backwards(CLOCK_REALTIME));
	SHOW(backwards(CLOCK_BOOTTIME));
	SHOW(backwards(CLOCK_PROCESS_CPUTIME_ID));
	SHOW(backwards(CLOCK_THREAD_CPUTIME_ID));
	SHOW(clock_getres(CLOCK_MONOTONIC, &res));
	SHOW(res.tv_nsec);
	SHOW(clock_getres(CLOCK_MONOTONIC_COARSE, &res));
	SHOW(res.tv_nsec);
	SHOW(clock_gettime(1234, &res));
	SHOW(gettimeofday(&tv, NULL));
	sec = time(NULL);
	/* time() is as of the last tick: perhaps of the second before. */
	SHOW(sec - tv.tv_sec >= -1 && sec - tv.tv_sec < 3);
	SHOW(sec > 1600000000);
	SHOW(sysconf(_SC_CLK_TCK));
	SHOW_OK(times(&(struct tms){0}));
	SHOW_OK(clock());
	return 0;
}
