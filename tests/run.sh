#!/bin/bash
# run.sh BUILD WHAT [NAME]: tests, side by side, and one closing line.
#
#   all          every test but the emulated-hardware ones
#   quick        the unit tests, chosen VM tests and native programs, lint
#   unit, vm, native    one group, or of it only NAME: test_NAME or NAME.sh;
#                "NAME/PATTERN": of a test program the tests that match; "NAME
#                ARGUMENT": of a script what it takes
#
# Each test program says what it did as TAP ("ok", "not ok", "# SKIP") in a file
# of its own below BUILD/results; its output is shown where something failed.
set -u
build=$1 what=$2 name=${3-}
results=$build/results
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
export VMM=$PWD/$build/vmm IMAGES=$PWD/$build/images
start=$SECONDS

rm -rf "$results"
mkdir -p "$results"

# say GROUP NAME STATUS SECONDS: what the TAP file of a program that has ended
# tells; in one piece, for others may say something, too.
say() {
	local at=$results/$1-$2 ok not_ok skip
	sed -i '/# SKIP test was skipped$/d' "$at.tap" # not of --filter
	skip=$(grep -ci '^ok .*# skip' "$at.tap")
	ok=$(($(grep -c '^ok ' "$at.tap") - skip))
	not_ok=$(grep -c '^not ok ' "$at.tap")
	if [ "$not_ok" = 0 ] && { [ "$3" != 0 ] ||
		[ "$((ok + skip))" = 0 ]; }; then
		not_ok=1 # it died, or never began
		echo "$2 ended with status $3 after $ok tests" >>"$at.out"
	fi
	echo "$ok $not_ok $skip $4 $1 $2" >"$at.count"
	{
		printf '%-8s %-28s %4d passed %4d failed %4d skipped %5d s\n' \
			"$1" "$2" "$ok" "$not_ok" "$skip" "$4"
		[ "$not_ok" = 0 ] || sed 's/^/    /' "$at.out"
		grep -i '^ok .*# skip' "$at.tap" |
			sed -E 's/^ok (- )?//; s/^/    skipped: /' | sort |
			awk -F '# SKIP' '!seen[$2]++ { print; next } { more++ }
				END { if (more) print "    and " more \
					" more for the same reasons" }'
	} >"$at.said"
	flock "$results" cat "$at.said"
}

# criterion GROUP PROGRAM [FILTER]
criterion() {
	local at called from=$SECONDS
	called=$(basename "$2")
	at=$results/$1-$called
	: >"$at.tap"
	env --default-signal "$2" -j1 ${3:+--filter "$3"} --tap="$at.tap" \
		>"$at.out" 2>&1 </dev/null
	say "$1" "$called" $? $((SECONDS - from))
}

# script GROUP NAME COMMAND...: a program that prints TAP itself.
script() {
	local group=$1 called=$2 at=$results/$1-$2 status from=$SECONDS
	shift 2
	"$@" >"$at.tap" 2>"$at.out" </dev/null
	status=$?
	grep '^not ok' "$at.tap" >>"$at.out"
	say "$group" "$called" $status $((SECONDS - from))
}

# side_by_side COMMAND...: start it as soon as a processor is free.
side_by_side() {
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n
	done
	"$@" &
}

unit() {
	local t
	for t in tests/unit/test_${1:-*}.c; do
		[ -e "$t" ] && side_by_side criterion unit \
			"$build/unit/$(basename "$t" .c)" "${2-}"
	done
	[ -z "${1-}" ] || return
	for t in test_slab test_kmalloc test_slab_misuse; do
		side_by_side criterion unit-rel "$build/unit-rel/$t"
	done
}

# Where CPL 0 is interpreted, these are its tests; tests/hw has them all.
chosen_cpl0='images/@(touch|cow|guard|bad|stack|segv|hello)*_cpl0'
not_cpl0='*/!(*_cpl0)'

vm() {
	local t filter=${2-}
	[ $KVM = software ] && [ -z "$filter" ] && filter=$not_cpl0
	for t in tests/vm/test_${1:-*}.c; do
		[ -e "$t" ] && side_by_side criterion vm "$build/vm/$(basename "$t" .c)" \
			"$filter"
	done
	[ "$filter" = "$not_cpl0" ] && [ -z "${1-}" ] &&
		side_by_side chosen vm-cpl0 images "$chosen_cpl0"
}

# chosen GROUP NAME FILTER
chosen() {
	criterion "$1" "$build/vm/test_$2" "$3"
}

native() {
	local t
	for t in tests/native/${1:-*}.sh; do
		[ -x "$t" ] && side_by_side script native \
			"$(basename "$t" .sh)" "$t" "$build" ${2:+"$2"}
	done
}

# Each line that does not end well is a failure.
fuzz() {
	tests/fuzz/run.sh "$build/fuzz" 20 |
		sed -E 's/^fuzz_.*, 0 crashes$/ok &/; t; s/^/not ok /'
}

everything() {
	native
	side_by_side script fuzz short fuzz
	side_by_side script hostile guest tests/hostile/run.sh "$build" 2000 1
	side_by_side script lint lint tests/lint.sh "$build"
	vm
	unit
}

# Thirty tests in the guest and five programs beside Linux, of all kinds. Looking
# for leaks takes half of a unit test's time.
quick() {
	export ASAN_OPTIONS=detect_leaks=0
	side_by_side script lint lint tests/lint.sh "$build"
	side_by_side script native faults tests/native/faults.sh "$build" \
		"glibc-static|ls|gzip|awk|python3"
	side_by_side chosen vm images 'images/@(touch|cow|guard|bad|stack|bss)*_cpl3'
	side_by_side chosen vm log 'log/@(every|each|without|a_)*_cpl3'
	side_by_side chosen vm busybox 'busybox/@(s|t)*_cpl3'
	side_by_side chosen vm vector '*/*_cpl3'
	side_by_side chosen vm proc 'proc/@(maps|status)*_cpl3'
	unit
}

programs=test-programs
case $what in
quick | unit | vm) programs=$what-programs ;;
native) programs=all ;;
esac
if ! make --no-print-directory -s -j"$(nproc)" BUILD="$build" $programs; then
	echo "the tests do not build"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
built=$((SECONDS - start))
. tests/machine.sh
machine_line
case $what in
all) everything ;;
quick) quick ;;
unit | vm) $what "${name%%/*}" "$([ "$name" = "${name#*/}" ] || echo "*/${name#*/}")" ;;
native) native "${name%% *}" "$([ "$name" = "${name#* }" ] || echo "${name#* }")" ;;
esac
wait

# Where the time went, and the sum of all.
counts=("$results"/*.count)
if [ ! -e "${counts[0]}" ]; then
	echo "no test is called $name: see tests/$what"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
echo "time: $((SECONDS - start)) s in all, $built s to build, $(nproc) at a time; longest:" \
	"$(sort -k 4,4 -rn "${counts[@]}" | head -n 6 |
		awk '{ printf "%s%s %s %d s", (NR > 1 ? ", " : ""), $5, $6, $4 }')"
awk '{ ok += $1; not_ok += $2; skip += $3 }
	END { printf "%d passed, %d failed, %d skipped\n", ok, not_ok, skip
		exit not_ok > 0 }' "${counts[@]}"
