/*
 * hv_abi.h: the contract between the VMM (vmm/) and the guest kernel (guest/).
 *
 * The only thing either half knows of the other: version, physical and virtual
 * map, boot information, hypercalls, the fault record. Both halves are built
 * from this one header, and both check HV_ABI_VERSION at start.
 *
 * Conventions. Addresses: gpa = guest physical, va = guest virtual; sizes and
 * offsets are bytes unless the name says pages or pfn. Ranges are half-open.
 * Results are 0 or a value >= 0, or a negative Linux errno. "in" is written by
 * the guest before a hypercall, "out" by the host before it answers.
 */
#ifndef HV_ABI_H
#define HV_ABI_H

#include <stddef.h>
#include <stdint.h>

#define HV_ABI_VERSION 3
#define HV_IMAGE_MAGIC 0x4c4e524b4d4d5648ull /* "HVMMKRNL" */
#define HV_BOOT_MAGIC  0x544f4f424d4d5648ull /* "HVMMBOOT" */

typedef struct {
	uint64_t v;
} hv_gpa_t;

/*
 * The physical map. RAM lies in banks; each becomes a memory slot when the
 * guest first asks for it (HV_BANK_ONLINE), so that start-up does not depend
 * on the size of RAM. From 0, and again from 4 GiB, each bank doubles what
 * there is: HV_BANK_FIRST, the same again, twice that, ...; the gap between is
 * not RAM, as on a PC. vmm/banks.h makes the layout.
 */
#define HV_PAGE_SHIFT	  12
#define HV_HUGE_ORDER	  9 /* a huge page: 2 MiB */
#define HV_PAGE_SIZE	  4096ull
#define HV_RAM_HOLE_START 0xc0000000ull
#define HV_RAM_HOLE_END	  0x100000000ull
#define HV_RAM_MIN	  (16ull << 20)
#define HV_RAM_MAX	  (1ull << 40)
#define HV_BANK_FIRST	  (64ull << 20)
#define HV_BANKS_MAX	  32
#define HV_KERNEL_GPA	  0x100000ull /* below it: boot structures */

/* Zone limits, Linux arch/x86/mm/init.c, zone_sizes_init(). */
#define HV_ZONE_DMA_END	  (16ull << 20)
#define HV_ZONE_DMA32_END (4ull << 30)

/*
 * The virtual map: Linux Documentation/arch/x86/x86_64/mm.rst, 4-level. The
 * kernel is mapped at HV_VA_KERNEL + its gpa; all RAM at HV_VA_DIRECT + gpa;
 * struct page number pfn at HV_VA_VMEMMAP + pfn * HV_STRUCT_PAGE_SIZE.
 */
#define HV_VA_USER_END 0x7ffffffff000ull
#define HV_VA_DIRECT   0xffff888000000000ull
#define HV_VA_VMALLOC  0xffffc90000000000ull
#define HV_VA_VMEMMAP  0xffffea0000000000ull
#define HV_VA_KERNEL   0xffffffff80000000ull
/* Not mapped: a program that calls it makes one of three system calls. */
#define HV_VA_VSYSCALL	    0xffffffffff600000ull
#define HV_STRUCT_PAGE_SIZE 64

/* Selectors; the order is the one that SYSCALL/SYSRET prescribe. */
#define HV_SEL_KERNEL_CS 0x10
#define HV_SEL_KERNEL_DS 0x18
#define HV_SEL_USER_DS	 0x2b
#define HV_SEL_USER_CS	 0x33
#define HV_SEL_TSS	 0x40

/*
 * First bytes of the guest kernel image: a flat binary that the host places at
 * HV_KERNEL_GPA. All offsets count from the image's start and are multiples of
 * a page; [file_size, mem_size) is bss. Entry points are virtual addresses.
 */
#define HV_VECTORS 32
struct hv_image {
	uint64_t magic;
	uint32_t abi_version;
	uint32_t reserved;
	uint64_t gate_end;   /* [4096, gate_end): for CPL 0 alone */
	uint64_t text_end;   /* [0, text_end): read, execute */
	uint64_t rodata_end; /* [text_end, rodata_end): read */
	uint64_t file_size;  /* [rodata_end, mem_size): read, write */
	uint64_t mem_size;
	uint64_t entry;	  /* rdi = va of struct hv_boot */
	uint64_t syscall; /* MSR_LSTAR */
	uint64_t vectors[HV_VECTORS];
	/* CPL 3 alone: into the kernel by the gate, and out by INT3. */
	uint64_t gate_fault, gate_exception, gate_resume, gate_leave;
};
_Static_assert(sizeof(struct hv_image) == 360, "hv_image is ABI");

/* User registers as the entry code leaves them; the host may change them. */
struct hv_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector; /* exception number, or HV_VECTOR_SYSCALL */
	uint64_t err;	 /* error code, or the system call's number */
	uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct hv_regs) == 176, "hv_regs is ABI");
#define HV_VECTOR_SYSCALL 0x100

/* ---- Mappings ---------------------------------------------------------- */

/* Protection bits are PROT_* of <asm/mman.h>: 1 read, 2 write, 4 execute. */

/* What a mapping is, for the log and for /proc/self/maps. */
enum hv_map_kind {
	HV_MAP_ANON,
	HV_MAP_FILE,
	HV_MAP_HEAP,
	HV_MAP_STACK,
	HV_MAP_VDSO,
	HV_MAP_VVAR,   /* [vvar] */
	HV_MAP_VCLOCK, /* [vvar_vclock], since Linux 6.13 */
	HV_MAP_KINDS
};

#define HV_MAPF_SHARED	  1u /* MAP_SHARED, else private */
#define HV_MAPF_GROWSDOWN 2u /* the stack */
#define HV_MAPF_DENYWRITE 4u /* mapped by execve */

/* One mapping that execve makes; the host's loader decides, the guest maps. */
struct hv_map {
	uint64_t start, end; /* page-aligned */
	uint64_t offset;     /* file offset of start; 0 if no file */
	uint32_t prot;
	uint32_t flags; /* HV_MAPF_* */
	uint32_t kind;	/* enum hv_map_kind */
	uint32_t file;	/* host's file number, 0 if none */
};
_Static_assert(sizeof(struct hv_map) == 40, "hv_map is ABI");

/* A file that maps of execve name, and the number of the host's own, in which
 * vvar and vDSO lie one after the other. */
struct hv_exec_file {
	uint64_t size;	/* bytes */
	uint32_t file;	/* host's file number */
	uint32_t flags; /* HV_FILE_TMPFS, HV_FILE_HUGE */
};
_Static_assert(sizeof(struct hv_exec_file) == 16, "hv_exec_file is ABI");
#define HV_FILE_VDSO 0xffffffffu

/*
 * An address space for the program, as load_elf_binary leaves it (Linux
 * fs/binfmt_elf.c). The mm fields carry the names of struct mm_struct.
 */
#define HV_EXEC_MAPS_MAX  128
#define HV_EXEC_FILES_MAX 3 /* program, interpreter, vDSO */
struct hv_exec {
	uint64_t start_code, end_code, start_data, end_data;
	uint64_t start_brk, brk, start_stack;
	uint64_t arg_start, arg_end, env_start, env_end;
	uint64_t mmap_base;
	uint64_t mmap_min_addr; /* lower hints are raised to it */
	uint64_t hiwater_vm;	/* bytes: VmPeak so far */
	uint64_t rlim_stack, rlim_data, rlim_as; /* bytes; ~0 = infinity */
	uint64_t rlim_memlock;	/* likewise; ~0 with CAP_IPC_LOCK */
	uint64_t rlim_data_max; /* the hard limit */
	uint32_t nr_maps;
	uint32_t pid;
	uint32_t nr_files; /* all that the maps use */
	uint32_t reserved;
	struct hv_exec_file files[HV_EXEC_FILES_MAX];
	struct hv_map maps[HV_EXEC_MAPS_MAX];
};

/* ---- Boot information -------------------------------------------------- */

struct hv_bank {
	uint64_t start, end; /* gpa */
	uint64_t memmap;     /* gpa of its struct pages, up to `free` */
	uint64_t free;	     /* gpa from which on frames were never used */
};

/* Why the guest must do some things by hypercall: see docs/kvm-kinds.md. */
#define HV_BOOT_ZERO_BY_HOST   1u  /* CPL 0 is interpreted: no rep stos */
#define HV_BOOT_SYSCALL_FAULTS 2u  /* SYSCALL arrives as #PF at LSTAR */
#define HV_BOOT_TRACE	       4u  /* report each fault by HV_FAULT_LOG */
#define HV_BOOT_CHECK	       8u  /* tear down and count at exit */
#define HV_BOOT_THP_ZERO       16u /* reads may map a zero page of 2 MiB */
#define HV_BOOT_ZERO_PAGE      32u /* reads map the shared page of zeros */
#define HV_BOOT_PKEYS	       64u /* CR4.PKE is set: serve protection keys */
#define HV_PKRU_INIT	       0x55555554u /* Linux init_pkru_value */

/* Who gets pages of 2 MiB: /sys/kernel/mm/transparent_hugepage/enabled. */
enum hv_thp { HV_THP_NEVER, HV_THP_MADVISE, HV_THP_ALWAYS };

/* Linux's rules for promising memory; sizes in pages. */
struct hv_commit {
	uint32_t mode; /* vm.overcommit_memory: 0, 1, 2 */
	uint32_t reserved;
	uint64_t total;	  /* mode 0: no single promise may be larger */
	uint64_t limit;	  /* mode 2: all promises, less the following */
	uint64_t reserve; /* at most, kept from the program: 1/32 of its VM */
};

struct hv_boot {
	uint64_t magic;
	uint32_t abi_version;
	uint32_t flags; /* HV_BOOT_* */
	uint32_t nr_banks;
	uint32_t thp;	       /* enum hv_thp */
	hv_gpa_t root;	       /* the kernel's PML4 */
	uint64_t gate;	       /* CPL 3: entry 511 of each user PML4 */
	uint64_t fault_around; /* bytes, a power of two; 4096 = off */
	hv_gpa_t ring;	       /* struct hv_ring, or 0: one trap a fault */
	uint64_t ring_records; /* how many it holds */
	struct hv_commit commit;
	struct hv_bank banks[HV_BANKS_MAX];
	struct hv_exec exec;
};

/* ---- Hypercalls -------------------------------------------------------- */

/*
 * A hypercall is `out %eax, $HV_PORT` with the number in eax and its
 * arguments in the vCPU's call page. The host copies the arguments before it
 * looks at them. Unknown numbers end the guest.
 */
#define HV_PORT 0x5e
/*
 * Before anything else the kernel times HV_PROBE_LOOPS iterations of a loop of
 * two instructions, twice, and puts the least TSC ticks out here, 32
 * bits. The host sees by it whether ring 0 is interpreted, and sets
 * hv_boot.flags.
 */
#define HV_PORT_PROBE  0x5f
#define HV_PROBE_LOOPS 4

enum hv_call_nr {
	HV_CALL_PANIC = 1,   /* kernel invariant broken: text; no return */
	HV_CALL_PRINT,	     /* debugging text for -v */
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
	HV_CALL_NR
};

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
struct hv_call_exit {
	struct hv_counters counters;
};

/* ---- Descriptions ------------------------------------------------------ */

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
struct hv_call_describe {
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
	uint64_t vm_flags; /* bits as Linux's VM_* (include/linux/mm.h) */
	uint32_t prot;	   /* PROT_* */
	uint32_t kind;	   /* enum hv_map_kind */
	uint32_t file;	   /* host's file number, 0 if none */
	uint32_t opened;   /* as hv_call_file_get has it */
	uint64_t shm;	   /* identity of shared anonymous memory, else 0 */
};
#define HV_VM_READ	 0x1ull
#define HV_VM_WRITE	 0x2ull
#define HV_VM_EXEC	 0x4ull
#define HV_VM_SHARED	 0x8ull /* and may be written */
#define HV_VM_MAYSHARE	 0x80ull
#define HV_VM_LOCKED	 0x2000ull
#define HV_VM_SOFTDIRTY	 0x8000000ull
#define HV_VM_PKEY_SHIFT 32 /* and 3 bits more: the protection key */

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

/* ---- The fault record -------------------------------------------------- */

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

/* ---- The vCPU area ----------------------------------------------------- */

/* What the host asks of the guest in its answer to EXEC, SYSCALL, SIGNAL. */
enum hv_status {
	HV_STATUS_DONE,
	HV_STATUS_FAULT_IN, /* fault in page `upcall_va`, then UPCALL_DONE */
	HV_STATUS_EXIT,	    /* the program has ended: tear down, then EXIT */
	HV_STATUS_DESCRIBE, /* fill `describe` in, then UPCALL_DONE */
	HV_STATUS_FILE,	    /* see `file_upcall`, then UPCALL_DONE */
};

/* PR_SET_THP_DISABLE: for all memory, or where there is no MADV_HUGEPAGE. */
#define HV_THP_DISABLE_ALL	 1u
#define HV_THP_DISABLE_UNADVISED 2u /* PR_THP_DISABLE_EXCEPT_ADVISED */

/* setrlimit, prctl, personality: what exec's limits have become. Looked at
 * where they matter. */
struct hv_limits {
	uint64_t changes;	  /* out: how often they changed */
	uint64_t stack, data, as; /* out: bytes; ~0: infinity */
	uint64_t memlock;	  /* out: likewise; ~0 with CAP_IPC_LOCK */
	uint64_t thp_disabled;	  /* out: HV_THP_DISABLE_*, or 0 */
	uint64_t data_max;	  /* out: as hv_exec.rlim_data_max */
	uint64_t read_exec; /* out: 1: personality has READ_IMPLIES_EXEC */
	uint64_t mdwe;	    /* out: 1: PR_MDWE_REFUSE_EXEC_GAIN */
	uint64_t lowest;    /* out: below it nothing may be mapped; 0 with
			       CAP_SYS_RAWIO */
};

struct hv_call_page_s {
	uint32_t status;	/* out: enum hv_status */
	uint32_t upcall_access; /* out: HV_ACCESS_WRITE or 0 */
	uint64_t upcall_va;	/* out */
	hv_gpa_t user_root;	/* in: PML4 of the user's address space */
	uint32_t pkru;		/* in: the program's, if keys are served */
	uint32_t reserved;
	struct hv_limits limits; /* out */
	struct hv_fault fault;	 /* in: FAULT_LOG */
	union {
		struct hv_call_text text;
		struct hv_call_bank bank;
		struct hv_call_file_read file_read;
		struct hv_call_file_get file_get;
		struct hv_call_file_put file_put;
		struct hv_call_file_op file_op;
		struct hv_call_file_upcall file_upcall;
		struct hv_call_page page;
		struct hv_call_exec exec;
		struct hv_call_upcall_done upcall_done;
		struct hv_call_signal signal;
		struct hv_call_exit exit;
		struct hv_call_describe describe;
	};
};

/*
 * A kernel at CPL 3 stands behind a gate: a few instructions at CPL 0 (guest/
 * arch/cpl3/gate.S). This page is what the gate and both page-table roots
 * share; a program cannot reach it. Traps from user mode push onto `saved`,
 * those from the kernel (its way out) onto `left`. Each return frame is one
 * that IRETQ takes: rip, cs, rflags, rsp, ss.
 *
 * A system call is forwarded on the way out: the gate makes the hypercall and
 * returns to the program, with `err` in rax. Where the host has more to say
 * than that (an upcall, changed registers, the end) it puts `resume` into
 * `saved` and the kernel's root into user_root, and the gate returns to the
 * kernel instead, which puts user_root right and looks at the call page.
 */
struct hv_gate_frame {
	uint64_t rip, cs, rflags, rsp, ss;
};
struct hv_gate_page {
	uint64_t kernel_root; /* CR3 of the kernel; by the host */
	uint64_t user_root;   /* CR3 of the program; by the kernel */
	uint64_t stack;	      /* RSP0: end of `saved`; by the host */
	uint64_t reserved;
	struct hv_gate_frame fault;	/* into the kernel; by the host */
	struct hv_gate_frame exception; /* likewise */
	struct hv_gate_frame resume;	/* likewise */
	uint8_t more[960 - 32 - 120];
	uint64_t which, rax, err;   /* CR2 or the vector; user's rax */
	struct hv_gate_frame saved; /* ends at 1024: RSP0 */
	uint8_t left_stack[1024];   /* ends at 2048: IST1 */
	uint8_t rest[2048];
};
_Static_assert(offsetof(struct hv_gate_page, which) == 960, "gate.S");
_Static_assert(sizeof(struct hv_gate_page) == 4096, "hv_gate_page is ABI");

/*
 * One for each vCPU, aligned to its size: the call page, the gate page, then
 * the kernel stack. A trap from user mode always starts at the top of the
 * stack, so `regs` is where the user's registers are: the host reads and writes
 * them there. The kernel finds its vCPU by rounding the stack pointer down.
 */
#define HV_VCPU_AREA_SIZE 32768
struct hv_vcpu_area {
	union {
		struct hv_call_page_s call;
		uint8_t call_page[4096];
	};
	struct hv_gate_page gate;
	uint8_t stack[HV_VCPU_AREA_SIZE - 8192 - sizeof(struct hv_regs)];
	struct hv_regs regs;
};
_Static_assert(sizeof(struct hv_vcpu_area) == HV_VCPU_AREA_SIZE,
	       "hv_vcpu_area is ABI");
_Static_assert(sizeof(struct hv_call_page_s) <= 4096, "one page");

#endif
