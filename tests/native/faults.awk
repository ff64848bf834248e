# faults.awk: compares two lists of faults of one program, prints one line.
#
# Input, in this order: the program's mappings as perf saw them ("map START SIZE
# PROT NAME"), Linux's faults ("linux ADDRESS IP"), vmm's ("vmm ADDRESS IP FLAGS
# OUTCOME"); all numbers hexadecimal without 0x.
#
# Each fault becomes a key, and the keys are counted:
#   strings  vmm only: exec's copy of arguments and environment, which Linux
#            makes without a fault that perf could see (get_user_pages)
#   wW@M     a page of a file that is not writable: the 64 KiB window W that
#            fault-around maps at once, in mapping M. Linux may have mapped
#            more than the window before, a whole large folio of the cache.
#            If vmm alone has a fault there, that is why, and it is counted
#            apart; how files lie in folios changes with the page cache.
#   pP       any other page, [vvar] and [vdso] included
# Rows are equal if page and instruction pointer are, one by one from the start
# on; the kernel's own instruction pointers, and those in [vdso], which has
# other code, count as equal.

function number(hex,    i, n) {
	for (i = 1; i <= length(hex); i++)
		n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return n
}

function find(address,    i) {
	for (i = 0; i < maps; i++)
		if (address >= start[i] && address < end[i])
			break
	return i
}

function key(address,    i) {
	i = find(address)
	if (i < maps && prot[i] !~ /w/ && name[i] ~ /^\//)
		return sprintf("w%x@%d", address / 65536, i)
	address = int(address / 4096) # mawk's %x ends at 32 bits
	return sprintf("p%x%03x", int(address / 4096), address % 4096)
}

# Is the row the same? The instruction is, where it can be told.
function same_row(i,    a, b) {
	split(linux_row[i], a)
	split(vmm_row[i], b)
	if (page(a[1]) != page(b[1]))
		return 0
	return a[2] == b[2] || a[2] ~ /^ffff/ ||
		name[find(number(a[2]))] ~ /^\[v/
}

function page(address) {
	return substr(address, 1, length(address) - 3)
}

$1 == "map" && $5 != "[heap]" {
	start[maps] = number($2)
	end[maps] = start[maps] + number($3)
	prot[maps] = $4
	name[maps] = $5
	maps++
}

$1 == "linux" {
	k = key(number($2))
	diff[k]++
	linux_row[total] = $2 " " $3
	linux_order[total++] = k
}

$1 == "vmm" {
	vmm_total++
	k = key(number($2))
	if ($3 == "0" && $4 ~ /H/ && !strings) {
		strings++
		next
	}
	diff[k]--
	vmm_row[n_vmm] = $2 " " $3
	vmm_order[n_vmm++] = k
}

END {
	for (k in diff)
		if (diff[k] < 0 && k ~ /^w/)
			folios -= diff[k]
		else if (diff[k]) {
			left += diff[k] < 0 ? -diff[k] : diff[k]
			list = list sprintf(" %s:%+d", k, -diff[k])
		}
	while (same < total && linux_order[same] == vmm_order[same])
		same++
	for (i = 0; i < total; i++)
		if (same_row(i))
			rows++
	if (same < total)
		list = list sprintf(" [%d: %s, vmm %s]", same,
			linux_order[same], vmm_order[same])
	printf "%d %d %d %d %d %d %d%s\n", total, vmm_total, strings, folios,
		left, same, rows, substr(list, 1, 300)
}
