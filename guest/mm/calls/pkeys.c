/*
 * pkeys.c: protection keys (Linux arch/x86/mm/pkeys.c, mm/mprotect.c).
 *
 * A mapping has a key, 0 to 15, in VMA_PKEY, and so have its entries; what the
 * thread's PKRU denies of that key is denied to it, but for fetches. A mapping
 * that may only be executed gets a key of its own, which nobody may read.
 *
 * Without keys there is one, 0, and it was never allocated; what the calls say
 * then is what Linux says on such a processor.
 */
#include "internal.h"

#define PKEYS_MAX      16
#define DISABLE_ACCESS 1u /* PKEY_DISABLE_*; bits 2k and 2k + 1 of PKRU */
#define DISABLE_WRITE  2u

void pkeys_init(struct mm *mm)
{
	mm->pkeys_allocated = mm_globals.pkeys ? 1 : 0;
	mm->execute_only_pkey = mm_globals.pkeys ? -1 : 0;
}

static int max_pkey(void)
{
	return mm_globals.pkeys ? PKEYS_MAX : 1;
}

/* Linux mm_pkey_is_allocated: the execute-only one is not the program's. */
bool pkey_is_allocated(const struct mm *mm, int key)
{
	return key >= 0 && key < max_pkey() && key != mm->execute_only_pkey &&
	       mm->pkeys_allocated >> key & 1;
}

/* -1: none is left. */
static int take_pkey(struct mm *mm)
{
	for (int key = 0; key < max_pkey(); key++) {
		if (mm->pkeys_allocated >> key & 1)
			continue;
		mm->pkeys_allocated |= 1u << key;
		return key;
	}
	return -1;
}

/* Linux arch_set_user_pkey_access. */
static void set_rights(int key, uint32_t rights)
{
	unsigned shift = 2 * (unsigned)key;

	arch_pkru_write((arch_pkru_read() & ~(3u << shift)) | rights << shift);
}

bool pkey_denies(unsigned key, bool write)
{
	uint32_t deny = write ? DISABLE_ACCESS | DISABLE_WRITE : DISABLE_ACCESS;

	return mm_globals.pkeys && arch_pkru_read() >> 2 * key & deny;
}

uint32_t pkey_execute_only(struct mm *mm)
{
	int key = mm->execute_only_pkey;

	if (!mm_globals.pkeys)
		return 0;
	if (key < 0) {
		key = take_pkey(mm);
		if (key < 0)
			return 0;
		mm->execute_only_pkey = key;
	} else if (pkey_denies((unsigned)key, false)) {
		return (uint32_t)key;
	}
	set_rights(key, DISABLE_ACCESS);
	return (uint32_t)key;
}

/* Linux __arch_override_mprotect_pkey. */
uint32_t pkey_for_mprotect(struct mm *mm, const struct vma *v, uint32_t prot,
			   int key)
{
	if (!mm_globals.pkeys)
		return 0;
	if (key != -1)
		return (uint32_t)key;
	if (prot == PROT_EXEC) {
		uint32_t execute_only = pkey_execute_only(mm);

		if (execute_only)
			return execute_only;
	} else if (v->prot == PROT_EXEC &&
		   (int)vma_pkey(v) == mm->execute_only_pkey) {
		return 0;
	}
	return vma_pkey(v);
}

int64_t mm_pkey_alloc(struct mm *mm, uint64_t flags, uint64_t rights)
{
	int key;

	if (flags || rights & ~(uint64_t)(DISABLE_ACCESS | DISABLE_WRITE))
		return -EINVAL;
	key = take_pkey(mm);
	if (key < 0)
		return -ENOSPC;
	if (!mm_globals.pkeys)
		return -EINVAL; /* and Linux does not find it to free it */
	set_rights(key, (uint32_t)rights);
	return key;
}

int64_t mm_pkey_free(struct mm *mm, int key)
{
	if (!pkey_is_allocated(mm, key))
		return -EINVAL;
	mm->pkeys_allocated &= ~(1u << key);
	return 0;
}

uint32_t mm_pkey_at(struct mm *mm, uint64_t va)
{
	const struct vma *v = vma_find_first(&mm->vmas, va, va + 1);

	return v ? vma_pkey(v) : 0;
}
