/*
 * procfs_internal.h: between procfs.c and the files that make the contents.
 */
#ifndef PROCFS_INTERNAL_H
#define PROCFS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "hv_abi.h"

struct sys;
struct vcpu;

struct procfs {
	struct sys *s;
	struct vcpu *v;
};

/* Print the file. Returns 0 or -errno; what was printed is dropped then. */
typedef int procfs_show_fn(const struct procfs *p, FILE *out);

/* procfs_maps.c */
/* Linux pads a mapping's line to this column before it prints a name. */
#define PROCFS_NAME_COLUMN 73
procfs_show_fn procfs_maps;
/* The line of one mapping. prev: the one before it, or NULL. */
void procfs_map_line(const struct procfs *p, FILE *out,
		     const struct hv_desc_vma *v,
		     const struct hv_desc_vma *prev);
/* Linux's pseudo-mapping above user space, and whether this host has it. */
#define PROCFS_VSYSCALL 0xffffffffff600000ull
extern const struct hv_desc_vma procfs_vsyscall;
bool procfs_has_vsyscall(void);

/* procfs_smaps.c */
procfs_show_fn procfs_smaps, procfs_smaps_rollup;

/* procfs_status.c */
procfs_show_fn procfs_stat, procfs_statm, procfs_status;

/* procfs_task.c */
procfs_show_fn procfs_auxv, procfs_cmdline, procfs_comm, procfs_environ,
	procfs_limits, procfs_personality;

/* procfs_system.c */
procfs_show_fn procfs_meminfo, procfs_vmstat, procfs_buddyinfo, procfs_zoneinfo,
	procfs_slabinfo, procfs_iomem;

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
