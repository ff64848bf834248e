/*
 * direct.c: O_DIRECT. The file system judges the addresses and lengths of the
 * program's vector, so the host is given one alike: as many parts, each as far
 * from the start of a page. What the rules are (statx: STATX_DIOALIGN), and
 * whether a file keeps to them, the host knows alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "hv_map.h"
#include "io.h"

/* Bytes of one call of the host: whole blocks of any disk. */
#define DIRECT_MAX (1u << 20)

struct mirror {
	const struct iovec *iov; /* where it begins in the program's vector */
	uint64_t skip;		 /* bytes of the first that are behind us */
	struct iovec *host;
	int n;
	uint8_t *memory;
};

static uint64_t user_va(const struct mirror *m, int i)
{
	return (uint64_t)m->iov[i].iov_base + (i ? 0 : m->skip);
}

/* Parts of `len` bytes in all. They lie in room that each has at most. */
static int mirror_make(struct mirror *m, size_t len)
{
	uint64_t first = m->iov->iov_len - m->skip, sum = first, at = 0;
	int n = 1;

	while (sum < len)
		sum += m->iov[n++].iov_len;
	m->host = malloc((size_t)n * sizeof(*m->host));
	m->memory = aligned_alloc(HV_PAGE_SIZE,
				  ((len + HV_PAGE_SIZE - 1) & -HV_PAGE_SIZE) +
					  2 * HV_PAGE_SIZE * (size_t)n);
	if (!m->host || !m->memory)
		return -ENOMEM;
	for (m->n = 0; m->n < n; m->n++) {
		uint64_t in = user_va(m, m->n) % HV_PAGE_SIZE;
		uint64_t part = m->n ? m->iov[m->n].iov_len : first;

		part = part < len ? part : len;
		m->host[m->n] = (struct iovec){m->memory + at + in, part};
		at += (in + part + HV_PAGE_SIZE - 1) & -HV_PAGE_SIZE;
		len -= part;
	}
	return 0;
}

static void mirror_free(struct mirror *m)
{
	free(m->host);
	free(m->memory);
}

/* Up to what cannot be read; of the parts behind that nothing is left. */
static size_t mirror_fill(const struct io *io, struct mirror *m)
{
	size_t done = 0;

	for (int i = 0; i < m->n; i++) {
		struct iovec *part = &m->host[i];
		size_t want = part->iov_len;

		part->iov_len =
			io_get_some(io->c, user_va(m, i), part->iov_base, want);
		done += part->iov_len;
		if (part->iov_len < want)
			m->n = i + 1;
	}
	return done;
}

/* What was read, up to what cannot be stored. */
static size_t mirror_empty(const struct io *io, const struct mirror *m,
			   size_t len)
{
	size_t done = 0;

	for (int i = 0; i < m->n && done < len; i++) {
		size_t n = m->host[i].iov_len, did;

		n = n < len - done ? n : len - done;
		did = io_put_some(io->c, user_va(m, i), m->host[i].iov_base, n);
		done += did;
		if (did < n)
			break;
	}
	return done;
}

static int64_t read_piece(const struct io *io, const struct mirror *m,
			  uint64_t done)
{
	int64_t n = io_transfer(io, false, m->host, m->n, done);
	size_t put;

	if (n <= 0)
		return n;
	put = mirror_empty(io, m, (size_t)n);
	if (put < (size_t)n && io->offset == NO_OFFSET)
		lseek(io->host, (off_t)put - (off_t)n, SEEK_CUR);
	return put ? (int64_t)put : -EFAULT;
}

static int64_t one_piece(const struct io *io, struct mirror *m, size_t len,
			 uint64_t done, bool writes)
{
	int64_t r = mirror_make(m, len);

	if (r == 0 && !writes)
		r = read_piece(io, m, done);
	else if (r == 0 && !mirror_fill(io, m) && len)
		r = -EFAULT;
	else if (r == 0)
		r = io_transfer(io, true, m->host, m->n, done);
	mirror_free(m);
	return r;
}

int64_t io_direct(const struct io *io, const struct iovec *iov, uint64_t total,
		  bool writes)
{
	struct mirror m = {.iov = iov};
	uint64_t done = 0, len;
	int64_t r;

	do {
		len = total - done < DIRECT_MAX ? total - done : DIRECT_MAX;
		r = one_piece(io, &m, len, done, writes);
		if (r < 0)
			return done ? (int64_t)done : r;
		done += (uint64_t)r;
		for (m.skip += (uint64_t)r;
		     done < total && m.skip >= m.iov->iov_len; m.iov++)
			m.skip -= m.iov->iov_len;
	} while ((uint64_t)r == len && done < total);
	return (int64_t)done;
}
