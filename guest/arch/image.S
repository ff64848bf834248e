/*
 * image.S: struct hv_image, the first bytes of the kernel image. The host
 * reads entry points and the borders of the parts from it.
 */
#include "hv_const.h"

	.section .image, "a"
	.quad HV_IMAGE_MAGIC
	.long HV_ABI_VERSION
	.long 0
	.quad __gate_end_offset
	.quad __text_end_offset
	.quad __rodata_end_offset
	.quad __file_end_offset
	.quad __mem_end_offset
	.quad kernel_entry
	.quad syscall_entry
	.set n, 0
	.rept HV_VECTORS
	.quad vector_table + 16 * n
	.set n, n + 1
	.endr
	.quad kernel_fault
	.quad kernel_exception
	.quad kernel_resume
	.quad leave
	/* CPL 0 has no gate. */
	.weak kernel_fault, kernel_exception, leave
