/*
 * filepages.h: the bytes of mapped files, from and to the host, as the guest's
 * memory manager asks for them. Files by number (files.h); results are 0 or a
 * value, or -errno.
 */
#ifndef FILEPAGES_H
#define FILEPAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iovec;
struct machine;
struct process;

/*
 * preadv in full, zeros past the end unless it is read `again`; iov is used up.
 */
int filepages_read(struct machine *m, uint32_t number, uint64_t offset,
		   struct iovec *iov, int count, bool again);
/*
 * Of the n <= 64 pages from offset, those in holes of a file in memory, a bit
 * each; of other files none. Page want < n, if it is one, is filled then: fails
 * if there is no room for it.
 */
int filepages_holes(const struct machine *m, uint32_t number, uint64_t offset,
		    unsigned n, unsigned want, uint64_t *holes);
/*
 * In what folios the host's page cache has the n <= HV_FILE_READ_MAX pages from
 * offset: the order of each. False: not asked for (machine.folios), or the file
 * is in memory.
 */
bool filepages_orders(const struct machine *m, uint32_t number, uint64_t offset,
		      unsigned n, uint8_t *orders);

/* pwrite up to the end of the file. What fails is remembered: lost.h. */
int filepages_write(struct process *p, uint32_t number, uint64_t offset,
		    const void *src, size_t len);
/*
 * fdatasync. Fails with what was lost, and the opening by which the file is
 * mapped was not told yet.
 */
int filepages_sync(struct process *p, uint32_t number, uint32_t opened);
/* enum hv_file_op but SYNC and PIDFD: 0, 1 or -errno. */
int filepages_op(const struct machine *m, uint32_t number, uint32_t op,
		 uint64_t start, uint64_t end);

/*
 * The path for the log, of that opening (0: of the first), or NULL. Valid until
 * the last put.
 */
const char *filepages_path(const struct machine *m, uint32_t number,
			   uint32_t opened);

#endif
