/*
 * io.h: one transfer between a descriptor and the program's memory. Private to
 * io.c, which says what is asked for, and transfer.c and direct.c, which do it.
 */
#ifndef IO_H
#define IO_H

#include <sys/uio.h>

#include "call.h"

#define NO_OFFSET CALL_POSITION /* the descriptor's own position */

struct io {
	struct call *c;
	int host;
	int64_t offset;	   /* in the file, or NO_OFFSET */
	int flags;	   /* RWF_* */
	unsigned proc;	   /* procfs.h */
	struct fd_entry e; /* a copy: the table may change in an upcall */
	bool direct;	   /* O_DIRECT, of a file */
	bool nonblock;	   /* O_NONBLOCK */
	bool appends;	   /* O_APPEND, RWF_APPEND */
	bool unlocks;	   /* without the machine's lock, as it may take long */
	struct fd_hold hold; /* of host */
};

/*
 * To and from the memory of a vector, `total` bytes in all. The count, or
 * -errno if that is 0.
 */
int64_t io_receive(const struct io *io, const struct iovec *iov,
		   uint64_t total);
int64_t io_send(const struct io *io, const struct iovec *iov, uint64_t total);
/* Either, if io->direct, and not of nothing (direct.c). */
int64_t io_direct(const struct io *io, const struct iovec *iov, uint64_t total,
		  bool writes);
/* From a signalfd, a whole number of records (signalfd.c). */
int64_t io_read_signals(const struct io *io, const struct iovec *iov,
			uint64_t total);
/*
 * The host's call on memory of the VMM, `done` bytes after the start. Where it
 * may block, without the machine's lock: call.h.
 */
int64_t io_transfer(const struct io *io, bool writes, const struct iovec *iov,
		    int n, uint64_t done);

/*
 * Bytes up to the first that is not there. Page by page, so that a bad page is
 * touched once, as by Linux.
 */
size_t io_get_some(struct call *c, uint64_t va, uint8_t *dst, size_t len);

#endif
