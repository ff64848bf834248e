/*
 * extents.c: where a file's data are (FIEMAP) and files that share them
 * (FICLONE, FICLONERANGE, FIDEDUPERANGE), with stores through mappings in
 * between. argv[1]: a directory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE	 4096
#define PAGES	 64
#define SIZE	 (PAGES * PAGE)
#define MANY	 3000 /* extents */
#define NOWHERE	 ((void *)16)
#define NO_FLAGS (FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_UNKNOWN)

static int file, other;
static unsigned char *map, *map2;
static struct fiemap *fm;

static void say(const char *what, int r)
{
	printf("%s: %d %s\n", what, r, r < 0 ? strerrorname_np(errno) : "");
}

static int ask(int fd, uint64_t start, uint64_t len, unsigned room,
	       unsigned flags)
{
	memset(fm, 0, sizeof(*fm));
	fm->fm_start = start;
	fm->fm_length = len;
	fm->fm_extent_count = room;
	fm->fm_flags = flags;
	return ioctl(fd, FS_IOC_FIEMAP, fm);
}

/* Not where on the disk: that differs from run to run. */
static void extents(const char *what, unsigned room)
{
	int r = ask(file, 0, FIEMAP_MAX_OFFSET, room, FIEMAP_FLAG_SYNC);

	say(what, r);
	if (r < 0)
		return;
	printf("%u of %u, flags %x, from %llu\n", fm->fm_mapped_extents,
	       fm->fm_extent_count, fm->fm_flags,
	       (unsigned long long)fm->fm_start);
	for (unsigned i = 0; i < fm->fm_mapped_extents && i < room; i++)
		printf(" %llu+%llu %x\n",
		       (unsigned long long)fm->fm_extents[i].fe_logical,
		       (unsigned long long)fm->fm_extents[i].fe_length,
		       fm->fm_extents[i].fe_flags & ~NO_FLAGS);
}

static void show_map(void)
{
	extents("nothing yet", 10);
	map[3 * PAGE] = 1;
	map[4 * PAGE] = 1;
	map[9 * PAGE + 7] = 1;
	extents("three pages", 10);
	map[PAGE * 20] = 1;
	extents("room for one", 1);
	extents("only how many", 0);
}

static void show_errors(void)
{
	int pipes[2];

	say("too much room", ask(file, 0, SIZE, UINT32_MAX / 56 + 1, 0));
	say("no length", ask(file, 0, 0, 1, 0));
	say("far away", ask(file, INT64_MAX, 1, 1, 0));
	say("bad flags", ask(file, 0, SIZE, 1, 0x1000));
	printf("flags %x\n", fm->fm_flags);
	say("nowhere", ioctl(file, FS_IOC_FIEMAP, NOWHERE));
	if (pipe(pipes) == 0)
		say("pipe", ask(pipes[0], 0, SIZE, 1, 0));
	say("clone of a pipe", ioctl(file, FICLONE, pipes[0]));
	say("no file", ask(99, 0, SIZE, 1, 0));
	say("clone of no file", ioctl(file, FICLONE, 99));
	say("range nowhere", ioctl(file, FICLONERANGE, NOWHERE));
	say("equal nowhere", ioctl(file, FIDEDUPERANGE, NOWHERE));
}

/* More extents than one would ask for at once; the sum of where they are. */
static void show_many(void)
{
	uint64_t sum = 0;
	int r;

	for (unsigned i = 0; i < MANY; i++)
		if (pwrite(other, "x", 1, (off_t)i * 2 * PAGE) != 1)
			return;
	r = ask(other, PAGE, FIEMAP_MAX_OFFSET, MANY, FIEMAP_FLAG_SYNC);
	for (unsigned i = 0; r == 0 && i < fm->fm_mapped_extents; i++)
		sum = sum * 31 + fm->fm_extents[i].fe_logical;
	say("many", r);
	if (r == 0)
		printf("%u, sum %llx\n", fm->fm_mapped_extents,
		       (unsigned long long)sum);
	ftruncate(other, 0);
}

/* Both were mapped before, and show what was cloned. */
static void show_clones(void)
{
	struct file_clone_range range = {
		.src_fd = file, .src_offset = PAGE, .src_length = 2 * PAGE};
	char name[] = "/proc/self/fd/99";
	int reader;

	ftruncate(other, SIZE);
	map[0] = 5;
	map2[0] = 6;
	say("clone", ioctl(other, FICLONE, file));
	printf("%d %d\n", map2[0], map2[3 * PAGE]);
	map[0] = 7;
	map[2 * PAGE] = 8;
	say("clone a range", ioctl(other, FICLONERANGE, &range));
	printf("%d %d %d\n", map2[0], map2[PAGE], map2[2 * PAGE]);
	range.dest_offset = 1;
	say("to an odd place", ioctl(other, FICLONERANGE, &range));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", other);
	reader = open(name, O_RDONLY);
	say("to a reader", ioctl(reader, FICLONE, file));
	close(reader);
}

static void show_equal(void)
{
	struct {
		struct file_dedupe_range range;
		struct file_dedupe_range_info info[3];
	} same = {.range = {.src_length = PAGE, .dest_count = 3}};

	map[0] = map2[0] = 9;
	same.info[0].dest_fd = other;
	same.info[1].dest_fd = 99;
	same.info[2].dest_fd = other;
	same.info[2].dest_offset = 4 * PAGE;
	say("equal", ioctl(file, FIDEDUPERANGE, &same));
	for (int i = 0; i < 3; i++)
		printf("%d: %llu %d\n", i,
		       (unsigned long long)same.info[i].bytes_deduped,
		       same.info[i].status);
	same.range.dest_count = 200;
	say("too many", ioctl(file, FIDEDUPERANGE, &same));
	same.range.dest_count = 1;
	same.range.reserved2 = 1;
	say("reserved", ioctl(file, FIDEDUPERANGE, &same));
}

static int make(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
}

int main(int argc, char **argv)
{
	file = make(argv[1], "file");
	other = make(argv[1], "other");
	fm = malloc(sizeof(*fm) + MANY * sizeof(fm->fm_extents[0]));
	ftruncate(file, SIZE);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	map2 = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
	show_map();
	show_errors();
	show_many();
	show_clones();
	show_equal();
	return 0;
}
