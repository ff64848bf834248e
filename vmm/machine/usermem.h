/*
 * usermem.h: user memory of the program that runs on a vCPU, by its virtual
 * address, through the guest's page tables. Copies and never aliases: the guest
 * may rewrite the bytes while we look. Where a page is absent or not writable
 * (or not yet accessed/dirty), the guest is asked to fault it in (an upcall;
 * see docs/architecture.md), so the fault is the program's ordinary one and is
 * logged.
 */
#ifndef USERMEM_H
#define USERMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vcpu;

/*
 * Return 0 or -EFAULT; bytes before the bad page have been copied.
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

/*
 * The word at va, a multiple of 4, if it is `old`, becomes `next`, at once for
 * all processors; *seen is what it was. 0 or -EFAULT.
 */
int usermem_cmpxchg32(struct vcpu *v, uint64_t va, uint32_t old, uint32_t next,
		      uint32_t *seen);
/* What another thread's memory holds, as far as it is there; 0 or -EFAULT. */
int usermem_peek(struct vcpu *of, uint64_t va, void *dst, size_t len);
/* Where the page at va is in guest RAM; 0: it cannot be read. */
uint64_t usermem_where(struct vcpu *v, uint64_t va);
/* A number that is the address space's as long as it exists. */
uint64_t usermem_space(const struct vcpu *v);

#endif
