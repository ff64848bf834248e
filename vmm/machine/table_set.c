/* table_set.c: see table_set.h. */
#include "table_set.h"

#include <errno.h>
#include <stdlib.h>

#include "hv_map.h"

#define WORD_BITS 64

int table_set_init(struct table_set *t, const struct guestmem *mem)
{
	uint64_t end = HV_AREAS_GPA + mem->areas_size;

	t->frames = (mem->span > end ? mem->span : end) >> HV_PAGE_SHIFT;
	t->bits = calloc(t->frames / WORD_BITS + 1, sizeof(*t->bits));
	return t->bits ? 0 : -ENOMEM;
}

void table_set_fini(struct table_set *t)
{
	free(t->bits);
}

bool table_set_add(struct table_set *t, uint64_t gpa)
{
	uint64_t frame = gpa >> HV_PAGE_SHIFT, bit = 1ull << frame % WORD_BITS;

	if (frame >= t->frames || t->bits[frame / WORD_BITS] & bit)
		return false;
	t->bits[frame / WORD_BITS] |= bit;
	return true;
}

bool table_set_has(const struct table_set *t, uint64_t gpa, uint64_t len)
{
	uint64_t frame = gpa >> HV_PAGE_SHIFT;
	uint64_t end = (gpa + len + HV_PAGE_SIZE - 1) >> HV_PAGE_SHIFT;

	end = end < t->frames ? end : t->frames;
	while (frame < end) {
		uint64_t word = t->bits[frame / WORD_BITS];

		if (!word && !(frame % WORD_BITS)) {
			frame += WORD_BITS;
			continue;
		}
		if (word >> frame % WORD_BITS & 1)
			return true;
		frame++;
	}
	return false;
}
