/* memlock.c: see memlock.h. */
#include "memlock.h"

#include <linux/capability.h>

#include "capable.h"

uint64_t memlock_limit(uint64_t soft)
{
	return capable(CAP_IPC_LOCK) ? ~0ull : soft;
}
