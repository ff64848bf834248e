/*
 * pkey.c: see pkey.h.
 */
#include "pkey.h"

#include "mm_machine.h"

#define PKEYS_MAX      16
#define DISABLE_ACCESS 1u /* PKEY_DISABLE_*; bits 2k and 2k + 1 of PKRU */
#define DISABLE_WRITE  2u

void pkeys_init(struct mm *mm)
{
	mm->pkeys_allocated = mm_machine.pkeys ? 1 : 0;
	mm->execute_only_pkey = mm_machine.pkeys ? -1 : 0;
}

static int max_pkey(void)
{
	return mm_machine.pkeys ? PKEYS_MAX : 1;
}

/* Linux mm_pkey_is_allocated: the execute-only one is not the program's. */
bool pkey_is_allocated(const struct mm *mm, int key)
{
	return key >= 0 && key < max_pkey() && key != mm->execute_only_pkey &&
	       mm->pkeys_allocated >> key & 1;
}

int pkey_take(struct mm *mm)
{
	for (int key = 0; key < max_pkey(); key++) {
		if (mm->pkeys_allocated >> key & 1)
			continue;
		mm->pkeys_allocated |= 1u << key;
		return key;
	}
	return -1;
}

void pkey_set_rights(int key, uint32_t rights)
{
	unsigned shift = 2 * (unsigned)key;

	arch_pkru_write((arch_pkru_read() & ~(3u << shift)) | rights << shift);
}

bool pkey_denies(unsigned key, bool write)
{
	uint32_t deny = write ? DISABLE_ACCESS | DISABLE_WRITE : DISABLE_ACCESS;

	return mm_machine.pkeys && arch_pkru_read() >> 2 * key & deny;
}

uint32_t pkey_execute_only(struct mm *mm)
{
	int key = mm->execute_only_pkey;

	if (!mm_machine.pkeys)
		return 0;
	if (key < 0) {
		key = pkey_take(mm);
		if (key < 0)
			return 0;
		mm->execute_only_pkey = key;
	} else if (pkey_denies((unsigned)key, false)) {
		return (uint32_t)key;
	}
	pkey_set_rights(key, DISABLE_ACCESS);
	return (uint32_t)key;
}

/* Linux __arch_override_mprotect_pkey. */
uint32_t pkey_for_mprotect(struct mm *mm, const struct vma *v, uint32_t prot,
			   int key)
{
	if (!mm_machine.pkeys)
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

uint32_t mm_pkey_at(struct mm *mm, uint64_t va)
{
	const struct vma *v = vma_find_first(&mm->vmas, va, va + 1);

	return v ? vma_pkey(v) : 0;
}
