/*
 * lost.c: see lost.h. What a descriptor is to be told lies in its entry.
 */
#include "lost.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "escape.h"
#include "fdtable.h"
#include "files.h"
#include "message.h"
#include "opening.h"

#define WHOLE ((ino_t)0) /* file system; no inode has that number */

static struct lost_file *find(const struct lost *l, dev_t dev, ino_t ino)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->file[i].dev == dev && l->file[i].ino == ino)
			return &l->file[i];
	return NULL;
}

static struct lost_file *find_fd(const struct lost *l, int host, bool whole)
{
	struct stat st;

	if (!l->n || host < 0 || fstat(host, &st) < 0)
		return NULL;
	return find(l, st.st_dev, whole ? WHOLE : st.st_ino);
}

/* Where the entry of a descriptor has what it is to be told of f. */
static int *note_of(struct fd_entry *e, const struct lost_file *f)
{
	return f->ino == WHOLE ? &e->lost_fs : &e->lost;
}

/* All that have it open now are to be told. */
static void mark(const struct lost *l, struct fdtable *fds,
		 const struct lost_file *f)
{
	for (unsigned i = 0; i < fds->size; i++)
		if (find_fd(l, fds->entry[i].host, f->ino == WHOLE) == f)
			*note_of(&fds->entry[i], f) = f->error;
}

static struct lost_file *add(struct lost *l, dev_t dev, ino_t ino)
{
	struct lost_file *bigger =
		realloc(l->file, (l->n + 1) * sizeof(*l->file));

	if (!bigger)
		return NULL;
	l->file = bigger;
	l->file[l->n] = (struct lost_file){.dev = dev, .ino = ino};
	return &l->file[l->n++];
}

static struct lost_file *note_error(struct lost *l, struct fdtable *fds,
				    dev_t dev, ino_t ino, int error)
{
	struct lost_file *f = find(l, dev, ino);

	if (!f)
		f = add(l, dev, ino);
	if (!f)
		return NULL;
	f->error = error;
	f->told = false;
	mark(l, fds, f);
	return f;
}

void lost_note(struct lost *l, struct fdtable *fds, const struct file *file,
	       int error)
{
	struct lost_file *f;

	note_error(l, fds, file->dev, WHOLE, error);
	f = note_error(l, fds, file->dev, file->ino, error);
	if (f && !f->path)
		f->path = strdup(file->names->path);
}

static int take(struct lost *l, struct fdtable *fds, int guest_fd, bool whole)
{
	struct fd_entry *e = fdtable_entry(fds, guest_fd);
	struct lost_file *f = e ? find_fd(l, e->host, whole) : NULL;
	uint32_t opened;
	int error;

	if (!f)
		return 0;
	if (!f->told)
		mark(l, fds, f);
	f->told = true;
	error = *note_of(e, f);
	opened = opening_of(fds, guest_fd);
	for (unsigned i = 0; i < fds->size; i++)
		if (fds->entry[i].host >= 0 && *note_of(&fds->entry[i], f) &&
		    opening_of(fds, (int)i) == opened)
			*note_of(&fds->entry[i], f) = 0;
	return error;
}

int lost_take(struct lost *l, struct fdtable *fds, int guest_fd)
{
	return take(l, fds, guest_fd, false);
}

int lost_take_fs(struct lost *l, struct fdtable *fds, int guest_fd)
{
	return take(l, fds, guest_fd, true);
}

int lost_take_mapped(struct lost *l, struct fdtable *fds,
		     const struct file *file, uint32_t opened)
{
	struct lost_file *f = find(l, file->dev, file->ino);

	if (!f)
		return 0;
	for (unsigned i = 0; i < fds->size; i++)
		if (fds->entry[i].host >= 0 && fds->entry[i].opened == opened)
			return lost_take(l, fds, (int)i);
	/* Its descriptor is closed: it counts as made now. */
	if (f->told)
		return 0;
	mark(l, fds, f);
	f->told = true;
	return f->error;
}

void lost_report(const struct lost *l)
{
	char name[ESCAPE_MAX];

	for (unsigned i = 0; i < l->n; i++) {
		if (l->file[i].told || l->file[i].ino == WHOLE)
			continue;
		escape_name(name, l->file[i].path ? l->file[i].path : "?");
		error("%s: what the program stored in its mapping could not be "
		      "written to the file, and is lost: %s",
		      name, strerror(-l->file[i].error));
	}
}

void lost_fini(struct lost *l)
{
	for (unsigned i = 0; i < l->n; i++)
		free(l->file[i].path);
	free(l->file);
	*l = (struct lost){0};
}
