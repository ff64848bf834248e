/*
 * procfiles.c: files of /proc/self: names, limits, status, seeks, fd, fdinfo,
 * map_files.
 *
 * procfiles DIRECTORY: where files may be made.
 */
#include "procuser.h"

/* Numbers of inodes, pids and the like become N. */
static void print_without_numbers(const char *text)
{
	for (; *text; text++)
		if (*text < '0' || *text > '9')
			putchar(*text);
		else if (text[1] < '0' || text[1] > '9')
			putchar('N');
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
	close(300);
	dup2(1, 1023);
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
	SHOW(prctl(PR_SET_TIMERSLACK, 12345));
	cat("/proc/self/timerslack_ns");
	SHOW(prctl(PR_SET_TIMERSLACK, 0));
	SHOW(prctl(PR_GET_TIMERSLACK));
	cat("/proc/self/wchan");
	cat("/proc/self/oom_score_adj");
	cat("/proc/self/nothing");
	cat("/proc/self/task");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, malloc(1 << 20), _IOFBF, 1 << 20);
	directory = argc > 1 ? argv[1] : ".";
	test_map_files();
	test_names(argc, argv);
	test_status();
	test_seeks();
	test_fresh();
	test_descriptors();
	return 0;
}
