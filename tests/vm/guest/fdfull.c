/*
 * fdfull.c: what needs no descriptor works when there is none left. In the
 * working directory, which may be written; with an argument, nothing is told
 * that depends on how many there were.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void show(const char *what, long r)
{
	printf("%s: %s\n", what, r < 0 ? strerror(errno) : "ok");
}

#define SHOW(call) show(#call, call)

static int fill(void)
{
	int last = -1;

	for (int fd = 0; fd >= 0; fd = dup(0))
		last = fd;
	return last;
}

int main(int argc, char **argv)
{
	struct stat st;
	char buf[64];
	int last;

	(void)argv;
	close(creat("g", 0600));
	last = fill();
	printf("%s\n", strerror(errno));
	if (argc == 1)
		printf("last: %d\n", last);
	SHOW(stat("/etc/passwd", &st));
	SHOW(access("g", F_OK));
	SHOW(readlink("/proc/self/exe", buf, sizeof(buf)));
	SHOW(rename("g", "h"));
	SHOW(link("h", "i"));
	SHOW(chmod("h", 0644));
	SHOW(unlink("h"));
	SHOW(unlink("i"));
	SHOW(mkdir("d", 0700));
	SHOW(rmdir("d"));
	SHOW(chdir("/"));
	close(last);
	show("dup", dup(0));
	if (argc == 1)
		show("dup again", dup(0));
	return 0;
}
