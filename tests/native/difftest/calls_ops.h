/*
 * calls_ops.h: what the files that make the calls share.
 */
#ifndef CALLS_OPS_H
#define CALLS_OPS_H

#include "calls.h"

#define MAP_DROPPABLE_ 8
/* vm.mmap_min_addr differs, and root need not heed it. */
#define LOWEST_MAPPED 0x10000

extern int fd_rw, fd_ro, fd_wo, fd_mem, fd_dir, fd_zero;
extern int fd_pipe, fd_pipe_in;
extern bool lock_future;	       /* mlockall(MCL_FUTURE) is in force */
extern u64 pending_start, pending_len; /* a large mapping, to be gone next */
extern u64 brk_start;

/* Make the call of s->arg, n of them, and note what it gave. */
long call(struct step *s, const char *name, long nr, unsigned n);

/* calls_files.c */
void op_file_io(struct step *s);
void op_vector_io(struct step *s);
void op_pipe_io(struct step *s);
void op_truncate(struct step *s);
void op_fallocate(struct step *s);
void op_memfd_create(struct step *s);
void op_seals(struct step *s);
/*
 * In a file's last page beyond its end? What is stored there is lost when the
 * page is next written back, at a time of the kernel's own.
 */
bool file_is_beyond_end(u64 addr);

/* calls_limits.c */
void op_setrlimit(struct step *s);
void op_getrlimit(struct step *s);
void limits_reset(void);

/* calls_map.c */
void op_mmap(struct step *s);
void op_mmap_large(struct step *s);
void op_munmap(struct step *s);
void op_mprotect(struct step *s);
void op_mremap(struct step *s);
void op_brk(struct step *s);
void op_remap_file_pages(struct step *s);
void op_mseal(struct step *s);

#endif
