/*
 * cpuid.c: all that CPUID says of what a program can use, a line for each
 * entry and register: "leaf.index REG value"; and as leaf ffffffff XCR0.
 * tests/vm/test_cpuid.c compares.
 *
 * The program keeps to the processor that it starts on, since what CPUID says
 * of the place in the machine is each one's own.
 */
#include <cpuid.h>
#include <stdio.h>

#define INDEX_MAX 64

static unsigned show(unsigned leaf, unsigned index)
{
	unsigned a, b, c, d;

	__cpuid_count(leaf, index, a, b, c, d);
	printf("%x.%x EAX %08x\n%x.%x EBX %08x\n", leaf, index, a, leaf, index,
	       b);
	printf("%x.%x ECX %08x\n%x.%x EDX %08x\n", leaf, index, c, leaf, index,
	       d);
	return leaf == 4 || leaf == 0x8000001d ? a & 31 : c >> 8 & 0xff;
}

/* Entries until one of no type; XSAVE's have gaps. */
static void show_leaf(unsigned leaf)
{
	unsigned i = 0;

	switch (leaf) {
	case 4:
	case 0xb:
	case 0x1f:
	case 0x8000001d:
	case 0x80000026:
		while (show(leaf, i) && i < INDEX_MAX)
			i++;
		break;
	case 7:
		for (; i < 3; i++)
			show(leaf, i);
		break;
	case 0xd:
		for (; i < INDEX_MAX; i++)
			show(leaf, i);
		break;
	default:
		show(leaf, 0);
	}
}

static void show_range(unsigned first)
{
	unsigned a, b, c, d;

	__cpuid(first, a, b, c, d);
	for (unsigned leaf = first; leaf <= a && leaf - first < 0x100; leaf++)
		show_leaf(leaf);
}

int main(void)
{
	unsigned a, b, c, d;

	__cpuid(1, a, b, c, d);
	if (c & bit_OSXSAVE) {
		__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
		printf("ffffffff.0 EAX %08x\nffffffff.0 EDX %08x\n", a, d);
	}
	show_range(0);
	if (c >> 31)
		show_range(0x40000000);
	show_range(0x80000000);
	return 0;
}
