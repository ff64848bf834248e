/*
 * filemap_check.c: is every cached page where it belongs, and every count true?
 */
#include "check.h"
#include "filemap.h"
#include "wrong.h"

static const char *check_page(const struct file *file, const struct page *page,
			      uint64_t index)
{
	uint32_t flags = page->flags % PG_FOLIO;

	flags &= ~(PG_DIRTY | PG_SENT | PG_DATA);
	if (flags == (PG_CACHE | (file->flags & FILE_SHMEM ? PG_SHMEM : 0)) &&
	    page->owner == file && page->index == index &&
	    page->refcount == page->mapcount + 1)
		return NULL;
	return wrong("filemap: page %#lx of file %u: pfn %#lx flags %#x owner "
		     "%p index %#lx refcount %u mapcount %u",
		     index, file->number, page_to_pfn(page), page->flags,
		     page->owner, page->index, page->refcount, page->mapcount);
}

static const char *check_node(const struct file *file,
			      const struct filemap_node *node, unsigned level,
			      uint64_t index, uint64_t *pages)
{
	const char *why = NULL;

	for (unsigned i = 0; i < NODE_SLOTS && !why; i++) {
		uint64_t at = index | (uint64_t)i << (level - 1) * NODE_SHIFT;

		if (!node->slots[i])
			continue;
		if (level > 1) {
			why = check_node(file, node->slots[i], level - 1, at,
					 pages);
			continue;
		}
		++*pages;
		why = check_page(file, node->slots[i], at);
	}
	return why;
}

static const char *check_file(const struct file *file, uint64_t *total)
{
	const char *why = NULL;
	uint64_t pages = 0;

	if (!file->refs || !file->number != !!(file->flags & FILE_ANON))
		return wrong("filemap: file %u: refs %lu flags %#x",
			     file->number, (unsigned long)file->refs,
			     file->flags);
	if (file->root)
		why = check_node(file, file->root, file->height, 0, &pages);
	if (!why && pages != file->nr_pages)
		why = wrong("filemap: file %u has %lu pages, counted are %lu",
			    file->number, pages, (unsigned long)file->nr_pages);
	*total += pages;
	return why;
}

const char *filemap_check(void)
{
	uint64_t nfiles = 0, total = 0;
	const char *why = NULL;

	for (struct list *l = file_list.next; l != &file_list && !why;
	     l = l->next) {
		why = check_file(list_entry(l, struct file, link), &total);
		nfiles++;
	}
	if (!why && (nfiles != file_count() || total != filemap_pages()))
		why = wrong("filemap: %lu files with %lu pages, counted are "
			    "%lu with %lu",
			    nfiles, total, file_count(), filemap_pages());
	return why;
}
