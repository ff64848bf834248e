/*
 * describe.h: descriptions by the guest (hv_describe.h), gathered
 * whole. The guest is not trusted: an answer that makes no sense is -EIO. Only
 * while a hypercall of v is served.
 */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include <stddef.h>
#include <stdint.h>

#include "hv_describe.h"

struct vcpu;

/* One record of `size` bytes. Returns 0 or -errno. */
int describe_one(struct vcpu *v, enum hv_describe what, uint64_t cursor,
		 void *out, size_t size);
/*
 * All records from cursor 0 on, of `size` bytes each, in *out, to be freed.
 * Returns their number or -errno.
 */
int64_t describe_all(struct vcpu *v, enum hv_describe what, size_t size,
		     void **out);
/*
 * Are the d->count <= HV_DESCRIBE_BYTES / size records mappings: of whole
 * pages of user space, each one ending after the one before, the first after
 * *end? 0, with the last one's end in *end, or -EIO.
 */
int describe_check_vmas(const struct hv_call_describe *d, size_t size,
			uint64_t *end);
/* The mapping that has va or comes after it. Also -ENOENT: there is none. */
int describe_next_vma(struct vcpu *v, uint64_t va, struct hv_desc_vma *out);
/* Entries of pagemap for n pages from va. Returns 0 or -errno. */
int describe_pagemap(struct vcpu *v, uint64_t va, size_t n, uint64_t *out);

#endif
