/* describe.c: see describe.h. */
#include "describe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hv_map.h"
#include "vcpu.h"

/* More than a guest can have: vm.max_map_count is 65530. */
#define RECORDS_MAX (1u << 20)

int describe_one(struct vcpu *v, enum hv_describe what, uint64_t cursor,
		 void *out, size_t size)
{
	struct hv_call_describe d;
	int ret = vcpu_describe(v, what, cursor, 1, &d);

	if (ret)
		return ret;
	if (d.count != 1 || size > sizeof(d.data))
		return -EIO;
	memcpy(out, d.data, size);
	return 0;
}

/* The first member of struct hv_desc_smaps, too. */
static bool is_vmas(enum hv_describe what)
{
	return what == HV_DESCRIBE_MAPS || what == HV_DESCRIBE_SMAPS;
}

static bool is_sound(const struct hv_desc_vma *v)
{
	return v->start < v->end && v->end <= HV_VA_USER_END &&
	       !((v->start | v->end) % HV_PAGE_SIZE);
}

int describe_check_vmas(const struct hv_call_describe *d, size_t size,
			uint64_t *end)
{
	for (uint32_t i = 0; i < d->count; i++) {
		struct hv_desc_vma v;

		memcpy(&v, d->data + i * size, sizeof(v));
		if (!is_sound(&v) || v.end <= *end)
			return -EIO;
		*end = v.end;
	}
	return 0;
}

/* One more piece. Returns 1 if another one follows, 0 if not, or -errno. */
static int add_piece(struct vcpu *v, enum hv_describe what, size_t size,
		     uint8_t **all, size_t *n, uint64_t *cursor, uint64_t *end)
{
	struct hv_call_describe d;
	int ret = vcpu_describe(v, what, *cursor, RECORDS_MAX, &d);
	uint8_t *more;

	if (ret)
		return ret;
	if (d.count > sizeof(d.data) / size || *n + d.count > RECORDS_MAX ||
	    (d.next && (d.next <= *cursor || !d.count)))
		return -EIO;
	if (is_vmas(what) && describe_check_vmas(&d, size, end))
		return -EIO;
	more = realloc(*all, (*n + d.count) * size + 1);
	if (!more)
		return -ENOMEM;
	memcpy(more + *n * size, d.data, d.count * size);
	*all = more;
	*n += d.count;
	*cursor = d.next;
	return d.next != 0;
}

int64_t describe_all(struct vcpu *v, enum hv_describe what, size_t size,
		     void **out)
{
	uint64_t cursor = 0, end = 0;
	uint8_t *all = NULL;
	size_t n = 0;
	int ret;

	do
		ret = add_piece(v, what, size, &all, &n, &cursor, &end);
	while (ret > 0);
	if (ret < 0) {
		free(all);
		return ret;
	}
	*out = all;
	return (int64_t)n;
}

int describe_next_vma(struct vcpu *v, uint64_t va, struct hv_desc_vma *out)
{
	struct hv_call_describe d;
	int ret = vcpu_describe(v, HV_DESCRIBE_MAPS, va, 1, &d);

	if (ret)
		return ret;
	if (!d.count)
		return -ENOENT;
	memcpy(out, d.data, sizeof(*out));
	return is_sound(out) && out->end > va ? 0 : -EIO;
}

int describe_pagemap(struct vcpu *v, uint64_t va, size_t n, uint64_t *out)
{
	struct hv_call_describe d;

	while (n) {
		size_t want = sizeof(d.words) / sizeof(d.words[0]);
		int ret;

		want = n < want ? n : want;
		ret = vcpu_describe(v, HV_DESCRIBE_PAGEMAP, va, (uint32_t)want,
				    &d);
		if (ret)
			return ret;
		if (d.count != want)
			return -EIO;
		memcpy(out, d.words, want * sizeof(*out));
		out += want;
		va += want * HV_PAGE_SIZE;
		n -= want;
	}
	return 0;
}
