/*
 * zeropage.h: does the host's Linux map one shared page of zeros for reads of
 * fresh anonymous memory, as mm/memory.c's do_anonymous_page does? There are
 * kernels, in cloud machines, that give each reader a page of its own, and so
 * have one fault where others have two.
 */
#ifndef ZEROPAGE_H
#define ZEROPAGE_H

#include <stdbool.h>

#define ZEROPAGE_AS_HOST (-1)

bool zeropage_of_host(void);

#endif
