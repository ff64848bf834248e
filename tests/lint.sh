#!/bin/bash
# lint.sh BUILD: layout of the source, both compilers, layering (layers.sh); as
# TAP.
set -u
build=$1
here=$(git ls-files '*.c' '*.h' 2>/dev/null || find . -name '*.[ch]')

check() {
	local name=$1
	shift
	if "$@" >&2; then echo "ok $name"; else echo "not ok $name"; fi
}

contract_headers_are_complete() {
	local h
	for h in vmm/abi/*.h; do
		echo "#include \"${h##*/}\"" | gcc -std=gnu11 -fsyntax-only \
			-x c -Ivmm/abi -Werror - || return 1
	done
}

contract_includes_two_headers() {
	! grep -h '#include' vmm/abi/*.h |
		grep -v -e '<stddef.h>' -e '<stdint.h>' -e '"hv_[a-z]*.h"'
}

no_privileged_instruction_outside_arch() {
	! grep -rnE '__asm__|asm volatile' guest/mm guest/task guest/hv
}

vmm_never_includes_guest() {
	! grep -rnE --include=*.[ch] "#include.*guest/" vmm elfload
}

clang_builds_without_warning() {
	make --no-print-directory -s -j2 CC=clang BUILD="$build/clang" all
}

# The options of a text: after two blanks, in a list, or bold in scdoc.
options_of() {
	grep -oE '(  |, |\*)--?[a-zA-Z][a-z0-9-]*' | tr -d ' ,*' | sort -u
}

man_page_and_help_agree() {
	diff <("$build/vmm" --help | options_of) \
		<(sed -n '/^# OPTIONS/,/^# OUTPUT/p' docs/vmm.1.scd |
			grep '^\*-' | options_of)
}

check "clang-format: layout of all files" \
	clang-format --dry-run -Werror $here
check "each header of the contract is self-contained" \
	contract_headers_are_complete
check "the contract includes two headers and itself" \
	contract_includes_two_headers
check "no assembly in guest/ but in arch/" \
	no_privileged_instruction_outside_arch
check "vmm never includes guest" vmm_never_includes_guest
check "clang builds everything without a warning" clang_builds_without_warning
check "--help and the man page have the same options" man_page_and_help_agree
tests/layers.sh
tests/abi/run.sh "$build"
