#!/bin/bash
# layout.sh BUILD: where everything is in the address space, on Linux under
# `setarch -R` and in vmm with --no-aslr: images/layout, built in three kinds,
# says the same; both answers stand side by side on stderr.
#
# What is not, and why: the guest has no vDSO yet. Its line is absent, and so is
# its row of 16 bytes in the auxiliary vector: that and all below it on the stack
# lies 16 bytes higher. Linux puts it where it would put the first mmap, so what
# is mapped later lies higher by the size of [vvar] and [vdso] together. Static
# glibc allocates a link map for it on the heap, so what is allocated later lies
# higher by that on Linux: 0x500 bytes in Debian 12.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm layout

# One environment: it is on the stack.
run_both() {
	env -i A=1 LC_ALL=C setarch -R "$@" >"$tmp/linux" 2>&1
	env -i A=1 LC_ALL=C "$vmm" -q --no-aslr "$@" >"$tmp/vmm" 2>&1
}

# To "NAME|ADDRESS" in hexadecimal.
rows() {
	sed -nE 's/^ *0x([0-9a-f]+)  (.{18})  .*/\2|\1/p' "$1" | tr -s ' ' |
		sed 's/ |/|/' | sort
}

# [vvar], [vvar_vclock] and [vdso] of this Linux.
vdso_size() {
	local range perms offset dev inode name sum=0
	while read -r range perms offset dev inode name; do
		case $name in
		"[vvar"* | "[vdso]")
			sum=$((sum + 16#${range#*-} - 16#${range%-*}))
			;;
		esac
	done </proc/self/maps
	echo $sum
}

number() {
	echo $((16#${1:-0}))
}

# difference NAME: address in vmm less address on Linux, empty if absent.
difference() {
	local a b
	a=$(rows "$tmp/linux" | sed -n "s/^$1|//p")
	b=$(rows "$tmp/vmm" | sed -n "s/^$1|//p")
	[ -n "$a" ] && [ -n "$b" ] && echo $(($(number "$b") - $(number "$a")))
}

# The heap: as Linux has it, less what glibc allocates for the vDSO.
expect_heap() {
	local got
	got=$(difference heap)
	if [ -n "$got" ] && [ "$got" -le 0 ] && [ "$got" -ge "-$2" ]; then
		echo "ok $1: heap"
	else
		echo "not ok $1: heap - vmm less Linux is '$got', not -$2 to 0"
	fi
}

# expect WHO ROW DIFFERENCE...: one of these.
expect() {
	local who=$1 row=$2 got want
	shift 2
	got=$(difference "$row")
	for want; do
		[ "$got" = "$want" ] && echo "ok $who: $row" && return
	done
	echo "not ok $who: $row - vmm less Linux is '$got', not $*"
}

compare_layout() {
	local name=$1 row heap=$2 mmap=$3
	shift 3
	run_both "$@"
	{
		echo "$name: Linux (left), vmm"
		paste -d '|' "$tmp/linux" "$tmp/vmm" | grep '^ *0x' |
			sed 's/  *|/ | /; s/   */  /g'
	} >&2
	for row in start code "read-only data" etext "initialised data" edata \
		bss end "program headers" "entry point" arguments environment \
		"platform string" "file name string" "16 random bytes"; do
		expect "$name" "$row" 0
	done
	expect "$name" brk 0
	expect_heap "$name" "$heap"
	expect "$name" mmap "$mmap"
	for row in "argument vector" "environment vector" "auxiliary vector"; do
		expect "$name" "$row" 0 16
	done
	expect "$name" stack 0 16
}

layout=$here/../../images/layout.c
vdso=$(vdso_size)
for kind in glibc pie musl; do
	case $kind in
	musl) heap=0 ;;
	*) heap=$((0x500)) ;;
	esac
	if compile_as $kind "$layout"; then
		compare_layout "layout ($kind)" $heap $vdso "$bin/layout.$kind" one
		compare_layout "layout ($kind), long arguments" $heap $vdso \
			"$bin/layout.$kind" one "$(printf %03000d 0)" three
	else
		echo "ok layout ($kind) # SKIP does not build"
	fi
done
