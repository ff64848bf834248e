/*
 * procfiles.c: files of /proc/self that do more than be read: mem, clear_refs,
 * the ioctls of maps and pagemap, fd, fdinfo, map_files, comm.
 *
 * procfiles DIRECTORY: where files may be made.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "show.h"

#define PAGE 4096ul
#define RW   (PROT_READ | PROT_WRITE)

static const char *directory;

static char *map(size_t pages, int prot, int flags, int fd)
{
	char *p = mmap(NULL, pages * PAGE, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static char *anon(size_t pages)
{
	return map(pages, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* A file of `pages` pages, which has no name any more. */
static int make_file(const char *name, size_t pages)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	for (size_t i = 0; i < pages; i++)
		pwrite(fd, "content", 7, (off_t)(i * PAGE));
	fsync(fd);
	unlink(path);
	return fd;
}

/* Numbers of inodes, pids and the like become N. */
static void print_without_numbers(const char *text)
{
	for (; *text; text++)
		if (*text < '0' || *text > '9')
			putchar(*text);
		else if (text[1] < '0' || text[1] > '9')
			putchar('N');
}

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

static char text[1 << 16];

/* The value of a line of smaps for the mapping at p; of status, p NULL. */
static long value_of(const char *file, const void *p, const char *name)
{
	char start[32], *at = text;
	int fd = open(file, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	if (p) {
		snprintf(start, sizeof(start), "%lx-", (unsigned long)p);
		at = strstr(text, start);
	}
	at = at ? strstr(at, name) : NULL;
	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

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

/* ---- fd, fdinfo, map_files --------------------------------------------- */

static void show_fd(const char *what, int fd)
{
	char path[64], link[256] = "";
	int info;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link) - 1);
	printf("%s: ", what);
	print_without_numbers(n < 0 ? strerror(errno) : link);
	putchar('\n');
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY);
	n = read(info, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	/* Mounts and inodes of what has no name are numbers of the moment. */
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, "pos", 3) || !strncmp(line, "flags", 5))
			puts(line);
		else
			print_without_numbers(line), putchar('\n');
	close(info);
}

static void test_descriptors(void)
{
	int p[2], e = eventfd(7, EFD_CLOEXEC), file = make_file("gone", 1);
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};

	SHOW_OK(pipe2(p, O_NONBLOCK));
	show_fd("pipe, read", p[0]);
	show_fd("pipe, write", p[1]);
	SHOW_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	show_fd("socket", p[0]);
	show_fd("eventfd", e);
	p[0] = epoll_create1(0);
	epoll_ctl(p[0], EPOLL_CTL_ADD, e, &event);
	show_fd("epoll", p[0]);
	show_fd("timerfd", timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	show_fd("memfd", memfd_create("a memfd", MFD_CLOEXEC));
	lseek(file, 1234, SEEK_SET);
	show_fd("deleted", file);
	show_fd("its copy", dup(file));
	show_fd("null", open("/dev/null", O_WRONLY | O_APPEND));
	show_fd("directory", open("/proc/self/task", O_RDONLY | O_DIRECTORY));
	show_fd("path", open("/usr", O_PATH));
	show_fd("a file of /proc", open("/proc/self/maps", O_RDONLY));
	show_fd("a number of /proc", open("/proc/self/fdinfo/1", O_RDONLY));
	show_fd("none", 77);
	SHOW(open("/proc/self/fdinfo/77", O_RDONLY));
	SHOW(open("/proc/self/fdinfo/1x", O_RDONLY));
}

static void test_map_files(void)
{
	int file = make_file("mapped", 4), fd;
	char *p = map(4, PROT_READ, MAP_PRIVATE, file), path[64], got[256] = "";

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)p,
		 (long)p + 4 * PAGE);
	SHOW(readlink(path, got, sizeof(got) - 1) > 0);
	printf("%s\n", strrchr(got, '/'));
	fd = open(path, O_RDONLY);
	printf("open %d\n", fd < 0 ? -errno : 0);
	if (fd >= 0)
		SHOW(read(fd, got, 7));
	close(fd);
	SHOW(readlink("/proc/self/map_files/0-1000", got, 9));
	SHOW(readlink("/proc/self/map_files/x", got, 9));
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)p,
		 (long)p + 3 * PAGE);
	SHOW(readlink(path, got, 9));
	munmap(p, 4 * PAGE);
	close(file);
}

/* ---- The rest ---------------------------------------------------------- */

static void cat(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -errno : read(fd, text, sizeof(text) - 1);

	printf("%s: %ld\n", path, (long)n);
	fwrite(text, 1, n > 0 ? (size_t)n : 0, stdout);
	putchar('\n');
	close(fd);
}

static void rename_by_file(const char *name)
{
	char old[16];
	int fd = open("/proc/self/comm", O_WRONLY | O_TRUNC);

	SHOW(write(fd, name, strlen(name)));
	close(fd);
	prctl(PR_GET_NAME, old);
	printf("'%s'\n", old);
	cat("/proc/self/comm");
	cat("/proc/thread-self/comm");
}

static void caught(int sig)
{
	(void)sig;
}

/* The lines of status that begin with one of `names`. */
static void show_status(void)
{
	static const char *const names[] = {
		"Name:",   "Umask:", "Vm",     "Sig",	      "ShdPnd",
		"Threads", "NoNew",  "FDSize", "CoreDumping", "THP",
		"untag",   "x86",    "Secc"};
	value_of("/proc/self/status", NULL, "?");
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strncmp(line, names[i], strlen(names[i])) &&
			    strncmp(line, "SigQ", 4) &&
			    strncmp(line, "VmHWM", 5) &&
			    strncmp(line, "VmRSS", 5))
				puts(line);
}

static void test_status(void)
{
	struct rlimit limit = {100, 200};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR2);
	kill(getpid(), SIGRTMIN + 3);
	signal(SIGINT, SIG_IGN);
	signal(SIGUSR1, caught);
	mlock(anon(10), 10 * PAGE);
	umask(027);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	dup2(1, 300);
	show_status();
	setrlimit(RLIMIT_CORE, &limit);
	limit.rlim_max = RLIM_INFINITY;
	setrlimit(RLIMIT_STACK, &limit);
	cat("/proc/self/limits");
	personality(0x0020000 | 0x0040000);
	cat("/proc/self/personality");
}

/* Where reading goes on, and what is made when. */
static void test_seeks(void)
{
	static const char *const files[] = {"maps",    "smaps", "status",
					    "limits",  "auxv",	"cmdline",
					    "environ", "stat",	"numa_maps"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[64], a[64], b[64];
		int fd;

		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		fd = open(path, O_RDONLY);
		printf("%s\n", path);
		SHOW(lseek(fd, 0, SEEK_END));
		SHOW(lseek(fd, -1, SEEK_SET));
		SHOW(lseek(fd, 0, SEEK_DATA));
		SHOW(read(fd, a, 40));
		SHOW(lseek(fd, -16, SEEK_CUR));
		SHOW(read(fd, b, 16));
		SHOW(memcmp(a + 24, b, 16) == 0);
		SHOW(pread(fd, b, 16, 24));
		SHOW(memcmp(a + 24, b, 16) == 0);
		SHOW(lseek(fd, 0, SEEK_CUR));
		SHOW(lseek(fd, 1 << 30, SEEK_SET));
		SHOW(read(fd, b, 16));
		close(fd);
	}
}

/* Old lines are not read again after a seek. */
static void test_fresh(void)
{
	int fd = open("/proc/self/comm", O_RDONLY);
	char c[4] = "";

	prctl(PR_SET_NAME, "first");
	SHOW(read(fd, c, 2));
	prctl(PR_SET_NAME, "other");
	SHOW(read(fd, c, 2));
	printf("%.2s\n", c);
	prctl(PR_SET_NAME, "third");
	SHOW(lseek(fd, 1, SEEK_SET));
	prctl(PR_SET_NAME, "later");
	SHOW(read(fd, c, 2));
	printf("%.2s\n", c);
	SHOW(pread(fd, c, 2, 2));
	printf("%.2s\n", c);
	close(fd);
}

static void test_names(int argc, char **argv)
{
	int fd = open("/proc/self/syscall", O_RDONLY);

	printf("%ld ", (long)pread(fd, text, sizeof(text), 0));
	fwrite(text, 1, 24, stdout);
	putchar('\n');
	close(fd);
	rename_by_file("short");
	rename_by_file("a name that is much too long");
	rename_by_file("(a) b\nc");
	setenv("NEW", "variable", 1);
	cat("/proc/self/environ");
	argv[argc - 1][0] = 'X';
	cat("/proc/self/cmdline");
	memset(argv[0], 'y', strlen(argv[0]));
	cat("/proc/self/cmdline");
	cat("/proc/self/wchan");
	cat("/proc/self/oom_score_adj");
	cat("/proc/self/nothing");
	cat("/proc/self/task");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, malloc(1 << 20), _IOFBF, 1 << 20);
	directory = argc > 1 ? argv[1] : ".";
	test_mem();
	test_clear_refs();
	test_query();
	test_scan();
	test_map_files();
	test_names(argc, argv);
	test_status();
	test_seeks();
	test_fresh();
	test_descriptors();
	return 0;
}
