/*
 * hv_fault.h: the fault record, and the ring of the batched log.
 */
#ifndef HV_FAULT_H
#define HV_FAULT_H

#include <stdint.h>

/* How a fault was resolved. Names for users: docs/log.md. */
enum hv_outcome {
	HV_FAULT_ANON_ZERO,    /* new frame, zeroed */
	HV_FAULT_ZERO_PAGE,    /* read: the shared zero page */
	HV_FAULT_FILE_READ,    /* page-cache page mapped, read only */
	HV_FAULT_FILE_COW,     /* private file page copied on first write */
	HV_FAULT_COW,	       /* shared anonymous frame copied (break) */
	HV_FAULT_REUSE,	       /* sole owner: made writable in place */
	HV_FAULT_SHARED_WRITE, /* shared file page made writable (page_mkwrite)
				*/
	HV_FAULT_STACK_GROWTH, /* stack extended, then as ANON_ZERO */
	HV_FAULT_SWAP_IN,
	HV_FAULT_HUGE,	      /* 2 MiB page */
	HV_FAULT_SPURIOUS,    /* already as wanted: stale TLB entry */
	HV_FAULT_SEGV_MAPERR, /* no mapping there */
	HV_FAULT_SEGV_ACCERR, /* mapping forbids it */
	HV_FAULT_SEGV_PKUERR, /* the mapping's protection key does */
	HV_FAULT_SEGV_GUARD,  /* a guard marker (MADV_GUARD_INSTALL) */
	HV_FAULT_SIGBUS,      /* past the end of the file, or I/O error */
	HV_FAULT_OOM,	      /* no frame left */
	HV_FAULT_OUTCOMES
};

#define HV_ACCESS_WRITE	 1u
#define HV_ACCESS_EXEC	 2u
#define HV_ACCESS_USER	 4u  /* user mode; else the kernel, for the program */
#define HV_FAULTF_MAJOR	 8u  /* the file page had to be read */
#define HV_FAULTF_UPCALL 16u /* the host asked for it (system call, exec) */
#define HV_FAULTF_FORCE	 32u /* whatever the rights: Linux FOLL_FORCE */
#define HV_FAULTF_ANYKEY 64u /* whatever PKRU says of the mapping's key */

struct hv_fault {
	uint64_t seq;	 /* from 1, no gaps: the host checks */
	uint64_t tsc;	 /* at entry to the handler */
	uint64_t cycles; /* TSC ticks from entry until resolved */
	uint64_t va;	 /* CR2 */
	uint64_t ip;	 /* user RIP */
	uint64_t err;	 /* error code: Intel SDM 3A, "Page-Fault Exc." */
	uint64_t map_start, map_end; /* 0, 0 if no mapping */
	uint64_t map_offset;	     /* file offset of map_start */
	uint64_t pfn;		     /* frame now mapped; 0 if none */
	uint64_t old_pfn;  /* frame mapped before (COW, REUSE); else 0 */
	uint32_t map_kind; /* enum hv_map_kind */
	uint32_t map_prot;
	uint32_t map_flags; /* HV_MAPF_* */
	uint32_t file;
	uint32_t pid, tid;
	uint16_t outcome; /* enum hv_outcome */
	uint16_t order;	  /* of the frame block */
	uint16_t access;  /* HV_ACCESS_*, HV_FAULTF_* */
	uint16_t around;  /* further pages mapped by fault-around */
	uint32_t opened;  /* of the mapping: as hv_call_file_get has it */
	uint32_t reserved;
};
_Static_assert(sizeof(struct hv_fault) == 128, "hv_fault is ABI");

/*
 * The batched log. The kernel fills records[0 .. count), each before it counts:
 * the host may read them at any moment. It sets count to 0 at
 * HV_CALL_RING_FULL, at HV_CALL_FILE_PUT (while the file still has its name)
 * and when the guest has ended.
 */
struct hv_ring {
	uint32_t count;
	uint8_t reserved[124];
	struct hv_fault records[];
};
_Static_assert(sizeof(struct hv_ring) == 128, "hv_ring is ABI");

#endif
