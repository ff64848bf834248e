/*
 * mmap.h: mapping, for calls that do so besides mmap: exec, mremap,
 * remap_file_pages.
 */
#ifndef MMAP_H
#define MMAP_H

#include "mm.h"

/*
 * Linux get_unmapped_area: an address for len bytes, or -ENOMEM, -EINVAL,
 * -EPERM. flags: MAP_FIXED, MAP_32BIT, and whether it is for private anonymous
 * memory. len is page-aligned, not 0. file may be NULL.
 */
int64_t mm_find_area(struct mm *mm, uint64_t addr, uint64_t len, uint32_t flags,
		     const struct file *file, uint64_t pgoff);

/* What is to be mapped. */
struct map_source {
	struct file *file; /* the caller's reference; NULL: none */
	int error;	   /* what a mapping of the descriptor gets, or 0 */
	bool writable;	   /* shared mappings may write */
	bool sealed;	   /* they could, but for a seal */
	bool noexec;	   /* of a noexec mount */
	uint32_t opened;   /* hv_call_file_get.opened */
};
/* Linux do_mmap; offset in bytes. source NULL: anonymous memory. */
int64_t mm_map_source(struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot,
		      uint32_t flags, const struct map_source *source,
		      uint64_t offset);

/* FILE_* for the host's HV_FILE_*. */
uint32_t mm_file_flags(uint32_t hv);

#endif
