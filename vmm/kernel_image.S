/* kernel_image.S: the guest kernel inside the vmm binary: one file to copy. */
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
	.section .note.GNU-stack, "", @progbits
