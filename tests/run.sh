#!/bin/bash
# run.sh BUILD: every test but the emulated-hardware ones, and one closing line.
#
# Each test program says what it did as TAP ("ok", "not ok", "# SKIP") in a file
# of its own below BUILD/results; its output is shown where something failed.
set -u
build=$1
results=$build/results
passed=0 failed=0 skipped=0
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
export VMM=$PWD/$build/vmm IMAGES=$PWD/$build/images

rm -rf "$results"
mkdir -p "$results"

# count GROUP NAME STATUS: add up the TAP file of a program that has ended.
count() {
	local at=$results/$1-$2 ok not_ok skip
	skip=$(grep -ci '^ok .*# skip' "$at.tap")
	ok=$(($(grep -c '^ok ' "$at.tap") - skip))
	not_ok=$(grep -c '^not ok ' "$at.tap")
	if [ "$not_ok" = 0 ] && { [ "$3" != 0 ] ||
		[ "$((ok + skip))" = 0 ]; }; then
		not_ok=1 # it died, or never began
		echo "$2 ended with status $3 after $ok tests" >>"$at.out"
	fi
	passed=$((passed + ok)) failed=$((failed + not_ok))
	skipped=$((skipped + skip))
	printf '%-8s %-28s %4d passed %4d failed %4d skipped\n' \
		"$1" "$2" "$ok" "$not_ok" "$skip"
	[ "$not_ok" = 0 ] || sed 's/^/    /' "$at.out"
	grep -i '^ok .*# skip' "$at.tap" | sed 's/^/    /'
}

# criterion GROUP PROGRAM
criterion() {
	local name
	name=$(basename "$2")
	: >"$results/$1-$name.tap"
	env --default-signal "$2" -j2 --tap="$results/$1-$name.tap" \
		>"$results/$1-$name.out" 2>&1 </dev/null
	count "$1" "$name" $?
}

# script GROUP NAME COMMAND...: a program that prints TAP itself.
script() {
	local group=$1 name=$2 at=$results/$1-$2 status
	shift 2
	"$@" >"$at.tap" 2>"$at.out" </dev/null
	status=$?
	grep '^not ok' "$at.tap" >>"$at.out"
	count "$group" "$name" $status
}

if ! make --no-print-directory -s -j2 BUILD="$build" test-programs; then
	echo "the tests do not build"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
for t in tests/unit/test_*.c; do
	criterion unit "$build/unit/$(basename "$t" .c)"
done
for t in test_slab test_kmalloc test_slab_misuse; do
	criterion unit-rel "$build/unit-rel/$t"
done
for t in tests/vm/test_*.c; do
	criterion vm "$build/vm/$(basename "$t" .c)"
done
for t in tests/native/*.sh; do
	[ -x "$t" ] && script native "$(basename "$t" .sh)" "$t" "$build"
done
# Each line that does not end well is a failure.
fuzz() {
	tests/fuzz/run.sh "$build/fuzz" 20 |
		sed -E 's/^fuzz_.*, 0 crashes$/ok &/; t; s/^/not ok /'
}
script fuzz short fuzz
script lint lint tests/lint.sh "$build"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
