/*
 * futexes.c: waiting on several futexes at once, of which the first that has
 * changed ends the call, or the time does.
 */
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#define U32 2

static uint32_t word[4] = {1, 2, 3, 4};
static struct waiter {
	uint64_t value, address;
	uint32_t flags, reserved;
} waiter[4];

static void set(uint64_t third, uint32_t flags)
{
	for (int i = 0; i < 4; i++)
		waiter[i] = (struct waiter){word[i], (uint64_t)&word[i], U32};
	waiter[2].value = third;
	waiter[2].flags = flags;
}

static long wait_all(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	if (ms < 0) {
		t.tv_sec--;
		ms += 1000;
	}
	t.tv_sec += (t.tv_nsec + ms * 1000000) / 1000000000;
	t.tv_nsec = (t.tv_nsec + ms * 1000000) % 1000000000;
	return syscall(SYS_futex_waitv, waiter, 4, 0, &t, clock);
}

int main(void)
{
	set(3, U32);
	SHOW(wait_all(CLOCK_MONOTONIC, 20));
	SHOW(wait_all(CLOCK_REALTIME, 20));
	SHOW(wait_all(CLOCK_MONOTONIC, 20 - 1000));
	set(3, U32 | 128);
	SHOW(wait_all(CLOCK_MONOTONIC, 5));
	set(4, U32);
	SHOW(wait_all(CLOCK_MONOTONIC, 1000));
	set(3, 0);
	SHOW(wait_all(CLOCK_MONOTONIC, 5));
	set(3 | 1ul << 32, U32);
	SHOW(wait_all(CLOCK_MONOTONIC, 5));
	set(3, U32);
	waiter[3].reserved = 1;
	SHOW(wait_all(CLOCK_MONOTONIC, 5));
	set(3, U32);
	waiter[3].address += 1;
	SHOW(wait_all(CLOCK_MONOTONIC, 5));
	waiter[3].address = 0x1000;
	SHOW(wait_all(CLOCK_MONOTONIC, 5));
	SHOW(wait_all(CLOCK_BOOTTIME, 5));
	return 0;
}
