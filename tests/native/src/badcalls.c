/*
 * badcalls.c: random system calls with arguments most of which are bad, one
 * line for each: what was asked, and the error. errnos.sh compares.
 *
 *   badcalls DIRECTORY SEED CALLS [LAST]
 *
 * What a step asks depends on the seed alone. Root gives up its rights first.
 * What could do harm, wait, or end the program is not in the table, or has
 * kinds of arguments of its own: signals that exist, new limits, programs,
 * processes, namespaces for users, segments, FS.
 * With LAST only the lines from there on are printed.
 */
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

#include "badcalls.h"
#include "show.h"

/* xorshift64* */
static uint64_t state;

static unsigned chance(size_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * 0x2545f4914f6cdd1dull >> 33) % below);
}

/* ---- Descriptors ------------------------------------------------------- */

#define SAVED 100 /* so much above it, a copy */

static const char *const fd_names[] = {
	"RO",	 "RW",	    "WO",    "DIR",   "PIPE_R", "PIPE_W",
	"PATH",	 "PATHDIR", "SOCK",  "SOCK2", "EVENT",	"EPOLL",
	"TIMER", "INOTIFY", "MEMFD", "NULL",  "PIDFD",
};
static const struct value fd_others[] = {
	{"CLOSED", 99},		 {"-1", -1ull}, {"CWD", (uint64_t)AT_FDCWD},
	{"INT_MAX", 0x7fffffff}, {"-5", -5ull}, {"HIGH|RO", 1ull << 40 | FIRST},
};

static void place(unsigned at, int fd)
{
	if (fd < 0 || dup2(fd, (int)at) < 0 || dup2(fd, (int)(at + SAVED)) < 0)
		abort();
	close(fd);
}

static void open_all(void)
{
	unsigned at = FIRST;
	int pair[2];

	place(at++, open("file", O_RDONLY | O_NONBLOCK));
	place(at++, open("file", O_RDWR | O_NONBLOCK));
	place(at++, open("file2", O_WRONLY | O_NONBLOCK));
	place(at++, open("dir", O_RDONLY));
	pipe2(pair, O_NONBLOCK);
	place(at++, pair[0]);
	place(at++, pair[1]);
	place(at++, open("file", O_PATH));
	place(at++, open("dir", O_PATH));
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
	place(at++, pair[0]);
	place(at++, pair[1]);
	place(at++, eventfd(0, EFD_NONBLOCK));
	place(at++, epoll_create1(0));
	place(at++, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	place(at++, inotify_init1(IN_NONBLOCK));
	place(at++, memfd_create("memory", MFD_ALLOW_SEALING));
	place(at++, open("/dev/null", O_RDWR));
	place(at++, (int)syscall(SYS_pidfd_open, getpid(), 0));
}

/* Whatever the call has closed or replaced. */
static void reopen_all(void)
{
	for (unsigned i = 0; i < NR(fd_names); i++)
		dup2((int)(FIRST + SAVED + i), (int)(FIRST + i));
}

/* ---- Files ------------------------------------------------------------- */

static char long_name[300], long_path[5000];

static const struct value paths[] = {
	{"\"file\"", (uint64_t) "file"},
	{"\"dir\"", (uint64_t) "dir"},
	{"\"none\"", (uint64_t) "none"},
	{"\"\"", (uint64_t) ""},
	{"\"file/x\"", (uint64_t) "file/x"},
	{"\"file/\"", (uint64_t) "file/"},
	{"\"dir/\"", (uint64_t) "dir/"},
	{"\"dir/..\"", (uint64_t) "dir/.."},
	{"\"link\"", (uint64_t) "link"},
	{"\"dangling\"", (uint64_t) "dangling"},
	{"\"loop\"", (uint64_t) "loop"},
	{"\"none/x\"", (uint64_t) "none/x"},
	{"\"none/\"", (uint64_t) "none/"},
	{"\"dir/sub\"", (uint64_t) "dir/sub"},
	{"\".\"", (uint64_t) "."},
	{"\"link/\"", (uint64_t) "link/"},
	{"LONG_NAME", (uint64_t)long_name},
	{"LONG_PATH", (uint64_t)long_path},
	{"\"dirlink/\"", (uint64_t) "dirlink/"},
};

static void make_file(const char *name)
{
	int fd = open(name, O_CREAT | O_WRONLY, 0644);

	if (fd < 0 || write(fd, "content", 7) != 7)
		abort();
	close(fd);
}

/* A new one, always the same, whatever became of the last. */
static void make_tree(const char *top)
{
	static unsigned trees;
	char name[300];

	umask(022);
	snprintf(name, sizeof(name), "%s/%u", top, trees++);
	if (mkdir(name, 0755) || chdir(name))
		abort();
	make_file("file");
	make_file("file2");
	if (mkdir("dir", 0755) || mkdir("dir/sub", 0755) ||
	    symlink("file", "link") || symlink("none", "dangling") ||
	    symlink("loop", "loop") || symlink("dir", "dirlink"))
		abort();
}

/* ---- Memory ------------------------------------------------------------ */

static uint8_t *zeros, *ones; /* a page each, and behind each nothing */

static void map_pages(void)
{
	uint8_t *p = mmap((void *)0x10000000, 5 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	mprotect(p + PAGE, PAGE, PROT_NONE);
	mprotect(p + 3 * PAGE, PAGE, PROT_NONE);
	mprotect(p + 4 * PAGE, PAGE, PROT_READ);
	zeros = p;
	ones = p + 2 * PAGE;
}

static void fill_pages(void)
{
	memset(zeros, 0, PAGE);
	memset(ones, 0xff, PAGE);
}

static const struct kind {
	char letter;
	const struct value *list;
	size_t n;
} kinds[] = {
#define KIND(letter, list)                                                     \
	{                                                                      \
		letter, list, NR(list)                                         \
	}
	KIND('p', pointers),   KIND('T', timeouts),    KIND('b', bad_pointers),
	KIND('s', paths),      KIND('n', numbers),     KIND('z', sizes),
	KIND('i', pids),       KIND('u', ids),	       KIND('g', signals),
	KIND('a', at_flags),   KIND('m', modes),       KIND('o', open_flags),
	KIND('c', fcntl_cmds), KIND('k', ioctls),      KIND('r', prctls),
	KIND('R', far_fds),    KIND('x', dup_targets), KIND('A', arch_codes),
	KIND('L', lock_kinds), KIND('t', futex_ops),   KIND('U', unshares),
	KIND('w', whiches),    KIND('0', zero),	       KIND('?', asks),
	KIND('D', ldts),       KIND('S', sockets),     KIND('l', lengths),
};

static struct value pick_fd(void)
{
	unsigned i = chance(NR(fd_names) + NR(fd_others));

	if (i < NR(fd_names))
		return (struct value){fd_names[i], FIRST + i};
	return fd_others[i - NR(fd_names)];
}

static struct value pick(char letter)
{
	const struct kind *k = kinds;

	if (letter == 'f')
		return pick_fd();
	if (letter == 'd') /* a directory to start from */
		return chance(2) ? fd_others[2] : pick_fd();
	if (letter == 's' && !chance(4))
		letter = 'p';
	while (k->letter != letter)
		k++;
	return k->list[chance(k->n)];
}

static void show_call(uint64_t step, const struct call *call,
		      const struct value *arg, long r, int err)
{
	size_t n = strlen(call->args);

	printf("%lu %s(", step, call->name);
	for (size_t i = 0; i < n; i++)
		printf("%s%s", arg[i].name, i + 1 < n ? ", " : "");
	if (r == -1)
		printf(") = %s\n", strerrorname_np(err));
	else if (call->flags & VALUE)
		printf(") = %ld\n", r);
	else
		puts(") = ok");
}

static void undo(const struct call *call, const struct value *arg, long r,
		 const char *top)
{
	const int *pair =
		(const int *)arg[strlen(call->args) == 4 ? 3 : 0].value;

	if (r < 0)
		return;
	if ((call->flags & NEW_FD) && r > 2 &&
	    (r < FIRST || r >= FIRST + SAVED + (long)NR(fd_names)))
		close((int)r);
	if (call->flags & PAIR) {
		close(pair[0]);
		close(pair[1]);
	}
	if (call->flags & FDS)
		close(300);
	if (call->flags & FDS)
		reopen_all();
	if (call->flags & FILES)
		make_tree(top);
}

static void one_step(uint64_t step, bool shown, const char *top)
{
	const struct call *call = &calls[chance(NR(calls))];
	struct value arg[6] = {{"", 0}};
	long r;

	for (size_t i = 0; call->args[i]; i++)
		arg[i] = pick(call->args[i]);
	fill_pages();
	r = syscall(call->nr, arg[0].value, arg[1].value, arg[2].value,
		    arg[3].value, arg[4].value, arg[5].value);
	if (shown)
		show_call(step, call, arg, r, errno);
	undo(call, arg, r, top);
}

static void give_up_rights(void)
{
	if (geteuid())
		return;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		abort();
}

int main(int argc, char **argv)
{
	uint64_t count = strtoul(argv[3], NULL, 0);
	uint64_t first = argc > 4 ? strtoul(argv[4], NULL, 0) : 0;

	give_up_rights();
	state = strtoul(argv[2], NULL, 0) * 0x9e3779b97f4a7c15ull | 1;
	pids[1].value = pids[2].value = (uint64_t)getpid();
	pids[6].value = -(uint64_t)getpid();
	memset(long_name, 'n', sizeof(long_name) - 1);
	memset(long_path, '/', sizeof(long_path) - 1);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	make_tree(argv[1]);
	open_all();
	map_pages();
	for (uint64_t i = 0; i < count; i++)
		one_step(i, i >= first, argv[1]);
	return 0;
}
