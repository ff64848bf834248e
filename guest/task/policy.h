/*
 * policy.h: NUMA memory policy on a machine of one node (Linux mm/mempolicy.c):
 * the calls check, remember and answer; no page ever lies elsewhere.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdint.h>

struct mm;

int64_t policy_set(uint32_t mode, uint64_t mask, uint64_t maxnode);
int64_t policy_get(struct mm *mm, uint64_t mode, uint64_t mask,
		   uint64_t maxnode, uint64_t addr, uint64_t flags);
int64_t policy_bind(struct mm *mm, uint64_t addr, uint64_t len, uint32_t mode,
		    uint64_t mask, uint64_t maxnode, uint32_t flags);

#endif
