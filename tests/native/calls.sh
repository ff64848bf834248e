#!/bin/bash
# calls.sh BUILD: random sequences of memory system calls, on Linux under
# `setarch -R` and in vmm with --no-aslr: after each call the same result, the
# same mappings, the same contents (difftest/calls.h says what is compared).
#
# CALLS_SEEDS="1 2 3" or "FIRST-LAST" and CALLS_STEPS=N (of each seed) choose
# what is run; CALLS_VMM holds more options for vmm, such as --kernel-cpl=0.
# A seed that differs is run again and narrowed down to the first call that did,
# which is named, with the state before and after it on stderr.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm calls
seeds=${CALLS_SEEDS:-}
steps=${CALLS_STEPS:-2000}
options=${CALLS_VMM:-}
rules=6.18 # the Linux whose rules vmm follows

case $(uname -r) in
$rules*) ;;
*)
	echo "ok calls # SKIP Linux $(uname -r): other rules than $rules"
	exit 0
	;;
esac

program=$bin/calls
flags="-std=gnu11 -O1 -static -nostdlib -ffreestanding -fno-stack-protector
	-fcf-protection=none -mgeneral-regs-only -fno-tree-loop-distribute-patterns"
if ! gcc $flags -o "$program" "$here"/difftest/*.c >&2; then
	echo "not ok calls - does not build"
	exit 1
fi
original=$tmp/original
head -c $((24 * 4096 - 1500)) "$vmm" >"$original"
prefix=() # goes before the program and before vmm

# run_both OUT ARGS...: prints of both to OUT.linux and OUT.vmm, with the exit
# status and the file's content at the end.
run_both() {
	local out=$1 which
	shift
	for which in linux vmm; do
		cp "$original" "$tmp/rw/file"
		{
			if [ $which = linux ]; then
				env -i "PATH=$PATH" setarch -R "${prefix[@]}" \
					"$program" "$tmp/rw/file" "$@"
			else
				env -i "PATH=$PATH" "${prefix[@]}" "$vmm" -q --check \
					$options --no-aslr --rw "$tmp/rw" \
					"$program" "$tmp/rw/file" "$@"
			fi
			echo "status $?"
			cksum <"$tmp/rw/file"
		} >"$out.$which" 2>"$out.$which.err" </dev/null
	done
}

# The line of the first difference in the files of run_both.
first_difference() {
	cmp "$1.linux" "$1.vmm" 2>&1 | sed 's/.*line //; s/.*EOF.*/0/'
}

# result LINE: what follows the call's arguments.
result() {
	sed 's/.*) = //' <<<"$1"
}

explain() {
	local seed=$1 line from step a b
	line=$(first_difference "$tmp/all")
	a=$(sed -n "${line}p" "$tmp/all.linux")
	case $a in
	"= "*) ;;
	*)
		echo "not ok $name seed $seed - at the end: $(tail -n 2 "$tmp/all.linux" |
			tr '\n' ' ') native, $(tail -n 2 "$tmp/all.vmm" | tr '\n' ' ') vmm"
		return
		;;
	esac
	from=${a#= }
	from=${from% *}
	run_both "$tmp/part" "$seed" "$from" $(((from - 1) / 100 * 100 + 1)) \
		"$from"
	line=$(first_difference "$tmp/part")
	a=$(sed -n "${line}p" "$tmp/part.linux")
	b=$(sed -n "${line}p" "$tmp/part.vmm")
	step=${a%% *}
	echo "not ok $name seed $seed step $step: $(sed 's/^[0-9]* //; s/ = .*//' \
		<<<"$a") = $(result "$a") native, $(result "$b") vmm" | tr -d '#'
	run_both "$tmp/step" "$seed" "$step" "$step" "$step"
	{
		echo "seed $seed step $step, what differs (native <, vmm >):"
		diff "$tmp/step.linux" "$tmp/step.vmm" | head -n 40
		echo "in all, on Linux:"
		head -n 200 "$tmp/step.linux"
		grep -h . "$tmp/step.vmm.err" | head -n 5
	} >&2
}

each_seed() {
	local seed
	for seed in $1; do
		case $seed in
		*-*) seq "${seed%-*}" "${seed#*-}" ;;
		*) echo "$seed" ;;
		esac
	done
}

# Every second seed, from the FIRSTth, in a directory of its own.
half() {
	local seed tmp=$tmp/$1
	mkdir -p "$tmp/rw"
	for seed in $(each_seed "$2" | awk "NR % 2 == $1"); do
		run_both "$tmp/all" "$seed" "$steps"
		if ! cmp -s "$tmp/all.linux" "$tmp/all.vmm" ||
			! grep -q '^status 0' "$tmp/all.linux"; then
			explain "$seed"
		fi
	done
}

# all_seeds NAME SEEDS: one test, or a "not ok" for each seed that differs.
all_seeds() {
	local name=$1 total
	total=$(($(each_seed "$2" | wc -l) * steps))
	half 0 "$2" >"$tmp/half" &
	half 1 "$2" >"$tmp/results"
	wait $!
	cat "$tmp/half" >>"$tmp/results"
	if [ -s "$tmp/results" ]; then
		cat "$tmp/results"
	else
		echo "ok $name: $total steps, 0 mismatches"
	fi
	echo "$name: $total steps, $(wc -l <"$tmp/results") seeds differ" >&2
}

if [ -n "$seeds" ]; then
	all_seeds "calls" "$seeds"
	exit
fi
all_seeds "calls" 1-50
options=--kernel-cpl=0 steps=500
all_seeds "calls (ring 0)" 51-54
options='' steps=2000
if [ "$(id -u)" = 0 ] && setpriv --bounding-set -ipc_lock true 2>/dev/null; then
	prefix=(setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock)
	all_seeds "calls (limits of locked memory)" 61-66
else
	echo "ok calls (limits of locked memory) # SKIP no setpriv, or no root"
fi
