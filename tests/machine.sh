# shellcheck shell=bash
# machine.sh: what the machine at hand is, for the scripts that run tests;
# sourced, with $build the build directory.
#
#   KVM       exported: none, software (CPL 0 is interpreted) or hardware
#   PATIENCE  exported: by how much to lengthen limits of time, a whole number.
#             They are there to end what hangs; nothing that works may meet one.
#   machine_line   prints one line: what this is, and what is skipped for it

# How often longer than its processor time a native loop takes, one on each
# processor, rounded: 1 on an idle machine.
measure_load() {
	local n=$(nproc) i
	TIMEFORMAT='%R %U %S'
	for ((i = 0; i < n; i++)); do
		{ time for ((j = 0; j < 100000; j++)); do :; done; } 2>&1 &
	done | awk '{ wall += $1; cpu += $2 + $3 }
		END { printf "%d\n", cpu ? wall / cpu + 0.5 : 1 }'
}

# The line in which vmm says how long ring 0 takes, or why there is none.
probe_line() {
	"$build/vmm" -v "$build/images/nolibc" 2>&1 >/dev/null |
		awk '/ring 0:|\/dev\/kvm/ { sub(/^vmm: /, ""); print; exit }' || true
}

ring0=$(probe_line)
case $ring0 in
*interpreted*) KVM=software ;;
ring\ 0:*) KVM=hardware ;;
*) KVM=none ;;
esac
load=$(measure_load)
# Twice, for the load may grow; interpreted code makes all of it slower.
PATIENCE=$((2 * load))
[ $KVM != software ] || PATIENCE=$((2 * PATIENCE))
export KVM PATIENCE

machine_line() {
	local cpu says
	cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)
	case $KVM in
	none) says="${ring0%%:*}; SKIPPED: all tests in the guest \
(make test-hw runs them on emulated hardware)" ;;
	software) says="$ring0; left to make test-hw: the kernel at CPL 0, but \
for chosen cases" ;;
	hardware) says=$ring0 ;;
	esac
	echo "machine: Linux $(uname -r), $cpu, $(nproc) processors," \
		"load $load; limits of time x$PATIENCE; $says"
}
