/*
 * hello.c: the smallest C program, and all that the C library does for it.
 *
 * Run:    vmm --trace hello
 * Expect: "hello 42". Natively the whole run is some 20 to 30 page faults,
 * though the program itself touches next to nothing: the log shows what libc's
 * start-up code reads (file-read), relocates (file-cow) and allocates
 * (anon-zero, in [heap] and [stack]).
 */
#include <stdio.h>

int main(void)
{
	printf("hello %d\n", 6 * 7);
	return 0;
}
