/*
 * check_tables.h: are the page tables such that a program cannot reach the
 * kernel? Walks every entry of both roots, for --check.
 *
 * What must hold:
 * - In the lower half each page is for user mode, lies in a frame that the
 *   guest's allocator may give away, and is no page table.
 * - Kernel at CPL 3: the user root's upper half has the gate's pages alone, at
 *   their addresses, each for CPL 0 only; the kernel root has no lower half.
 * - Kernel at CPL 0: no page of the upper half is for user mode.
 * - No page of the upper half can be both written and run.
 * - From one root each table is reached once.
 *
 * Host memory is read only. Knows nothing of VMAs: guest/mm checks those.
 */
#ifndef CHECK_TABLES_H
#define CHECK_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "guestmem.h"
#include "hv_boot.h"
#include "hv_map.h"

/* [va, va + len) is [gpa, gpa + len); all multiples of a page. */
struct check_range {
	uint64_t va, gpa, len;
};

struct check_tables {
	const struct guestmem *mem;
	hv_gpa_t user_root, kernel_root;
	uint32_t kernel_cpl;
	/* What the user root of a kernel at CPL 3 shares with it. */
	const struct check_range *gate;
	unsigned nr_gate;
	/* Frames from `free` to `end` of each bank may be the program's. */
	const struct hv_bank *banks;
	unsigned nr_banks;
};

/*
 * Returns 0; or -EINVAL, with what is wrong, and where, in why[0 .. size); or
 * -ENOMEM, likewise; or -EINTR: stop_signal().
 */
int check_tables(const struct check_tables *c, char *why, size_t size);

#endif
