/*
 * procmem.c: files of /proc/self that do more than be read: mem, clear_refs,
 * the ioctls of maps and pagemap.
 *
 * procmem DIRECTORY: where files may be made.
 */
#include "procuser.h"

/* ---- mem --------------------------------------------------------------- */

static int __attribute__((noinline, section("patched"))) answer(void)
{
	return 0x11223344;
}

static void patch_code(int fd)
{
	unsigned char *code = (unsigned char *)(uintptr_t)answer;
	int (*volatile call)(void) = answer;
	const int other = 0x55667788;

	printf("before %x\n", call());
	for (int i = 0; i < 16; i++) {
		int now;

		memcpy(&now, code + i, 4);
		if (now != 0x11223344)
			continue;
		SHOW(pwrite(fd, &other, 4, (off_t)(uintptr_t)(code + i)));
		break;
	}
	printf("after %x\n", call());
}

static void mem_rights(int fd, const char *what, char *p, int prot)
{
	char got[8] = "";

	printf("%s\n", what);
	mprotect(p, PAGE, prot);
	SHOW(pread(fd, got, 7, (off_t)(uintptr_t)p));
	printf("'%s'\n", got);
	SHOW(pwrite(fd, "written", 7, (off_t)(uintptr_t)p + 8));
	SHOW(pwrite(fd, "again", 5, (off_t)(uintptr_t)p + 16));
	SHOW(pread(fd, got, 7, (off_t)(uintptr_t)p + 8));
	printf("'%s'\n", got);
}

static void mem_edges(int fd)
{
	char *p = anon(4), buf[2 * PAGE];

	munmap(p + 2 * PAGE, PAGE);
	SHOW(pread(fd, buf, 2 * PAGE, (off_t)(uintptr_t)p + PAGE));
	SHOW(pwrite(fd, buf, 2 * PAGE, (off_t)(uintptr_t)p + PAGE));
	SHOW(pread(fd, buf, 16, (off_t)(uintptr_t)p + 2 * PAGE));
	SHOW(pread(fd, buf, 16, 0));
	SHOW(pread(fd, buf, 0, 0));
	SHOW(pread(fd, buf, 16, 0x7ffffffff000));
	SHOW(pread(fd, (void *)1, 16, (off_t)(uintptr_t)p));
	SHOW(lseek(fd, (off_t)(uintptr_t)p, SEEK_SET) == (off_t)(uintptr_t)p);
	SHOW(write(fd, "abc", 3));
	SHOW(read(fd, buf, 3));
	SHOW(lseek(fd, 0, SEEK_CUR) - (off_t)(uintptr_t)p);
	printf("%.3s\n", p);
	SHOW(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
}

static void test_mem(void)
{
	int fd = open("/proc/self/mem", O_RDWR), file = make_file("mem", 2), r;
	char *p = anon(2);

	strcpy(p, "anonymous");
	mem_rights(fd, "anonymous, read only", p, PROT_READ);
	mem_rights(fd, "anonymous, no access", p, PROT_NONE);
	mem_rights(fd, "never touched, read only", p + PAGE, PROT_READ);
	mem_rights(fd, "never touched, no access", anon(1), PROT_NONE);
	mem_rights(fd, "file, private, read only",
		   map(1, PROT_READ, MAP_PRIVATE, file), PROT_READ);
	mem_rights(fd, "file, private, no access",
		   map(1, PROT_READ, MAP_PRIVATE, file), PROT_NONE);
	mem_rights(fd, "file, shared, read only",
		   map(1, PROT_READ, MAP_SHARED, file), PROT_READ);
	mem_rights(fd, "file, shared", map(1, RW, MAP_SHARED, file), RW);
	mem_rights(fd, "memory, shared, no access",
		   map(1, RW, MAP_SHARED | MAP_ANONYMOUS, -1), PROT_NONE);
	/* What was forced into a page is there, and no right with it. */
	mprotect(p, PAGE, PROT_READ);
	printf("%.9s %.7s\n", p, p + 8);
	patch_code(fd);
	mem_edges(fd);
	r = open("/proc/self/mem", O_RDONLY);
	SHOW(pwrite(r, "x", 1, (off_t)(uintptr_t)p));
	close(r);
	close(fd);
	close(file);
}

/* ---- clear_refs -------------------------------------------------------- */

static long referenced(const void *p)
{
	return value_of("/proc/self/smaps", p, "Referenced:");
}

static long order(const char *what)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);
	ssize_t n = write(fd, what, strlen(what));
	long ret = n < 0 ? -errno : n;

	close(fd);
	/* Linux leaves what is in the TLB: have it all flushed. */
	munmap(map(256, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1),
	       256 * PAGE);
	return ret;
}

static void test_clear_refs(void)
{
	int file = make_file("refs", 8);
	char *a = map(8, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
	char *f = map(8, PROT_READ, MAP_SHARED | MAP_POPULATE, file);
	static const char *const bad[] = {
		"0",  "6",	     "",       "x", "1x",
		"-1", "99999999999", "  2 \n", "4", "5"};

	memset(a, 1, 8 * PAGE);
	printf("all: %ld %ld\n", referenced(a), referenced(f));
	SHOW(order("2"));
	printf("2: %ld %ld\n", referenced(a), referenced(f));
	a[0] = 1;
	printf("touched: %ld\n", referenced(a));
	SHOW(order("3\n"));
	printf("3: %ld %ld\n", referenced(a), referenced(f));
	SHOW(order("1"));
	printf("1: %ld %ld\n", referenced(a), referenced(f));
	/* By the kernel, for a call. */
	pread(file, a + PAGE, 1, 0);
	printf("read into: %ld\n", referenced(a));
	printf("dirty all the same: %ld\n",
	       value_of("/proc/self/smaps", a, "Private_Dirty:"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		printf("'%s': %ld\n", bad[i], order(bad[i]));
	munmap(map(1024, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1),
	       1024 * PAGE);
	SHOW(value_of("/proc/self/status", NULL, "VmHWM:") -
		     value_of("/proc/self/status", NULL, "VmRSS:") >
	     3000);
	order("5");
	SHOW(open("/proc/self/clear_refs", O_RDONLY) >= 0);
	munmap(a, 8 * PAGE);
	close(file);
}

/* ---- ioctls ------------------------------------------------------------ */

struct query {
	uint64_t size, flags, addr;
	uint64_t vma_start, vma_end, vma_flags, page_size, offset, inode;
	uint32_t dev_major, dev_minor, name_size, build_id_size;
	uint64_t name_addr, build_id_addr;
};

static void query(int fd, const char *what, const void *at, uint64_t flags,
		  uint32_t name_size, uint32_t build_id_size)
{
	char name[256] = "";
	unsigned char id[32] = {0};
	struct query q = {
		.size = sizeof(q),
		.flags = flags,
		.addr = (uint64_t)(uintptr_t)at,
		.name_size = name_size,
		.build_id_size = build_id_size,
		.name_addr = name_size ? (uintptr_t)name : 0,
		.build_id_addr = build_id_size ? (uintptr_t)id : 0,
	};
	long ret = ioctl(fd, _IOWR('f', 17, struct query), &q);

	printf("query %s %#lx: %ld %s\n", what, (long)flags, ret,
	       ret < 0 ? strerror(errno) : "");
	if (ret < 0)
		return;
	printf("%#lx-%#lx flags %#lx page %lu offset %#lx file %d name %u "
	       "%s id %u ",
	       (long)q.vma_start, (long)q.vma_end, (long)q.vma_flags,
	       (long)q.page_size, (long)q.offset,
	       q.inode && (q.dev_major || q.dev_minor), q.name_size,
	       strrchr(name, '/') ? strrchr(name, '/') : name, q.build_id_size);
	for (unsigned i = 0; i < q.build_id_size; i++)
		printf("%02x", id[i]);
	putchar('\n');
}

static void test_query(void)
{
	int fd = open("/proc/self/maps", O_RDONLY),
	    file = make_file("query", 4);
	char *p = anon(4), *s = map(4, PROT_READ, MAP_SHARED, file);
	struct query q = {.size = 16};

	mprotect(p + PAGE, PAGE, PROT_READ);
	query(fd, "anonymous", p + 5, 0, 100, 0);
	query(fd, "read only", p + PAGE, 0, 0, 0);
	query(fd, "writable after it", p + PAGE, 0x12, 0, 0);
	query(fd, "not writable", p + PAGE, 2, 0, 0);
	query(fd, "shared file", s + PAGE, 0, 200, 0);
	query(fd, "shared from 0", NULL, 0x18, 0, 0);
	query(fd, "file from 0", NULL, 0x30, 200, 20);
	query(fd, "executable", NULL, 0x14, 200, 32);
	query(fd, "name too long", NULL, 0x10, 3, 0);
	query(fd, "id too long", NULL, 0x10, 0, 3);
	query(fd, "nothing", NULL, 0, 0, 0);
	query(fd, "above all", (void *)0x7ffffffff000, 0x10, 0, 0);
	query(fd, "stack", &q, 0, 20, 20);
	query(fd, "heap", sbrk(0) - 1, 0, 20, 0);
	query(fd, "unknown flag", p, 0x40, 0, 0);
	SHOW(ioctl(fd, _IOWR('f', 17, struct query), &q));
	q.size = 24;
	q.addr = (uintptr_t)p;
	SHOW(ioctl(fd, _IOWR('f', 17, struct query), &q));
	q.size = 5000;
	SHOW(ioctl(fd, _IOWR('f', 17, struct query), &q));
	SHOW(ioctl(fd, _IOWR('f', 17, struct query), (void *)1));
	SHOW(ioctl(fd, FIONREAD, &q));
	close(fd);
	close(file);
}

struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof, returned;
};
struct scan_region {
	uint64_t start, end, categories;
};

static void scan(int fd, const char *what, char *p, size_t pages,
		 const struct scan_arg *how)
{
	struct scan_region r[16] = {{0}};
	struct scan_arg arg = *how;
	long n;

	arg.size = sizeof(arg);
	arg.start = (uintptr_t)p;
	arg.end = (uintptr_t)p + pages * PAGE;
	arg.vec = (uintptr_t)r;
	n = ioctl(fd, _IOWR('f', 16, struct scan_arg), &arg);
	printf("scan %s: %ld %s end %ld:", what, n,
	       n < 0 ? strerror(errno) : "",
	       (long)(arg.walk_end - (uintptr_t)p) / (long)PAGE);
	for (long i = 0; i < n; i++)
		printf(" %ld-%ld:%lx", (long)(r[i].start - arg.start) / 4096,
		       (long)(r[i].end - arg.start) / 4096,
		       (long)r[i].categories);
	putchar('\n');
}

static void test_scan(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	int file = make_file("scan", 8);
	char *p = mmap(NULL, 64 * PAGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	const uint64_t all = 0x1ff & ~0x80ull;

	/* 0-3 written, 4-7 read, 8-15 not touched; 16-23 a file; 24- none */
	mmap(p, 16 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mmap(p + 16 * PAGE, 8 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
	munmap(p + 24 * PAGE, 8 * PAGE);
	memset(p, 1, 4 * PAGE);
	for (int i = 4; i < 8; i++)
		(void)*(volatile char *)(p + i * PAGE);
	for (int i = 16; i < 24; i++)
		(void)*(volatile char *)(p + i * PAGE);
	p[18 * PAGE] = 1;
	madvise(p + 10 * PAGE, 2 * PAGE, 102 /* MADV_GUARD_INSTALL */);
#define SCAN(what, pages, ...)                                                 \
	scan(fd, what, p, pages,                                               \
	     &(struct scan_arg){.vec_len = 16, .returned = all, __VA_ARGS__})
	SCAN("everything", 40, .mask = 0);
	SCAN("guards", 40, .mask = 256);
	SCAN("present", 40, .mask = 8);
	SCAN("file", 40, .mask = 4);
	SCAN("zero", 40, .anyof = 32);
	SCAN("absent", 40, .mask = 8, .inverted = 8);
	SCAN("not a file", 40, .mask = 8, .anyof = 4, .inverted = 4);
	SCAN("two regions", 40, .mask = 8, .vec_len = 2);
	SCAN("six pages", 40, .mask = 8, .max_pages = 6);
	SCAN("as present only", 40, .mask = 8, .returned = 8);
	SCAN("one page", 1, .mask = 8);
	SCAN("unknown", 1, .mask = 0x10000);
	SCAN("write-protected", 40, .mask = 1);
	SCAN("userfaultfd", 40, .flags = 2);
	SCAN("no room", 40, .mask = 8, .vec_len = 0);
	scan(fd, "unaligned", p + 1, 4, &(struct scan_arg){.vec_len = 16});
	munmap(p, 64 * PAGE);
	close(file);
	close(fd);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, malloc(1 << 20), _IOFBF, 1 << 20);
	directory = argc > 1 ? argv[1] : ".";
	test_mem();
	test_clear_refs();
	test_query();
	test_scan();
	return 0;
}
