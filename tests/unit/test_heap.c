/*
 * Does the heap have the least key at its root, whatever was added and taken
 * out, and lose nothing?
 */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>

#include "heap.h"

#define NODES 200

static struct heap_node node[NODES];
static bool in[NODES];

static int64_t least(void)
{
	int64_t key = INT64_MAX;

	for (int i = 0; i < NODES; i++)
		if (in[i] && node[i].key < key)
			key = node[i].key;
	return key;
}

Test(heap, the_root_is_the_first_after_each_change)
{
	struct heap h = {0};
	unsigned n = 0;

	srand(1);
	for (int step = 0; step < 20000; step++) {
		int i = rand() % NODES;

		if (in[i]) {
			heap_remove(&h, &node[i]);
			n--;
		} else {
			node[i].key = rand() % 50;
			heap_add(&h, &node[i]);
			n++;
		}
		in[i] = !in[i];
		cr_assert_eq(!h.root, !n);
		cr_assert(!n || h.root->key == least());
	}
}

Test(heap, taking_the_root_sorts)
{
	struct heap h = {0};
	int64_t last = -1;

	srand(2);
	for (int i = 0; i < NODES; i++) {
		node[i].key = rand();
		heap_add(&h, &node[i]);
	}
	for (int i = 0; i < NODES; i++) {
		struct heap_node *first = h.root;

		cr_assert(first && first->key >= last);
		last = first->key;
		heap_remove(&h, first);
	}
	cr_assert_null(h.root);
}
