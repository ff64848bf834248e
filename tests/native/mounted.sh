#!/bin/bash
# mounted.sh KIND DIR COMMAND...: COMMAND with a new file system at DIR, which
# nobody else sees. KIND is ext4:SIZE, btrfs:SIZE or tmpfs:SIZE, with options after
# a comma.
set -eu
if [ "${UNSHARED-}" != "$$" ]; then
	UNSHARED=$$ exec unshare -m bash "$0" "$@"
fi
unset UNSHARED
kind=$1 dir=$2 options=
shift 2
case $kind in *,*) options=,${kind#*,} kind=${kind%%,*} ;; esac
case $kind in
tmpfs:*) mount -t tmpfs -o "size=${kind#*:}$options" none "$dir" ;;
ext4:* | btrfs:*)
	truncate -s "${kind#*:}" "$dir.img"
	case $kind in
	ext4:*) mkfs.ext4 -q -F "$dir.img" ;;
	*) mkfs.btrfs -q -f "$dir.img" >/dev/null ;;
	esac
	mount -o "loop$options" "$dir.img" "$dir"
	rm "$dir.img"
	;;
esac
exec "$@"
