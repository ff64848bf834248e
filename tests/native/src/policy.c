/*
 * policy.c: NUMA memory policy: what is right, what is wrong, and in which
 * order, as far as a machine of one node can tell.
 */
#include <linux/mempolicy.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

#define BALANCE	 0x2000
#define RELATIVE 0x4000
#define STATIC	 0x8000

static void show(const char *what, long r)
{
	show_ok(what, r, errno);
}

static void show_policy(void)
{
	uint64_t nodes[16];
	int mode = -1;
	long r;

	memset(nodes, 0xff, sizeof(nodes));
	r = syscall(SYS_get_mempolicy, &mode, nodes, 1024, 0, 0);
	printf("  now: %ld, mode %#x, nodes %#lx %#lx\n", r, (unsigned)mode,
	       (unsigned long)nodes[0], (unsigned long)nodes[15]);
}

static void set(const char *what, int mode, uint64_t nodes, unsigned long max)
{
	uint64_t mask[2] = {nodes, 0};

	show(what, syscall(SYS_set_mempolicy, mode, max ? mask : NULL, max));
	show_policy();
}

static void get(const char *what, unsigned long max, const void *at, int flags)
{
	uint64_t nodes[16] = {0};
	int mode = -1;
	long r = syscall(SYS_get_mempolicy, &mode, nodes, max, at, flags);

	show(what, r);
	if (!r)
		printf("  mode %d, nodes %#lx\n", mode,
		       (unsigned long)nodes[0]);
}

static void set_all(void)
{
	set("default", MPOL_DEFAULT, 0, 0);
	set("default, with a node", MPOL_DEFAULT, 1, 64);
	set("bind", MPOL_BIND, 1, 64);
	set("bind, no node", MPOL_BIND, 0, 64);
	set("bind and balance", MPOL_BIND | BALANCE, 1, 64);
	set("interleave, static", MPOL_INTERLEAVE | STATIC, 1, 64);
	set("interleave, relative", MPOL_INTERLEAVE | RELATIVE, 1, 64);
	set("static and relative", MPOL_BIND | STATIC | RELATIVE, 1, 64);
	set("interleave and balance", MPOL_INTERLEAVE | BALANCE, 1, 64);
	set("preferred", MPOL_PREFERRED, 1, 64);
	set("preferred, no node", MPOL_PREFERRED, 0, 0);
	set("local", MPOL_LOCAL, 0, 0);
	set("local, with a node", MPOL_LOCAL, 1, 64);
	set("a node that is not there", MPOL_BIND, 1ull << 40, 64);
	set("a mode that is not there", 99, 1, 64);
	set("too many nodes", MPOL_BIND, 1, 1 << 20);
	show("bad mask", syscall(SYS_set_mempolicy, MPOL_BIND, (void *)16, 64));
}

int main(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t one = 1;

	show_policy();
	set_all();
	set("interleave", MPOL_INTERLEAVE, 1, 64);
	get("of the next page", 64, NULL, MPOL_F_NODE);
	get("allowed nodes", 1024, NULL, MPOL_F_MEMS_ALLOWED);
	get("allowed nodes of an address", 1024, p,
	    MPOL_F_MEMS_ALLOWED | MPOL_F_ADDR);
	get("of an address", 1024, p, MPOL_F_ADDR);
	get("node of an address", 1024, p, MPOL_F_ADDR | MPOL_F_NODE);
	get("of an address that is not there", 1024, (void *)16, MPOL_F_ADDR);
	get("an address for nothing", 1024, p, 0);
	get("flags that are not there", 1024, NULL, 64);
	munmap(p + PAGE, PAGE);
	show("bind a page",
	     syscall(SYS_mbind, p, PAGE, MPOL_BIND, &one, 64, 0));
	show("bind over a hole",
	     syscall(SYS_mbind, p, 4 * PAGE, MPOL_BIND, &one, 64, 0));
	show("bind nothing", syscall(SYS_mbind, p, 0, MPOL_BIND, &one, 64, 0));
	show("bind unaligned",
	     syscall(SYS_mbind, p + 1, PAGE, MPOL_BIND, &one, 64, 0));
	show("bind over the end",
	     syscall(SYS_mbind, p, -PAGE, MPOL_BIND, &one, 64, 0));
	show("flags that are not there",
	     syscall(SYS_mbind, p, PAGE, MPOL_BIND, &one, 64, 64));
	return 0;
}
