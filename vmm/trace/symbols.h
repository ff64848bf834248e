/*
 * symbols.h: function names for instruction pointers, from the symbol table of
 * one ELF file.
 *
 * The file is not trusted: whatever it holds, the result is a table with fewer
 * names. Names are as in the file; escape them before printing. Only x86-64
 * files have any.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct symbols;

/*
 * Read the table of the file open at fd (.symtab, or .dynsym if that was
 * stripped). fd stays the caller's and may be closed afterwards. A file without
 * symbols gives an empty table. NULL: no memory.
 */
struct symbols *symbols_read(int fd);
void symbols_free(struct symbols *s); /* NULL is allowed */

/* Run-time address minus address in the file: 0 but for ET_DYN (PIE). */
void symbols_set_bias(struct symbols *s, uint64_t bias);
size_t symbols_count(const struct symbols *s);

/*
 * The function that run-time address ip is in, and how far in; NULL if it is in
 * none, or s is NULL. Valid until symbols_free.
 */
const char *symbols_find(const struct symbols *s, uint64_t ip,
			 uint64_t *offset);

#endif
