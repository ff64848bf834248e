/*
 * calls_accounts.c: what status and smaps say.
 */
#include <asm/unistd.h>

#include "calls.h"

static int status_fd, smaps_fd;

typedef void line_fn(const char *from, const char *to);

/* ---- status ------------------------------------------------------------ */

static bool is_one_of(const char *p, const char *const *names)
{
	for (; *names; names++)
		if (text_starts(p, *names))
			return true;
	return false;
}

static void each_account(line_fn *fn)
{
	static const char *const names[] = {
		"VmPeak:", "VmSize:", "VmLck:",	  "VmData:", "VmStk:",
		"VmExe:",  "VmSwap:", "RssAnon:", "VmPTE:",  NULL};
	static const char *const shared[] = {"RssShmem:", NULL};
	const char *p = state_read("/proc/self/status", &status_fd);

	for (; *p; p = text_line_end(p) + 1)
		if (is_one_of(p, names) || (lazy_pages && is_one_of(p, shared)))
			fn(p, text_line_end(p));
}

static u64 digest;

static void digest_line(const char *from, const char *to)
{
	digest = text_hash(digest, from, to);
}

u64 accounts_digest(void)
{
	digest = 0;
	each_account(digest_line);
	return digest;
}

/* ---- smaps -------------------------------------------------------------- */

/* A memfd's pages are dirty on the host, and clean here when it has them. */
static bool is_compared(const struct map *m, const char *p)
{
	static const char *const always[] = {
		"Size:",	  "KernelPageSize:", "MMUPageSize:",
		"THPeligible:",	  "VmFlags:",	     "Anonymous:",
		"AnonHugePages:", "Swap:",	     NULL};
	static const char *const pages[] = {
		"Rss:",		  "Pss:",      "SwapPss:",   "Locked:",
		"Pss_Anon:",	  "Pss_File:", "Pss_Shmem:", "ShmemPmdMapped:",
		"FilePmdMapped:", NULL};
	static const char *const dirt[] = {
		"Pss_Dirty:",	  "Shared_Clean:",  "Shared_Dirty:",
		"Private_Clean:", "Private_Dirty:", NULL};

	return is_one_of(p, always) ||
	       (pages_compared(m) &&
		(is_one_of(p, pages) ||
		 (m->kind != KIND_MEMFD && m->kind != KIND_SEALED &&
		  is_one_of(p, dirt))));
}

static void each_smaps(line_fn *fn)
{
	struct map m = {0};
	const char *p = state_read("/proc/self/smaps", &smaps_fd);

	for (; *p; p = text_line_end(p) + 1) {
		if ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'))
			state_parse(p, &m);
		else if (m.start >= ours_low && m.start < ours_high &&
			 is_compared(&m, p))
			fn(p, text_line_end(p));
	}
}

u64 accounts_smaps(void)
{
	digest = 0;
	each_smaps(digest_line);
	return digest;
}

void accounts_print(void)
{
	each_account(text_print);
	each_smaps(text_print);
}
