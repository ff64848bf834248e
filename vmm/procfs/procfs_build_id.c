/* procfs_build_id.c: see procfs_build_id.h. */
#include "procfs_build_id.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define NOTES_MAX   4096
#define HEADERS_MAX 64

static size_t find_in_notes(const uint8_t *notes, size_t size,
			    uint8_t id[BUILD_ID_MAX])
{
	size_t at = 0;

	while (size - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr head;
		size_t name = at + sizeof(head), text, next;

		memcpy(&head, notes + at, sizeof(head));
		text = name + (((size_t)head.n_namesz + 3) & ~(size_t)3);
		next = text + (((size_t)head.n_descsz + 3) & ~(size_t)3);
		if (next > size)
			break;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
		    !memcmp(notes + name, "GNU", 4) && head.n_descsz &&
		    head.n_descsz <= BUILD_ID_MAX) {
			memcpy(id, notes + text, head.n_descsz);
			return head.n_descsz;
		}
		at = next;
	}
	return 0;
}

static bool is_elf64(const Elf64_Ehdr *h)
{
	return !memcmp(h->e_ident, ELFMAG, SELFMAG) &&
	       h->e_ident[EI_CLASS] == ELFCLASS64 &&
	       h->e_phentsize == sizeof(Elf64_Phdr) &&
	       h->e_phnum <= HEADERS_MAX;
}

size_t build_id_read(int fd, uint8_t id[BUILD_ID_MAX])
{
	Elf64_Phdr headers[HEADERS_MAX];
	uint8_t notes[NOTES_MAX];
	Elf64_Ehdr head;
	size_t bytes, size = 0;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    !is_elf64(&head))
		return 0;
	bytes = head.e_phnum * sizeof(*headers);
	if (pread(fd, headers, bytes, (off_t)head.e_phoff) != (ssize_t)bytes)
		return 0;
	for (unsigned i = 0; i < head.e_phnum && !size; i++) {
		size_t want = headers[i].p_filesz;

		if (headers[i].p_type != PT_NOTE || want > sizeof(notes) ||
		    pread(fd, notes, want, (off_t)headers[i].p_offset) !=
			    (ssize_t)want)
			continue;
		size = find_in_notes(notes, want, id);
	}
	return size;
}
