/*
 * heap.h: what comes first, of many: a pairing heap of nodes that lie in the
 * caller's structures, so that nothing can fail. Adding takes constant time,
 * taking out any of n nodes log n on average. Fredman, Sedgewick, Sleator,
 * Tarjan, "The Pairing Heap: A New Form of Self-Adjusting Heap", 1986.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stdint.h>

/* In no heap, `prev` is NULL and it is no root. */
struct heap_node {
	int64_t key;
	struct heap_node *child, *next;
	struct heap_node *prev; /* the sibling before, or the parent */
};

struct heap {
	struct heap_node *root; /* the one with the least key, or NULL */
};

/* A node that is in no heap; its key stays as it is until it is out again. */
void heap_add(struct heap *h, struct heap_node *n);
/* One that is in this heap. */
void heap_remove(struct heap *h, struct heap_node *n);

#endif
