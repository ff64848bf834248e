/*
 * file.c: see file.h.
 */
#include "file.h"

#include "hv.h"
#include "mm_machine.h"
#include "panic.h"
#include "slab.h"

static struct kmem_cache *file_cache;
static void (*release_pages)(struct file *);
static uint64_t nr_files, shm_ids;
struct list file_list;

void file_init(void (*release)(struct file *))
{
	list_init(&file_list);
	nr_files = shm_ids = 0;
	release_pages = release;
	file_cache = kmem_cache_create("file", sizeof(struct file), 0);
	if (!file_cache)
		panic("file: no memory for the cache of files");
}

uint64_t file_count(void)
{
	return nr_files;
}

struct file *file_find(uint32_t number)
{
	for (struct list *l = file_list.next; l != &file_list; l = l->next) {
		struct file *file = list_entry(l, struct file, link);

		if (file->number == number)
			return file;
	}
	return NULL;
}

struct file *file_new(uint32_t number)
{
	struct file *file = kmem_cache_zalloc(file_cache);

	if (!file)
		return NULL;
	file->number = number;
	list_init(&file->vmas);
	list_add(&file_list, &file->link);
	nr_files++;
	return file;
}

struct file *file_new_anon(uint64_t size)
{
	struct file *file = file_new(0);

	if (!file)
		return NULL;
	file->refs = 1;
	file->size = size;
	file->flags = FILE_SHMEM | FILE_ANON;
	file->shm = ++shm_ids;
	return file;
}

void file_get(struct file *file)
{
	file->refs++;
}

void file_put(struct file *file)
{
	uint32_t number = file->number;

	BUG_ON(!file->refs);
	if (file->refs == 1)
		release_pages(file);
	if (--file->refs)
		return;
	BUG_ON(file->nr_pages);
	mm_machine.committed -= file->promised;
	list_del(&file->link);
	kmem_cache_free(file_cache, file);
	nr_files--;
	if (number)
		hv_file_put(number);
}
