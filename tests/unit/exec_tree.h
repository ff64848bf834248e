/*
 * exec_tree.h: programs for tests of execve, made in the scratch directory.
 */
#ifndef EXEC_TREE_H
#define EXEC_TREE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/* As which a program that was really run ends. */
#define RAN 200

/* An ELF program that ends with RAN; interp: its interpreter, or NULL. */
struct tree_elf {
	uint8_t bytes[8192];
	Elf64_Ehdr *eh;
	Elf64_Phdr *load, *interp; /* interp: NULL if there is none */
};
void tree_elf(struct tree_elf *t, const char *interp);

/* A file below the scratch directory, of these bytes and mode. */
void tree_file(const char *name, const void *bytes, size_t len, unsigned mode);
void tree_text(const char *name, const char *text, unsigned mode);
void tree_program(const char *name, const char *interp);

#endif
