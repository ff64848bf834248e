/*
 * test_trace.h: records and a configuration for the tests of the log.
 */
#ifndef TEST_TRACE_H
#define TEST_TRACE_H

#include "hv_fault.h"
#include "hv_map.h"
#include "trace.h"

static inline const char *path_of(void *ctx, uint32_t file, uint32_t opened)
{
	const char *const *paths = ctx;

	(void)opened;
	return file < 4 ? paths[file] : NULL;
}

static const char *const paths[4] = {NULL, "/usr/bin/busybox",
				     "/tmp/a b\n\033[1m", "/d/\x7f\xff\\"};

/* 1 GHz: a tick is a nanosecond. */
static inline struct trace_config config_of(FILE *text, bool summary)
{
	return (struct trace_config){
		.text = text,
		.summary = summary,
		.tsc_khz = 1000000,
		.tsc_start = 1000,
		.file_path = path_of,
		.ctx = (void *)paths,
	};
}

static inline struct hv_fault anon_record(uint64_t seq)
{
	return (struct hv_fault){
		.seq = seq,
		.tsc = 1000 + 1234567000,
		.cycles = 12345,
		.va = 0x7ffff7ff8010,
		.ip = 0x401234,
		.err = 6,
		.map_start = 0x7ffff7ff8000,
		.map_end = 0x7ffff7ffa000,
		.pfn = 0x1a2b,
		.map_kind = HV_MAP_ANON,
		.map_prot = 3,
		.pid = 100,
		.tid = 100,
		.outcome = HV_FAULT_ANON_ZERO,
		.access = HV_ACCESS_WRITE | HV_ACCESS_USER,
	};
}

static inline struct hv_fault file_record(uint64_t seq)
{
	return (struct hv_fault){
		.seq = seq,
		.tsc = 1000 + 5000,
		.cycles = 40000,
		.va = 0x402123,
		.ip = 0x402123,
		.map_start = 0x401000,
		.map_end = 0x500000,
		.map_offset = 0x1000,
		.pfn = 0x200,
		.map_kind = HV_MAP_FILE,
		.map_prot = 5,
		.file = 1,
		.pid = 100,
		.tid = 101,
		.outcome = HV_FAULT_FILE_READ,
		.access = HV_ACCESS_EXEC | HV_ACCESS_USER | HV_FAULTF_MAJOR,
		.around = 15,
	};
}

static inline unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

#endif
