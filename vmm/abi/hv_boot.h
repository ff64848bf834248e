/*
 * hv_boot.h: the kernel image, and what the guest is told at its start: RAM,
 * settings, the program.
 */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include "hv_const.h"
#include "hv_map.h"
#include <stdint.h>

/*
 * First bytes of the guest kernel image: a flat binary that the host places at
 * HV_KERNEL_GPA. All offsets count from the image's start and are multiples of
 * a page; [file_size, mem_size) is bss. Entry points are virtual addresses.
 */
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
	/* CPL 3 alone: into the kernel by the gate, and out by INT3; but
	 * `resume` also CPL 0: back from the program, rsp = its hv_regs. */
	uint64_t gate_fault, gate_exception, resume, gate_leave;
};
_Static_assert(sizeof(struct hv_image) == 360, "hv_image is ABI");

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

/*
 * The machine's lock, which the kernel has from a trap on until it returns to
 * the program, and the host while it serves a call (vmm/machine/biglock.h).
 * word: 0 free, 1 taken, 2 taken, and somebody may sleep for it in the host, 3
 * free for those alone.
 */
struct hv_lock {
	uint32_t word;
	uint32_t many;	  /* out: else there is one vCPU, and no need of it */
	uint32_t starved; /* out: somebody slept, and found it taken again */
	uint8_t reserved[52];
};
_Static_assert(sizeof(struct hv_lock) == 64, "a cache line");

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
	struct hv_lock lock;
	struct hv_bank banks[HV_BANKS_MAX];
	struct hv_exec exec;
};

#endif
