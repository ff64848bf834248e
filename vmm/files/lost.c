/*
 * lost.c: see lost.h. What a descriptor is to be told lies in its entry.
 */
#include "lost.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "escape.h"
#include "machine.h"
#include "message.h"
#include "opening.h"
#include "process.h"

static struct lost_file *find(const struct process *p, dev_t dev, ino_t ino)
{
	for (unsigned i = 0; i < p->machine->lost.n; i++)
		if (p->machine->lost.file[i].dev == dev &&
		    p->machine->lost.file[i].ino == ino)
			return &p->machine->lost.file[i];
	return NULL;
}

static struct lost_file *find_fd(const struct process *p, int host)
{
	struct stat st;

	if (!p->machine->lost.n || host < 0 || fstat(host, &st) < 0)
		return NULL;
	return find(p, st.st_dev, st.st_ino);
}

/* All that have it open now are to be told. */
static void mark(struct process *p, const struct lost_file *l)
{
	for (unsigned i = 0; i < p->fds.size; i++)
		if (find_fd(p, p->fds.entry[i].host) == l)
			p->fds.entry[i].lost = l->error;
}

void lost_note(struct process *p, const struct file *f, int error)
{
	struct lost_file *l = find(p, f->dev, f->ino), *bigger;

	if (!l) {
		bigger = realloc(p->machine->lost.file,
				 (p->machine->lost.n + 1) * sizeof(*l));
		if (!bigger)
			return;
		p->machine->lost.file = bigger;
		l = &bigger[p->machine->lost.n++];
		*l = (struct lost_file){
			.dev = f->dev,
			.ino = f->ino,
			.path = strdup(f->names->path),
		};
	}
	l->error = error;
	l->told = false;
	mark(p, l);
}

int lost_take(struct process *p, int guest_fd)
{
	struct fd_entry *e = fdtable_entry(&p->fds, guest_fd);
	struct lost_file *l = e ? find_fd(p, e->host) : NULL;
	uint32_t opened;
	int error;

	if (!l)
		return 0;
	if (!l->told)
		mark(p, l);
	l->told = true;
	error = e->lost;
	opened = opening_of(p, guest_fd);
	for (unsigned i = 0; i < p->fds.size; i++)
		if (p->fds.entry[i].host >= 0 && p->fds.entry[i].lost &&
		    opening_of(p, (int)i) == opened)
			p->fds.entry[i].lost = 0;
	return error;
}

int lost_take_mapped(struct process *p, uint32_t file, uint32_t opened)
{
	const struct file *f = files_find(&p->machine->files, file);
	struct lost_file *l = f ? find(p, f->dev, f->ino) : NULL;

	if (!l)
		return 0;
	for (unsigned i = 0; i < p->fds.size; i++)
		if (p->fds.entry[i].host >= 0 &&
		    p->fds.entry[i].opened == opened)
			return lost_take(p, (int)i);
	/* Its descriptor is closed: it counts as made now. */
	if (l->told)
		return 0;
	mark(p, l);
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
