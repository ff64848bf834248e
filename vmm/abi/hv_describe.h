/*
 * hv_describe.h: what the host asks of the guest: what it has, for /proc.
 */
#ifndef HV_DESCRIBE_H
#define HV_DESCRIBE_H

#include <stdint.h>

/*
 * The host asks the guest what it has (HV_STATUS_DESCRIBE), for /proc of the
 * program, --dump and --walk. It puts `what`, `cursor` and `want` into the call
 * page; the guest answers with whole records, and with `next`, the cursor of
 * the next piece, 0 if there is none. The same structure is argument and
 * answer. Looking changes nothing in the guest.
 */
enum hv_describe {
	HV_DESCRIBE_MM = 1,  /* one struct hv_desc_mm */
	HV_DESCRIBE_MAPS,    /* struct hv_desc_vma; cursor: user address */
	HV_DESCRIBE_SMAPS,   /* struct hv_desc_smaps; likewise */
	HV_DESCRIBE_PAGEMAP, /* uint64_t; cursor: user address; want: pages */
	HV_DESCRIBE_PAGE,    /* struct hv_desc_page; cursor: pfn; want: pages */
	HV_DESCRIBE_MEMORY,  /* one struct hv_desc_memory */
	HV_DESCRIBE_SLAB,    /* struct hv_desc_slab; cursor: index */
	/* Those that change something. */
	HV_CLEAR_REFS, /* clear accessed bits; cursor: as clear_refs has it */
	HV_SET_FIELD,  /* of hv_desc_mm, from start_code on the want-th, to
			  cursor */
};

/* Entries of pagemap have Linux's bits, and three that mean nothing here. */
#define HV_PAGEMAP_TABLE                                                       \
	(1ull << 57)		     /* absent, but there is a table for it    \
				      */
#define HV_PAGEMAP_ZERO (1ull << 59) /* the page of zeros */
#define HV_PAGEMAP_HUGE (1ull << 60) /* part of a larger page */
#define HV_PAGEMAP_MORE (HV_PAGEMAP_TABLE | HV_PAGEMAP_ZERO | HV_PAGEMAP_HUGE)

#define HV_DESCRIBE_BYTES 3072
/* `area`: of which vCPU the address space is meant; 0: of the one asked. */
struct hv_call_describe {
	uint64_t area;	 /* out: va of a struct hv_vcpu_area, or 0 */
	int32_t result;	 /* in: 0, -EINVAL (`what` unknown), -ENOENT; first, as
			    in hv_call_upcall_done */
	uint32_t what;	 /* out: enum hv_describe */
	uint32_t want;	 /* out */
	uint32_t count;	 /* in: records */
	uint64_t cursor; /* out */
	uint64_t next;	 /* in */
	union {
		uint8_t data[HV_DESCRIBE_BYTES]; /* in */
		uint64_t words[HV_DESCRIBE_BYTES / 8];
	};
};

/* struct mm_struct's fields; counts are of pages. */
struct hv_desc_mm {
	uint64_t total_vm, hiwater_vm, data_vm, exec_vm, stack_vm, locked_vm;
	uint64_t rss_anon, rss_file, rss_shmem, hiwater_rss;
	uint64_t pagetables; /* table pages, the root not counted */
	uint64_t start_code, end_code, start_data, end_data;
	uint64_t start_brk, brk, start_stack;
	uint64_t arg_start, arg_end, env_start, env_end;
	uint64_t map_count;
	uint64_t faults; /* that went well: Linux's min_flt and maj_flt */
};

/* One line of /proc/PID/maps. */
struct hv_desc_vma {
	uint64_t start, end;
	uint64_t offset;   /* bytes in the file; 0 if anonymous */
	uint64_t vm_flags; /* HV_VM_* */
	uint32_t prot;	   /* PROT_* */
	uint32_t kind;	   /* enum hv_map_kind */
	uint32_t file;	   /* host's file number, 0 if none */
	uint32_t opened;   /* as hv_call_file_get has it */
	uint64_t shm;	   /* identity of shared anonymous memory, else 0 */
};

/* Linux's VM_* bits (include/linux/mm.h), as /proc/PID/smaps names them. */
#define HV_VM_READ	  0x1ull	/* rd */
#define HV_VM_WRITE	  0x2ull	/* wr */
#define HV_VM_EXEC	  0x4ull	/* ex */
#define HV_VM_SHARED	  0x8ull	/* sh */
#define HV_VM_MAYREAD	  0x10ull	/* mr */
#define HV_VM_MAYWRITE	  0x20ull	/* mw */
#define HV_VM_MAYEXEC	  0x40ull	/* me */
#define HV_VM_MAYSHARE	  0x80ull	/* ms; the 's' in maps */
#define HV_VM_GROWSDOWN	  0x100ull	/* gd */
#define HV_VM_PFNMAP	  0x400ull	/* pf */
#define HV_VM_MAYBE_GUARD 0x800ull	/* gu; Linux 6.19, 6.18.y */
#define HV_VM_LOCKED	  0x2000ull	/* lo */
#define HV_VM_IO	  0x4000ull	/* io */
#define HV_VM_SEQ_READ	  0x8000ull	/* sr */
#define HV_VM_RAND_READ	  0x10000ull	/* rr */
#define HV_VM_DONTCOPY	  0x20000ull	/* dc */
#define HV_VM_DONTEXPAND  0x40000ull	/* de */
#define HV_VM_LOCKONFAULT 0x80000ull	/* lf */
#define HV_VM_ACCOUNT	  0x100000ull	/* ac */
#define HV_VM_NORESERVE	  0x200000ull	/* nr */
#define HV_VM_WIPEONFORK  0x2000000ull	/* wf */
#define HV_VM_DONTDUMP	  0x4000000ull	/* dd */
#define HV_VM_SOFTDIRTY	  0x8000000ull	/* sd */
#define HV_VM_HUGEPAGE	  0x20000000ull /* hg */
#define HV_VM_NOHUGEPAGE  0x40000000ull /* nh */
#define HV_VM_MERGEABLE	  0x80000000ull /* mg */
#define HV_VM_DROPPABLE	  (1ull << 40)	/* dp */
#define HV_VM_SEALED	  (1ull << 42)	/* sl */
#define HV_VM_PKEY_SHIFT  32 /* and 3 bits more: the protection key */

/* With what smaps says of its pages: bytes; pss*: bytes << 12. */
struct hv_desc_smaps {
	struct hv_desc_vma vma;
	uint64_t rss, referenced, anonymous, lazyfree, anon_huge, swap;
	uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t pss, pss_dirty, pss_anon, pss_file, pss_shmem, pss_locked;
	uint64_t thp_eligible; /* 1 or 0 */
	uint64_t mapcount_max; /* of a page: numa_maps */
};
#define HV_PSS_SHIFT 12

/* A frame's struct page. The flags' names belong to these bits. */
struct hv_desc_page {
	uint64_t pfn;
	uint32_t flags; /* HV_PAGE_* */
	uint32_t refcount, mapcount, order;
	uint32_t zone;	/* 0 DMA, 1 DMA32, 2 Normal; HV_ZONES: the frame is not
			   the allocator's, and nothing else is known */
	uint32_t file;	/* PG_CACHE: host's file number */
	uint64_t index; /* PG_CACHE: page offset in the file */
	uint64_t what;	/* HV_PAGE_IS_* */
};
#define HV_PAGE_IS_ZERO	  1u /* shared, of zeros */
#define HV_PAGE_IS_LOCKED 2u /* by mlock */
#define HV_PAGE_IS_HEAD	  4u /* the first of a slab or huge page; */
#define HV_PAGE_IS_TAIL	  8u /* another, told with what the first has */
#define HV_PAGE_IS_HUGE	  16u
#define HV_PAGE_FLAG_NAMES                                                     \
	"buddy", "zeroed", "slab", "table", "anon", "cache", "reserved",       \
		"pcp", "tail", "large", "dirty", "shmem", "lazyfree", "data",  \
		"sent", "part"

#define HV_ZONES  3
#define HV_ORDERS 11
/* What became of huge pages: /proc/vmstat's thp_*. */
struct hv_thp_events {
	uint64_t fault_alloc, fault_fallback, zero_page_alloc;
	uint64_t split_page, split_pmd, deferred_split_page;
	uint64_t underused_split_page;
	uint64_t collapse_alloc, collapse_alloc_failed;
};

/* The machine's memory; counts are of pages. */
struct hv_desc_memory {
	uint64_t total, free; /* what the buddy allocator owns, and has */
	uint64_t percpu;      /* of `free`: in the list of single frames */
	uint64_t slab, pagetables, cached, anon, shmem;
	uint64_t splits, merges;
	uint64_t anon_huge; /* of `anon`: in huge pages */
	uint64_t committed; /* promised, see struct hv_commit */
	struct hv_thp_events thp;
	struct {
		uint64_t frontier; /* never used yet, in no list */
		uint64_t blocks[HV_ORDERS];
	} zone[HV_ZONES];
};

struct hv_desc_slab {
	char name[40]; /* terminated */
	uint32_t object_size, objects_per_slab;
	uint32_t slab_order, reserved;
	uint64_t objects_active;
	uint64_t slabs_full, slabs_partial, slabs_empty;
};

#endif
