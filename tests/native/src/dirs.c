/* dirs.c: every entry of a directory in the order the kernel gives, and what
 * stat says of each; argument: a directory. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "show.h"

int main(int argc, char **argv)
{
	char cwd[4096];
	struct statfs fs;
	struct dirent *e;
	struct stat st;
	DIR *d;
	int n = 0;

	if (argc < 2 || !(d = opendir(argv[1])))
		return 2;
	while ((e = readdir(d))) {
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			printf("%s: %s\n", e->d_name, strerror(errno));
		else
			printf("%s %d %lu %o %ld %ld %ld %lx\n", e->d_name,
			       e->d_type, (long)st.st_ino, st.st_mode,
			       (long)st.st_size, (long)st.st_mtime,
			       (long)st.st_blocks, (long)st.st_dev);
		n++;
	}
	rewinddir(d);
	while (readdir(d))
		n--;
	printf("again: %d differ\n", n);
	closedir(d);
	SHOW(chdir(argv[1]));
	SHOW(getcwd(cwd, sizeof(cwd)) == NULL);
	puts(cwd);
	SHOW(getcwd(cwd, 2) == NULL ? -1 : 0);
	SHOW(statfs(".", &fs));
	printf("fs type %lx block %ld\n", (long)fs.f_type, (long)fs.f_bsize);
	return 0;
}
