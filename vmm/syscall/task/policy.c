/*
 * policy.c: NUMA memory policy on a machine of one node, number 0 (Linux
 * mm/mempolicy.c): the calls check, remember and answer; no page ever lies
 * elsewhere.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdbool.h>

#include "describe.h"
#include "families.h"
#include "hv_describe.h"
#include "hv_map.h"

#define MODES	     7 /* since Linux 6.9: MPOL_WEIGHTED_INTERLEAVE is 6 */
#define MODE_FLAGS   0xe000u
#define MODE_STATIC  0x8000u
#define MODE_RELATED 0x4000u
#define MODE_BALANCE 0x2000u
#define MODE_LOCAL   4u
#define MODE_MANY    5u

/* Linux get_nodes: which of the nodes that there are does the mask name? */
static int get_nodes(struct call *c, uint64_t mask, uint64_t maxnode,
		     bool *node)
{
	*node = false;
	maxnode--;
	if (!maxnode || !mask)
		return 0;
	if (maxnode > 8 * HV_PAGE_SIZE)
		return -EINVAL;
	for (uint64_t bit = 0; bit < maxnode; bit += 64) {
		uint64_t word;

		if (call_get(c, mask + bit / 8, &word, sizeof(word)))
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

static int get_policy(struct call *c, uint32_t *mode, uint64_t mask,
		      uint64_t maxnode, bool *node)
{
	int err;

	if ((*mode & ~MODE_FLAGS) >= MODES)
		return -EINVAL;
	err = get_nodes(c, mask, maxnode, node);
	return err ? err : check_policy(mode, *node);
}

int64_t policy_set(struct call *c)
{
	uint32_t mode = (uint32_t)c->arg[0];
	bool node;
	int err = get_policy(c, &mode, c->arg[1], c->arg[2], &node);

	if (err)
		return err;
	c->t->policy.mode = mode == MPOL_DEFAULT ? 0 : mode;
	c->t->policy.node = node;
	return 0;
}

static int put_nodes(struct call *c, uint64_t mask, uint64_t maxnode,
		     uint64_t nodes)
{
	const uint64_t none = 0;
	uint64_t bytes = (maxnode - 1 + 63) / 64 * 8;

	if (bytes > HV_PAGE_SIZE)
		return -EINVAL;
	for (uint64_t at = 8; at < bytes; at += 8)
		if (call_put(c, mask + at, &none, sizeof(none)))
			return -EFAULT;
	return bytes && call_put(c, mask, &nodes, sizeof(nodes)) ? -EFAULT : 0;
}

/* Are all bytes of [addr, end) in mappings? */
static bool is_mapped(struct call *c, uint64_t addr, uint64_t end)
{
	struct hv_desc_vma v;

	while (addr < end) {
		if (describe_next_vma(c->v, addr, &v) || v.start > addr)
			return false;
		addr = v.end;
	}
	return true;
}

/* Linux do_get_mempolicy. */
static int answer(struct call *c, uint64_t addr, uint64_t flags, int *mode,
		  uint64_t *nodes)
{
	uint32_t plain = c->t->policy.mode & ~MODE_FLAGS;
	uint8_t byte;

	*mode = (int)c->t->policy.mode;
	*nodes = c->t->policy.node;
	if (flags &
	    ~(uint64_t)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		*mode = 0;
		*nodes = 1;
		return flags & (MPOL_F_NODE | MPOL_F_ADDR) ? -EINVAL : 0;
	}
	if (flags & MPOL_F_ADDR) {
		if (addr == UINT64_MAX || !is_mapped(c, addr, addr + 1))
			return -EFAULT;
		*mode = 0; /* mbind leaves no policy behind */
		*nodes = 0;
		/* The page, faulted in, is on node 0. */
		return flags & MPOL_F_NODE ? call_get(c, addr, &byte, 1) : 0;
	}
	if (addr)
		return -EINVAL;
	if (flags & MPOL_F_NODE) {
		*mode = 0;
		return plain == MPOL_INTERLEAVE || plain == 6 ? 0 : -EINVAL;
	}
	return 0;
}

int64_t policy_get(struct call *c)
{
	uint64_t mask = c->arg[1], maxnode = c->arg[2], nodes;
	int mode, err;

	if (mask && !maxnode)
		return -EINVAL;
	err = answer(c, c->arg[3], c->arg[4], &mode, &nodes);
	if (err)
		return err;
	if (call_put_opt(c, c->arg[0], &mode, sizeof(mode)))
		return -EFAULT;
	return mask ? put_nodes(c, mask, maxnode, nodes) : 0;
}

int64_t policy_bind(struct call *c)
{
	uint64_t addr = c->arg[0], len = c->arg[1], end;
	uint32_t mode = (uint32_t)c->arg[2];
	bool node;
	int err = get_policy(c, &mode, c->arg[3], c->arg[4], &node);

	if (err)
		return err;
	if ((uint32_t)c->arg[5] & ~7u || addr & (HV_PAGE_SIZE - 1))
		return -EINVAL;
	end = addr + ((len + HV_PAGE_SIZE - 1) & ~(HV_PAGE_SIZE - 1));
	if (end < addr)
		return -EINVAL;
	return is_mapped(c, addr, end) ? 0 : -EFAULT;
}
