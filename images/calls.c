/*
 * calls.c: the price of a system call.
 *
 * Run:    time vmm calls 100000 getppid, time vmm calls 100000 brk
 * Expect: "100000". getppid is forwarded to the host, brk(0) is answered by the
 * guest kernel: the difference is what leaving the guest costs. No faults.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000, done;
	const char *kind = argc > 2 ? argv[2] : "getppid";
	int is_brk = !strcmp(kind, "brk");

	if (!is_brk && strcmp(kind, "getppid")) {
		fprintf(stderr, "usage: calls N getppid|brk\n");
		return 2;
	}
	for (done = 0; done < n; done++)
		if (syscall(is_brk ? SYS_brk : SYS_getppid, 0) < 0)
			break;
	printf("%lu\n", done);
	return done != n;
}
