/*
 * user_page.h: the program's pages, for the kernel's own accesses.
 */
#ifndef USER_PAGE_H
#define USER_PAGE_H

#include "mm.h"

/*
 * The frame of the user page at va, by its address in the direct map; NULL: an
 * access would fault, also only to set an accessed or dirty bit.
 */
void *mm_user_page(struct mm *mm, uint64_t va, bool write);

#endif
