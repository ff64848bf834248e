#!/bin/bash
# run.sh KIND BINARY [ARGS...]
#
# Run a program under a stock Debian kernel with a real kvm-amd or kvm-intel, in
# a CPU emulator. KIND is one of
#
#   npt   npt-shadow   kvm-amd (SVM) in QEMU, nested paging or shadow paging
#   ept   ept-shadow   kvm-intel (VMX) in Bochs, likewise
#
# The program's stdout and stderr come out on stdout (of a dynamic program: its
# libraries go along). It is root, its directory is /t, stdin is /dev/null, the
# root file system is RAM and holds busybox. Exit status: the program's (128 + N
# if signal N ended it); 124 the machine ran out of time; 125 it ended without a
# result; 126 it could not be started, because something is missing here.
#
#   EXTRA     files and directories to put beside the program
#   GUESTENV  its environment, e.g. "A=1 B=2"
#   GUESTTMO  guest seconds after which the program is killed (status 143)
#   TIMEOUT   wall seconds for the whole machine (600)
#   MEM       the machine's RAM in MiB (npt 1024, ept 512)
#   CONSOLE   keep the machine's kernel console in this file
#   KARGS     more kernel arguments      KVMARGS  more kvm module options
#   ICOUNT=1  npt only: the clock counts instructions, 1 ns each
#   CPU       CPU model (npt: EPYC; ept: corei7_haswell_4770)
#   IPS       ept only: instructions in an emulated second (50000000)
#
# VMM_HW_CACHE and KPKG: see lib.sh. Known gaps of the emulators: docs/kvm-kinds.md.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

if [ $# -lt 2 ]; then
	hw_say "usage: run.sh KIND BINARY [ARGS...]  (KIND: ${hw_kinds// /, })"
	exit 126
fi
kind=$1 bin=$2
shift 2
missing=$(hw_missing "$kind") || exit 126
if [ -n "$missing" ]; then
	hw_say "$kind: missing Debian packages: $missing"
	exit 126
fi
[ -x "$bin" ] || { hw_say "no such program: $bin"; exit 126; }
for f in ${EXTRA:-}; do
	[ -e "$f" ] || { hw_say "EXTRA: no such file: $f"; exit 126; }
done
kernel=$(hw_kernel) || exit 126
base=$(hw_base "$kernel") || exit 126

w='' emu='' tail=''
cleanup() {
	trap - EXIT
	# The emulator is timeout's child and dies with it (pdeathsig).
	kill -KILL $emu $tail 2>/dev/null || true
	wait 2>/dev/null
	[ -z "$w" ] || rm -rf "$w"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
hw_tmpdir
console=${CONSOLE:-$w/console}
: >"$console"
: >"$w/out"

# The program's files, as a second archive behind the base.
make_initrd() {
	local root=$w/root name=${bin##*/} option

	case $kind in
	npt) option=npt=1 ;;
	npt-shadow) option=npt=0 ;;
	ept) option=ept=1 ;;
	ept-shadow) option=ept=0 ;;
	esac
	mkdir -p "$root/t"
	for f in ${EXTRA:-}; do
		cp -aL "$f" "$root/t/"
	done
	cp -L "$bin" "$root/t/$name"
	chmod +x "$root/t/$name"
	hw_add_libs "$root"
	{
		printf 'KVMARGS=%q\n' "$option ${KVMARGS:-}"
		printf 'run() { %s %s ./%q' "${GUESTENV:+env $GUESTENV}" \
			"${GUESTTMO:+timeout $GUESTTMO}" "$name"
		[ $# -eq 0 ] || printf ' %q' "$@"
		printf '; }\n'
	} >"$root/t/.run"
	hw_pack "$root" | cat "$base" - >"$w/initrd"
	rm -rf "$root"
}

append="console=ttyS0,115200 quiet panic=-1 reboot=t mitigations=off nokaslr
 no_timer_check cryptomgr.notests ${KARGS:-}"
append=${append//$'\n'/}

qemu_command() {
	local accel=(-accel tcg)

	[ -z "${ICOUNT:-}" ] || accel=(-accel "tcg,thread=single"
		-icount "shift=0,sleep=off" -rtc "base=2024-01-01,clock=vm")
	# One CPU: with two, QEMU 7.2 now and then hangs in nested SVM.
	cmd=(qemu-system-x86_64 -machine pc "${accel[@]}" -cpu "${CPU:-EPYC}"
		-m "${MEM:-1024}" -nodefaults -display none -no-reboot
		-serial "file:$console" -serial "file:$w/out"
		-kernel "$vmlinuz" -initrd "$w/initrd" -append "$append")
}

bochs_command() {
	mkdir "$w/iso"
	cp "$vmlinuz" "$w/iso/vmlinuz"
	mv "$w/initrd" "$w/iso/initrd"
	cp /usr/lib/ISOLINUX/isolinux.bin \
		/usr/lib/syslinux/modules/bios/ldlinux.c32 "$w/iso/"
	cat >"$w/iso/isolinux.cfg" <<-CFG
		DEFAULT l
		LABEL l
		 KERNEL /vmlinuz
		 INITRD /initrd
		 APPEND $append edd=off
	CFG
	xorriso -as mkisofs -quiet -o "$w/cd.iso" -b isolinux.bin -c boot.cat \
		-no-emul-boot -boot-load-size 4 -boot-info-table "$w/iso" 2>"$w/err"
	rm -rf "$w/iso"
	cat >"$w/bochsrc" <<-RC
		config_interface: textconfig
		display_library: rfb, options="timeout=0"
		cpu: model=${CPU:-corei7_haswell_4770}, count=1, ips=${IPS:-50000000}, reset_on_triple_fault=0, ignore_bad_msrs=1
		memory: guest=${MEM:-512}, host=${MEM:-512}
		romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
		vgaromimage: file=/usr/share/vgabios/vgabios.bin
		pci: enabled=1, chipset=i440fx
		clock: sync=none, time0=1700000000
		ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
		ata0-master: type=cdrom, path=$w/cd.iso, status=inserted
		boot: cdrom
		log: $w/bochs.log
		panic: action=fatal
		error: action=ignore
		info: action=ignore
		debug: action=ignore
		com1: enabled=1, mode=file, dev=$console
		com2: enabled=1, mode=file, dev=$w/out
		sound: driver=dummy, waveout=none, wavein=none, midiout=none
		speaker: enabled=0
	RC
	# Debian builds Bochs with its debugger, which waits for "continue".
	echo c >"$w/go"
	cmd=(bochs -q -f "$w/bochsrc" -rc "$w/go")
}

vmlinuz=$(echo "$kernel"/boot/vmlinuz-*)
make_initrd "$@"
case $kind in
npt*) qemu_command ;;
ept*) bochs_command ;;
esac

die_with_me=(setpriv --pdeathsig KILL)
"${die_with_me[@]}" timeout -k 5 "${TIMEOUT:-600}" "${die_with_me[@]}" \
	"${cmd[@]}" </dev/null >"$w/err" 2>&1 &
emu=$!
"${die_with_me[@]}" tail -n +1 -s 0.1 --pid="$emu" -f "$w/out" \
	2>/dev/null &
tail=$!
rc=0
wait "$emu" || rc=$?
emu=
wait "$tail" || true
tail=

status=$(sed -n 's/^@@EXIT \([0-9]*\).*/\1/p' "$console" | tail -n 1)
[ -z "$status" ] || exit "$status"
{
	grep -v "TCG doesn't support" "$w/err" | tail -n 5 || true
	tail -n 40 "$console"
	hw_say "$kind: the machine ended without a result (status $rc)"
} >&2
[ "$rc" -ne 124 ] || exit 124
exit 125
