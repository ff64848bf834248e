/*
 * size.c: RLIMIT_FSIZE: see call.h.
 */
#include <errno.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"

static rlim_t limit_of(const struct call *c)
{
	return c->p->limits.of[RLIMIT_FSIZE].rlim_cur;
}

/* Nothing but a regular file has a size that is limited. */
static bool is_regular(int host, struct stat *st)
{
	return fstat(host, st) == 0 && S_ISREG(st->st_mode);
}

static int too_large(struct call *c)
{
	c->too_large = true;
	return -EFBIG;
}

int64_t call_size_write(struct call *c, int host, int64_t offset, bool appends,
			uint64_t len)
{
	rlim_t limit = limit_of(c);
	struct stat st;

	if (limit == RLIM_INFINITY || !len || !is_regular(host, &st))
		return (int64_t)len;
	if (appends)
		offset = st.st_size;
	else if (offset == CALL_POSITION)
		offset = lseek(host, 0, SEEK_CUR);
	if ((uint64_t)offset >= limit)
		return too_large(c);
	return (int64_t)MIN(len, limit - (uint64_t)offset);
}

int call_size_grow(struct call *c, int host, uint64_t size)
{
	struct stat st;

	if (size <= limit_of(c) || !is_regular(host, &st) ||
	    size <= (uint64_t)st.st_size)
		return 0;
	return too_large(c);
}
