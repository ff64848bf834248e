/* files.c: reading, writing and moving about in files; argument: a directory
 * that may be written. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "show.h"

static char data[10000], got[10000];

static void positions(int fd)
{
	for (int i = 0; i < 10000; i++)
		data[i] = (char)('a' + i % 26);
	SHOW(write(fd, data, 10000));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(lseek(fd, -100, SEEK_END));
	SHOW(read(fd, got, 200));
	SHOW(read(fd, got, 200));
	SHOW(pread(fd, got, 26, 26));
	printf("%.26s\n", got);
	SHOW(pwrite(fd, "PWRITE", 6, 3));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(read(fd, got, 12));
	printf("%.12s\n", got);
	SHOW(lseek(fd, -1, SEEK_SET));
	SHOW(lseek(fd, 0, 99));
	SHOW(pread(fd, got, 1, -1));
	SHOW(lseek(fd, 20000, SEEK_SET));
	SHOW(write(fd, "end", 3));
	SHOW(ftruncate(fd, 15000));
	SHOW(lseek(fd, 0, SEEK_END));
	SHOW(pread(fd, got, 10000, 10000));
	SHOW(got[0]);
	SHOW(fsync(fd));
}

static void vectors(int fd)
{
	char a[5] = "", b[7] = "", c[4] = "";
	struct iovec out[3] = {{(void *)"one", 3},
			       {(void *)"", 0},
			       {(void *)"-two-three", 10}};
	struct iovec in[3] = {{a, 4}, {b, 6}, {c, 3}};

	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(writev(fd, out, 3));
	SHOW(preadv(fd, in, 3, 0));
	printf("%s|%s|%s\n", a, b, c);
	SHOW(writev(fd, out, -1));
	SHOW(writev(fd, out, 0));
	SHOW(readv(fd, NULL, 2));
	in[1].iov_base = (void *)8;
	SHOW(preadv(fd, in, 3, 0));
}

static void descriptors(int fd)
{
	SHOW(dup2(fd, 40));
	SHOW(dup2(fd, fd));
	SHOW(dup3(fd, fd, 0));
	SHOW(dup2(99, 41));
	SHOW(fcntl(fd, F_DUPFD, 30));
	SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 50));
	SHOW(fcntl(50, F_GETFD));
	SHOW(fcntl(fd, F_SETFD, FD_CLOEXEC));
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	SHOW(fcntl(fd, F_SETFL, O_APPEND));
	SHOW(fcntl(40, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(lseek(40, 0, SEEK_CUR));
	SHOW(write(40, "!", 1));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(close(40));
	SHOW(close(40));
	SHOW(close(30));
	SHOW(isatty(fd));
	SHOW(open("/", O_RDONLY | O_DIRECTORY));
	SHOW(openat(4, "etc/passwd", O_RDONLY));
}

static void names(void)
{
	struct stat st;
	char text[64];

	SHOW(mkdir("dir", 0750));
	SHOW(mkdir("dir", 0750));
	SHOW(stat("dir", &st));
	printf("mode %o\n", st.st_mode);
	SHOW(symlink("dir/target", "link"));
	SHOW(lstat("link", &st));
	printf("mode %o size %ld\n", st.st_mode, (long)st.st_size);
	SHOW(stat("link", &st));
	SHOW(readlink("link", text, sizeof(text)));
	SHOW(rename("file", "dir/target"));
	SHOW(stat("link", &st));
	printf("size %ld links %ld\n", (long)st.st_size, (long)st.st_nlink);
	SHOW(link("dir/target", "hard"));
	SHOW(access("hard", W_OK));
	SHOW(chmod("hard", 0400));
	SHOW(fstatat(AT_FDCWD, "dir/target", &st, 0));
	printf("mode %o links %ld\n", st.st_mode, (long)st.st_nlink);
	SHOW(rmdir("dir"));
	SHOW(chdir("dir"));
	SHOW(unlink("target"));
	SHOW(chdir(".."));
	SHOW(truncate("hard", 10));
	SHOW(stat("hard", &st));
	printf("size %ld\n", (long)st.st_size);
}

static int not_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void list(void)
{
	struct dirent **list;
	int n = scandir(".", &list, not_dot, alphasort);

	for (int i = 0; i < n; i++)
		printf("entry %s type %d\n", list[i]->d_name, list[i]->d_type);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc < 2 || chdir(argv[1]))
		return 2;
	SHOW(umask(027));
	fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0666);
	SHOW(fd);
	SHOW(open("file", O_RDWR | O_CREAT | O_EXCL, 0666));
	positions(fd);
	vectors(fd);
	descriptors(fd);
	names();
	list();
	return 0;
}
