/*
 * procfs_internal.h: between procfs.c and the files that make the contents.
 */
#ifndef PROCFS_INTERNAL_H
#define PROCFS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "files.h"
#include "hv_describe.h"
#include "machine.h"
#include "process.h"
#include "thread.h"
#include "vcpu.h"

struct procfs {
	struct process *of; /* whose it is */
	struct thread *t;   /* its thread that is meant */
	struct vcpu *v;	    /* the reader's, by which the guest is asked */
	unsigned arg;	    /* which fdinfo */
};

static inline struct procfs procfs_of(struct thread *t, unsigned arg)
{
	struct thread *whose = t->about ? t->about : t;

	vcpu_look_at(t->vcpu, whose->vcpu);
	return (struct procfs){whose->process, whose, t->vcpu, arg};
}

static inline bool procfs_is_others(const struct procfs *p)
{
	return p->t->vcpu != p->v;
}

/* Print the file. Returns 0 or -errno; what was printed is dropped then. */
typedef int procfs_show_fn(const struct procfs *p, FILE *out);

/*
 * Take what a program writes there, in one piece and from its start. Returns
 * the bytes taken or -errno.
 */
typedef int64_t procfs_write_fn(const struct procfs *p, const char *text,
				size_t len);

/* procfs.c */
/* As procfs_show. */
int procfs_show_by(const struct procfs *p, unsigned number, FILE *out);
/* NULL: there is none, the program's memory has its own way. */
procfs_write_fn *procfs_writer(unsigned number);
/* How a file is made. */
enum procfs_kind {
	PROCFS_WHOLE,	/* by procfs_show, at offset 0 */
	PROCFS_SIZED,	/* likewise; lseek takes it for a file of 0 bytes */
	PROCFS_MAPS,	/* in pieces */
	PROCFS_SMAPS,	/* likewise */
	PROCFS_NUMA,	/* likewise */
	PROCFS_PAGEMAP, /* by the entry */
	PROCFS_KPAGE,	/* likewise */
	PROCFS_MEM,	/* the program's memory itself */
	PROCFS_ORDER,	/* to write to only */
	PROCFS_NEVER,	/* cannot be opened */
};
enum procfs_kind procfs_kind(unsigned number);

/* procfs_maps.c */
/* Linux pads a mapping's line to this column before it prints a name. */
#define PROCFS_NAME_COLUMN 73
procfs_show_fn procfs_maps;
#define PROCFS_NAME_MAX 4096
/* What is mapped, by the host's own maps; zeros: no file. */
struct file_identity procfs_identify(const struct procfs *p,
				     const struct hv_desc_vma *v);
/* The path of the mapped file, false: none. */
bool procfs_file_name(const struct procfs *p, const struct hv_desc_vma *v,
		      char path[PROCFS_NAME_MAX]);
/* What maps calls it, or NULL. */
const char *procfs_map_name(const struct procfs *p, const struct hv_desc_vma *v,
			    char path[PROCFS_NAME_MAX]);
/* Of vDSO and vvar? */
bool procfs_is_special(const struct hv_desc_vma *v);
/* The line of one mapping. */
void procfs_map_line(const struct procfs *p, FILE *out,
		     const struct hv_desc_vma *v);
/* Linux's pseudo-mapping above user space, and whether this host has it. */
extern const struct hv_desc_vma procfs_vsyscall;

/* procfs_smaps.c */
procfs_show_fn procfs_smaps, procfs_smaps_rollup;
/* The line of one mapping, and all that smaps says of it. */
typedef void procfs_record_fn(const struct procfs *p, FILE *out,
			      const struct hv_desc_smaps *s);
procfs_record_fn procfs_smaps_record;
/* A record for each mapping of the program. 0 or -errno. */
int procfs_each_smaps(const struct procfs *p, FILE *out,
		      procfs_record_fn *record);

/* procfs_pieces.c */
/*
 * See that the memory file behind fd has what a read of `len` bytes at `offset`
 * would get of maps, smaps or numa_maps, or a part of it. anew: what it has is
 * of another time.
 */
int procfs_extend(const struct procfs *p, enum procfs_kind kind, int fd,
		  uint64_t offset, uint64_t len, bool anew);

/* procfs_open.c */
/* Write into a memory file, which `truncate` empties first. 0 or -errno. */
int procfs_fill(int fd, const void *data, size_t len, int64_t offset,
		bool truncate);
/* procfs_status.c */
procfs_show_fn procfs_stat, procfs_statm, procfs_status, procfs_sched;

/* procfs_task.c */
procfs_show_fn procfs_auxv, procfs_cmdline, procfs_comm, procfs_environ,
	procfs_limits, procfs_personality, procfs_syscall, procfs_fdinfo;

/* procfs_write.c */
procfs_write_fn procfs_write_comm, procfs_write_clear_refs;

/* procfs_settings.c */
procfs_show_fn procfs_oom_adj, procfs_oom_score_adj, procfs_coredump_filter,
	procfs_loginuid, procfs_timerslack;
procfs_write_fn procfs_write_oom_adj, procfs_write_oom_score_adj,
	procfs_write_coredump_filter, procfs_write_loginuid,
	procfs_write_timerslack;

/* procfs_numa.c */
procfs_show_fn procfs_numa_maps;
procfs_record_fn procfs_numa_record;

/* procfs_system.c */
procfs_show_fn procfs_meminfo, procfs_vmstat, procfs_buddyinfo, procfs_zoneinfo,
	procfs_slabinfo, procfs_iomem, procfs_swaps, procfs_vmallocinfo,
	procfs_overcommit, procfs_thp;

/* procfs_kpage.c */
/* n entries of kpagecount or kpageflags from frame pfn on. 0 or -errno. */
int procfs_kpage(const struct procfs *p, bool flags, uint64_t pfn, size_t n,
		 uint64_t *out);

/*
 * procfs_host.c: the host's file as the pattern. Its lines "NAME: VALUE" or
 * "NAME VALUE" one by one.
 */
typedef void procfs_line_fn(FILE *out, const char *line, const char *name,
			    void *ctx);
/* path: absolute. line has its '\n'. Returns 0 or -errno. */
int procfs_host_lines(const char *path, FILE *out, procfs_line_fn *fn,
		      void *ctx);
/* Read a short file into buf, terminated. Returns its length or -errno. */
int64_t procfs_host_read(const char *path, char *buf, size_t size);

#endif
