/*
 * guestmem.h: guest RAM by guest physical address, each range checked. Copy,
 * and do not alias: the guest may rewrite the bytes while we look.
 */
#ifndef GUESTMEM_H
#define GUESTMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv_map.h"

struct guestmem {
	uint8_t *base; /* host address of gpa 0 */
	uint64_t span; /* bytes of address space at base, hole included */
	uint64_t low_end,
		high_end; /* RAM is [0, low_end) and [4 GiB, high_end) */
	/* Beside RAM, at HV_AREAS_GPA: see areas.h. 0 bytes until it is made */
	uint8_t *areas;
	uint64_t areas_size;
};

/*
 * Reserve host memory for `size` bytes of RAM; nothing is touched. Fails also
 * where then too little would be left of the limits for the VMM itself.
 */
int guestmem_init(struct guestmem *gm, uint64_t size);
void guestmem_fini(struct guestmem *gm);

int guestmem_read(const struct guestmem *gm, hv_gpa_t gpa, void *dst,
		  size_t len);
/* Host address of [gpa, gpa + len), or NULL if not all of it is RAM. */
void *guestmem_at(const struct guestmem *gm, hv_gpa_t gpa, size_t len);

#endif
