/*
 * procset.c: what a program may set of itself in /proc: what is taken, what is
 * refused, and what is read afterwards; as root, and without its rights.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "show.h"

static void look(const char *name)
{
	char path[64], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	fd = open(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 0)
		strcpy(text, strerror(errno));
	close(fd);
	printf("%s: %s\n", name, text);
}

/* One opening for all; the file is read again after each. */
static void set(const char *name, const char *const *texts)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	fd = open(path, O_RDWR);
	printf("%s: %s\n", name, fd < 0 ? strerror(errno) : "open");
	look(name);
	for (; *texts && fd >= 0; texts++) {
		printf("%s: %s: %zd", name, *texts,
		       write(fd, *texts, strlen(*texts)));
		printf(" %s\n", errno ? strerror(errno) : "");
		errno = 0;
		look(name);
	}
	SHOW(write(fd, (void *)16, 3));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(lseek(fd, 0, SEEK_END));
	close(fd);
}

static void set_all(void)
{
	static const char *const numbers[] = {"0x3f",
					      "7\n",
					      "+9",
					      "-1",
					      "",
					      "x",
					      "0x",
					      "010",
					      "1 ",
					      " 1",
					      "4294967296",
					      "8\n\n",
					      "1000",
					      "1001",
					      "-1000",
					      "-17",
					      "15",
					      "16",
					      "500",
					      "200",
					      "0",
					      "  300  ",
					      "1234567890123",
					      NULL};

	set("coredump_filter", numbers);
	set("oom_score_adj", numbers);
	set("oom_adj", numbers);
	look("oom_score_adj");
	set("timerslack_ns", numbers);
	SHOW(prctl(PR_GET_TIMERSLACK));
}

int main(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2] = {{0}};
	static const char *const id[] = {"x",	       "5", "6",
					 "4294967295", "7", NULL};

	errno = 0;
	set_all();
	set("loginuid", id);
	syscall(SYS_capset, &head, none);
	puts("without rights");
	set_all();
	set("loginuid", id);
	return 0;
}
