/* zeropage.c: see zeropage.h. */
#include "zeropage.h"

#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

static long faults_so_far(void)
{
	struct rusage usage = {0};

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt;
}

/*
 * A page that was read first faults at the write if what it had was shared.
 * Where nothing can be mapped, the answer is that of most kernels.
 */
bool zeropage_of_host(void)
{
	volatile char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long before, after;

	if (page == MAP_FAILED)
		return true;
	faults_so_far();
	(void)page[0];
	before = faults_so_far();
	page[0] = 1;
	after = faults_so_far();
	munmap((void *)page, 1);
	return after > before;
}
