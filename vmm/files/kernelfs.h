/*
 * kernelfs.h: file systems that the host's kernel makes up: their files are its
 * own, whatever --rw says.
 */
#ifndef KERNELFS_H
#define KERNELFS_H

#include <stdbool.h>

/* Is fd in one (/proc, /sys, ...), or in /dev? */
bool kernelfs_has(int fd);

#endif
