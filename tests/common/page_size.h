/* page_size.h: the size of a page; for programs without a C library, too. */
#ifndef PAGE_SIZE_H
#define PAGE_SIZE_H

#define PAGE 4096ul

#endif
