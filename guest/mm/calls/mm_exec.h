/*
 * mm_exec.h: the address space that execve makes, by the host's plan (elfload).
 */
#ifndef MM_EXEC_H
#define MM_EXEC_H

#include "hv_boot.h"
#include "mm.h"

/* A new address space with exec's mappings. NULL: no memory or bad map. */
struct mm *mm_create(const struct hv_exec *exec);
/*
 * The pages of exec's strings, from the arguments up to the end of the stack.
 * Linux copies them by get_user_pages (fs/exec.c, get_arg_page), so they are
 * there without a fault. A page that cannot be had is left to the host's write.
 */
void mm_populate_strings(struct mm *mm);

#endif
