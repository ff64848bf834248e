/*
 * files.h: files that are mapped into guests, numbered from 1. One number for
 * an inode, as long as the guest keeps it; sys_file_* of sys.h are made of
 * these. The table owns a read descriptor of its own for each.
 */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct file {
	int fd; /* -1: free */
	dev_t dev;
	ino_t ino;
	char *path;
};

struct files {
	struct file *file; /* number n is file[n - 1] */
	uint32_t size;
};

void files_fini(struct files *f);
/* A number for the inode behind fd (not consumed), or -errno. */
int files_add(struct files *f, int fd, const char *path);
/* NULL if there is none of that number. */
struct file *files_find(const struct files *f, uint32_t number);
void files_put(struct files *f, uint32_t number);

#endif
