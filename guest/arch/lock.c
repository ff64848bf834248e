/*
 * lock.c: see lock.h. Who waits spins for a while, natively or not, and has the
 * host wait then.
 */
#include "lock.h"

#include "hv_call.h"
#include "level.h"

/* A fault takes some 10 us in the kernel. */
#define SPINS 400

struct hv_lock *kernel_lock;

static bool take_free(void)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&kernel_lock->word, &free, 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void lock_take_many(void)
{
	for (unsigned i = 0; i < SPINS; i++) {
		if (take_free())
			return;
		__builtin_ia32_pause();
	}
	level_hypercall(HV_CALL_LOCK);
}

/* Whoever sleeps is the host's to wake, and perhaps to prefer. */
void lock_give_many(void)
{
	uint32_t taken = 1;

	if (!__atomic_compare_exchange_n(&kernel_lock->word, &taken, 0, false,
					 __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		level_hypercall(HV_CALL_LOCK_FREE);
}
