/*
 * pkeys.c: pkey_alloc, pkey_free (Linux mm/mprotect.c).
 */
#include <asm/errno.h>

#include "calls.h"
#include "mm_machine.h"
#include "pkey.h"

int64_t mm_pkey_alloc(struct mm *mm, uint64_t flags, uint64_t rights)
{
	int key;

	if (flags || rights & ~(uint64_t)PKEY_DISABLES)
		return -EINVAL;
	key = pkey_take(mm);
	if (key < 0)
		return -ENOSPC;
	if (!mm_machine.pkeys)
		return -EINVAL; /* and Linux does not find it to free it */
	pkey_set_rights(key, (uint32_t)rights);
	return key;
}

int64_t mm_pkey_free(struct mm *mm, int key)
{
	if (!pkey_is_allocated(mm, key))
		return -EINVAL;
	mm->pkeys_allocated &= ~(1u << key);
	return 0;
}
