/*
 * usermem.c: see usermem.h.
 *
 * The host never writes a page table (docs/architecture.md says why), so it
 * cannot set accessed and dirty bits: a page that lacks the bit that the access
 * would set is treated as absent, and the guest's own fault handler sets it.
 */
#include "usermem.h"

#include <errno.h>
#include <string.h>

#include "guestmem.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "pte.h"
#include "tables.h"
#include "vcpu.h"
#include "vcpu_internal.h"

/* What every entry must have, and the last. */
struct access {
	uint64_t need, leaf_bits;
	uint32_t pkru, pkru_deny; /* a key's bits of pkru that forbid it */
};

static bool leaf_allows(const struct access *a, uint64_t leaf)
{
	unsigned key = leaf >> PTE_PKEY & 15;

	return (leaf & a->leaf_bits) == a->leaf_bits &&
	       !(a->pkru >> 2 * key & a->pkru_deny);
}

/* Physical address of user address va, or 0 if the access would fault. */
static hv_gpa_t user_walk(const struct guestmem *gm, hv_gpa_t root, uint64_t va,
			  const struct access *a)
{
	const hv_gpa_t absent = {0};
	struct tables_path path;
	unsigned last;

	tables_descend(gm, root, va & ~(HV_PAGE_SIZE - 1), &path);
	last = path.n - 1;
	for (unsigned i = 0; i < last; i++)
		if ((path.at[i].entry & a->need) != a->need)
			return absent;
	if (!leaf_allows(a, path.at[last].entry))
		return absent;
	return (hv_gpa_t){tables_leaf_gpa(path.at[last].entry,
					  path.at[last].shift,
					  va & ~(HV_PAGE_SIZE - 1))};
}

/*
 * Host address of the user page at va, faulted in if need be and if `how` says
 * so. NULL: EFAULT, or it is not there.
 * One upcall must be enough; if the page is absent still, the guest kernel
 * broke its contract, and the program gets EFAULT.
 */
static uint8_t *user_page_how(struct vcpu *v, uint64_t va, unsigned how)
{
	bool write = how & USERMEM_WRITE;
	const struct guestmem *gm = &v->vm->mem;
	uint64_t need = PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0);
	uint32_t any = how & USERMEM_ANYKEY ? HV_FAULTF_ANYKEY : 0;
	const struct access a = {
		.need = need,
		.leaf_bits = need | PTE_ACCESSED | (write ? PTE_DIRTY : 0),
		.pkru = any ? 0 : v->area->call.pkru,
		.pkru_deny = write ? 3 : 1,
	};
	hv_gpa_t root = v->area->call.user_root, page;

	if (va >= HV_VA_USER_END)
		return NULL;
	page = user_walk(gm, root, va, &a);
	if (!page.v && (how & USERMEM_ASK)) {
		if (vcpu_upcall(v, va, any | (write ? HV_ACCESS_WRITE : 0)))
			return NULL;
		page = user_walk(gm, root, va, &a);
	}
	return page.v ? guestmem_at(gm, page, HV_PAGE_SIZE) : NULL;
}

static uint8_t *user_page(struct vcpu *v, uint64_t va, bool write)
{
	return user_page_how(v, va, USERMEM_ASK | (write ? USERMEM_WRITE : 0));
}

static size_t chunk(uint64_t va, size_t len)
{
	size_t rest = HV_PAGE_SIZE - (va & (HV_PAGE_SIZE - 1));

	return len < rest ? len : rest;
}

#define PAGE_OFFSET(va) ((va) & (HV_PAGE_SIZE - 1))

size_t usermem_ready(struct vcpu *v, uint64_t va, size_t len, unsigned how)
{
	size_t done = 0;

	while (done < len && user_page_how(v, va + done, how))
		done += chunk(va + done, len - done);
	return done;
}

int usermem_read(struct vcpu *v, uint64_t va, void *dst, size_t len)
{
	for (size_t n; len; len -= n, va += n, dst = (uint8_t *)dst + n) {
		const uint8_t *page = user_page(v, va, false);

		if (!page)
			return -EFAULT;
		n = chunk(va, len);
		memcpy(dst, page + PAGE_OFFSET(va), n);
	}
	return 0;
}

static int write_how(struct vcpu *v, uint64_t va, const void *src, size_t len,
		     unsigned how)
{
	how |= USERMEM_WRITE | USERMEM_ASK;
	for (size_t n; len; len -= n, va += n, src = (const uint8_t *)src + n) {
		uint8_t *page = user_page_how(v, va, how);

		if (!page)
			return -EFAULT;
		n = chunk(va, len);
		memcpy(page + PAGE_OFFSET(va), src, n);
	}
	return 0;
}

int usermem_write(struct vcpu *v, uint64_t va, const void *src, size_t len)
{
	return write_how(v, va, src, len, 0);
}

int usermem_write_anykey(struct vcpu *v, uint64_t va, const void *src,
			 size_t len)
{
	return write_how(v, va, src, len, USERMEM_ANYKEY);
}

int usermem_zero(struct vcpu *v, uint64_t va, size_t len)
{
	for (size_t n; len; len -= n, va += n) {
		uint8_t *page = user_page(v, va, true);

		if (!page)
			return -EFAULT;
		n = chunk(va, len);
		memset(page + PAGE_OFFSET(va), 0, n);
	}
	return 0;
}

/*
 * The guest is asked for every page: only it can tell whether an entry that
 * forbids writing leads to a page of the program's own. The entry says little
 * then: that of a PROT_NONE mapping is not present.
 */
int usermem_force(struct vcpu *v, uint64_t va, void *buf, size_t len,
		  bool write)
{
	const struct guestmem *gm = &v->vm->mem;
	const struct access a = {
		.need = PTE_PRESENT | PTE_USER,
		.leaf_bits = PTE_ACCESSED | (write ? PTE_DIRTY : 0),
	};
	hv_gpa_t root = v->area->call.user_root, page;
	uint8_t *at;

	if (va >= HV_VA_USER_END)
		return -EFAULT;
	if (vcpu_upcall(v, va, HV_FAULTF_FORCE | (write ? HV_ACCESS_WRITE : 0)))
		return -EFAULT;
	page = user_walk(gm, root, va, &a);
	at = page.v ? guestmem_at(gm, page, HV_PAGE_SIZE) : NULL;
	if (!at)
		return -EFAULT;
	if (write)
		memcpy(at + PAGE_OFFSET(va), buf, len);
	else
		memcpy(buf, at + PAGE_OFFSET(va), len);
	return 0;
}

int64_t usermem_read_str(struct vcpu *v, uint64_t va, char *dst, size_t size)
{
	size_t len = 0;

	while (len < size) {
		const uint8_t *page = user_page(v, va + len, false);
		size_t n = chunk(va + len, size - len);
		const char *end;

		if (!page) {
			/* Linux tries by the word, and then by the byte. */
			user_page(v, va + len, false);
			return -EFAULT;
		}
		memcpy(dst + len, page + PAGE_OFFSET(va + len), n);
		end = memchr(dst + len, '\0', n);
		if (end)
			return end - dst;
		len += n;
	}
	return -ENAMETOOLONG;
}

int usermem_cmpxchg32(struct vcpu *v, uint64_t va, uint32_t old, uint32_t next,
		      uint32_t *seen)
{
	uint8_t *page = user_page(v, va, true);

	if (!page)
		return -EFAULT;
	*seen = old;
	__atomic_compare_exchange_n((uint32_t *)(page + PAGE_OFFSET(va)), seen,
				    next, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return 0;
}

uint64_t usermem_where(struct vcpu *v, uint64_t va)
{
	const uint8_t *page = user_page(v, va, false);

	return page ? (uint64_t)(page - v->vm->mem.base) + PAGE_OFFSET(va) : 0;
}

uint64_t usermem_space(const struct vcpu *v)
{
	return v->area->call.user_root.v;
}

int usermem_peek(struct vcpu *of, uint64_t va, void *dst, size_t len)
{
	for (size_t n; len; len -= n, va += n, dst = (uint8_t *)dst + n) {
		const uint8_t *page = user_page_how(of, va, 0);

		if (!page)
			return -EFAULT;
		n = chunk(va, len);
		memcpy(dst, page + PAGE_OFFSET(va), n);
	}
	return 0;
}
