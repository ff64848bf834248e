/*
 * pkey.h: protection keys of an address space (Linux arch/x86/mm/pkeys.c,
 * mm/mprotect.c).
 *
 * A mapping has a key, 0 to 15, in VMA_PKEY, and so have its entries; what the
 * thread's PKRU denies of that key is denied to it, but for fetches. A mapping
 * that may only be executed gets a key of its own, which nobody may read.
 *
 * Without keys there is one, 0, and it was never allocated; what the calls say
 * then is what Linux says on such a processor.
 */
#ifndef PKEY_H
#define PKEY_H

#include "mm.h"

#define PKEY_DISABLES 3u /* Linux PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE */

void pkeys_init(struct mm *mm);
/* May the program name this key? */
bool pkey_is_allocated(const struct mm *mm, int key);
/* Does the thread's PKRU deny this to a page with that key? Never without. */
bool pkey_denies(unsigned key, bool write);
/* The key of what may be executed only, which is denied now; 0: there is no
 * key left. */
uint32_t pkey_execute_only(struct mm *mm);
/* The key that v is to have; key -1: mprotect, which does not say. */
uint32_t pkey_for_mprotect(struct mm *mm, const struct vma *v, uint32_t prot,
			   int key);
/* A key that is not in use; -1: there is none. */
int pkey_take(struct mm *mm);
/* Linux arch_set_user_pkey_access. */
void pkey_set_rights(int key, uint32_t rights);
/* The key of the mapping at va: si_pkey. */
uint32_t mm_pkey_at(struct mm *mm, uint64_t va);

#endif
