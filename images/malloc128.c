/*
 * malloc128.c: where malloc gets its memory from: 127 KiB against 129 KiB.
 *
 * Run:    vmm --trace malloc128
 * Expect: "127K: 4 of 4 blocks in the heap", brk moved; "129K: 0 of 4 blocks in
 * the heap", brk not moved; "as expected: 4 of 4". glibc's malloc asks mmap for
 * requests of M_MMAP_THRESHOLD (128 KiB at first) or more and takes smaller
 * ones from the heap, which it extends by brk. But first it looks into the room
 * that the heap still has, where 129 KiB may fit too: so that is used up
 * before. In the log the first page of each block is in [heap] for the former,
 * in [anon] for the latter.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCKS 4

struct result {
	long kib;
	char *block[BLOCKS];
	char *brk_before, *brk_after;
};

/*
 * Leave the heap with less than 32 KiB of room. malloc extends it by 128 KiB
 * (M_TOP_PAD) more than it needs: stop 8 blocks of 16 KiB after brk moved.
 */
static void use_up_room(void)
{
	char *brk = sbrk(0);
	int after = 0;

	while (after < 8) {
		/* volatile: compilers leave out a malloc that nobody uses */
		char *volatile block = malloc(16 << 10);

		if (!block)
			exit(1);
		after += sbrk(0) != brk;
	}
}

/* No printf meanwhile: it would call malloc for its buffer. */
static void allocate(struct result *r, long kib)
{
	r->kib = kib;
	r->brk_before = sbrk(0);
	for (int i = 0; i < BLOCKS; i++) {
		r->block[i] = malloc((size_t)kib << 10);
		if (!r->block[i])
			exit(1);
		*(volatile char *)r->block[i] = 1;
	}
	r->brk_after = sbrk(0);
}

/* mmap's area is far above the heap. */
static int count_in_heap(const struct result *r)
{
	int n = 0;

	for (int i = 0; i < BLOCKS; i++)
		n += (uintptr_t)r->block[i] < (uintptr_t)r->brk_after;
	return n;
}

static void print(const struct result *r)
{
	printf("%ldK: %d of %d blocks in the heap, brk moved by %ld bytes\n",
	       r->kib, count_in_heap(r), BLOCKS,
	       (long)(r->brk_after - r->brk_before));
}

int main(void)
{
	struct result below, above;
	int right;

	use_up_room();
	allocate(&above, 129);
	allocate(&below, 127);
	print(&below);
	print(&above);
	right = (count_in_heap(&below) == BLOCKS) +
		(below.brk_after > below.brk_before) +
		(count_in_heap(&above) == 0) +
		(above.brk_after == above.brk_before);
	printf("as expected: %d of 4\n", right);
	return right != 4;
}
