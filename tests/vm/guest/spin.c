/*
 * spin.c MODE: touches three pages in main, then never ends: `compute`s, or
 * `block`s in a call.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	volatile char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long rounds = 0;

	for (int i = 0; i < 3; i++)
		page[i * 4096] = 1;
	if (argc > 1 && !strcmp(argv[1], "block"))
		pause();
	for (;;)
		__asm__ volatile("" : "+r"(rounds));
}
