/*
 * procfs_kpage.c: /proc/kpagecount and kpageflags: the guest's page frames, by
 * the numbers that pagemap gives (Linux fs/proc/page.c; bits: Documentation/
 * admin-guide/mm/pagemap.rst).
 */
#include <errno.h>
#include <string.h>

#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_internal.h"
#include "vcpu.h"

#define KPF_UPTODATE	  (1ull << 3)
#define KPF_DIRTY	  (1ull << 4)
#define KPF_SLAB	  (1ull << 7)
#define KPF_BUDDY	  (1ull << 10)
#define KPF_MMAP	  (1ull << 11)
#define KPF_ANON	  (1ull << 12)
#define KPF_SWAPBACKED	  (1ull << 14)
#define KPF_COMPOUND_HEAD (1ull << 15)
#define KPF_COMPOUND_TAIL (1ull << 16)
#define KPF_UNEVICTABLE	  (1ull << 18)
#define KPF_NOPAGE	  (1ull << 20)
#define KPF_THP		  (1ull << 22)
#define KPF_ZERO_PAGE	  (1ull << 24)
#define KPF_PGTABLE	  (1ull << 26)
#define KPF_RESERVED	  (1ull << 32)
#define KPF_MLOCKED	  (1ull << 33)

/* Is there RAM? The rest of it is the kernel's own: reserved. */
static bool is_ram(const struct machine *m, uint64_t pfn)
{
	for (unsigned i = 0; i < m->facts.nr_banks; i++)
		if (pfn >= m->facts.banks[i].start / HV_PAGE_SIZE &&
		    pfn < m->facts.banks[i].end / HV_PAGE_SIZE)
			return true;
	return false;
}

static bool has(const struct hv_desc_page *page, const char *name)
{
	static const char *const names[] = {HV_PAGE_FLAG_NAMES};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (page->flags >> i & 1 && !strcmp(names[i], name))
			return true;
	return false;
}

static uint64_t what_it_is(const struct hv_desc_page *page)
{
	static const struct {
		uint64_t what, bits;
	} table[] = {
		{HV_PAGE_IS_ZERO, KPF_ZERO_PAGE},
		{HV_PAGE_IS_LOCKED, KPF_MLOCKED | KPF_UNEVICTABLE},
		{HV_PAGE_IS_HEAD, KPF_COMPOUND_HEAD},
		{HV_PAGE_IS_TAIL, KPF_COMPOUND_TAIL},
		{HV_PAGE_IS_HUGE, KPF_THP},
	};
	uint64_t bits = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (page->what & table[i].what)
			bits |= table[i].bits;
	return bits;
}

static uint64_t flags_of(const struct machine *m,
			 const struct hv_desc_page *page)
{
	static const struct {
		const char *name;
		uint64_t bits;
	} table[] = {
		{"buddy", KPF_BUDDY},
		{"pcp", KPF_BUDDY},
		{"slab", KPF_SLAB},
		{"table", KPF_PGTABLE},
		{"anon", KPF_ANON | KPF_SWAPBACKED | KPF_UPTODATE},
		{"part", KPF_ANON | KPF_SWAPBACKED | KPF_UPTODATE},
		{"cache", KPF_UPTODATE},
		{"shmem", KPF_SWAPBACKED},
		{"dirty", KPF_DIRTY},
	};
	uint64_t bits = what_it_is(page);

	if (page->zone >= HV_ZONES)
		return is_ram(m, page->pfn) ? KPF_RESERVED : KPF_NOPAGE;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (has(page, table[i].name))
			bits |= table[i].bits;
	if (bits & (KPF_ANON | KPF_UPTODATE) && page->mapcount)
		bits |= KPF_MMAP;
	if (has(page, "lazyfree"))
		bits &= ~KPF_SWAPBACKED;
	return bits;
}

static uint64_t count_of(const struct hv_desc_page *page)
{
	bool mapped = has(page, "anon") || has(page, "cache");

	return page->zone < HV_ZONES && mapped ? page->mapcount : 0;
}

int procfs_kpage(const struct procfs *p, bool flags, uint64_t pfn, size_t n,
		 uint64_t *out)
{
	while (n) {
		struct hv_call_describe d;
		struct hv_desc_page page;
		int ret = vcpu_describe(p->v, HV_DESCRIBE_PAGE, pfn,
					(uint32_t)n, &d);

		if (ret)
			return ret;
		if (!d.count || d.count > n ||
		    d.count > sizeof(d.data) / sizeof(page))
			return -EIO;
		for (uint32_t i = 0; i < d.count; i++) {
			memcpy(&page, d.data + i * sizeof(page), sizeof(page));
			page.pfn = pfn + i;
			*out++ = flags ? flags_of(p->of->machine, &page)
				       : count_of(&page);
		}
		pfn += d.count;
		n -= d.count;
	}
	return 0;
}
