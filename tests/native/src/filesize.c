/* filesize.c: RLIMIT_FSIZE; argument: a directory that may be written. With a
 * second argument, the signal that goes with it ends the program. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "show.h"

#define LIMIT 200000

static char data[300000];
static volatile int signals;

static void count(int sig)
{
	(void)sig;
	signals++;
}

#define SHOW_LIMITED(call)                                                     \
	do {                                                                   \
		SHOW(call);                                                    \
		printf("signals: %d\n", signals);                              \
	} while (0)

static void writes(int fd)
{
	struct iovec iov[2] = {{data, 1000}, {data, 1000}};

	SHOW_LIMITED(write(fd, data, sizeof(data)));
	SHOW_LIMITED(write(fd, data, 1));
	SHOW_LIMITED(write(fd, data, 0));
	SHOW_LIMITED(pwrite(fd, data, 100, LIMIT - 60));
	SHOW_LIMITED(pwrite(fd, data, 100, LIMIT));
	SHOW_LIMITED(pwrite(fd, data, 100, LIMIT + 1));
	SHOW(lseek(fd, LIMIT - 1500, SEEK_SET));
	SHOW_LIMITED(writev(fd, iov, 2));
	SHOW_LIMITED(writev(fd, iov, 2));
}

static void sizes(int fd, const char *name)
{
	SHOW_LIMITED(ftruncate(fd, LIMIT));
	SHOW_LIMITED(ftruncate(fd, LIMIT + 1));
	SHOW_LIMITED(truncate(name, LIMIT + 1));
	SHOW_LIMITED(posix_fallocate(fd, 0, LIMIT));
	SHOW_LIMITED(fallocate(fd, 0, LIMIT, 1));
	SHOW_LIMITED(fallocate(fd, FALLOC_FL_KEEP_SIZE, LIMIT, 1));
	SHOW_LIMITED(ftruncate(fd, 0));
}

static void copies(int fd, int from)
{
	off_t at = 0, to = LIMIT - 10;
	int p[2];

	SHOW(lseek(fd, LIMIT - 10, SEEK_SET));
	SHOW_LIMITED(sendfile(fd, from, NULL, 100));
	SHOW_LIMITED(sendfile(fd, from, NULL, 100));
	SHOW(lseek(from, 1000, SEEK_SET));
	SHOW_LIMITED(sendfile(fd, from, NULL, 100)); /* there is nothing */
	SHOW_LIMITED(copy_file_range(from, &at, fd, &to, 100, 0));
	SHOW_LIMITED(copy_file_range(from, &at, fd, &to, 100, 0));
	SHOW(pipe(p));
	SHOW(write(p[1], data, 200));
	to = LIMIT - 10;
	SHOW_LIMITED(splice(p[0], NULL, fd, &to, 100, 0));
	SHOW_LIMITED(splice(p[0], NULL, fd, &to, 100, 0));
	SHOW(ftruncate(fd, 0));
}

/* At the end, wherever the position is. */
static void appended(int fd)
{
	struct iovec iov = {data, 100};

	SHOW(ftruncate(fd, LIMIT - 10));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW_LIMITED(pwritev2(fd, &iov, 1, 0, RWF_APPEND));
	SHOW_LIMITED(pwritev2(fd, &iov, 1, 0, RWF_APPEND));
	SHOW(fcntl(fd, F_SETFL, O_APPEND));
	SHOW_LIMITED(write(fd, data, 1));
	SHOW(fcntl(fd, F_SETFL, 0));
	SHOW(ftruncate(fd, 0));
}

/* What is no regular file has no size. */
static void others(void)
{
	int p[2];

	SHOW(pipe(p));
	SHOW_LIMITED(write(p[1], data, 5000));
	SHOW_LIMITED(write(open("/dev/null", O_WRONLY), data, sizeof(data)));
}

int main(int argc, char **argv)
{
	struct rlimit r = {LIMIT, RLIM_INFINITY};
	int fd, from;

	SHOW(chdir(argc > 1 ? argv[1] : "."));
	fd = open("large", O_CREAT | O_RDWR, 0644);
	from = open("from", O_CREAT | O_RDWR, 0644);
	SHOW(write(from, data, 1000));
	SHOW(lseek(from, 0, SEEK_SET));
	fflush(stdout); /* that may be a file, too */
	SHOW(setrlimit(RLIMIT_FSIZE, &r));
	if (argc > 2)
		return pwrite(fd, data, 1, LIMIT) < 0 ? 1 : 2;
	signal(SIGXFSZ, count);
	writes(fd);
	sizes(fd, "large");
	copies(fd, from);
	appended(fd);
	others();
	signal(SIGXFSZ, SIG_IGN);
	SHOW_LIMITED(pwrite(fd, data, 1, LIMIT));
	r.rlim_cur = RLIM_INFINITY;
	SHOW(setrlimit(RLIMIT_FSIZE, &r));
	SHOW_LIMITED(pwrite(fd, data, 1, LIMIT));
	return 0;
}
