/* kernel_image.S: the guest kernel and vDSO inside the vmm binary: one file to copy. */
	.section .rodata
	.balign 4096
	.globl kernel_cpl0_start, kernel_cpl0_end
kernel_cpl0_start:
	.incbin "kernel-cpl0.bin"
kernel_cpl0_end:
	.balign 4096
	.globl kernel_cpl3_start, kernel_cpl3_end
kernel_cpl3_start:
	.incbin "kernel-cpl3.bin"
kernel_cpl3_end:
	.globl vdso_image_start, vdso_image_end
vdso_image_start:
	.incbin "vdso.so"
vdso_image_end:
	.section .note.GNU-stack, "", @progbits
