#!/bin/bash
# suites.sh BUILD: tests that others wrote, as Debian ships them: those modules of
# Python's own (libpython3.11-testsuite) for memory, files and numbers that need
# one process only. Each runs on Linux and under vmm; every test must have the
# same result. docs/suites.md says what else was compared so, by hand.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm suites

python=/usr/bin/python3.11
modules="mmap array memoryview fileio file resource binascii cmath heapq
	genericpath filecmp errno"

# run OUT COMMAND...: a line for each test, "NAME ... RESULT", and the exit
# status. A file's name that a test makes up has the pid in it.
run() {
	local out=$1
	shift
	(cd "$tmp/cwd" && "$@" </dev/null >"$out.raw" 2>&1
		echo "status $?" >"$out")
	grep -aE '^test.* \.\.\. ' "$out.raw" | sed 's/@test_[0-9]*_/@/' |
		sort >>"$out"
}

compare() {
	local name="Python: test_$1" n
	local command="$python -m unittest -v test.test_$1"

	run "$tmp/linux" $command
	run "$tmp/vmm" "$vmm" -q --check -m 4G --rw . $command
	n=$(($(wc -l <"$tmp/linux") - 1))
	if [ "$n" = 0 ]; then
		echo "not ok $name - no test ran on Linux"
	elif cmp -s "$tmp/linux" "$tmp/vmm"; then
		echo "ok $name, $n tests"
	else
		echo "not ok $name - $(diff "$tmp/linux" "$tmp/vmm" |
			sed -n '/^[<>]/p' | head -2 | tr '\n' ' ')" | tr -d '#'
		tail -n 5 "$tmp/vmm.raw" >&2
	fi
}

if [ ! -e /usr/lib/python3.11/test/test_mmap.py ]; then
	echo "ok suites # SKIP not installed: libpython3.11-testsuite"
	exit 0
fi
export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
mkdir "$tmp/cwd"
for module in $modules; do
	compare "$module"
done
