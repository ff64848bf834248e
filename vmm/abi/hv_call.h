/*
 * hv_call.h: what the guest asks of the host: hypercalls by number, and the
 * arguments of each. "in" is written by the guest before the call, "out" by the
 * host before it answers.
 */
#ifndef HV_CALL_H
#define HV_CALL_H

#include "hv_const.h"
#include "hv_map.h"
#include <stdint.h>

enum hv_call_nr {
	HV_CALL_PANIC = 1,   /* kernel invariant broken: text; no return */
	HV_CALL_BANK_ONLINE, /* make a bank's RAM exist */
	HV_CALL_FILE_READ,   /* file pages into frames */
	HV_CALL_FILE_GET,    /* descriptor -> file number, for mmap */
	HV_CALL_FILE_PUT,    /* last mapping of a file is gone */
	HV_CALL_PAGE_ZERO,   /* zero a frame natively */
	HV_CALL_PAGE_COPY,   /* copy a frame natively */
	HV_CALL_FAULT_LOG,   /* the fault record is in the call page */
	HV_CALL_EXEC,	     /* maps made: fill stack and bss, set registers */
	HV_CALL_SYSCALL,     /* forward a system call */
	HV_CALL_UPCALL_DONE, /* answer to an upcall */
	HV_CALL_SIGNAL,	    /* the program did something that raises a signal */
	HV_CALL_EXIT,	    /* all is torn down: counters; no return */
	HV_CALL_RING_FULL,  /* log the records in the ring, and empty it */
	HV_CALL_FILE_WRITE, /* frames into file pages: write-back */
	HV_CALL_FILE_OP,    /* fdatasync, hole */
	HV_CALL_LOCK,	    /* take hv_lock, however long it takes */
	HV_CALL_LOCK_FREE,  /* give it back, as somebody may sleep for it */
	HV_CALL_FLUSH,	    /* other vCPUs forget translations by `root` */
	HV_CALL_NR
};

_Static_assert(HV_CALL_FAULT_LOG == HV_NR_FAULT_LOG &&
		       HV_CALL_SYSCALL == HV_NR_SYSCALL,
	       "hv_const.h has the numbers");

struct hv_call_text {
	uint32_t len;	/* in */
	char text[252]; /* in: not terminated */
};
struct hv_call_bank {
	uint32_t bank;	/* in: index in hv_boot.banks */
	int32_t result; /* out: 0 or -ENOMEM */
};
/*
 * File bytes [offset, offset + 4096 * n) into n frames; zeros past the end.
 * Holes are told of files in memory (HV_FILE_TMPFS): Linux has no page there
 * that could be mapped, before one is needed. With --folios=host also told is
 * what the host's page cache has in one piece: a folio of order n is 2^n pages,
 * naturally aligned in the file.
 */
#define HV_FILE_READ_MAX   64
#define HV_FILE_READ_NONE  0xffffffffu
#define HV_FILE_READ_AGAIN 0xfffffffeu
struct hv_call_file_read {
	uint64_t offset; /* in: page-aligned */
	uint64_t holes;	 /* out: bit i: page i lies, or lay, in a hole */
	uint32_t file;	 /* in */
	uint32_t n;	 /* in: 1 .. HV_FILE_READ_MAX */
	int32_t result;	 /* out: 0 or -EIO */
	uint32_t want;	 /* in: the page that is needed: the host gives it room
			    in the file; NONE: nothing is read; AGAIN: what is
			    past the end stays as it is in the frames */
	hv_gpa_t frames[HV_FILE_READ_MAX]; /* in */
	uint64_t has_orders;		   /* out: 1: `order` is told */
	uint8_t order[HV_FILE_READ_MAX];   /* out: of page i's folio */
};
/* Host checks access against prot and flags as mmap does. */
struct hv_call_file_get {
	int32_t fd;	    /* in */
	uint32_t prot;	    /* in: PROT_* */
	uint32_t map_flags; /* in: MAP_* */
	int32_t file;	    /* out: file number > 0, or -errno; same inode,
			       same number */
	uint64_t size;	    /* out: bytes */
	uint32_t flags;	    /* out: HV_FILE_* */
	uint32_t opened;    /* out: which opening of it, from 1: only
			       mappings of one and the same may merge */
};
#define HV_FILE_TMPFS	 1u  /* in memory: pages are counted as shmem */
#define HV_FILE_WRITABLE 2u  /* fd is O_RDWR: HV_CALL_FILE_WRITE is allowed */
#define HV_FILE_FOREIGN	 4u  /* mincore says "present" whatever is true */
#define HV_FILE_HUGE	 8u  /* large mappings are aligned for huge pages */
#define HV_FILE_ZERO	 16u /* /dev/zero: mappings are anonymous memory */
#define HV_FILE_SEALED	 32u /* fd is O_RDWR, but a seal forbids writing */
#define HV_FILE_NOEXEC	 64u /* its mount is noexec */
/*
 * The way back, in the same structure as FILE_READ, for a file that FILE_GET
 * said HV_FILE_WRITABLE of. What lies beyond the end of the file is not
 * written. result: 0 or -EIO.
 */
enum hv_file_op {
	HV_FILE_OP_SYNC = 1, /* fdatasync; -errno also of what was lost before,
				once for each opening */
	HV_FILE_OP_PUNCH,    /* fallocate: a hole in [start, end) */
	HV_FILE_OP_SEALED,   /* 1: a seal forbids writing */
	HV_FILE_OP_PIDFD,    /* of descriptor `file`: of the program itself? */
	HV_FILE_OP_MKWRITE,  /* room for the page at start, for the first store;
				what is not in memory alone has none yet */
};
struct hv_call_file_op {
	uint64_t start, end; /* in: bytes */
	uint32_t file;	     /* in */
	uint32_t op;	     /* in: enum hv_file_op */
	int32_t result;	     /* out: 0 or -errno */
	uint32_t opened;     /* in: SYNC: as hv_call_file_get has it */
};
/*
 * What the host asks around a system call of the program on a mapped file
 * (HV_STATUS_FILE), answered by UPCALL_DONE: docs/architecture.md.
 */
enum hv_file_upcall {
	HV_FILE_UPCALL_SYNC = 1, /* write back the bytes [start, end) */
	HV_FILE_UPCALL_CHANGED,	 /* [start, end) is new, size is the size */
	HV_FILE_UPCALL_PUT,	 /* as SYNC; pages stay dirty and writable */
};
struct hv_call_file_upcall {
	uint64_t start, end, size; /* out: bytes */
	uint32_t file;		   /* out */
	uint32_t op;		   /* out: enum hv_file_upcall */
};
struct hv_call_file_put {
	uint32_t file; /* in */
};
struct hv_call_page {
	hv_gpa_t dst, src; /* in: src for PAGE_COPY */
};
struct hv_call_exec {
	uint64_t tsc;	/* in: time 0 of the log */
	int32_t result; /* out: 0, registers set; or -errno: give up */
	uint32_t reserved;
};
/* Registers (number in rax) are in the vCPU area, as is the result (rax). */
struct hv_call_upcall_done {
	int32_t result; /* in: 0 or -EFAULT */
};
struct hv_call_signal {
	uint64_t addr;	   /* in: si_addr */
	int32_t sig, code; /* in: SIGSEGV and SEGV_MAPERR, ... */
	uint32_t trapno;   /* in: exception number, for the sigcontext */
	uint32_t err;	   /* in: error code, likewise */
	uint32_t pkey;	   /* in: of SEGV_PKUERR: the mapping's key */
	uint32_t reserved;
};

/* What the kernel counts; conservation is checked by the tests. */
struct hv_counters {
	uint64_t frames_total;	/* frames the buddy allocator ever owned */
	uint64_t frames_free;	/* at exit, after teardown */
	uint64_t frames_kernel; /* kept by empty slabs and page-table roots */
	uint64_t slab_objects;	/* still allocated */
	uint64_t vmas_peak;
	uint64_t pagetables_peak;
	uint64_t faults; /* resolved or not */
	uint64_t tlb_flush_page, tlb_flush_all;
	uint64_t buddy_splits, buddy_merges;
};
/*
 * What the host asks when address spaces come and go (HV_STATUS_MM), answered
 * by UPCALL_DONE, 0 or -ENOMEM.
 */
enum hv_mm_upcall {
	HV_MM_SHARE = 1, /* the vCPU of `area` has this one too */
	HV_MM_DUP,	 /* ... a copy of it, as fork makes it */
	HV_MM_EXEC,	 /* a new one, by hv_boot.exec, instead of this one */
	HV_MM_LEAVE,	 /* the vCPU of `area` has none any more */
};
struct hv_call_mm_upcall {
	uint64_t area;	   /* out: va of a struct hv_vcpu_area */
	uint32_t op;	   /* out: enum hv_mm_upcall */
	uint32_t pid, tid; /* out: of the task that gets it */
	uint32_t reserved;
};
/* Returns when no other vCPU uses what it has cached by this root. */
struct hv_call_flush {
	hv_gpa_t root; /* in: PML4 of an address space */
};
struct hv_call_exit {
	struct hv_counters counters;
};

#endif
