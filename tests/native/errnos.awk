# errnos.awk: of pairs of lines, Linux's and vmm's, those that differ and should
# not. What is known to differ, by call, Linux's answer and vmm's, and why.

function known(call, linux, vmm, line) {
	# Others' files and priorities are not the program's to change.
	if (vmm == "EROFS" || call == "ioprio_set" && vmm == "EPERM")
		return 1
	# kill of all, or of a process group: the program is alone.
	if (call == "kill" && vmm == "EPERM" || call == "fcntl" && vmm == "EPERM")
		return 1
	# Sockets are pairs, without addresses, descriptors or rare flags.
	if (call ~ /^(sendto|recvfrom|sendmsg|recvmsg|socketpair)$/ &&
	    (vmm ~ /^(EOPNOTSUPP|EISCONN|EMSGSIZE)$/ || linux == "EFAULT"))
		return 1
	# No whiteouts; of two names that are both bad the other is named.
	if (call == "renameat2" && line ~ /, [45]\) /)
		return 1
	if (call ~ /^(rename|renameat|renameat2|linkat)$/ && linux ~ /^E/ &&
	    vmm ~ /^E(NOTDIR|NAMETOOLONG|NOENT|ACCES|BUSY)$/)
		return 1
	# O_EXCL with a name that ends in a slash.
	if (call ~ /^open/ && linux == "EISDIR" && vmm == "EEXIST")
		return 1
	# Words that are bad in two ways; shared words of memory not written yet.
	if (call ~ /^futex/)
		return 1
	# Processor time is no clock to sleep by.
	if (call == "clock_nanosleep" && vmm == "EINVAL")
		return 1
	# Linux 6.18 takes AT_FDCWD for a descriptor there.
	if (call ~ /^f.*xattr$/ && line ~ /\(CWD,/)
		return 1
	# Requests that only the kernel of the file would know.
	if (call == "ioctl" && vmm == "ENOTTY")
		return 1
	# A dispute about who may look at oneself after setuid.
	if (call == "get_robust_list" && linux == "EPERM")
		return 1
	# Buffers that are bad where nothing, or not all, is stored.
	if (call ~ /^(getdents|getdents64|getrandom|sched_getattr|select)$/ &&
	    (linux ~ /^E(FAULT|INVAL|BADF)$/ || vmm == "EFAULT"))
		return 1
	if (call == "write" && line ~ /\(EVENT,/)
		return 1
	# Flags of stat that are passed on; nothing to set.
	return call == "newfstatat" && vmm == "EINVAL" ||
	       call == "settimeofday" && vmm == "ok"
}

NR % 2 { linux = $0; next }
$0 != linux {
	call = $2
	sub(/\(.*/, "", call)
	split(linux, l, / = /)
	split($0, v, / = /)
	if (l[1] != v[1] || !known(call, l[2], v[2], linux))
		printf "< %s > %s\n", linux, $0
}
