/*
 * internal.h: what the files of elfload/ share, and nobody else includes.
 */
#ifndef ELFLOAD_INTERNAL_H
#define ELFLOAD_INTERNAL_H

#include "elfload.h"
#include <elf.h>

/* A file as libelf decodes it, before any of it is believed. */
struct elf_file {
	uint64_t size;
	size_t head_len;	/* bytes of head that are in the file */
	unsigned char head[64]; /* its first bytes, read without libelf */
	Elf64_Ehdr ehdr;	/* valid once check_head() passed */
	Elf64_Phdr *phdr;	/* ehdr.e_phnum entries */
	int is_interp;		/* read as some program's interpreter */
};

/* The first PT_INTERP of a program, or NULL; an interpreter's is ignored. */
const Elf64_Phdr *elf_file_interp(const struct elf_file *f);

/* Set *e and return -err. */
__attribute__((format(printf, 3, 4))) int
elfload_fail(struct elfload_error *e, int err, const char *fmt, ...);

/*
 * The layers of checks (check.c), each needing the one before; what the last
 * finds is late (struct elfload_error).
 */
int check_head(const struct elf_file *f, struct elfload_error *e);
int check_ehdr(const struct elf_file *f, struct elfload_error *e);
int check_interp(const struct elf_file *f, struct elfload_error *e);
int check_segments(const struct elf_file *f, struct elfload_error *e);

/* The random numbers of one exec (random.c). */
struct exec_random {
	enum elfload_aslr mode;
	uint64_t state;
};
void exec_random_init(struct exec_random *r, const struct elfload_params *p);
uint64_t exec_random_draw(struct exec_random *r); /* 0 with ASLR off */

/* The strings of the new stack, before their final address is known. */
struct exec_strings {
	uint64_t argc, envc;	   /* argc at least 1 */
	uint64_t arg_len, env_len; /* bytes, with the terminating zeros */
	uint64_t execfn_len;
	uint64_t total; /* all three, and the 8 zero bytes at the top */
};

/* Count and limit them as execve does: -E2BIG (stack.c). */
int stack_measure(const struct elfload_params *p, struct exec_strings *s,
		  struct elfload_error *e);

/* Where the stack lies: sets stack_start, stack_end, arg_start (stack.c). */
int stack_place(const struct elfload_params *p, const struct exec_strings *s,
		struct exec_random *r, struct elfload_plan *plan,
		struct elfload_error *e);

/* ---- Where things go (place.c) ------------------------------------------ */

#define GUARD_GAP (256 * ELFLOAD_PAGE_SIZE) /* stack_guard_gap */

/* Linux mmap_base(). */
uint64_t place_mmap_base(const struct elfload_params *p, struct exec_random *r);
/* ELF_ET_DYN_BASE, 2/3 of user space. */
uint64_t place_dyn_base(void);
/*
 * The highest free range of size bytes below mmap_base, as an mmap of a file
 * from this offset would get it, where thp says that its file system aligns
 * for huge pages. 0 if there is none.
 */
uint64_t place_find(const struct elfload_plan *plan, uint64_t size,
		    uint64_t offset, int thp);
/* Is [start, end) free, with the stack's guard gap? */
int place_is_free(const struct elfload_plan *plan, uint64_t start,
		  uint64_t end);
/* Sets plan->load_bias of an ET_DYN program. */
int place_program(const struct elfload_image *img,
		  const struct elfload_params *p, struct exec_random *r,
		  struct elfload_plan *plan, struct elfload_error *e);
/* Sets plan->interp_bias. */
int place_interp(const struct elfload_image *img,
		 const struct elfload_params *p, struct elfload_plan *plan,
		 struct elfload_error *e);

/* What is mapped, in bytes; data: private, to be written, not the stack. */
struct mapped {
	uint64_t all, data;
};
struct mapped place_mapped(const struct elfload_plan *plan);

/* Its contents: sets stack, sp, start_stack, arg_end, env_* (stack.c). */
int stack_fill(const struct elfload_image *img, const struct elfload_params *p,
	       const struct exec_strings *s, struct exec_random *r,
	       struct elfload_plan *plan, struct elfload_error *e);

static inline uint64_t page_down(uint64_t a)
{
	return a & ~(ELFLOAD_PAGE_SIZE - 1);
}

static inline uint64_t page_up(uint64_t a)
{
	return page_down(a + ELFLOAD_PAGE_SIZE - 1);
}

static inline uint64_t page_offset(uint64_t a)
{
	return a & (ELFLOAD_PAGE_SIZE - 1);
}

#endif
