/*
 * policy.c: see policy.h. The one node is number 0.
 */
#include "policy.h"

#include <asm/errno.h>
#include <linux/mempolicy.h>
#include <stdbool.h>

#include "user.h"
#include "user_page.h"

#define MODES	     7 /* since Linux 6.9: MPOL_WEIGHTED_INTERLEAVE is 6 */
#define MODE_FLAGS   0xe000u
#define MODE_STATIC  0x8000u
#define MODE_RELATED 0x4000u
#define MODE_BALANCE 0x2000u
#define MODE_LOCAL   4u
#define MODE_MANY    5u

static struct {
	uint32_t mode; /* with its flags */
	bool node;     /* the mask names node 0 */
} policy;

/* Linux get_nodes: which of the nodes that there are does the mask name? */
static int get_nodes(uint64_t mask, uint64_t maxnode, bool *node)
{
	*node = false;
	maxnode--;
	if (!maxnode || !mask)
		return 0;
	if (maxnode > 8 * HV_PAGE_SIZE)
		return -EINVAL;
	for (uint64_t bit = 0; bit < maxnode; bit += 64) {
		uint64_t word;

		if (user_get(&word, mask + bit / 8, sizeof(word)))
			return -EFAULT;
		if (maxnode - bit < 64)
			word &= (1ull << (maxnode - bit)) - 1;
		if (bit && word)
			return -EINVAL;
		if (!bit)
			*node = word & 1;
		/* A mask of absent nodes only is as an empty one, but wrong. */
		if (!bit && word && !(word & 1))
			return -EINVAL;
	}
	return 0;
}

/* Linux sanitize_mpol_flags, mpol_new. mode may become MODE_LOCAL. */
static int check_policy(uint32_t *mode, bool node)
{
	uint32_t flags = *mode & MODE_FLAGS, m = *mode & ~MODE_FLAGS;
	bool fixed = flags & (MODE_STATIC | MODE_RELATED);

	if (m >= MODES)
		return -EINVAL;
	if (flags & MODE_STATIC && flags & MODE_RELATED)
		return -EINVAL;
	if (flags & MODE_BALANCE && m != MPOL_BIND && m != MODE_MANY)
		return -EINVAL;
	switch (m) {
	case MPOL_DEFAULT:
		return node ? -EINVAL : 0;
	case MPOL_PREFERRED:
		if (!node && fixed)
			return -EINVAL;
		if (!node)
			*mode = MODE_LOCAL;
		return 0;
	case MODE_LOCAL:
		return node || fixed ? -EINVAL : 0;
	default:
		return node ? 0 : -EINVAL;
	}
}

static int get_policy(uint32_t *mode, uint64_t mask, uint64_t maxnode,
		      bool *node)
{
	int err;

	if ((*mode & ~MODE_FLAGS) >= MODES)
		return -EINVAL;
	err = get_nodes(mask, maxnode, node);
	return err ? err : check_policy(mode, *node);
}

int64_t policy_set(uint32_t mode, uint64_t mask, uint64_t maxnode)
{
	bool node;
	int err = get_policy(&mode, mask, maxnode, &node);

	if (err)
		return err;
	policy.mode = mode == MPOL_DEFAULT ? 0 : mode;
	policy.node = node;
	return 0;
}

static int put_nodes(uint64_t mask, uint64_t maxnode, uint64_t nodes)
{
	const uint64_t none = 0;
	uint64_t bytes = (maxnode - 1 + 63) / 64 * 8;

	if (bytes > HV_PAGE_SIZE)
		return -EINVAL;
	for (uint64_t at = 8; at < bytes; at += 8)
		if (user_put(mask + at, &none, sizeof(none)))
			return -EFAULT;
	return bytes && user_put(mask, &nodes, sizeof(nodes)) ? -EFAULT : 0;
}

/* Linux do_get_mempolicy. */
static int answer(struct mm *mm, uint64_t addr, uint64_t flags, int *mode,
		  uint64_t *nodes)
{
	uint32_t plain = policy.mode & ~MODE_FLAGS;
	uint8_t byte;

	*mode = (int)policy.mode;
	*nodes = policy.node;
	if (flags &
	    ~(uint64_t)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		*mode = 0;
		*nodes = 1;
		return flags & (MPOL_F_NODE | MPOL_F_ADDR) ? -EINVAL : 0;
	}
	if (flags & MPOL_F_ADDR) {
		if (!mm_is_mapped(mm, addr))
			return -EFAULT;
		if (flags & MPOL_F_NODE) {
			*mode = 0; /* the page, faulted in, is on node 0 */
			return user_get(&byte, addr, 1);
		}
		return 0;
	}
	if (addr)
		return -EINVAL;
	if (flags & MPOL_F_NODE) {
		*mode = 0;
		return plain == MPOL_INTERLEAVE || plain == 6 ? 0 : -EINVAL;
	}
	return 0;
}

int64_t policy_get(struct mm *mm, uint64_t mode_va, uint64_t mask,
		   uint64_t maxnode, uint64_t addr, uint64_t flags)
{
	uint64_t nodes;
	int mode, err;

	if (mask && !maxnode)
		return -EINVAL;
	err = answer(mm, addr, flags, &mode, &nodes);
	if (err)
		return err;
	if (mode_va && user_put(mode_va, &mode, sizeof(mode)))
		return -EFAULT;
	return mask ? put_nodes(mask, maxnode, nodes) : 0;
}

int64_t policy_bind(struct mm *mm, uint64_t addr, uint64_t len, uint32_t mode,
		    uint64_t mask, uint64_t maxnode, uint32_t flags)
{
	uint64_t end;
	bool node;
	int err = get_policy(&mode, mask, maxnode, &node);

	if (err)
		return err;
	if (flags & ~7u || addr & (HV_PAGE_SIZE - 1))
		return -EINVAL;
	end = addr + ((len + HV_PAGE_SIZE - 1) & ~(HV_PAGE_SIZE - 1));
	if (end < addr)
		return -EINVAL;
	for (; addr < end; addr += HV_PAGE_SIZE)
		if (!mm_is_mapped(mm, addr))
			return -EFAULT;
	return 0;
}
