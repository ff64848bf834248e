# faults.awk: the page faults of one program, one a row, so that the rows of
# Linux and of vmm can be compared as text. Variable vdso: where that is, "START
# END". Input is "ADDRESS IP" of perf, or "ADDRESS IP FLAGS" of vmm's log, all
# numbers hexadecimal without 0x.
#
# A row is printed as it is, but for these (docs/linux.md has the reasons):
#
#   PAGE kernel  a fault that the kernel took for the program: the kernels are
#                two, and copy in different steps. vmm's is marked H.
#   PAGE vdso    a fault of an instruction in [vdso], which holds other code and
#                keeps its data elsewhere in the page
#   (none)       a fault of the program at an address of the kernel's, which
#                Linux does not count

function below(a, b) { # as numbers, without losing digits
	return length(a) != length(b) ? length(a) < length(b) : "" a < "" b
}

BEGIN {
	split(vdso, range)
}

NF == 3 && length($1) == 16 {
	next
}

{
	by = ""
	if ($3 ~ /H/ || (NF == 2 && $2 ~ /^ffff/ && length($2) == 16))
		by = "kernel"
	else if (!below($2, range[1]) && below($2, range[2]))
		by = "vdso"
	if (by)
		print substr($1, 1, length($1) - 3) "000", by
	else
		print $1, $2
}
