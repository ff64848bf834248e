/*
 * guestmem.c: see guestmem.h.
 */
#include "guestmem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* What must be left for the VMM's own memory where limits are tight. */
#define OWN_MEMORY (16ul << 20)

static void *reserve(uint64_t span, int sharing)
{
	void *base = mmap(NULL, span + OWN_MEMORY, PROT_READ | PROT_WRITE,
			  sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	munmap((uint8_t *)base + span, OWN_MEMORY);
	return base;
}

int guestmem_init(struct guestmem *gm, uint64_t size)
{
	uint64_t low = size < HV_RAM_HOLE_START ? size : HV_RAM_HOLE_START;
	uint8_t *base;

	gm->low_end = low;
	gm->high_end = size > low ? HV_RAM_HOLE_END + (size - low) : 0;
	gm->span = gm->high_end ? gm->high_end : low;
	base = reserve(gm->span, MAP_PRIVATE);
	if (!base) /* RLIMIT_DATA does not count what is shared */
		base = reserve(gm->span, MAP_SHARED);
	if (!base)
		return -errno;
	gm->base = base;
	/* Fewer faults of our own; 4 KiB pages where the host has no others. */
	madvise(base, gm->span, MADV_HUGEPAGE);
	return 0;
}

void guestmem_fini(struct guestmem *gm)
{
	if (gm->base)
		munmap(gm->base, gm->span);
	if (gm->areas)
		munmap(gm->areas, gm->areas_size);
	gm->base = gm->areas = NULL;
}

void *guestmem_at(const struct guestmem *gm, hv_gpa_t gpa, size_t len)
{
	if (gpa.v < gm->low_end && len <= gm->low_end - gpa.v)
		return gm->base + gpa.v;
	if (gpa.v >= HV_RAM_HOLE_END && gpa.v < gm->high_end &&
	    len <= gm->high_end - gpa.v)
		return gm->base + gpa.v;
	if (gpa.v >= HV_AREAS_GPA && gpa.v - HV_AREAS_GPA < gm->areas_size &&
	    len <= gm->areas_size - (gpa.v - HV_AREAS_GPA))
		return gm->areas + (gpa.v - HV_AREAS_GPA);
	return NULL;
}

int guestmem_read(const struct guestmem *gm, hv_gpa_t gpa, void *dst,
		  size_t len)
{
	const void *src = guestmem_at(gm, gpa, len);

	if (!src)
		return -EFAULT;
	memcpy(dst, src, len);
	return 0;
}
