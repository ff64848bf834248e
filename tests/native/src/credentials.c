/*
 * credentials.c: who a program is, given up step by step, and what that forbids
 * for files; capabilities, securebits and groups. What it starts with is looked
 * at first: root can do all of it, others a part.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "show.h"

#define NOBODY 65534

/* The C library's own would tell other threads, of which there are none. */
#define RAW(name, ...) SHOW(syscall(SYS_##name, __VA_ARGS__))

static void status(void)
{
	static const char *const names[] = {"Uid:", "Gid:", "Groups:", "Cap"};
	char line[400];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		for (int i = 0; i < 4; i++)
			if (!strncmp(line, names[i], strlen(names[i])))
				fputs(line, stdout);
	if (f)
		fclose(f);
	else
		puts("no status");
	SHOW(prctl(PR_GET_DUMPABLE));
	SHOW(prctl(PR_GET_SECUREBITS));
	SHOW(prctl(PR_GET_KEEPCAPS));
}

static void owner(const char *name)
{
	struct stat st;

	if (stat(name, &st) < 0)
		printf("%s: %s\n", name, strerror(errno));
	else
		printf("%s: %d:%d %o\n", name, (int)st.st_uid, (int)st.st_gid,
		       st.st_mode);
}

static void bounding(void)
{
	SHOW(prctl(PR_CAPBSET_READ, CAP_NET_RAW));
	SHOW(prctl(PR_CAPBSET_DROP, CAP_NET_RAW));
	SHOW(prctl(PR_CAPBSET_READ, CAP_NET_RAW));
	SHOW(prctl(PR_CAPBSET_DROP, 100));
	SHOW(prctl(PR_CAPBSET_READ, 100));
}

static void ambient(void)
{
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, 9, 0, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 99, 0, 0));
}

static void groups(void)
{
	gid_t list[3] = {7, 5, 6};

	RAW(setgroups, 3, list);
	memset(list, 0, sizeof(list));
	RAW(getgroups, 2, list);
	RAW(getgroups, 3, list);
	printf("%d %d %d\n", list[0], list[1], list[2]);
	RAW(getgroups, 3, 16);
	RAW(getgroups, -1, list);
	RAW(setgroups, 3, 16);
	RAW(setgroups, 65537, list);
	RAW(setgroups, -1, list);
}

/* What root made for itself alone, and a descriptor of it. */
static void files(const char *mine, int fd)
{
	char text[8] = "";

	SHOW_OK(open(mine, O_RDONLY));
	SHOW(access(mine, R_OK));
	SHOW(faccessat(AT_FDCWD, mine, R_OK, AT_EACCESS));
	SHOW(chmod(mine, 0644));
	SHOW(chown(mine, NOBODY, NOBODY));
	SHOW(pread(fd, text, 4, 0));
	puts(text);
	SHOW_OK(open("/etc/shadow", O_RDONLY));
}

static void file_ids(const char *mine, int fd)
{
	RAW(setfsuid, NOBODY);
	RAW(setfsuid, -1);
	RAW(setfsgid, 12);
	files(mine, fd);
	close(open("theirs", O_CREAT | O_WRONLY, 0600));
	owner("theirs");
	status();
	RAW(setfsuid, 0);
	RAW(setfsgid, 0);
	SHOW(unlink("theirs"));
}

static void effective(const char *mine, int fd)
{
	RAW(setresgid, 1, 2, 3);
	RAW(setresuid, 0, NOBODY, 5);
	files(mine, fd);
	status();
	RAW(setreuid, NOBODY, 0);
	RAW(setregid, -1, 1);
	status();
	RAW(setresuid, 0, 0, 0);
	RAW(setresgid, 0, 0, 0);
}

static void drop(const char *mine, int fd)
{
	SHOW(prctl(PR_SET_DUMPABLE, 1));
	SHOW(prctl(PR_SET_KEEPCAPS, 1));
	SHOW(prctl(PR_SET_KEEPCAPS, 2));
	RAW(setgid, NOBODY);
	RAW(setuid, NOBODY);
	status();
	files(mine, fd);
	SHOW(prctl(PR_SET_SECUREBITS, 1l << 40));
	SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT));
	RAW(setuid, 0);
	RAW(setresuid, 0, -1, -1);
	RAW(setreuid, -1, 0);
	RAW(setgroups, 0, 0);
	RAW(getuid, 0);
	RAW(geteuid, 0);
	RAW(getegid, 0);
	RAW(setuid, -1);
}

int main(int argc, char **argv)
{
	int fd;

	(void)argc;
	SHOW(chdir(argv[1]));
	umask(022);
	fd = open("mine", O_CREAT | O_RDWR, 0600);
	SHOW(write(fd, "mine", 4));
	status();
	groups();
	bounding();
	ambient();
	file_ids("mine", fd);
	effective("mine", fd);
	SHOW(mkdir("deep", 0700));
	drop("mine", fd);
	return 0;
}
