#!/bin/bash
# layers.sh: every folder includes only what stands below it, and no files
# include each other in a circle, where x.c and x.h are one. As TAP.
#
# A half is a table: each line a folder and those that it may include, itself
# apart; * is every folder of a line above.
set -u

GUEST='
lib:
arch: lib arch/cpl0
arch/cpl0: lib arch
arch/cpl3: lib arch
hv: lib arch
mm/frames: lib arch hv
mm/space: lib arch hv mm/frames
mm/cache: lib arch hv mm/frames mm/space
mm/fault: lib arch hv mm/frames mm/space mm/cache
mm/calls: lib arch hv mm/frames mm/space mm/cache mm/fault
mm/show: lib arch hv mm/frames mm/space mm/cache
mm/check: lib arch hv mm/frames mm/space mm/cache
task: *
vdso:
'

VMM='
abi:
base:
trace: abi base
machine: abi base
task: abi base machine
files: abi base machine task
exec: abi base machine task files
procfs: abi base machine task files
syscall: abi base machine task files exec procfs syscall/io syscall/path syscall/socket syscall/task syscall/time
syscall/io: syscall abi base machine task files procfs syscall/path
syscall/path: syscall abi base machine task files procfs
syscall/socket: syscall abi base machine task files
syscall/task: syscall abi base machine task files exec procfs syscall/path
syscall/time: syscall abi base machine task files
inspect: abi base machine task files procfs
vmm: *
'

# includes ROOT: "FILE INCLUDED" for each header of the same half; a header that
# two folders have is the one of the file's own folder, else of the first.
includes() {
	find "$1" -name '*.[chS]' | sort | awk -v root="$1/" '
	{ files[++n] = $0 }
	END {
		for (i = 1; i <= n; i++) {
			base = files[i]; sub(/.*\//, "", base)
			if (!(base in where))
				where[base] = files[i]
			there[files[i]] = 1
		}
		for (i = 1; i <= n; i++) {
			dir = files[i]; sub(/[^\/]*$/, "", dir)
			while ((getline line <files[i]) > 0) {
				if (line !~ /^#include "/)
					continue
				split(line, part, "\"")
				name = part[2]; base = name; sub(/.*\//, "", base)
				to = (dir name) in there ? dir name : where[base]
				if (to != "")
					print substr(files[i], length(root) + 1),
						substr(to, length(root) + 1)
			}
			close(files[i])
		}
	}'
}

# arrows_go_down ROOT TABLE
arrows_go_down() {
	includes "$1" | awk -v root="$1" -v table="$2" '
	function folder(path) {
		return sub(/\/[^\/]*$/, "", path) ? path : root
	}
	BEGIN {
		lines = split(table, line, "\n")
		for (i = 1; i <= lines; i++) {
			if (split(line[i], half, ":") < 2)
				continue
			above[half[1]] = 1
			k = split(half[2], may, " ")
			for (j = 1; j <= k; j++)
				if (may[j] == "*")
					for (d in above)
						ok[half[1] " " d] = 1
				else
					ok[half[1] " " may[j]] = 1
			ok[half[1] " " half[1]] = 1
		}
	}
	!ok[folder($1) " " folder($2)] {
		print "up: " $1 " includes " $2
		bad = 1
	}
	END { exit bad }'
}

# no_circles ROOT: each file that reaches itself, with all that it shares a
# circle with.
no_circles() {
	includes "$1" | awk '
	function stem(path) { sub(/\.[chS]$/, "", path); return path }
	{ a = stem($1); b = stem($2) }
	a != b { edge[a] = edge[a] " " b; node[a] = node[b] = 1 }
	function reach(from, at,   k, i, to) {
		k = split(edge[at], to, " ")
		for (i = 1; i <= k; i++)
			if (!((from, to[i]) in seen)) {
				seen[from, to[i]] = 1
				reach(from, to[i])
			}
	}
	END {
		for (v in node)
			reach(v, v)
		for (v in node)
			if ((v, v) in seen && !(v in told)) {
				with = ""
				for (w in node)
					if ((v, w) in seen && (w, v) in seen) {
						with = with " " w
						told[w] = 1
					}
				print "circle:" with
				bad = 1
			}
		exit bad
	}'
}

check() {
	local name=$1
	shift
	if "$@" >&2; then echo "ok $name"; else echo "not ok $name"; fi
}

check "guest/: every folder includes what stands below it only" \
	arrows_go_down guest "$GUEST"
check "guest/: no files include each other in a circle" no_circles guest
check "vmm/: every folder includes what stands below it only" \
	arrows_go_down vmm "$VMM"
check "vmm/: no files include each other in a circle" no_circles vmm
