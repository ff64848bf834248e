/*
 * walk.h: --walk and --dump=layout: page tables as they are, from outside.
 * Guest memory is only read. While a hypercall of v is served, if not said
 * otherwise.
 */
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct guestmem;
struct machine;
struct vcpu;

/* Where an address is in the guest's physical memory. */
struct walk_page {
	uint64_t gpa;  /* of the address */
	uint64_t size; /* of the page that it is in: bytes */
};

/*
 * Print the entry of each level of these tables for va, at any time. False if
 * no page is there; a page that is kept for PROT_NONE is one.
 */
bool walk_tables(const struct guestmem *mem, uint64_t root, uint64_t va,
		 struct walk_page *page, FILE *out);

/*
 * The translation of va, a user or a kernel address, through both dimensions:
 * four levels of the guest's tables, the frame and its struct page, then the
 * host's address, frame and page size.
 */
void walk_print(struct vcpu *v, const struct machine *m, uint64_t va,
		FILE *out);

/* The kernel half: what is mapped where, with which rights and page sizes. */
void walk_layout(struct vcpu *v, FILE *out);

#endif
