/*
 * sparse.c: one byte in each of 512 places 2 MiB apart, then all of them again.
 * Prints their sum: 2 * (0 + ... + 255) = 65280.
 */
#include <stdio.h>
#include <sys/mman.h>

#define N    512ul
#define STEP (2ul << 20)

int main(void)
{
	unsigned char *area = mmap(NULL, N * STEP, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long sum = 0;

	if (area == MAP_FAILED)
		return 1;
	for (unsigned long i = 0; i < N; i++)
		area[i * STEP + 8 * i] = (unsigned char)i;
	for (unsigned long i = 0; i < N; i++)
		sum += area[i * STEP + 8 * i];
	printf("%lu\n", sum);
	return 0;
}
