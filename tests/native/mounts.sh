#!/bin/bash
# mounts.sh BUILD: as output.sh, on file systems made for it: small ones and such
# with mount options. They need root; ext4 also a loop device.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
. "$here/same.sh"
skip_all_without_kvm mounts
if [ "$(id -u)" != 0 ]; then
	echo "ok mounts # SKIP only root may mount"
	exit 0
fi

# on KIND NAME PROGRAM ARGS...: the program of src/, with the place as its first
# argument.
on() {
	local kind=$1 name=$2 program=$3
	shift 3
	prefix=(bash "$here/mounted.sh" "$kind" "$writable")
	mkdir -p "$writable"
	if ! "${prefix[@]}" true 2>"$tmp/err"; then
		echo "ok $name, $kind # SKIP $(tail -1 "$tmp/err")"
		return
	fi
	compile_as glibc "$here/src/$program.c"
	same "$name, $kind" "$bin/$program.glibc" "$writable" "$@"
}

writable=$tmp/mounted
for kind in tmpfs:256k ext4:2M; do
	on $kind "a file system without room" noroom
done
on tmpfs:1M,noexec "a mount without programs" noexec
on tmpfs:1M "the same where there may be programs" noexec
on ext4:16M "alignment for O_DIRECT" odirect
on tmpfs:16M "alignment for O_DIRECT" odirect
for kind in ext4:64M tmpfs:64M btrfs:128M; do
	on $kind "where data are, and files that share them" extents
done
