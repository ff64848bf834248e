#!/bin/bash
# elfs.sh BUILD: ELF files that no linker makes (elftest/make.c), on Linux and in
# vmm: the same mappings, auxiliary vector, first stack, signals, numbers of
# faults, smaps (elftest/program.c prints them), the same end; or both refuse.
#
#   ELFS_SEEDS="1 2 9-20"   these seeds
#   ELFS_VMM="OPTION..."    more options for vmm
#   ELFS_KEEP=DIRECTORY     leave the last one's files there
set -u
build=$1
keep_limits=1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm elfs
seeds=${ELFS_SEEDS:-1-200}
jobs=${ELFS_JOBS:-2}
limit=$((30 * PATIENCE))

flags="-std=gnu11 -Os -Wall -Wextra -ffreestanding -fpie -fvisibility=hidden
	-fno-stack-protector -fcf-protection=none -mgeneral-regs-only
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns"
gcc $flags -I"$common" -c -o "$tmp/program.o" "$here/elftest/program.c" >&2 &&
	ld -T "$here/elftest/program.ld" --oformat binary -o "$tmp/code" \
		"$tmp/program.o" >&2 &&
	gcc -std=gnu11 -O1 -Wall -Wextra -I"$common" -o "$tmp/make" \
		"$here/elftest/make.c" >&2 &&
	build_tool singlepages || {
	echo "not ok elfs - does not build"
	exit 1
}

# What differs between any two runs, or is not compared (docs/linux.md).
comparable() {
	awk '/^== / { part = $2 }
	part == "/proc/self/stat" && NF > 40 {
		print $23, $26, $27, $28, $45, $46, $47, $48, $49, $50, $51
		next
	}
	part == "/proc/self/status" && !/^(Vm|Rss|==|0)/ { next }
	/^(Referenced|LazyFree)/ { next }
	{ print }' "$1"
}

# Allowed to be refused by vmm alone: elfload/check.c says why.
strict="outside every segment|overlap at|inside the ELF header|are not free\
|below the lowest|has no bytes in the file|beyond user space|where the stack is\
|no segment to load|segments to load, at most"

# try SEED: one line to stdout if it differs.
try() {
	local seed=$1 linux vmm
	"$tmp/make" "$seed" "$tmp/code" "$dir/raw" "$dir/ld" || exit 1
	"$bin/singlepages" "$dir/raw" "$dir/prog" || return
	cp "$dir/ld" "$dir/raw"
	"$bin/singlepages" "$dir/raw" "$dir/ld" || return
	{
		(cd "$dir" && exec timeout -k 1 "$limit" "$tmp/make" run "$seed" \
			"$dir/prog" >"$dir/linux" 2>"$dir/linux.err" </dev/null)
		linux=$?
		(cd "$dir" && exec timeout -k 1 "$limit" "$tmp/make" run "$seed" \
			"$vmm_path" -q --check --no-aslr ${ELFS_VMM:-} \
			"$dir/prog" >"$dir/vmm" 2>"$dir/vmm.err" </dev/null)
		vmm=$?
	} 2>/dev/null
	sed -i '/^execve/d' "$dir/linux" "$dir/vmm"
	comparable "$dir/linux" >"$dir/linux.txt"
	comparable "$dir/vmm" >"$dir/vmm.txt"
	echo "$linux $vmm" >>"$dir/status"
	if [ $vmm = 126 ] && grep -qE "$strict" "$dir/vmm.err"; then
		echo strict >>"$dir/status"
	elif [ ! -s "$dir/linux" ] && [ $linux = 139 ] && [ $vmm = 126 ]; then
		echo killed >>"$dir/status" # while it was loaded
	elif [ "$linux" != $vmm ] && [ $linux$vmm != 127126 ]; then
		echo "seed $seed: status $linux, vmm $vmm:" \
			"$(head -n 1 "$dir/vmm.err")"
	elif ! cmp -s "$dir/linux.txt" "$dir/vmm.txt"; then
		echo "seed $seed: $(diff "$dir/linux.txt" "$dir/vmm.txt" |
			grep '^[<>]' | head -n 4 | cut -c1-150 | tr '\n' ' ')"
	fi
	[ -z "${ELFS_KEEP-}" ] || cp "$dir"/{prog,ld,linux.txt,vmm.txt,vmm.err} \
		"$ELFS_KEEP"
}

vmm_path=$vmm
for ((i = 0; i < jobs; i++)); do
	dir=$tmp/$i
	mkdir "$dir"
	for seed in $(each_seed "$seeds" | awk "NR % $jobs == $i"); do
		try "$seed"
	done >"$dir/results" &
done
wait
cat "$tmp"/*/results >"$tmp/results"
echo "status on Linux and in vmm, or who refused:" >&2
cat "$tmp"/*/status | sort | uniq -c | sort -rn >&2
compared=$(cat "$tmp"/*/status | grep -c '^[0-9]')
if [ -s "$tmp/results" ]; then
	sed 's/^/not ok elfs - /' "$tmp/results"
elif [ "$compared" = 0 ]; then
	echo "not ok elfs - no program could be compared"
else
	echo "ok elfs: $compared programs"
fi
