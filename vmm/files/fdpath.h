/*
 * fdpath.h: what the host says of where a descriptor of this process is.
 */
#ifndef FDPATH_H
#define FDPATH_H

#include <stddef.h>
#include <stdint.h>

struct file;
struct machine;

/* Where fd really is: 0 or -errno. Pipes and the like: "pipe:[1]". */
int fdpath_real(const struct machine *m, int fd, char *buf, size_t size);
/* The name of a mapped file, of that opening: as it is now, or was at least. */
void fdpath_of_file(const struct machine *m, const struct file *file,
		    uint32_t opened, char *buf, size_t size);

/* "/proc/self/fd/N" of a host descriptor: to open what O_PATH names. */
#define FDPATH_SELF_MAX 32
void fdpath_self(char buf[FDPATH_SELF_MAX], int fd);

#endif
