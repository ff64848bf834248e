/*
 * writeback.h: files that change, here or at the host (Linux
 * mm/page-writeback.c, mm/truncate.c).
 *
 * A page is dirty if PG_DIRTY is set or an entry that maps it has its dirty
 * bit. Nothing here writes beyond the end of a file: the host cuts off what
 * lies there.
 */
#ifndef WRITEBACK_H
#define WRITEBACK_H

#include <stdint.h>

#include "file.h"
#include "hv_call.h"

/* The page cache, files and all. After slab_init. */
void cache_init(void);

/* The file of this number, with one more reference; size is updated, flags
 * (FILE_*) are added. NULL: no memory. */
struct file *file_open(uint32_t number, uint64_t size, uint32_t flags);

/*
 * Write back what the pages [start, end) hold that the host's file does not,
 * and have the processor tell about the next write. hv_file_sync tells what
 * could not be written.
 */
void file_sync(struct file *file, uint64_t start, uint64_t end);
/* file_sync of all files, whole: before the end. */
void mm_sync_files(void);
/*
 * The host's file has changed: it is `size` bytes long now, and what it holds
 * in the bytes [start, end) is new. Pages beyond the end go, out of private
 * mappings too, as Linux truncates; others are read again in place.
 */
void file_changed(struct file *file, uint64_t start, uint64_t end,
		  uint64_t size);
/* MADV_REMOVE of the pages [start, end). 0 or -errno. */
int file_punch(struct file *file, uint64_t start, uint64_t end);
/* Forget those of the pages that nobody needs (MADV_PAGEOUT). */
void file_reclaim(struct file *file, uint64_t start, uint64_t end);

/*
 * What the host asks when the program reads or writes a file that is mapped:
 * write back the bytes [start, end), or: the file changed there and is `size`
 * bytes long. 0 or -EIO.
 */
int mm_file_upcall(const struct hv_call_file_upcall *call);

#endif
