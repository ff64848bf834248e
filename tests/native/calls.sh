#!/bin/bash
# calls.sh BUILD: random sequences of memory system calls, on Linux under
# `setarch -R` and in vmm with --no-aslr: after each call the same result, the
# same mappings, the same contents (difftest/calls.h says what is compared).
#
# By itself it does what `make test` does, 100,000 steps and more. Otherwise
#
#   CALLS_SEEDS="1 2 9-20"   these seeds
#   CALLS_LONG=STEPS         so many steps, of seeds that were never tried
#   CALLS_LONG=8h            or s, m: so long. For nights; `nice` it
#   CALLS_STEPS=N            of each seed (2000)
#   CALLS_JOBS=N             at a time (2)
#   CALLS_VMM="OPTION..."    more options for vmm, such as --kernel-cpl=0
#   CALLS_LIST=1-5,9         of one seed these steps: what "again:" says
#
# A seed that differs is run again with fewer and fewer of its steps, as long as
# it still differs: what is left is printed to stderr, call by call, with what
# differs after the last.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm calls
seeds=${CALLS_SEEDS:-}
steps=${CALLS_STEPS:-2000}
options=${CALLS_VMM:-}
jobs=${CALLS_JOBS:-2}
shrink_tries=600 # runs to spend on one seed
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
if ! keys_differ; then
	echo "not ok calls - does not build"
	exit 1
elif [ -n "$why_no_keys" ]; then
	flags="$flags -DWITHOUT_KEYS"
fi
if ! gcc $flags -I"$common" -o "$program" "$here"/difftest/*.c >&2; then
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

# differs SEED LIST: do the runs of these steps differ? The step where, to $at.
differs() {
	run_both "$tmp/part" "$1" "${2##*[-,]}" each "$2"
	cmp -s "$tmp/part.linux" "$tmp/part.vmm" && return 1
	at=$(diff "$tmp/part.linux" "$tmp/part.vmm" |
		sed -n 's/^[<>] \([0-9][0-9]*\) .*/\1/p' | head -n 1)
	[ -n "$at" ] || at=${2##*[-,]}
}

# steps_to LAST: of $steps_left those up to it.
steps_to() {
	local s
	for s in "${steps_left[@]}"; do
		[ "$s" -le "$1" ] && echo "$s"
	done
}

# shrink SEED: leave out steps of $steps_left while the rest still differs.
shrink() {
	local size=$((${#steps_left[@]} / 2)) from removed tries=0 some
	while [ "$size" -ge 1 ]; do
		removed=0
		for ((from = 0; from < ${#steps_left[@]}; )); do
			some=("${steps_left[@]:0:from}"
				"${steps_left[@]:from+size}")
			if [ $((tries += 1)) -gt "$shrink_tries" ]; then
				return
			fi
			if [ ${#some[@]} -gt 0 ] &&
				differs "$1" "$(IFS=,; echo "${some[*]}")"; then
				steps_left=("${some[@]}")
				steps_left=($(steps_to "$at"))
				removed=1
			else
				from=$((from + size))
			fi
		done
		[ "$size" -gt 1 ] || [ "$removed" = 1 ] || break
		size=$((size > 1 ? size / 2 : 1))
	done
}

# report SEED LIST: the calls, and what differs after the last, to stderr.
report() {
	run_both "$tmp/step" "$1" "${2##*[-,]}" last "$2"
	echo "again: CALLS_SEEDS=$1 CALLS_LIST=$2 CALLS_VMM='$options' $0 BUILD"
	echo "on Linux:"
	grep '^[0-9]' "$tmp/step.linux" | sed 's/ maps .*//'
	echo "what differs (native <, vmm >):"
	diff "$tmp/step.linux" "$tmp/step.vmm" | head -n 40
	grep -h . "$tmp/step.vmm.err" | head -n 5
}

# unstable SEED: it does not differ step by step. Does it as a whole, again?
# Linux now and then has no huge page to give, or collapses some unasked.
unstable() {
	local try
	diff "$tmp/all.linux" "$tmp/all.vmm" | head -n 2 | tr '\n' ' ' >&2
	for try in 1 2; do
		run_both "$tmp/all" "$1" "$steps"
		if is_same; then
			echo "$name seed $1: not when repeated" >&2
			return
		fi
	done
	echo "not ok $name seed $1 - only as a whole: $(diff "$tmp/all.linux" \
		"$tmp/all.vmm" | tr '\n' ' ' | head -c 200)"
}

# explain SEED: one "not ok", and the shortest reproducer found.
explain() {
	local seed=$1 list
	at=$steps
	if ! differs "$seed" "1-$steps"; then
		unstable "$seed"
		return
	fi
	steps_left=($(seq 1 "$at"))
	shrink "$seed"
	list=$(IFS=,; echo "${steps_left[*]}")
	differs "$seed" "$list"
	echo "not ok $name seed $seed steps $list: $(grep "^$at " \
		"$tmp/part.linux" | sed 's/^[0-9]* //') native," \
		"$(grep "^$at " "$tmp/part.vmm" | sed 's/.*) = //') vmm" |
		tr -d '#'
	report "$seed" "$list" >&2
}

# Did run_both "$tmp/all" give the same, to the end?
is_same() {
	cmp -s "$tmp/all.linux" "$tmp/all.vmm" &&
		grep -q '^status 0' "$tmp/all.linux"
}

# try_seed SEED: "not ok" if it differs.
try_seed() {
	run_both "$tmp/all" "$1" "$steps"
	grep '^changed' "$tmp/all.linux" >>"$tmp/changed"
	is_same || explain "$1"
}

# share N SEEDS: the Nth job's seeds, in a directory of its own.
share() {
	local seed tmp=$tmp/$1
	mkdir -p "$tmp/rw"
	for seed in $(each_seed "$2" | awk "NR % $jobs == $1"); do
		[ -z "$until" ] || [ "$(date +%s)" -lt "$until" ] || break
		try_seed "$seed"
		echo "$seed" >>"$tmp/done"
	done
}

# all_seeds NAME SEEDS: one test, or a "not ok" for each seed that differs.
all_seeds() {
	local name=$1 total i
	for ((i = 0; i < jobs; i++)); do
		rm -f "$tmp/$i/done" "$tmp/$i/changed"
		share $i "$2" >"$tmp/results.$i" &
	done
	wait
	cat "$tmp"/results.* >"$tmp/results"
	total=$(($(cat "$tmp"/*/done | wc -l) * steps))
	[ -z "$why_no_keys" ] ||
		echo "# $name: $(cat "$tmp"/*/changed | awk '{ n += $2 }
			END { print n }') arguments changed: $why_no_keys"
	if [ -s "$tmp/results" ]; then
		cat "$tmp/results"
	else
		echo "ok $name: $total steps, 0 mismatches"
	fi
	echo "$name: $total steps, $(wc -l <"$tmp/results") seeds differ" >&2
}

# long HOW: "8h", "30m", "90s", or a number of steps.
long() {
	local first=$(($(date +%s) % 1000000 * 1000)) n=1000000
	case $1 in
	*h) until=$(($(date +%s) + ${1%h} * 3600)) ;;
	*m) until=$(($(date +%s) + ${1%m} * 60)) ;;
	*s) until=$(($(date +%s) + ${1%s})) ;;
	*) n=$((($1 + steps - 1) / steps)) ;;
	esac
	all_seeds "calls from seed $first" "$first-$((first + n - 1))"
}

until='' # seconds since 1970
mkdir -p "$tmp/rw"
if [ -n "${CALLS_LIST:-}" ]; then
	report "$seeds" "$CALLS_LIST"
	exit
elif [ -n "${CALLS_LONG:-}" ]; then
	long "$CALLS_LONG"
	exit
elif [ -n "$seeds" ]; then
	all_seeds "calls" "$seeds"
	exit
fi
all_seeds "calls" 1-50
options=--kernel-cpl=0 steps=500
case ${KVM-} in
software) all_seeds "calls (ring 0)" 51 ;; # interpreted
*) all_seeds "calls (ring 0)" 51-54 ;;
esac
options='' steps=2000
if [ "$(id -u)" = 0 ] && setpriv --bounding-set -ipc_lock true 2>/dev/null; then
	prefix=(setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock)
	all_seeds "calls (limits of locked memory)" 61-66
else
	echo "ok calls (limits of locked memory) # SKIP no setpriv, or no root"
fi
