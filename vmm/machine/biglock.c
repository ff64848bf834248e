/*
 * biglock.c: see biglock.h. A mutex after Drepper, "Futexes Are Tricky", and a
 * hand-over for those who would starve. It lies in guest memory: whatever is
 * written there, a host thread only waits.
 */
#include "biglock.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPINS 200

static bool take_free(struct hv_lock *lock, uint32_t as)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&lock->word, &free, as, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

bool biglock_try(struct hv_lock *lock)
{
	return !lock->many || take_free(lock, 1);
}

/* Who finds it taken a second time gets it next. */
static void sleep_for(struct hv_lock *lock)
{
	uint32_t was;

	for (unsigned n = 0; lock->many; n++) {
		was = __atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE);
		if (was == 3)
			lock->starved = 0;
		if (was == 0 || was == 3)
			return;
		if (n)
			lock->starved = 1;
		syscall(SYS_futex, &lock->word, FUTEX_WAIT_PRIVATE, 2, NULL,
			NULL, 0);
	}
}

void biglock_take(struct hv_lock *lock)
{
	if (!lock->many)
		return;
	for (unsigned i = 0; i < SPINS; i++) {
		if (take_free(lock, 1))
			return;
		__builtin_ia32_pause();
	}
	sleep_for(lock);
}

/* Give it to whoever sleeps, or to whoever comes. */
void biglock_give(struct hv_lock *lock)
{
	uint32_t free =
		__atomic_load_n(&lock->starved, __ATOMIC_RELAXED) ? 3 : 0;

	if (!lock->many)
		return;
	if (__atomic_exchange_n(&lock->word, free, __ATOMIC_RELEASE) != 1)
		syscall(SYS_futex, &lock->word, FUTEX_WAKE_PRIVATE, 1, NULL,
			NULL, 0);
}

void biglock_end(struct hv_lock *lock)
{
	lock->many = 0;
	lock->word = 0;
	syscall(SYS_futex, &lock->word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL,
		0);
}

void biglock_begin(struct hv_lock *lock)
{
	if (lock->many)
		return;
	lock->word = 1;
	lock->many = 1;
}
