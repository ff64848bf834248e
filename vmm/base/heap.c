/*
 * heap.c: see heap.h. The children of a node are a list by `next`; the first
 * one's `prev` is the node.
 */
#include "heap.h"

#include <stddef.h>

/* Two roots, either may be NULL: the later becomes a child of the earlier. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b)
{
	struct heap_node *first = a, *later = b;

	if (!a || !b)
		return a ? a : b;
	if (b->key < a->key) {
		first = b;
		later = a;
	}
	later->prev = first;
	later->next = first->child;
	if (later->next)
		later->next->prev = later;
	first->child = later;
	first->next = first->prev = NULL;
	return first;
}

/* A list of siblings becomes one: in pairs, then all, from the last one on. */
static struct heap_node *meld_list(struct heap_node *list)
{
	struct heap_node *pairs = NULL, *all = NULL;

	while (list) {
		struct heap_node *a = list, *b = a->next;

		list = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct heap_node *a = pairs;

		pairs = a->next;
		a->next = NULL;
		all = meld(all, a);
	}
	return all;
}

void heap_add(struct heap *h, struct heap_node *n)
{
	n->child = n->next = n->prev = NULL;
	h->root = meld(h->root, n);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
	struct heap_node *rest = meld_list(n->child);

	if (n == h->root) {
		h->root = rest;
	} else {
		if (n->prev->child == n)
			n->prev->child = n->next;
		else
			n->prev->next = n->next;
		if (n->next)
			n->next->prev = n->prev;
		h->root = meld(h->root, rest);
	}
	n->child = n->next = n->prev = NULL;
}
