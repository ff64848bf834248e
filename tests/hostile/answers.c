/* answers.c: what the hostile kernel says when the host asks. See hostile.h. */
#include <string.h>
#include <sys/mman.h>

#include "hostile.h"
#include "hv_describe.h"
#include "hv_map.h"

#define MAPPINGS 6

static struct hv_desc_vma mapping(unsigned i)
{
	uint64_t start = 0x10000000 + i * 0x200000ull;

	return (struct hv_desc_vma){
		.start = start,
		.end = start + (i + 1) * 0x10000,
		.vm_flags = below(1 << 8),
		.prot = PROT_READ | PROT_WRITE,
		.kind = (uint32_t)below(HV_MAP_KINDS),
		.file = (uint32_t)below(6),
		.shm = one_in(4) ? 1 : 0,
	};
}

/* From the cursor on, a few at a time. */
static void describe_mappings(struct hv_call_describe *d, size_t size)
{
	for (unsigned i = 0; i < MAPPINGS; i++) {
		struct hv_desc_vma v = mapping(i);

		if (v.end <= d->cursor)
			continue;
		if (d->count == 3) {
			d->next = v.start;
			return;
		}
		memcpy(d->data + d->count++ * size, &v, sizeof(v));
	}
}

static void describe_pages(struct hv_call_describe *d)
{
	uint32_t max = HV_DESCRIBE_BYTES / sizeof(struct hv_desc_page);

	d->count = d->want < max ? d->want : max;
	for (uint32_t i = 0; i < d->count; i++) {
		struct hv_desc_page page = {
			.pfn = d->cursor + i,
			.flags = (uint32_t)chance(),
			.zone = (uint32_t)below(5),
		};

		memcpy(d->data + i * sizeof(page), &page, sizeof(page));
	}
}

static void describe_words(struct hv_call_describe *d)
{
	d->count = d->want < HV_DESCRIBE_BYTES / 8 ? d->want
						   : HV_DESCRIBE_BYTES / 8;
	for (uint32_t i = 0; i < d->count; i++)
		d->words[i] = one_in(2) ? chance() : 1ull << 63;
}

static void describe_mm(struct hv_call_describe *d)
{
	struct hv_desc_mm mm = {
		.arg_start = 0x10000000,
		.arg_end = 0x10000100,
		.env_start = 0x10000100,
		.env_end = 0x10002000,
	};

	d->count = 1;
	memcpy(d->data, &mm, sizeof(mm));
}

/* Change what may be right. */
static void spoil(struct hv_call_describe *d)
{
	switch (below(5)) {
	case 0:
		d->result = (int32_t)chance();
		break;
	case 1:
		d->count = (uint32_t)(one_in(2) ? chance() : below(400));
		break;
	case 2:
		d->next = one_in(2) ? chance() : d->cursor;
		break;
	case 3: /* where a mapping begins or ends */
		d->words[below(3) * sizeof(struct hv_desc_vma) / 8 +
			 below(2)] ^= 1ull << below(22);
		break;
	default:
		for (unsigned n = 1 + (unsigned)below(8); n; n--)
			d->words[below(HV_DESCRIBE_BYTES / 8)] =
				calls_any_number();
		for (unsigned n = 1 + (unsigned)below(3); n; n--)
			d->words[below(30)] ^= 1ull << below(48);
	}
}

void answer_describe(struct hv_call_describe *d, bool honest)
{
	d->result = 0;
	d->count = 0;
	d->next = 0;
	memset(d->data, 0, sizeof(d->data));
	if (d->what == HV_DESCRIBE_MAPS)
		describe_mappings(d, sizeof(struct hv_desc_vma));
	else if (d->what == HV_DESCRIBE_SMAPS)
		describe_mappings(d, sizeof(struct hv_desc_smaps));
	else if (d->what == HV_DESCRIBE_PAGEMAP)
		describe_words(d);
	else if (d->what == HV_DESCRIBE_PAGE)
		describe_pages(d);
	else if (d->what == HV_DESCRIBE_MM)
		describe_mm(d);
	else
		d->count = 1;
	if (!honest)
		spoil(d);
}
