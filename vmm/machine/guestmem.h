/*
 * guestmem.h: the only way to guest memory.
 *
 * guestmem_*: by guest physical address, each range checked against RAM.
 * usermem_*: by user virtual address, through the guest's page tables. Both
 * copy and never alias: the guest may rewrite the bytes while we look. Where a
 * user page is absent or not writable (or not yet accessed/dirty), usermem_*
 * asks the guest to fault it in (an upcall; see docs/architecture.md), so the
 * fault is the program's ordinary one and is logged.
 */
#ifndef GUESTMEM_H
#define GUESTMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv_abi.h"

struct guestmem {
	uint8_t *base; /* host address of gpa 0 */
	uint64_t span; /* bytes of address space at base, hole included */
	uint64_t low_end,
		high_end; /* RAM is [0, low_end) and [4 GiB, high_end) */
};

/*
 * Reserve host memory for `size` bytes of RAM; nothing is touched. Fails also
 * where then too little would be left of the limits for the VMM itself.
 */
int guestmem_init(struct guestmem *gm, uint64_t size);
void guestmem_fini(struct guestmem *gm);

int guestmem_read(const struct guestmem *gm, hv_gpa_t gpa, void *dst,
		  size_t len);
/* Host address of [gpa, gpa + len), or NULL if not all of it is RAM. */
void *guestmem_at(const struct guestmem *gm, hv_gpa_t gpa, size_t len);

struct vcpu;

/*
 * User memory of the program that runs on v. Return 0 or -EFAULT; bytes before
 * the bad page have been copied.
 */
int usermem_read(struct vcpu *v, uint64_t va, void *dst, size_t len);
int usermem_write(struct vcpu *v, uint64_t va, const void *src, size_t len);
/* Likewise whatever PKRU says: Linux sig_prepare_pkru. */
int usermem_write_anykey(struct vcpu *v, uint64_t va, const void *src,
			 size_t len);
/*
 * How many bytes from va on are there, without asking the guest; with
 * USERMEM_ASK, up to the first page that it refuses.
 */
#define USERMEM_WRITE  1u /* for writing */
#define USERMEM_ASK    2u
#define USERMEM_ANYKEY 4u /* whatever PKRU says */
size_t usermem_ready(struct vcpu *v, uint64_t va, size_t len, unsigned how);
int usermem_zero(struct vcpu *v, uint64_t va, size_t len);
/*
 * The same as Linux does it for /proc/PID/mem (FOLL_FORCE), inside one page:
 * the mapping's own rights do not count; a private page is copied before a
 * write.
 */
int usermem_force(struct vcpu *v, uint64_t va, void *buf, size_t len,
		  bool write);
/*
 * A string with its terminator into dst[0 .. size). Returns its length without
 * the terminator, -EFAULT, or -ENAMETOOLONG if it does not fit.
 */
int64_t usermem_read_str(struct vcpu *v, uint64_t va, char *dst, size_t size);

#endif
