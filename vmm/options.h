/*
 * options.h: the command line.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "dump.h"
#include "elfload.h"
#include "rlimits.h"

#define OPTIONS_RW_MAX 64

struct options {
	struct rlimits limits; /* of the program; --limit changes them */
	uint64_t ram_size;     /* bytes */
	uint64_t fault_around; /* bytes */
	uint64_t ring_size;    /* bytes; 0: a trap for each fault */
	int kernel_cpl;	       /* 0, 3 or BOOT_CPL_AUTO */
	int overcommit;	       /* 0, 1, 2 or OVERCOMMIT_AS_HOST */
	int thp;	       /* enum hv_thp, or THP_AS_HOST */
	int zero_page;	       /* 0, 1 or ZEROPAGE_AS_HOST */
	bool ram_fixed;	       /* -m: no less will do */
	bool folios_of_host;
	bool count_cpl0;
	bool trace, summary, verbose, quiet, check;
	struct dump dump;      /* --dump and --walk */
	const char *log_file;  /* -o; implies trace */
	const char *directory; /* -C, or NULL */
	const char *rw_dirs[OPTIONS_RW_MAX];
	unsigned nr_rw_dirs;
	bool close_fds; /* pass on 0 to 2 only */
	bool rw_suid;	/* set-id bits are set below these */
	bool no_tmp;	/* nothing may be made in /tmp either */
	enum elfload_aslr aslr;
	uint64_t aslr_seed;
	char *const *program_argv; /* ends with NULL */
};

/*
 * Parse argv; o->limits is set already. -E changes our own environment, which
 * the program gets. Returns -1 to go on, or the exit status: 0 after -h or -V,
 * 125 after a mistake, which has been explained.
 */
int options_parse(struct options *o, int argc, char **argv);

#endif
