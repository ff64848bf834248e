/*
 * page.h: struct page, one for each frame of RAM, and zones.
 *
 * An all-zero struct page is a valid state ("never used, or reserved"), so
 * frames that nobody touched cost nothing. mem_map is HV_VA_VMEMMAP.
 */
#ifndef PAGE_H
#define PAGE_H

#include <stdint.h>

#include "arch.h"
#include "list.h"

#define PAGE_SHIFT HV_PAGE_SHIFT
#define PAGE_SIZE  HV_PAGE_SIZE
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define BUDDY_ORDERS 11 /* sizes of blocks: orders 0 to 10 */

enum zone_id { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, NR_ZONES };

#define PG_BUDDY    1u	   /* head of a free block; order is its order */
#define PG_ZEROED   2u	   /* with PG_BUDDY, PG_PCP: every byte of it is zero */
#define PG_SLAB	    4u	   /* page of a slab; head is the slab's first page */
#define PG_TABLE    8u	   /* page-table page */
#define PG_ANON	    16u	   /* anonymous user memory */
#define PG_CACHE    32u	   /* in the page cache: file, index are valid */
#define PG_RESERVED 64u	   /* never given to the buddy allocator */
#define PG_PCP	    128u   /* free frame in a per-CPU list */
#define PG_TAIL	    256u   /* with PG_SLAB: not the slab's first page */
#define PG_LARGE    512u   /* head of a block that kmalloc took whole */
#define PG_DIRTY    1024u  /* with PG_CACHE: differs from the file, or did */
#define PG_SHMEM    2048u  /* with PG_CACHE: no disk behind it (Linux shmem) */
#define PG_LAZYFREE 4096u  /* with PG_ANON: MADV_FREE, may be taken if clean */
#define PG_DATA	    8192u  /* of a file in memory, no hole: dirty, says Linux */
#define PG_SENT	    16384u /* with PG_DIRTY: but the host has its bytes */
#define PG_PART	    32768u /* of a huge page that is not split yet: parts.h */
#define PG_FOLIO    (1u << 28) /* times page_folio_order(), with PG_CACHE */

struct page {
	uint32_t flags;	   /* PG_* */
	uint32_t refcount; /* users: mappings, page cache, kernel; 0 = free */
	union {
		struct {
			uint32_t mapcount; /* page-table entries that map it */
			uint32_t order;	   /* of a block, in its first page */
		};
		uint64_t mapcount_order; /* both, to compare with 0 */
	};
	struct list list; /* free list, slab list */
	union {
		void *owner;	   /* PG_SLAB: the kmem_cache; PG_CACHE: file */
		struct page *head; /* other pages of a slab: its first page */
	};
	union {
		uint64_t index;	  /* PG_CACHE: page offset in the file */
		uint64_t freemap; /* PG_SLAB: bit i: object i is free */
	};
	uint32_t inuse;	  /* PG_SLAB: objects; PG_TABLE: entries in use;
			     PG_PART: see parts.h */
	uint32_t summary; /* PG_SLAB: bit i: word i of the bitmap is not 0 */
	uint64_t private; /* the owner's business; PG_SLAB: va of object 0 */
};
_Static_assert(sizeof(struct page) == HV_STRUCT_PAGE_SIZE, "mem_map stride");

static inline struct page *pfn_to_page(uint64_t pfn)
{
	return (struct page *)arch_memmap() + pfn;
}

static inline uint64_t page_to_pfn(const struct page *page)
{
	return (uint64_t)(page - (const struct page *)arch_memmap());
}

/* Nobody but the one who asks has the frame: it may be written in place. */
static inline bool page_is_exclusive(const struct page *page)
{
	return page->refcount == 1;
}

/* It was stored to, or will be: the host does not have its bytes. */
static inline void page_set_dirty(struct page *page)
{
	page->flags = (page->flags | PG_DIRTY) & ~PG_SENT;
}

static inline hv_gpa_t page_to_phys(const struct page *page)
{
	return (hv_gpa_t){page_to_pfn(page) << PAGE_SHIFT};
}

static inline void *page_to_virt(const struct page *page)
{
	return arch_phys_to_virt(page_to_phys(page));
}

static inline struct page *virt_to_page(const void *va)
{
	return pfn_to_page(arch_virt_to_phys(va).v >> PAGE_SHIFT);
}

static inline enum zone_id pfn_zone(uint64_t pfn)
{
	if (pfn < HV_ZONE_DMA_END >> PAGE_SHIFT)
		return ZONE_DMA;
	return pfn < HV_ZONE_DMA32_END >> PAGE_SHIFT ? ZONE_DMA32 : ZONE_NORMAL;
}

#endif
