/*
 * walk.h: --walk and --dump=layout: page tables as they are, from outside. Host
 * memory is read only. While a hypercall of v is served.
 */
#ifndef WALK_H
#define WALK_H

#include <stdint.h>
#include <stdio.h>

struct vcpu;

/*
 * The translation of va, a user or a kernel address, through both dimensions:
 * four levels of the guest's tables, the frame and its struct page, then the
 * host's address, frame and page size.
 */
void walk_print(struct vcpu *v, uint64_t va, FILE *out);

/* The kernel half: what is mapped where, with which rights and page sizes. */
void walk_layout(struct vcpu *v, FILE *out);

#endif
