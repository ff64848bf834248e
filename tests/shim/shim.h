/*
 * shim.h: the machine and the host under guest/mm in hosted tests.
 *
 * A test calls shim_reset() first, then the init functions of what it tests.
 * Link all of tests/shim/ and vmm/machine/banks.c. Everything here is global:
 * one guest a process (Criterion forks for each test). Misuse of the shim (a
 * file that is not there, a frame that is not online RAM) prints a line and
 * abort()s.
 */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv_boot.h"
#include "hv_map.h"

/* ---- Machine ----------------------------------------------------------- */

/* The first bytes of RAM, in use as in the guest: 1 MiB and a kernel. */
#define SHIM_RESERVED_END ((1ull << 20) + 0x57000)

/*
 * A fresh machine: ram_size bytes of RAM in banks (vmm/machine/banks.h), all of
 * it zero, bank 0 online, no files, nothing set to fail, logs empty. Aborts if
 * ram_size is not allowed.
 */
void shim_reset(uint64_t ram_size);
/* As the host hands it to the kernel. A test may change it before init. */
struct hv_boot *shim_boot(void);

bool shim_bank_is_online(unsigned bank);
/* Frames that arch_page_zero and arch_page_copy have filled since reset. */
uint64_t shim_pages_zeroed(void);
uint64_t shim_pages_copied(void);
/* Host memory that backs guest RAM and struct pages now, in bytes. */
uint64_t shim_resident_bytes(void);

/*
 * arch_root_init() writes these into a root's two entries 256 and 511, which
 * stand for the kernel's share; whoever walks user tables must not touch them.
 */
#define SHIM_KERNEL_ENTRY 0xfeed000000000063ull
/* What arch_root_use() was last called with (0: no root); {0} at reset. */
hv_gpa_t shim_root(void);

/* ---- TLB flushes, in order --------------------------------------------- */

/* A page is [va, va + 4096), all of it is [0, ~0). */
struct shim_flush {
	uint64_t start, end;
};
unsigned shim_flushes(void); /* how many since reset or shim_flush_forget */
struct shim_flush shim_flush(unsigned i); /* the first 4096 are kept */
/* True if some flush since the last shim_flush_forget covers va. */
bool shim_flushed(uint64_t va);
void shim_flush_forget(void);

/* ---- Files ------------------------------------------------------------- */

/* Copies the bytes. File numbers count from 1, as the program's file is. */
uint32_t shim_file_add(const void *bytes, size_t len);
/* A file of len bytes in which byte i is shim_file_byte(file, i). */
uint32_t shim_file_add_pattern(size_t len);
uint8_t shim_file_byte(uint32_t file, uint64_t offset);
/* What hv_file_get says of it, HV_FILE_*; 0 at first: as if opened read-only.
 */
void shim_file_set_flags(uint32_t file, uint32_t flags);
/* hv_file_get(fd) gives this file; fd 0 .. 63. file 0 closes fd. */
void shim_fd_set(int fd, uint32_t file);
/* What hv_file_get says of it, HV_FILE_*; shim_fd_set: 0, opened read-only. */
void shim_fd_set_flags(int fd, uint32_t flags);

/* What the host has, to look at and to change; resizing moves it. */
uint8_t *shim_file_bytes(uint32_t file);
/* Bit i: page i, 0 .. 63, lies in a hole, and is zero. */
void shim_file_set_holes(uint32_t file, uint64_t holes);
/* All of its pages lie in folios of this order on the host; 0: not told. */
void shim_file_set_order(uint32_t file, unsigned order);
void shim_file_resize(uint32_t file, size_t len);
uint64_t shim_file_writes(void); /* pages written back since reset */
uint64_t shim_file_syncs(void);	 /* hv_file_sync since reset */
uint64_t shim_file_reads(void);	 /* pages read by hv_file_read since reset */
/* hv_file_get less hv_file_put of this file; may be negative for file 1. */
int64_t shim_file_refs(uint32_t file);

/* ---- Failures ---------------------------------------------------------- */

/* Let `after` calls succeed, then fail `count` of them (~0u: all). */
void shim_fail_banks(unsigned after, unsigned count);  /* hv_bank_online */
void shim_fail_reads(unsigned after, unsigned count);  /* hv_file_read */
void shim_fail_writes(unsigned after, unsigned count); /* hv_file_write */
void shim_fail_room(unsigned after, unsigned count);   /* HV_FILE_OP_MKWRITE */
/*
 * Likewise for buddy_alloc, kmem_cache_alloc, kmem_cache_zalloc and kmalloc
 * taken together, as called from another file than their own. Needs
 * SHIM_FAIL_LDFLAGS when linking:
 *   -Wl,--wrap=buddy_alloc,--wrap=kmem_cache_alloc
 *   -Wl,--wrap=kmem_cache_zalloc,--wrap=kmalloc
 * Without them nothing ever fails; shim_alloc_calls() stays 0 then.
 */
void shim_fail_allocs(unsigned after, unsigned count);
uint64_t shim_alloc_calls(void);

/* ---- Internal to tests/shim -------------------------------------------- */

void shim_abort(const char *fmt, ...) __attribute__((format(printf, 1, 2)))
__attribute__((noreturn));
void shim_bank_set_online(unsigned bank);
/* Host address of a whole frame that is in online RAM; aborts if not. */
void *shim_frame(hv_gpa_t gpa);
void shim_hv_reset(void);
void shim_fail_reset(void);

struct shim_failure {
	unsigned after, count;
};
bool shim_failure_due(struct shim_failure *f);

#endif
