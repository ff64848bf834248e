/*
 * text.c: one record as one line of text.
 *
 * Every column but the function is always there ("-" for nothing) and holds no
 * blank, so that awk can split the line. Records come from the guest: any value
 * in any field must give a line, not a crash.
 */
#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hv_map.h"
#include "outcome.h"
#include "symbols.h"

const char text_header[] =
	"#    time/s     pid/tid        address access fl             ip "
	"outcome             us     frame ord old-frame around prot "
	"mapping+offset function\n";

/* Long enough for 64 bits in hexadecimal, and for two of 32 in decimal. */
typedef char number_text[24];

static const char *const map_kind_name[HV_MAP_KINDS] = {
	[HV_MAP_ANON] = "[anon]",	   [HV_MAP_FILE] = "[file]",
	[HV_MAP_HEAP] = "[heap]",	   [HV_MAP_STACK] = "[stack]",
	[HV_MAP_VDSO] = "[vdso]",	   [HV_MAP_VVAR] = "[vvar]",
	[HV_MAP_VCLOCK] = "[vvar_vclock]",
};

uint64_t text_ticks(uint64_t ticks, uint64_t tsc_khz, unsigned per_ms)
{
	if (!tsc_khz)
		return 0;
	return (uint64_t)((unsigned __int128)ticks * per_ms / tsc_khz);
}

const char *text_mapping_name(const struct trace_config *config,
			      const struct hv_fault *f)
{
	const char *path = NULL;

	if (!f->map_end)
		return "-";
	if (f->map_kind >= HV_MAP_KINDS)
		return "[unknown]";
	if (f->map_kind == HV_MAP_FILE && config->file_path)
		path = config->file_path(config->ctx, f->file, f->opened);
	return path ? path : map_kind_name[f->map_kind];
}

void text_prot(const struct hv_fault *f, char dst[static 5])
{
	if (!f->map_end) {
		strcpy(dst, "-");
		return;
	}
	dst[0] = f->map_prot & 1 ? 'r' : '-';
	dst[1] = f->map_prot & 2 ? 'w' : '-';
	dst[2] = f->map_prot & 4 ? 'x' : '-';
	dst[3] = f->map_flags & HV_MAPF_SHARED ? 's' : 'p';
	dst[4] = 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* "name+0x123": offset in the file, or from the mapping's start. */
static void put_mapping(const struct trace_config *config,
			const struct hv_fault *f, char *dst, size_t size)
{
	const char *name = text_mapping_name(config, f);
	uint64_t offset = f->va - f->map_start;
	size_t len;

	if (f->map_kind == HV_MAP_FILE)
		offset += f->map_offset;
	len = escape_name(dst, base_name(name));
	if (f->map_end)
		snprintf(dst + len, size - len, "+0x%" PRIx64, offset);
}

/* " function+0x12", or nothing. */
static void put_function(const struct trace_config *config,
			 const struct hv_fault *f, char *dst, size_t size)
{
	uint64_t offset;
	bool known = !config->symbols_pid || f->pid == config->symbols_pid;
	const char *name =
		known ? symbols_find(config->symbols, f->ip, &offset) : NULL;
	size_t len;

	*dst = 0;
	if (!name)
		return;
	*dst++ = ' ';
	len = escape_name(dst, name);
	snprintf(dst + len, size - 1 - len, "+0x%" PRIx64, offset);
}

/* A frame number; 0 is no frame: the first page of RAM is never mapped. */
static const char *frame_text(number_text dst, uint64_t pfn)
{
	if (!pfn)
		return "-";
	snprintf(dst, sizeof(number_text), "0x%" PRIx64, pfn);
	return dst;
}

static const char *count_text(number_text dst, const char *prefix, unsigned n)
{
	snprintf(dst, sizeof(number_text), "%s%u", prefix, n);
	return dst;
}

static const char *hex_text(number_text dst, uint64_t value)
{
	snprintf(dst, sizeof(number_text), "0x%" PRIx64, value);
	return dst;
}

/* Fetches are never writes (Intel SDM 3A, "Page-Fault Exceptions"). */
static const char *access_text(uint32_t access)
{
	static const char *const name[2][3] = {
		{"kern:r", "kern:w", "kern:x"},
		{"user:r", "user:w", "user:x"},
	};
	unsigned kind = access & HV_ACCESS_EXEC	   ? 2
			: access & HV_ACCESS_WRITE ? 1
						   : 0;

	return name[!!(access & HV_ACCESS_USER)][kind];
}

static const char *flags_text(uint32_t access)
{
	bool major = access & HV_FAULTF_MAJOR;

	if (access & HV_FAULTF_UPCALL)
		return major ? "MH" : "H";
	return major ? "M" : "-";
}

size_t text_line(const struct trace_config *config, const struct hv_fault *f,
		 char dst[static TEXT_LINE_MAX])
{
	char mapping[ESCAPE_MAX + 32], function[ESCAPE_MAX + 32];
	number_text va, ip, pid, pfn, order, old, around;
	char prot[5];
	uint64_t begin, us, cost;
	int len;

	/* TSCs of different vCPUs may differ by a little: no negative time. */
	begin = f->tsc > config->tsc_start ? f->tsc - config->tsc_start : 0;
	us = text_ticks(begin, config->tsc_khz, 1000);
	cost = text_ticks(f->cycles, config->tsc_khz, 100000);

	put_mapping(config, f, mapping, sizeof(mapping));
	put_function(config, f, function, sizeof(function));
	text_prot(f, prot);
	snprintf(pid, sizeof(pid), "%" PRIu32 "/%" PRIu32, f->pid, f->tid);

	len = snprintf(dst, TEXT_LINE_MAX,
		       "%4" PRIu64 ".%06" PRIu64 " %11s %14s %s %2s %14s %-12s "
		       "%6" PRIu64 ".%02" PRIu64 " %9s %3s %9s %6s %-4s %s%s\n",
		       us / 1000000, us % 1000000, pid, hex_text(va, f->va),
		       access_text(f->access), flags_text(f->access),
		       hex_text(ip, f->ip), outcome_name(f->outcome),
		       cost / 100, cost % 100, frame_text(pfn, f->pfn),
		       f->pfn ? count_text(order, "", f->order) : "-",
		       frame_text(old, f->old_pfn),
		       f->around ? count_text(around, "+", f->around) : "-",
		       prot, mapping, function);
	return (size_t)len;
}
