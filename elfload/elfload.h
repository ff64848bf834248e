/*
 * elfload.h: from an ELF file to the address space that Linux would give it.
 *
 * Two steps, neither of which touches guest memory:
 *
 *   elfload_read()  file -> struct elfload_image: decoded by libelf, every
 *                   field that the plan uses checked by our own code
 *   elfload_plan()  image, interpreter's image and parameters -> struct
 *                   elfload_plan: the mappings, the bytes to clear, the first
 *                   stack, the mm fields
 *
 * The rules are those of Linux 6.x on x86-64: fs/binfmt_elf.c
 * (load_elf_binary, load_elf_interp, elf_load, create_elf_tables), fs/exec.c
 * (setup_arg_pages), arch/x86/mm/mmap.c (mmap_base), arch/x86/kernel/process.c
 * (arch_align_stack, arch_randomize_brk), arch/x86/entry/vdso/vma.c (map_vdso,
 * as of 6.12 and later: below the mmap base with ASLR too).
 *
 * A program that names an interpreter (PT_INTERP) is a dynamic one: the caller
 * opens and reads the interpreter and plans both together. PT_GNU_PROPERTY and
 * PT_GNU_RELRO are the interpreter's business; no 64-bit program gets
 * READ_IMPLIES_EXEC, and one without PT_GNU_STACK has no executable stack.
 *
 * Addresses are guest virtual, sizes and offsets bytes, ranges half-open.
 * Functions return 0 or a negative Linux errno; on failure *e says the same
 * number (positive) and what was wrong, in words fit for the user.
 */
#ifndef ELFLOAD_H
#define ELFLOAD_H

#include <stddef.h>
#include <stdint.h>

#define ELFLOAD_PAGE_SIZE    4096ull
#define ELFLOAD_USER_END     0x7ffffffff000ull /* STACK_TOP, TASK_SIZE */
#define ELFLOAD_MIN_ADDR     0x10000ull	       /* vm.mmap_min_addr */
#define ELFLOAD_RND_BITS     28 /* vm.mmap_rnd_bits, unless it was changed */
#define ELFLOAD_RND_BITS_MAX 32
#define ELFLOAD_LOADS_MAX    30 /* PT_LOAD segments */
#define ELFLOAD_MAPS_MAX     (4 * ELFLOAD_LOADS_MAX + 4)
#define ELFLOAD_PATH_MAX     4096 /* PATH_MAX: with the 0 */

/* Protection bits, as PROT_* of <sys/mman.h>. */
#define ELFLOAD_READ  1u
#define ELFLOAD_WRITE 2u
#define ELFLOAD_EXEC  4u

struct elfload_error {
	int err; /* a positive Linux errno: ENOEXEC, EACCES, ... */
	/*
	 * Linux finds out when the caller's address space is gone already
	 * (fs/exec.c, begin_new_exec): execve does not return this number, but
	 * SIGSEGV ends the process.
	 */
	int late;
	char text[160]; /* "segment 2: ...": no file name, no newline */
};

/* One PT_LOAD, checked: memsz >= filesz, inside user space, no overlap. */
struct elfload_segment {
	uint64_t vaddr, memsz, filesz, offset, align; /* as in the file */
	uint32_t prot;				      /* ELFLOAD_READ | ... */
	uint32_t index; /* of its program header */
};

enum elfload_type {
	ELFLOAD_EXEC_FIXED, /* ET_EXEC */
	ELFLOAD_STATIC_PIE, /* ET_DYN without PT_INTERP */
	ELFLOAD_PIE	    /* ET_DYN with PT_INTERP */
};

struct elfload_image {
	enum elfload_type type;
	uint64_t entry;	    /* as in the file, without load bias */
	uint64_t phdr_addr; /* of the program headers in memory, without
			       load bias; 0 if no segment holds them */
	uint32_t phnum;	    /* program headers of any type */
	uint32_t phentsize; /* always 56 */
	uint64_t file_size;
	int stack_exec; /* PT_GNU_STACK asks for an executable stack */
	int truncated;	/* a segment reaches past the end of the file: Linux
			   maps it, and gives SIGBUS on access */
	uint32_t nr_segments;
	struct elfload_segment segments[ELFLOAD_LOADS_MAX]; /* file order */
	int dynamic;		       /* there is a PT_INTERP */
	char interp[ELFLOAD_PATH_MAX]; /* its path, or "" */
};

/*
 * Open a program for reading. Returns the descriptor or -errno: -ENOENT,
 * -EACCES (no execute permission, not a regular file, noexec mount), as
 * execve does.
 */
int elfload_open(const char *path, struct elfload_error *e);

/*
 * 1 if the file system aligns mappings of 2 MiB and more for huge pages (Linux
 * mm/huge_memory.c, thp_get_unmapped_area), which moves a large static-PIE.
 */
int elfload_thp_files(int fd);

/*
 * Read and check a program. The descriptor stays open, its offset stays.
 * -EACCES: not a regular file. -ENOEXEC: not an ELF program for this machine.
 * -EINVAL: an ELF program whose segments cannot be mapped. -EPERM: a segment
 * below ELFLOAD_MIN_ADDR. -EFAULT: bytes to clear past the end of the file.
 * -EIO: reading failed. -EBADF, -ENOMEM.
 * On a late failure `dynamic` and `interp` are those of the file: Linux looks
 * for the interpreter before it looks at segments.
 */
int elfload_read(int fd, struct elfload_image *img, struct elfload_error *e);

/*
 * The same for the file that img.interp names: an interpreter that itself names
 * one may do so in vain, and what is no ELF file for this machine is -ELIBBAD.
 */
int elfload_read_interp(int fd, struct elfload_image *img,
			struct elfload_error *e);

/* The same from memory, for tests and fuzzers. The buffer is only read. */
int elfload_read_memory(const void *buf, size_t len, struct elfload_image *img,
			struct elfload_error *e);
int elfload_read_interp_memory(const void *buf, size_t len,
			       struct elfload_image *img,
			       struct elfload_error *e);

enum elfload_aslr {
	ELFLOAD_ASLR_OFF,  /* as under setarch -R */
	ELFLOAD_ASLR_SEED, /* as Linux, but drawn from aslr_seed: repeatable */
	ELFLOAD_ASLR_ON	   /* as Linux, drawn from getrandom(2) */
};

/* Strings are copied into the plan; nothing here is kept. */
struct elfload_params {
	const char *const *argv; /* ends with NULL; empty: Linux makes "" */
	const char *const *envp; /* ends with NULL; may be NULL: none */
	const char *execfn;	 /* the path as given to execve */
	const char *platform;	 /* AT_PLATFORM: "x86_64"; NULL: leave out */
	uint64_t hwcap, hwcap2;	 /* AT_HWCAP, AT_HWCAP2 */
	uint64_t clktck;	 /* AT_CLKTCK */
	uint64_t minsigstksz;	 /* AT_MINSIGSTKSZ; 0: leave out */
	/* Bytes, multiples of a page, of [vvar], [vvar_vclock] and [vdso],
	 * which lie in this order; vdso_size 0: none of them, no
	 * AT_SYSINFO_EHDR. */
	uint64_t vvar_size, vclock_size, vdso_size;
	uint64_t rseq_feature_size, rseq_align; /* AT_RSEQ_*; 0: leave out */
	uint32_t uid, euid, gid, egid;
	int secure;	    /* AT_SECURE */
	uint8_t random[16]; /* what AT_RANDOM points at */
	/* The caller has measured the strings as execve does: see -E2BIG. */
	int strings_fit;
	/* Bytes; UINT64_MAX: unlimited. */
	uint64_t rlim_stack, rlim_as, rlim_data;
	int thp_files; /* elfload_thp_files() of the program */
	/* The interpreter; must be there if the program names one. */
	const struct elfload_image *interp;
	int interp_thp_files; /* elfload_thp_files() of it */
	enum elfload_aslr aslr;
	uint64_t aslr_seed; /* for ELFLOAD_ASLR_SEED */
	/* vm.mmap_rnd_bits: of how many bits a random page number is; at most
	 * ELFLOAD_RND_BITS_MAX. */
	unsigned mmap_rnd_bits;
};

enum elfload_map_kind {
	ELFLOAD_MAP_FILE,   /* the program, private */
	ELFLOAD_MAP_INTERP, /* the interpreter's file, private */
	ELFLOAD_MAP_ANON,   /* bss */
	ELFLOAD_MAP_STACK,
	ELFLOAD_MAP_VVAR,
	ELFLOAD_MAP_VCLOCK, /* [vvar_vclock] */
	ELFLOAD_MAP_VDSO
};

/* Page-aligned. No two overlap; neighbours that Linux merges are not merged. */
struct elfload_map {
	uint64_t start, end;
	uint64_t offset; /* file offset of start; 0 if not FILE or INTERP */
	uint32_t prot;	 /* ELFLOAD_READ | ... */
	enum elfload_map_kind kind;
	int growsdown; /* 1 for the stack */
};

/*
 * Bytes that Linux clears by writing to user memory, which faults the page in:
 * the tail of the last file page of a segment with bss. Inside one page, never
 * empty. Where the mapping is not writable Linux tries, too, takes the fault,
 * and goes on (padzero in elf_load).
 */
struct elfload_clear {
	uint64_t start, end;
	int fails; /* the mapping is not writable */
};

struct elfload_plan {
	uint64_t entry, sp;	/* user registers: rip, rsp; all others are 0 */
	uint64_t load_bias;	/* 0 for ET_EXEC */
	uint64_t interp_bias;	/* likewise of the interpreter: AT_BASE */
	uint64_t program_entry; /* AT_ENTRY; equals entry if static */
	uint64_t vdso;		/* AT_SYSINFO_EHDR, or 0 */

	uint32_t nr_maps; /* in the order that the kernel makes them */
	struct elfload_map maps[ELFLOAD_MAPS_MAX];
	uint32_t nr_clears; /* likewise */
	struct elfload_clear clears[2 * ELFLOAD_LOADS_MAX];

	uint8_t *stack; /* the bytes of [sp, stack_end); owned by the plan */
	size_t stack_len;
	size_t tables_len; /* of them, argc to the platform string; a gap,
			      random with ASLR, divides them from the strings,
			      which begin at arg_start. Linux leaves it alone */
	uint64_t stack_start, stack_end; /* the stack's mapping */

	/* As in Linux's struct mm_struct. */
	uint64_t start_code, end_code, start_data, end_data;
	uint64_t start_brk, brk, start_stack; /* start_stack == sp */
	uint64_t arg_start, arg_end, env_start, env_end;
	uint64_t mmap_base;
	/* Bytes mapped while they were most: VmPeak; and of these, of data. */
	uint64_t hiwater_vm, hiwater_data;
};

/*
 * Lay out the address space. -E2BIG: arguments and environment too large for
 * the stack limit; this, and no memory for the stack's bytes, are the only
 * failures that are not late. -ENOMEM: out of memory, or the program does not
 * fit, or not below the limits of address space and data. -EEXIST: a segment
 * where the stack is. -EPERM: a segment below ELFLOAD_MIN_ADDR after its load
 * bias is added. -ELIBACC: the program names an interpreter and there is none
 * in p. -ELIBBAD: the interpreter's fixed addresses are the program's. On
 * failure the plan is empty.
 */
int elfload_plan(const struct elfload_image *img,
		 const struct elfload_params *p, struct elfload_plan *out,
		 struct elfload_error *e);

/* Free what the plan owns. A zeroed or already freed plan is allowed. */
void elfload_plan_free(struct elfload_plan *plan);

#endif
