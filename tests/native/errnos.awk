# errnos.awk: of pairs of lines, Linux's and vmm's, those that differ and should
# not. What is known to differ, by call, Linux's answer and vmm's, and why.

# is(CALL, ARGUMENTS, LINUX, VMM): all four are patterns of the whole.
function is(c, a, l, v) {
	return call ~ "^(" c ")$" && args ~ "^(" a ")$" && linux ~ "^(" l ")$" &&
	       vmm ~ "^(" v ")$"
}

function known() {
	# A device is the host's, whoever it is of.
	if (is("fch(mod|own)", "NULL, .*", "EPERM|ok", "EROFS") ||
	    is("fch(modat2|ownat)", "NULL, \"\", .*", "EPERM", "EROFS") ||
	    is("f(set|remove)xattr", "NULL, .*", "EOPNOTSUPP", "EROFS"))
		return 1
	# No signal goes to others, nor is anybody else to be signalled.
	if (is("kill", "-1, 0", "ok", "EPERM") ||
	    is("fcntl", ".*, F_SETOWN, (1|-1)", "ok", "EPERM"))
		return 1
	# What was received and could not be stored is gone.
	if (is("read|recv(from|msg)", "SOCK2?, .*", "EFAULT", "EAGAIN"))
		return 1
	# Natively a process cannot look at itself here after some setuid calls.
	if (is("get_robust_list", "(0|SELF), .*", "EPERM", "ok|EFAULT"))
		return 1
	# No control messages.
	if (is("sendmsg", ".*", ".*", "EOPNOTSUPP"))
		return 1
	# Of families without pairs no socket is made to find out what is wrong.
	if (is("socketpair", "2, .*", "EINVAL|E(SOCKT|PROTO)NOSUPPORT", "EOPNOTSUPP"))
		return 1
	# No whiteouts.
	if (is("renameat2", ".*, 4", "ok|ENOTDIR|EISDIR|EEXIST|ENOTEMPTY", "EINVAL"))
		return 1
	# No file is watched by fanotify, none opened by its handle, no file system
	# made or configured: EPERM at once, whatever else is wrong.
	if (is("fanotify_init|open_by_handle_at|fs(config|open|mount|pick)", ".*",
	       "ok|E.*", "EPERM"))
		return 1
	# A shared word of memory that was never written, and cannot be.
	return is("futex", "READ.*, (1|3|4|5|10|12), .*", "EFAULT", "ok|E.*") ||
	       is("futex", ".*, READ.*", "EFAULT", "ok|E.*") ||
	       is("futex_(wake|requeue)", "READ.*", "EFAULT", "ok")
}

NR % 2 { line = $0; next }
$0 != line {
	call = args = line
	sub(/^[0-9]+ /, "", call)
	sub(/\(.*/, "", call)
	sub(/^[^(]*\(/, "", args)
	sub(/\) = [^=]*$/, "", args)
	split(line, l, / = /)
	split($0, v, / = /)
	linux = l[2]
	vmm = v[2]
	if (l[1] != v[1] || !known())
		printf "< %s > %s\n", line, $0
}
