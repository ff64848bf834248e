/*
 * lost.c: see lost.h. What a descriptor is to be told lies in its entry.
 */
#include "lost.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "call.h"
#include "escape.h"
#include "message.h"

static struct lost_file *find(const struct sys *s, dev_t dev, ino_t ino)
{
	for (unsigned i = 0; i < s->lost.n; i++)
		if (s->lost.file[i].dev == dev && s->lost.file[i].ino == ino)
			return &s->lost.file[i];
	return NULL;
}

static struct lost_file *find_fd(const struct sys *s, int host)
{
	struct stat st;

	if (!s->lost.n || host < 0 || fstat(host, &st) < 0)
		return NULL;
	return find(s, st.st_dev, st.st_ino);
}

/* All that have it open now are to be told. */
static void mark(struct sys *s, const struct lost_file *l)
{
	for (unsigned i = 0; i < s->fds.size; i++)
		if (find_fd(s, s->fds.entry[i].host) == l)
			s->fds.entry[i].lost = l->error;
}

void lost_note(struct sys *s, const struct file *f, int error)
{
	struct lost_file *l = find(s, f->dev, f->ino), *bigger;

	if (!l) {
		bigger = realloc(s->lost.file, (s->lost.n + 1) * sizeof(*l));
		if (!bigger)
			return;
		s->lost.file = bigger;
		l = &bigger[s->lost.n++];
		*l = (struct lost_file){
			.dev = f->dev,
			.ino = f->ino,
			.path = strdup(f->names->path),
		};
	}
	l->error = error;
	l->told = false;
	mark(s, l);
}

int lost_take(struct sys *s, int guest_fd)
{
	struct fd_entry *e = fdtable_entry(&s->fds, guest_fd);
	struct lost_file *l = e ? find_fd(s, e->host) : NULL;
	uint32_t opened;
	int error;

	if (!l)
		return 0;
	if (!l->told)
		mark(s, l);
	l->told = true;
	error = e->lost;
	opened = sys_file_opening(s, guest_fd);
	for (unsigned i = 0; i < s->fds.size; i++)
		if (s->fds.entry[i].host >= 0 && s->fds.entry[i].lost &&
		    sys_file_opening(s, (int)i) == opened)
			s->fds.entry[i].lost = 0;
	return error;
}

int lost_take_mapped(struct sys *s, uint32_t file, uint32_t opened)
{
	const struct file *f = files_find(&s->files, file);
	struct lost_file *l = f ? find(s, f->dev, f->ino) : NULL;

	if (!l)
		return 0;
	for (unsigned i = 0; i < s->fds.size; i++)
		if (s->fds.entry[i].host >= 0 &&
		    s->fds.entry[i].opened == opened)
			return lost_take(s, (int)i);
	/* Its descriptor is closed: it counts as made now. */
	if (l->told)
		return 0;
	mark(s, l);
	l->told = true;
	return l->error;
}

void lost_report(const struct lost *l)
{
	char name[ESCAPE_MAX];

	for (unsigned i = 0; i < l->n; i++) {
		if (l->file[i].told)
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
