#!/usr/bin/env bash
# A libvirtd of the suite's own, with guests that QEMU emulates: in a mount namespace, so that nothing of this machine's
# libvirt is seen or changed. Needs root.
#
#   daemon.sh start DIR             start it, or start it again; its guests outlive it
#   daemon.sh kill DIR              end the daemon at once, and leave the guests
#   daemon.sh guests DIR            make a storage pool and the guests
#   daemon.sh signal DIR GUEST SIGNAL       send the emulator of a guest a signal
#   daemon.sh stop DIR              end all that was started
#
# Guests have no disk and no system: they wait in their firmware. What they were given is what is asked about.
set -euo pipefail

readonly action=$1 place=$2
readonly socket=$place/run/libvirt/libvirt-sock
readonly uri="qemu+unix:///system?socket=$socket"
PATH=$PATH:/usr/sbin

fail() { echo "daemon: $*" >&2; exit 1; }

# The process whose number is in a file, as long as it runs the program named.
running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$2" ]] && echo "$pid"
}

gone() {
  for _ in {1..200}; do [[ -e /proc/$1 ]] && sleep 0.05 || return 0; done
  fail "process $1 does not end"
}

kill_daemon() {
  local pid
  pid=$(running "$place/daemon.pid" libvirtd) || return 0
  kill -KILL "$pid"
  gone "$pid"
}

stop() {
  local file pid
  kill_daemon
  for file in "$place"/run/libvirt/qemu/*.pid; do
    pid=$(running "$file" qemu-system-x86) || continue
    kill -KILL "$pid"
    gone "$pid"
  done
}

configure() {
  mkdir -p "$place"/{etc,lib,log,cache,images,run/udev}
  cat >"$place/etc/qemu.conf" <<'CONF'
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
remember_owner = 0
stdio_handler = "file"
CONF
  cat >"$place/etc/libvirtd.conf" <<CONF
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_ro_perms = "0777"
unix_sock_rw_perms = "0700"
host_uuid = "10000000-0000-4000-8000-000000000001"
log_outputs = "3:file:$place/log/libvirtd.log"
CONF
}

start() {
  ((EUID == 0)) || fail "needs root"
  ((${#socket} < 90)) || fail "the path is too long for a socket: $place"
  [[ -d $place/etc ]] || configure
  # Each directory of libvirt's stands for one of ours.
  # shellcheck disable=SC2016 # the variables are those of the shell inside
  setsid unshare --mount bash -euc '
    [[ ! -d /run/udev ]] || mount --rbind /run/udev "$1/run/udev"
    mount --rbind "$1/run" /run
    mount --bind "$1/etc" /etc/libvirt
    mount --bind "$1/lib" /var/lib/libvirt
    mount --bind "$1/cache" /var/cache/libvirt
    mount --bind "$1/log" /var/log/libvirt
    exec libvirtd -f "$1/etc/libvirtd.conf" -p "$1/daemon.pid" --timeout 0
  ' bash "$place" >>"$place/log/libvirtd.out" 2>&1 </dev/null &
  for _ in {1..600}; do
    virsh -q -c "$uri" version >/dev/null 2>&1 && return
    sleep 0.1
  done
  tail -n 5 "$place/log/libvirtd.out" >&2
  fail "libvirtd does not answer"
}

# One guest: its number, its name, attributes of <vcpu>, what is in <cpu> beside the model, and a device.
guest() {
  local number=$1 name=$2 vcpu=$3 features=$4 device=$5
  cat >"$place/$name.xml" <<XML
<domain type='qemu'>
  <name>$name</name>
  <uuid>20000000-0000-4000-8000-00000000000$number</uuid>
  <memory unit='MiB'>32</memory>
  <vcpu $vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact'><model>qemu64</model>$features</cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    $device
    <memballoon model='none'/>
  </devices>
</domain>
XML
  virsh -q -c "$uri" create "$place/$name.xml"
}

guests() {
  local random="<backend model='random'>/dev/urandom</backend>"
  virsh -q -c "$uri" pool-create-as images dir --target "$place/images"
  guest 1 device "cpuset='0'" '' "<rng model='virtio'><rate bytes='1024' period='1000'/>$random</rng>"
  guest 2 instruction '' "<feature policy='require' name='rdrand'/>" ''
  guest 3 slow '' '' "<rng model='virtio'><rate bytes='1' period='1000'/>$random</rng>"
  guest 4 neither '' '' ''
}

case $action in
start) start ;;
kill) kill_daemon ;;
guests) guests ;;
signal)
  pid=$(running "$place/run/libvirt/qemu/$3.pid" qemu-system-x86) || fail "guest $3 does not run"
  kill "-$4" "$pid"
  ;;
stop) stop ;;
*) fail "there is no action '$action'" ;;
esac
