/*
 * futexes.c: what a lone thread can do with futexes: wait on one or on several
 * until the time is over, wake nobody, lock what nobody holds.
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

/* <linux/futex.h>, which not every C library finds. */
enum {
	WAIT,
	WAKE,
	REQUEUE = 3,
	CMP_REQUEUE,
	WAKE_OP,
	LOCK_PI,
	UNLOCK_PI,
	TRYLOCK_PI,
	WAIT_BITSET,
	WAKE_BITSET,
	WAIT_REQUEUE_PI,
	CMP_REQUEUE_PI,
	LOCK_PI2,
	PRIVATE = 128,
	REALTIME = 256
};
#define BAD    ((void *)0x1000ul)
#define KERNEL ((void *)0xffff800000000000ul)

/* futex(2) on word[0], and word[1] as the second; the numbers that matter. */
static long futex(int op, uint32_t val, void *time, uint32_t val3)
{
	return syscall(SYS_futex, &word[0], op, val, time, &word[1], val3);
}

/* With our own number shown as 1. */
static void show_word(void)
{
	uint32_t self = (uint32_t)getpid(), tid = word[0] & 0x3fffffff;

	printf("  word %#x, %#x\n",
	       (word[0] & 0xc0000000) | (tid == self ? 1 : tid), word[1]);
}

static void bad_words(void)
{
	static const int ops[] = {WAIT,	      WAKE,	   REQUEUE,
				  WAKE_OP,    LOCK_PI,	   UNLOCK_PI,
				  TRYLOCK_PI, WAIT_BITSET, CMP_REQUEUE_PI};
	char *odd = (char *)word + 1;

	for (int i = 0; i < 9; i++)
		for (int private = 0; private <= PRIVATE; private += PRIVATE) {
			int op = ops[i] | private;

			printf("%#x:\n", op);
			SHOW(syscall(SYS_futex, odd, op, 1, 0, word, 0));
			SHOW(syscall(SYS_futex, word, op, 7, 0, odd, 0));
			SHOW(syscall(SYS_futex, BAD, op, 1, 0, word, 0));
			SHOW(syscall(SYS_futex, KERNEL, op, 1, 0, word, 0));
			SHOW(syscall(SYS_futex, word, op, 7, 1, BAD, 7));
			SHOW(syscall(SYS_futex, word, op, -1, -1, BAD, 7));
		}
}

static void times(void)
{
	static const int ops[] = {WAIT,	    LOCK_PI, WAIT_BITSET, TRYLOCK_PI,
				  LOCK_PI2, WAKE,    UNLOCK_PI};
	struct timespec bad = {0, 1000000000}, past = {1, 0}, ms = {0, 1000000};

	for (int i = 0; i < 7; i++) {
		printf("%d:\n", ops[i]);
		word[0] = 2;
		SHOW(futex(ops[i], 1, BAD, 1));
		SHOW(futex(ops[i], 1, &bad, 1));
		SHOW(futex(ops[i] | REALTIME, 1, &past, 1));
		if (ops[i] != WAIT)
			continue;
		SHOW(futex(WAIT, 2, &ms, 0));
		SHOW(futex(WAIT_BITSET, 2, &past, 1));
		SHOW(futex(WAIT_BITSET | REALTIME, 2, &past, 1));
		SHOW(futex(WAIT_BITSET, 2, &past, 0));
		SHOW(futex(WAIT_REQUEUE_PI, 2, &past, 0));
		SHOW(futex(WAIT_REQUEUE_PI, 3, &past, 0));
	}
}

static void lock(uint32_t value, int op)
{
	word[0] = value;
	printf("%#x, %d\n", value, op);
	SHOW(futex(op, 0, NULL, 0));
	show_word();
	if (word[0])
		SHOW(futex(op, 0, NULL, 0));
	SHOW(futex(UNLOCK_PI, 0, NULL, 0));
	show_word();
}

static void locks(void)
{
	static const int ops[] = {LOCK_PI, TRYLOCK_PI, LOCK_PI2};
	struct timespec past = {1, 0};

	for (int i = 0; i < 3; i++) {
		lock(0, ops[i]);
		lock(0x40000000, ops[i]);
		lock(0x80000000, ops[i]);
		lock(0x3fffffff, ops[i]); /* there is no such thread */
		lock(0xc0000000 | 0x3ffffff0, ops[i]);
	}
	word[0] = (uint32_t)getppid();
	SHOW(futex(TRYLOCK_PI, 0, NULL, 0));
	SHOW(futex(LOCK_PI, 0, &past, 0));
	SHOW(futex(LOCK_PI2, 0, &past, 0));
	SHOW(futex(UNLOCK_PI, 0, NULL, 0));
	SHOW(word[0] == (0x80000000u | getppid()));
	word[0] = word[1] = 5;
	SHOW(futex(CMP_REQUEUE_PI, 1, NULL, 5));
	SHOW(futex(CMP_REQUEUE_PI, 1, NULL, 6));
	SHOW(futex(CMP_REQUEUE_PI, 2, NULL, 5));
	SHOW(syscall(SYS_futex, word, CMP_REQUEUE_PI, 1, 0, word, 5));
	SHOW(syscall(SYS_futex, word, WAIT_REQUEUE_PI, 5, 0, word, 5));
}

/* Operation and comparison, each with more than there are. */
static void operations(void)
{
	for (uint32_t op = 0; op < 16; op++)
		for (uint32_t cmp = 0; cmp < 8; cmp++) {
			word[1] = 0x55;
			printf("%u %u %ld %#x\n", op, cmp,
			       futex(WAKE_OP, 1, NULL,
				     op << 28 | cmp << 24 | 0xffa << 12 | 5),
			       word[1]);
		}
	for (int op = 13; op < 40; op++)
		SHOW(futex(op, 0, NULL, 0));
	SHOW(futex(2, 0, NULL, 0));
}

/* futex_wake, futex_wait and futex_requeue of Linux 6.7. */
static void newer(void)
{
	struct timespec past = {1, 0}, bad = {-1, 0};
	static const unsigned flags[] = {0, 1, 2, 3, 0x82, 0x10, 0x102};

	word[0] = 2;
	for (int i = 0; i < 7; i++) {
		unsigned f = flags[i];

		SHOW(syscall(454, word, -1u, 1, f));
		SHOW(syscall(454, word, -1ul, 1, f));
		SHOW(syscall(454, word, 0, 1, f));
		SHOW(syscall(455, word, 2, -1u, f, &past, CLOCK_MONOTONIC));
		SHOW(syscall(455, word, 2, -1u, f, &past, CLOCK_REALTIME));
		SHOW(syscall(455, word, 3, -1u, f, &past, CLOCK_BOOTTIME));
		SHOW(syscall(455, word, 3, 0, f, &bad, CLOCK_REALTIME));
		SHOW(syscall(455, word, 3, 1, f, NULL, 99));
		SHOW(syscall(455, word, 1l << 40, 1, f, NULL, 99));
	}
	SHOW(syscall(454, BAD, 1, 1, 2));
	SHOW(syscall(454, BAD, 1, 1, 0x82));
	SHOW(syscall(455, BAD, 1, 1, 0x82, NULL, 0));
	word[2] = 3;
	set(3, U32);
	SHOW(syscall(456, waiter, 0, 1, 1));
	SHOW(syscall(456, waiter, 1, 1, 1));
	SHOW(syscall(456, NULL, 0, 1, 1));
	SHOW(syscall(456, BAD, 0, 1, 1));
	SHOW(syscall(456, waiter, 0, -1, 1));
	word[0]++;
	SHOW(syscall(456, waiter, 0, 1, 1));
}

int main(void)
{
	bad_words();
	times();
	locks();
	operations();
	newer();
	word[0] = 1;
	word[1] = 2;
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
