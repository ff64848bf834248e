/*
 * sys.h: system calls that the guest kernel forwards, and what they act on:
 * the program's descriptors, files, signals. Served by host calls, one table
 * row for each call. Memory calls never come here; the guest serves them.
 */
#ifndef SYS_H
#define SYS_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_abi.h"

struct folios;
struct rlimits;
struct sys;
struct iovec;
struct rlimit;
struct vcpu;

struct sys_config {
	const char *exe;	    /* absolute path of the program */
	const char *const *rw_dirs; /* --rw, each an existing directory */
	unsigned nr_rw_dirs;
	bool rw_suid;		      /* --rw-suid */
	const char *const *temp_dirs; /* temp.h; those that exist count */
	unsigned nr_temp_dirs;
	const struct folios *folios;  /* --folios=host, else NULL */
	const struct rlimits *limits; /* the program's; NULL: this process's */
	/*
	 * Leave inherited descriptors above 2 alone (unit tests). Otherwise
	 * all without FD_CLOEXEC become the program's: so the VMM must open
	 * its own with O_CLOEXEC, and they are never reachable.
	 */
	bool keep_inherited;
};

/* Open files that the VMM must be allowed: RLIMIT_NOFILE. */
#define SYS_FILES_MIN 32

/*
 * NULL with errno set if a host resource fails, or a rw_dirs entry is not a
 * directory. The working directory is the program's first one. Takes over the
 * process's inherited descriptors, and keeps SIGPIPE of its calls from ending
 * us (until sys_destroy). Threads: one at a time.
 */
struct sys *sys_create(const struct sys_config *config);
void sys_destroy(struct sys *s);

/* The program's, RLIMIT_*; as it has set it. */
const struct rlimit *sys_limit(const struct sys *s, int resource);

/* Tell the guest's memory manager of the program's limits. */
void sys_pass_limits(const struct sys *s, struct vcpu *v);

/*
 * What /proc of the program says of its start, and of the machine. Pointers
 * are kept.
 */
struct sys_about {
	const char *name; /* of the file that was executed; for comm */
	const void *auxv; /* with its last pair, AT_NULL */
	size_t auxv_len;  /* bytes */
	uint32_t personality;
	uint32_t overcommit; /* vm.overcommit_memory */
	int thp;	     /* enum hv_thp */
	const struct hv_bank *banks;
	unsigned nr_banks;
	const struct hv_image *image; /* the guest kernel's; may be NULL */
};
void sys_set_about(struct sys *s, const struct sys_about *about);

/*
 * Serve the call in the vCPU's user registers (number rax, arguments rdi rsi
 * rdx r10 r8 r9) and set rax. May upcall, block, change all registers
 * (rt_sigreturn), or end the guest (vcpu_stop).
 */
void sys_serve(struct sys *s, struct vcpu *v);

/*
 * The program raised a signal by what it executed. Starts its handler if it
 * has one, or ends the guest.
 */
void sys_signal(struct sys *s, struct vcpu *v,
		const struct hv_call_signal *sig);

/*
 * Files that are mapped, by number from 1. The program itself is added first
 * and gets 1. sys_file_get: the same inode gets the same number again; fails
 * as mmap does, and with -ENFILE if this process may not open more files.
 */
int sys_file_add(struct sys *s, int host_fd, const char *path);
int sys_file_get(struct sys *s, int guest_fd, uint32_t prot, uint32_t map_flags,
		 uint64_t *size);
/* HV_FILE_TMPFS, HV_FILE_HUGE: what file system a host descriptor is of. */
uint32_t sys_file_kind(int fd);
/*
 * HV_FILE_* of what sys_file_get gave: HV_FILE_WRITABLE if a shared mapping by
 * this descriptor may write; then sys_file_write is allowed.
 */
uint32_t sys_file_flags(struct sys *s, uint32_t file, int guest_fd,
			uint32_t map_flags);
/* Which opening of its file a descriptor is: copies of it are the same. */
uint32_t sys_file_opening(struct sys *s, int guest_fd);
/* pwrite up to the end of the file. 0 or -errno, which is remembered. */
int sys_file_write(struct sys *s, uint32_t file, uint64_t offset,
		   const void *src, size_t len);
/*
 * fdatasync. 0 or -errno: what was lost, and the opening by which the file is
 * mapped was not told yet.
 */
int sys_file_sync(struct sys *s, uint32_t file, uint32_t opened);
/* enum hv_file_op but SYNC; PIDFD: of guest descriptor `file`. 0, 1 or -errno.
 */
int sys_file_op(struct sys *s, uint32_t file, uint32_t op, uint64_t start,
		uint64_t end);
/* May the guest still have something to write back? */
bool sys_file_any_written(const struct sys *s);
void sys_file_put(struct sys *s, uint32_t file);
/*
 * The path for the log, of that opening (0: of the first), or NULL. Valid until
 * the last put.
 */
const char *sys_file_path(const struct sys *s, uint32_t file, uint32_t opened);
/*
 * Of the n <= 64 pages from offset, those in holes of a file in memory, a bit
 * each; of other files none. Page want < n, if it is one, is filled then: 0, or
 * -errno if there is no room for it.
 */
int sys_file_holes(struct sys *s, uint32_t file, uint64_t offset, unsigned n,
		   unsigned want, uint64_t *holes);
/*
 * In what folios the host's page cache has the n <= HV_FILE_READ_MAX pages from
 * offset: the order of each. False: not asked for (sys_config.folios), or the
 * file is in memory.
 */
bool sys_file_orders(const struct sys *s, uint32_t file, uint64_t offset,
		     unsigned n, uint8_t *orders);
/*
 * preadv in full, zeros past the end unless it is read `again`; iov is used up.
 * 0 or -errno.
 */
int sys_file_readv(struct sys *s, uint32_t file, uint64_t offset,
		   struct iovec *iov, int count, bool again);

/*
 * How a guest that ended by a signal did so, for the closing line: signal,
 * si_code, si_addr, instruction pointer. 0 if it did not.
 */
struct sys_death {
	int sig, code;
	uint64_t addr, ip;
};
void sys_death(const struct sys *s, struct sys_death *out);

/*
 * What the user should know at the end: paths that wanted to be written, rights
 * on the host that were not given, and temporary files that sys_destroy will
 * remove.
 */
void sys_report(const struct sys *s);

#endif
