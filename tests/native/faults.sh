#!/bin/bash
# faults.sh BUILD: the page faults of programs, on Linux by perf and in vmm by
# its own log, page by page; a table on stderr.
#
# What is not counted as a difference is in faults.awk. A program may have a
# few more (its allowance below), with the reason. The column "order" says how
# many faults come in the same order before the first that does not, "rows" how
# many rows are the same by page and instruction pointer. What changes the order
# alone: this Linux (6.18) maps at a file read, it seems, the whole of a large
# folio of the page cache, beyond the 64 KiB window.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm faults

# One environment for both: perf changes it, so env comes between. What counts
# is what happens under the program's own name.
clean="env -i LC_ALL=C PATH=/usr/bin:/bin PERL_HASH_SEED=0"

# record COMMAND...: one run, as faults.awk wants it.
record() {
	local data=$tmp/perf.data comm
	comm=$(basename "$1" | cut -c1-15)

	setarch -R perf record -q -d -e page-faults -c 1 -o "$data" \
		$clean "$@" >/dev/null 2>&1
	perf script -i "$data" --show-mmap-events 2>/dev/null |
		grep "^ *$comm " |
		sed -nE 's/.*MMAP2 .*\[0x([0-9a-f]+)\(0x([0-9a-f]+)\).*: (....) (.*)$/map \1 \2 \3 \4/p'
	perf script -i "$data" -F comm,event,addr,ip 2>/dev/null |
		awk -v comm="$comm" '$1 == comm && $2 == "page-faults:" {
			print "linux", $3, $4 }'
}

# Until two runs agree: the file must be in the page cache, and once in a while
# Linux takes back what it has mapped.
linux_faults() {
	local i

	setarch -R $clean "$@" >"$tmp/native.out" 2>&1
	record "$@" >"$tmp/once"
	for i in 1 2 3 4 5; do
		record "$@" >"$tmp/again"
		cmp -s "$tmp/once" "$tmp/again" && break
		mv "$tmp/again" "$tmp/once"
	done
	cat "$tmp/once"
}

vmm_faults() {
	$clean "$vmm" -q --no-aslr -o "$tmp/log" "$@" >/dev/null 2>&1
	awk '$3 ~ /^0x/ { sub(/^0x/, "", $3)
		flags = $5 ~ /^0x/ ? "-" : $5
		ip = $5 ~ /^0x/ ? $5 : $6
		sub(/^0x/, "", ip)
		print "vmm", $3, ip, flags }' "$tmp/log"
}

# compare NAME ALLOWANCE COMMAND...
compare() {
	local name=$1 allowed=$2 linux of_vmm strings folios left same_order
	local rows list

	shift 2
	{
		linux_faults "$@"
		vmm_faults "$@"
	} >"$tmp/faults"
	read -r linux of_vmm strings folios left same_order rows list < <(
		awk -f "$here/faults.awk" "$tmp/faults")
	printf '%-24s %6d %6d %8d %6d %6d %6d %6d  %s\n' "$name" "$linux" \
		"$of_vmm" "$strings" "$folios" "$left" "$same_order" "$rows" "$list" >&2
	if [ "${linux:-0}" = 0 ]; then
		echo "ok faults of $name # SKIP perf records no page faults"
	elif [ "$folios" -gt $((linux / 8 + 2)) ]; then
		echo "not ok faults of $name - $folios of $linux by folios: too many"
	elif [ "$left" -gt "$allowed" ]; then
		echo "not ok faults of $name - $left of $linux differ: $list"
	else
		echo "ok faults of $name"
	fi
}

if ! command -v perf >/dev/null; then
	echo "ok faults # SKIP no perf"
	exit 0
fi
printf '%-24s %6s %6s %8s %6s %6s %6s %6s  %s\n' program linux vmm strings \
	folios differ order rows "(page: more in vmm)" >&2
for p in args doubles jumps; do
	for kind in glibc pie musl dyn fixed muslpie musldyn; do
		compile_as "$kind" "$here/src/$p.c" -lm || continue
		compare "$p.$kind" 0 "$bin/$p.$kind"
	done
done
for kind in glibc pie musl dyn fixed muslpie musldyn; do
	compile_as "$kind" "$here/src/mallocs.c" || continue
	compare "mallocs.$kind" 0 "$bin/mallocs.$kind" 500
done
compare "image layout" 0 "$build/images/layout"
compare "busybox ls" 0 /usr/bin/busybox ls -l /usr/include
compare "busybox sha256sum" 0 /usr/bin/busybox sha256sum "$vmm"
compare "busybox awk" 0 /usr/bin/busybox awk \
	'BEGIN { for (i = 0; i < 9999; i++) a[i] = i; print length(a) }'
if compile_as glibc "$here/lua_shell.c" -I/usr/include/lua5.4 -llua5.4 -lm \
	-ldl 2>/dev/null; then
	compare lua 0 "$bin/lua_shell.glibc" -e \
		't = {} for i = 1, 2000 do t[i] = {i} end print(#t)'
fi
if compile_as glibc "$here/sqlite_shell.c" -lsqlite3 -lm -ldl -lpthread \
	2>/dev/null; then
	compare sqlite 0 "$bin/sqlite_shell.glibc" :memory: \
		'create table t(x); insert into t values (1), (2), (3);'
fi
compare true 0 /bin/true
compare ls 0 /bin/ls -l /usr/include
compare cat 0 /bin/cat /etc/passwd
compare grep 0 /bin/grep -c root /etc/passwd
compare sed 0 /bin/sed -n 1p /etc/passwd
compare sort 0 /usr/bin/sort /etc/passwd
compare gzip 0 /bin/gzip -c /etc/passwd
[ -x /usr/bin/mawk ] && compare mawk 0 /usr/bin/mawk \
	'BEGIN { for (i = 0; i < 9999; i++) a[i] = i; print length(a) }'
[ -x /usr/bin/perl ] && compare perl 0 /usr/bin/perl -e 'print "x" x 99'
