# proc.awk: files of /proc/self without what cannot be equal, for proc.sh.
#
# file: which file it is, unless lines "==> NAME" say so. shared=1: other
# processes of this machine map the program's files, too, so shares differ; and
# Linux has them in large folios, of which it maps more at once (faults.sh), so
# how much of a file is resident differs, too. What is the program's own does not.

/^==> / { file = $2; others = 0 }

shared && file == "statm" { $2 = $3 = "-" }
shared && file == "status" && /^(VmHWM|VmRSS|RssFile):/ { next }

# Another process; how often it waited is chance.
file == "status" && /^(Tgid|Pid|PPid|NStgid|NSpid|NSpgid|voluntary_ctxt_switches|nonvoluntary_ctxt_switches):/ { next }

# How many signals this user has queued; of how many the limit allows.
file == "status" && /^SigQ:/ { sub(/[0-9]+\//, "") }

# proc_pid_stat(5): numbers of processes; flags, of which one says that a
# privilege was used; faults, with those before execve on Linux; times; the sum
# of resident pages, which Linux makes roughly here; the processor.
file == "stat" {
	n = split($0, f, " ")
	for (i = 1; i <= n; i++)
		if (i ~ /^(1|4|5|9|10|11|12|13|14|15|16|17|22|24|39)$/)
			f[i] = "-"
	for (i = 1; i <= n; i++)
		printf "%s ", f[i]
	print ""
	next
}

# Nothing is active here; another process may map a file more often.
file == "numa_maps" {
	sub(/ active=[0-9]+/, "")
	if (shared && / file=\//)
		gsub(/ (mapmax|mapped|N0|kernelpagesize_kB)=[0-9]+/, "")
}

# The vDSO's pages belong to all processes natively, to one here.
file == "smaps" && /^[0-9a-f]+-/ {
	name = $6
	others = name == "[vdso]" || (shared && name ~ /^\//)
}
file == "smaps_rollup" && /^[0-9a-f]+-/ { others = 1 }
file ~ /^smaps/ && others && /^(Pss|Pss_File|Shared_Clean|Private_Clean):/ { next }
file ~ /^smaps/ && others && shared && /^(Rss|Referenced):/ { next }

# A file that has no name any more had an inode of the moment.
/ \(deleted\)$/ { sub(/ [0-9]+ +\//, " N /") }

{ print }
