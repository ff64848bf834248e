/*
 * seals.c: seals of a memfd against mappings that it has, and mappings of a
 * memfd that is sealed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"
#include "show.h"

#define RW (PROT_READ | PROT_WRITE)
#define AT ((char *)0x200000000000)

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif

static const struct {
	const char *name;
	int bits;
} seals[] = {{"shrink", F_SEAL_SHRINK},
	     {"grow", F_SEAL_GROW},
	     {"write", F_SEAL_WRITE},
	     {"future-write", F_SEAL_FUTURE_WRITE},
	     {"seal", F_SEAL_SEAL},
	     {"exec", F_SEAL_EXEC},
	     {"write|grow", F_SEAL_WRITE | F_SEAL_GROW}};

static int fd, readable;

static void begin(void)
{
	char path[64];

	munmap(AT, 16 * PAGE);
	if (fd) {
		close(fd);
		close(readable);
	}
	fd = memfd_create("seals", MFD_ALLOW_SEALING);
	ftruncate(fd, 4 * PAGE);
	pwrite(fd, "old", 3, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	readable = open(path, O_RDONLY);
}

static void *map(int prot, int flags, int which)
{
	return mmap(AT, 4 * PAGE, prot, flags | MAP_FIXED, which, 0);
}

static void none(void)
{
}
static void shared(void)
{
	map(RW, MAP_SHARED, fd);
	AT[0] = 'n';
}
static void untouched(void)
{
	map(RW, MAP_SHARED, fd);
}
static void reading(void)
{
	map(PROT_READ, MAP_SHARED, fd);
}
static void reading_only(void)
{
	map(PROT_READ, MAP_SHARED, readable);
}
static void private(void)
{
	map(RW, MAP_PRIVATE, fd);
	AT[0] = 'p';
}
static void protected(void)
{
	shared();
	mprotect(AT, 4 * PAGE, PROT_READ);
}
static void unmapped(void)
{
	shared();
	munmap(AT, 4 * PAGE);
}
static void partly(void)
{
	shared();
	AT[3 * PAGE] = 'n';
	munmap(AT, 3 * PAGE);
}
static void moved(void)
{
	shared();
	mremap(AT, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	       AT + 8 * PAGE);
}
static void beside(void)
{
	shared();
	mmap(AT + 8 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, readable,
	     0);
	munmap(AT, 4 * PAGE);
}

static const struct {
	const char *name;
	void (*make)(void);
} mappings[] = {{"no mapping", none},
		{"shared", shared},
		{"shared, untouched", untouched},
		{"shared, for reading", reading},
		{"shared, by a descriptor for reading", reading_only},
		{"private", private},
		{"shared, then protected", protected},
		{"shared, then unmapped", unmapped},
		{"shared, a part left", partly},
		{"shared, moved", moved},
		{"shared, unmapped, one for reading left", beside}};

static void attempt_mapping(const char *what, int prot, int flags, int which)
{
	void *p = mmap(NULL, PAGE, prot, flags, which, 0);

	printf("  %s: %s\n", what, p == MAP_FAILED ? strerror(errno) : "ok");
	if (p == MAP_FAILED)
		return;
	if (!(prot & PROT_WRITE))
		SHOW(mprotect(p, PAGE, RW));
	munmap(p, PAGE);
}

static void content(void)
{
	char text[4] = "", last = 0;

	pread(fd, text, 3, 0);
	pread(fd, &last, 1, 3 * PAGE);
	printf("  content: %s %d\n", text, last);
}

static void store(char *p)
{
	printf("  store: signal %d\n", jump_store(p, 'S'));
}

/* What still works. */
static void after(int mapped)
{
	SHOW(fcntl(fd, F_GET_SEALS));
	content();
	SHOW(pwrite(fd, "W", 1, 1));
	SHOW(ftruncate(fd, 4 * PAGE));
	SHOW(ftruncate(fd, 5 * PAGE));
	SHOW(ftruncate(fd, 4 * PAGE));
	attempt_mapping("shared", RW, MAP_SHARED, fd);
	attempt_mapping("shared, for reading", PROT_READ, MAP_SHARED, fd);
	attempt_mapping("shared, nothing", PROT_NONE, MAP_SHARED, fd);
	attempt_mapping("by the other", PROT_READ, MAP_SHARED, readable);
	attempt_mapping("private", RW, MAP_PRIVATE, fd);
	if (mapped) {
		store(AT + 1);
		content();
		SHOW(mprotect(AT, PAGE, RW));
		store(AT + 2);
		SHOW(madvise(AT, PAGE, MADV_REMOVE));
		content();
	}
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		       PAGE));
	content();
}

int main(void)
{
	jump_catch(SIGSEGV);
	jump_catch(SIGBUS);
	for (size_t i = 0; i < sizeof(seals) / sizeof(seals[0]); i++) {
		for (size_t j = 0; j < sizeof(mappings) / sizeof(mappings[0]);
		     j++) {
			printf("%s: %s\n", seals[i].name, mappings[j].name);
			begin();
			mappings[j].make();
			SHOW(fcntl(fd, F_ADD_SEALS, seals[i].bits));
			after(j && j != 7 && j < 9);
		}
	}
	begin();
	map(RW, MAP_SHARED, fd);
	SHOW(remap_file_pages(AT, PAGE, 0, 2, 0));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	SHOW(remap_file_pages(AT, PAGE, 0, 1, 0));
	mprotect(AT + PAGE, PAGE, PROT_READ);
	SHOW(remap_file_pages(AT + PAGE, PAGE, 0, 3, 0));
	SHOW(mprotect(AT + PAGE, PAGE, RW));
	begin();
	SHOW(fcntl(readable, F_ADD_SEALS, F_SEAL_WRITE));
	SHOW(fcntl(fd, F_ADD_SEALS, 0x4000));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	fd = memfd_create("sealed", 0);
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	SHOW(fcntl(1, F_ADD_SEALS, F_SEAL_WRITE));
	return 0;
}
