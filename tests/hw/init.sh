#!/bin/busybox sh
# init.sh: PID 1 of the emulated machine. busybox only.
#
# ttyS0 carries kernel messages and the @@ markers that run.sh reads; ttyS1,
# raw, is the program's stdout and stderr. /t is the program's directory; the
# file /t/.run sets KVMARGS and defines run().

/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mkdir -p /dev/shm /dev/pts
mount -t tmpfs shm /dev/shm
mount -t devpts pts /dev/pts
ln -s /proc/self/fd /dev/fd
for i in stdin:0 stdout:1 stderr:2; do ln -s /proc/self/fd/${i#*:} /dev/${i%:*}; done
ip link set lo up
. /t/.run

insmod /m/irqbypass.ko
insmod /m/kvm.ko
[ -e /m/ccp.ko ] && insmod /m/ccp.ko
if grep -qw svm /proc/cpuinfo; then
	insmod /m/kvm-amd.ko $KVMARGS
else
	insmod /m/kvm-intel.ko $KVMARGS
fi
echo "@@BOOT $(cut -d' ' -f1 /proc/uptime) s, $(uname -r), $(ls /dev/kvm)"

stty -F /dev/ttyS1 raw -echo 115200
cd /t
run </dev/null >/dev/ttyS1 2>&1
status=$?
sleep 0.1 # let the UART drain
echo "@@EXIT $status $(cut -d' ' -f1 /proc/uptime) s"
poweroff -f
