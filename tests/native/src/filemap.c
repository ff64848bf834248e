/* filemap.c: a file mapped private and shared; argument: a file of 5000 bytes
 * or more. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jump.h"
#include "show.h"

static unsigned int sum(const unsigned char *p, long n)
{
	unsigned int s = 0;

	while (n--)
		s = s * 31 + *p++;
	return s;
}

int main(int argc, char **argv)
{
	unsigned char *p, *q, *r;
	struct stat st;
	int fd, sig;

	if (argc < 2)
		return 2;
	fd = open(argv[1], O_RDONLY);
	SHOW(fstat(fd, &st));
	p = mmap(NULL, (size_t)st.st_size + 8192, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		SHOW(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
		return 1;
	}
	SHOW(sum(p, st.st_size));
	q = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096);
	SHOW(sum(q, 100));
	p[4096] = 'Z';
	SHOW(sum(q, 100));
	SHOW(sum(p, st.st_size));
	SHOW(close(fd));
	r = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	SHOW(r == MAP_FAILED ? -errno : 0);
	jump_catch(SIGBUS);
	sig = -jump_load(p + ((st.st_size + 4095) & ~4095));
	SHOW(sig);
	SHOW(munmap(p, (size_t)st.st_size + 8192));
	return 0;
}
