#!/bin/bash
# folios.sh BUILD [PROGRAM]: as faults.sh, of some programs, but with files that lie in
# large folios in the page cache, of many sizes, and `vmm --folios=host`.
#
# It fails only if nothing was moved in the page cache meanwhile (folios.c).
set -u
. "$(dirname "$0")/faultrows.sh"
vmm_run+=(--folios=host)
build_tool folios && build_tool mapfolios || exit 1
if ! "${vmm_run[@]}" "$build/images/hello" >/dev/null 2>"$tmp/err"; then
	echo "ok $name # SKIP $(head -1 "$tmp/err")"
	exit 0
fi

# What is written at once becomes folios, as large as fit and are aligned.
sizes=(64K 8K 1M 12K 128K 32K)
make_copy() {
	dd if="$1" of="$2" bs="${sizes[nr_copies % ${#sizes[@]}]}" conv=fsync \
		status=none && chmod --reference="$1" "$2"
}

layout() {
	"$bin/folios" "$copies"/*
}

some() {
	case "$1" in
	glibc-static | static-data | pie-libm | own-interpreter | ld.so | awk | perl | \
		python3 | sqlite3 | openssl | "huge pages" | hugefaults | ls | gzip | \
		sharedfile | "memcalls, seed 1" | "image filemap /bin/bash" | "image cow 8")
		same "$@"
		;;
	esac
}

# What is mapped after each of many accesses to mappings of one file, from a seed.
same_mapped() {
	local size=$1 seed=$2 i result=unsteady
	local file=$copies/mapped.$size what="what is mapped, folios of $size"
	set -- "$bin/mapfolios" "$file" "$seed"

	for i in 1 2 3; do
		dd if=/usr/bin/python3 of="$file" bs="$size" conv=fsync count=8 \
			status=none
		layout >"$tmp/layout"
		"$@" >"$tmp/linux.out"
		"${vmm_run[@]}" --check --rw="$copies" "$@" >"$tmp/vmm.out" ||
			echo "status $?" >>"$tmp/vmm.out"
		cmp -s "$tmp/linux.out" "$tmp/vmm.out" && result=equal && break
		layout | cmp -s - "$tmp/layout" && result=differ
	done
	case $result in
	equal) echo "ok $what" ;;
	differ)
		echo "not ok $what, seed $seed"
		diff "$tmp/linux.out" "$tmp/vmm.out" | head -20 >&2
		;;
	*) echo "ok $what # SKIP the page cache changes all the time" ;;
	esac
}

for size in "${sizes[@]}"; do
	[ -z "$only" ] && same_mapped "$size" 1
done
have_faults
programs_with_maps some
programs_without_maps some
if ! grep -q 'x[1-9]' "$tmp/layout"; then
	echo "ok $name # SKIP this file system has no large folios"
fi
show_all
