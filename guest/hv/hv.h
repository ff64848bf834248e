/*
 * hv.h: the kernel's side of the hypercalls of hv_call.h, one function a call.
 * Hosted tests implement the same functions in tests/shim/hv.c.
 */
#ifndef HV_H
#define HV_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_boot.h"
#include "hv_call.h"
#include "hv_describe.h"
#include "hv_map.h"

/* Make the RAM of bank i exist. Returns 0 or -ENOMEM. */
int hv_bank_online(unsigned i);

/*
 * Read n pages of `file` from `offset` (page-aligned) into frames[0 .. n).
 * What lies beyond the end of the file is zeroed, unless want is
 * HV_FILE_READ_AGAIN. Returns 0 or -EIO.
 * *holes: bit i is set if page i lies in a hole of a file in memory; what is
 * a hole at frames[want] is filled first (want = n: nothing is).
 */
int hv_file_read(uint32_t file, uint64_t offset, unsigned n, unsigned want,
		 const hv_gpa_t *frames, uint64_t *holes);
/*
 * In what folios the host has the pages of the hv_file_read just made: n
 * orders, good until the next hypercall. NULL: it does not tell.
 */
const uint8_t *hv_file_orders(void);
/* The holes alone, of n <= HV_FILE_READ_MAX pages. */
uint64_t hv_file_holes(uint32_t file, uint64_t offset, unsigned n);

/*
 * Write n frames to `file` at `offset`, up to its end. The host remembers what
 * it could not write, and tells it by hv_file_sync.
 */
void hv_file_write(uint32_t file, uint64_t offset, unsigned n,
		   const hv_gpa_t *frames);
/* What is written is on the disk: fsync of the opening. 0 or -errno. */
int hv_file_sync(uint32_t file, uint32_t opened);
/*
 * op: any other of enum hv_file_op, on the bytes [start, end), or on the
 * descriptor `file`. 0 or -errno; SEALED: 1 if it is.
 */
int hv_file_op(uint32_t file, uint32_t op, uint64_t start, uint64_t end);

/*
 * The file behind descriptor fd, to be mapped with prot and map_flags. Returns
 * out->file, which is a file number > 0, or -EBADF, -EACCES, -ENODEV, ...
 */
int hv_file_get(int fd, uint32_t prot, uint32_t map_flags,
		struct hv_call_file_get *out);
/* No mapping and no cached page of `file` is left. */
void hv_file_put(uint32_t file);

/* Other vCPUs forget what they have cached of this address space. */
void hv_flush(hv_gpa_t root);

/* Report the record in the call page; returns once the host logged it. */
void hv_fault_log(void);

/* Report a broken invariant; the host stops this guest. */
_Noreturn void hv_panic(const char *text);

/*
 * Calls during which the host may ask for user pages and for descriptions: each
 * returns when the host is done, or false when the program has ended.
 */
struct hv_upcalls {
	/* Resolve one such request: 0 or -EFAULT. */
	int (*fault_in)(uint64_t va, uint32_t access);
	/* Write back or refresh: 0 or -EIO. */
	int (*file)(const struct hv_call_file_upcall *call);
	/* An address space comes or goes: 0 or -ENOMEM. */
	int (*mm)(const struct hv_call_mm_upcall *call);
	/* Answer in place. */
	void (*describe)(struct hv_call_describe *d);
};
/* exec's last step; 0 or -errno. */
bool hv_exec(const struct hv_upcalls *up, int *result);
/* The rest of a system call that was forwarded (level_forward_syscall). */
bool hv_answer_upcalls(const struct hv_upcalls *up);
bool hv_signal(const struct hv_call_signal *signal,
	       const struct hv_upcalls *up);

_Noreturn void hv_exit(const struct hv_counters *counters);

#endif
