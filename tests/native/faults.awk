# faults.awk: compares two lists of faults of one program, prints one line.
#
# Input, in this order: the program's mappings as perf saw them ("map START END
# PROT NAME"), Linux's faults ("linux ADDRESS IP"), vmm's ("vmm ADDRESS IP FLAGS
# OUTCOME"); all numbers hexadecimal without 0x.
#
# Each fault becomes a key, and the keys are counted:
#   vdso     in [vvar] or [vdso], which the guest does not have
#   strings  vmm only: exec's copy of arguments and environment, which Linux
#            makes without a fault that perf could see (get_user_pages)
#   wW@M     a page of the file that is not writable: the 64 KiB window W that
#            fault-around maps at once, in mapping M. Which page of it faults
#            first depends on who comes first, and natively that may be the
#            code that looks up the names in the vDSO.
#   pP       any other page. Natively the vDSO stands at the top of the mmap
#            area, and all that comes after it is lower by its size.

function number(hex,    i, n) {
	for (i = 1; i <= length(hex); i++)
		n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return n
}

function key(address, native,    i) {
	for (i = 0; i < maps; i++)
		if (address >= start[i] && address < end[i])
			break
	if (native && i < maps && name[i] ~ /^\[v/)
		return "vdso"
	if (i < maps && prot[i] !~ /w/ && name[i] ~ /^\//)
		return sprintf("w%x@%d", address / 65536, i)
	if (native && address < vdso && address > HIGH)
		address += vdso_size
	address = int(address / 4096) # mawk's %x ends at 32 bits
	return sprintf("p%x%03x", int(address / 4096), address % 4096)
}

BEGIN {
	HIGH = number("700000000000")
}

$1 == "map" && $5 != "[heap]" {
	start[maps] = number($2)
	end[maps] = start[maps] + number($3)
	prot[maps] = $4
	name[maps] = $5
	if ($5 ~ /^\[v/) {
		if (!vdso || start[maps] < vdso)
			vdso = start[maps]
		vdso_size += number($3)
	}
	maps++
}

$1 == "linux" {
	total++
	k = key(number($2), 1)
	if (k == "vdso") {
		in_vdso++
		next
	}
	diff[k]++
	linux_order[n_linux++] = k
}

$1 == "vmm" {
	vmm_total++
	k = key(number($2), 0)
	if ($3 == "0" && $4 ~ /H/ && !first++) {
		strings++
		next
	}
	diff[k]--
	vmm_order[n_vmm++] = k
}

END {
	for (k in diff)
		if (diff[k]) {
			left += diff[k] < 0 ? -diff[k] : diff[k]
			list = list sprintf(" %s:%+d", k, -diff[k])
		}
	while (same < n_linux && linux_order[same] == vmm_order[same])
		same++
	if (same < n_linux)
		list = list sprintf(" [%d: %s, vmm %s]", same,
			linux_order[same], vmm_order[same])
	printf "%d %d %d %d %d %d%s\n", total, vmm_total, in_vdso, strings,
		left, same, substr(list, 1, 300)
}
