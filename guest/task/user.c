/*
 * user.c: see user.h.
 */
#include "user.h"

#include <asm/errno.h>

#include "cpu.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "kernel.h"
#include "level.h"
#include "string.h"
#include "user_page.h"

bool user_range_ok(uint64_t va, uint64_t len)
{
	return va <= HV_VA_USER_END && len <= HV_VA_USER_END - va;
}

/* NULL: the access would raise a signal. */
static uint8_t *user_page(uint64_t va, bool write)
{
	struct mm *mm = cpu_this()->mm;
	uint8_t *page = mm_user_page(mm, va, write);

	if (page)
		return page;
	if (kernel_fault_in(va, write ? HV_ACCESS_WRITE : 0))
		return NULL;
	/* The next fault's record takes this one's place. */
	level_log_now();
	return mm_user_page(mm, va, write);
}

static size_t part(uint64_t va, size_t len)
{
	size_t rest = HV_PAGE_SIZE - (va & (HV_PAGE_SIZE - 1));

	return len < rest ? len : rest;
}

int user_get(void *dst, uint64_t va, size_t len)
{
	uint8_t *to = dst;

	if (!user_range_ok(va, len))
		return -EFAULT;
	for (size_t n; len; len -= n, va += n, to += n) {
		const uint8_t *page = user_page(va, false);

		if (!page)
			return -EFAULT;
		n = part(va, len);
		memcpy(to, page + (va & (HV_PAGE_SIZE - 1)), n);
	}
	return 0;
}

int user_put(uint64_t va, const void *src, size_t len)
{
	const uint8_t *from = src;

	if (!user_range_ok(va, len))
		return -EFAULT;
	for (size_t n; len; len -= n, va += n, from += n) {
		uint8_t *page = user_page(va, true);

		if (!page)
			return -EFAULT;
		n = part(va, len);
		memcpy(page + (va & (HV_PAGE_SIZE - 1)), from, n);
	}
	return 0;
}
