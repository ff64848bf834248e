/*
 * mapped.h: files that the program maps and also reads or writes by calls.
 *
 * The guest's page cache holds pages of a mapped file. Before a call reads from
 * such a file, what the program wrote to the mapping goes to the file; after a
 * call has changed the file, the pages are read again. Calls on other files pay
 * a comparison. What is guaranteed: docs/architecture.md, "Page cache".
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stdbool.h>
#include <stdint.h>

struct call;

struct coherence {
	uint32_t out;	     /* file number that the call may change; 0: none */
	bool by_size;	     /* ... or any, whose size is new */
	uint64_t start, end; /* bytes of it, as far as known before */
	bool counted;	     /* the result is the number of bytes */
};

/* Around a call; both do nothing where no mapped file is concerned. */
void coherence_before(struct call *c, struct coherence *io);
/* Before what copies from a descriptor to another, wherever. */
void coherence_before_copy(struct call *c, struct coherence *io, uint64_t from,
			   uint64_t to);
/* The result, or what the call has to say of write-back. */
int64_t coherence_after(struct call *c, const struct coherence *io,
			int64_t result);

/* The file number of a descriptor, 0: not mapped. */
uint32_t coherence_number(struct call *c, uint64_t guest_fd);
/* What the program stored in the bytes [start, end) goes to the file. */
void coherence_sync(struct call *c, uint64_t fd, uint64_t start, uint64_t end);

#endif
