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
	SHOW_LIMITED(ftruncate(fd, 0));
}

static void copies(int fd, int from)
{
	SHOW(lseek(fd, LIMIT - 10, SEEK_SET));
	SHOW_LIMITED(sendfile(fd, from, NULL, 100));
	SHOW_LIMITED(sendfile(fd, from, NULL, 100));
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
	others();
	signal(SIGXFSZ, SIG_IGN);
	SHOW_LIMITED(pwrite(fd, data, 1, LIMIT));
	r.rlim_cur = RLIM_INFINITY;
	SHOW(setrlimit(RLIMIT_FSIZE, &r));
	SHOW_LIMITED(pwrite(fd, data, 1, LIMIT));
	return 0;
}
