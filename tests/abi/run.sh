#!/bin/sh
# run.sh BUILD [write]: are the tables of docs/abi-tables.md those of the
# contract, and has its version changed with it? As TAP; or write them anew.
set -u
build=$1
doc=docs/abi-tables.md
now=$(mktemp) || exit 1
trap 'rm -f "$now"' EXIT

"$build/abi/tables" "$build/abi/contract.so" vmm/abi >"$now" || exit 1
version() { sed -n 's/^Version \(.*\), checksum.*/\1/p' "$1"; }
checksum() { sed -n 's/^Version .*, checksum \(.*\)\./\1/p' "$1"; }

if [ "$(checksum "$now")" != "$(checksum $doc)" ] &&
	[ "$(version "$now")" = "$(version $doc)" ]; then
	echo "the contract has changed: raise HV_ABI_VERSION, then make abi-tables" >&2
	echo "not ok the contract's version changes with it"
	exit 1
fi
[ "${2-}" = write ] && cp "$now" $doc
echo "ok the contract's version changes with it"
if diff $doc "$now" >&2; then
	echo "ok docs/abi-tables.md is as the headers are"
else
	echo "run make abi-tables" >&2
	echo "not ok docs/abi-tables.md is as the headers are"
fi
