/*
 * lost.h: stores to a mapping that could not be written back to the file, and
 * who has been told (Linux lib/errseq.c: file_check_and_advance_wb_err).
 *
 * Each opening of the file is told once, by fsync, msync or the like; one that
 * was made later only if nobody was told before. Apart from that, each opening
 * of any file of that file system is told once by syncfs, likewise. What nobody
 * asks of the file itself is said at the end.
 */
#ifndef LOST_H
#define LOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct file;
struct fdtable;

/* Of a file, or of a file system, which has no ino: s_wb_err of Linux. */
struct lost_file {
	dev_t dev;
	ino_t ino;
	int error; /* the last, as -errno */
	bool told; /* to one opening at least */
	char *path;
};

struct lost {
	struct lost_file *file;
	unsigned n;
};

void lost_fini(struct lost *l);
/* Something of f is lost. */
void lost_note(struct lost *l, struct fdtable *fds, const struct file *f,
	       int error);
/* What the opening behind a descriptor was not told yet: 0 or -errno. */
int lost_take(struct lost *l, struct fdtable *fds, int guest_fd);
/* Likewise of the file system that its file is on. */
int lost_take_fs(struct lost *l, struct fdtable *fds, int guest_fd);
/* Likewise of the opening by which the file was mapped. */
int lost_take_mapped(struct lost *l, struct fdtable *fds, const struct file *f,
		     uint32_t opened);
void lost_report(const struct lost *l);

#endif
