/*
 * folios.h: in what folios the host's page cache has files (--folios=host): a
 * folio of order n is 2^n pages in one piece, naturally aligned in the file.
 * Linux maps it whole, so the guest's faults depend on it (docs/linux.md).
 */
#ifndef FOLIOS_H
#define FOLIOS_H

#include <stdint.h>

struct folios {
	int pagemap, flags; /* /proc/self/pagemap, /proc/kpageflags */
};

/* 0, or -1 where the host does not tell; that has been explained. */
int folios_open(struct folios *f);
void folios_close(struct folios *f);
/*
 * The orders of the n pages from offset of a file that fd may read. They are in
 * the page cache afterwards. 0 where a page is in none, or it is not known.
 */
void folios_orders(const struct folios *f, int fd, uint64_t offset, unsigned n,
		   uint8_t *orders);

#endif
