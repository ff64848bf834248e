#!/bin/sh
# run.sh DIR SECONDS: run every fuzzer in DIR for so long, on its seeds.
#
# Prints one line for each, "NAME: N inputs, N crashes". New inputs and inputs
# that fail go to DIR/NAME.work; the committed seeds are only read. Exits with 1
# if any input failed.
set -u

dir=$1
seconds=$2
seeds=$(dirname "$0")/corpus
status=0

for fuzzer in "$dir"/fuzz_*; do
	[ -f "$fuzzer" ] && [ -x "$fuzzer" ] || continue
	name=$(basename "$fuzzer")
	work=$dir/$name.work
	mkdir -p "$work/corpus"
	"$fuzzer" -max_total_time="$seconds" -max_len=4096 -timeout=$((10 * ${PATIENCE:-4})) \
		-print_final_stats=1 -artifact_prefix="$work/" \
		"$work/corpus" "$seeds/${name#fuzz_}" >"$work/log" 2>&1
	rc=$?
	inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
	if [ "$rc" -eq 0 ] && [ -n "$inputs" ]; then
		echo "$name: $inputs inputs, 0 crashes"
		continue
	fi
	status=1
	echo "$name: ${inputs:-?} inputs, 1 crash: see $work/log"
	sed -n 's/^artifact_prefix.*written to /	input: /p' "$work/log"
	echo "	when mended, add the input to $seeds/${name#fuzz_}" \
		"as regress-WHAT"
done
exit $status
