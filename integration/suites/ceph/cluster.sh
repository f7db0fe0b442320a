#!/usr/bin/env bash
# A Ceph cluster for the suite: one monitor, one manager, three OSDs in memory, all on 127.0.0.1, without root.
#
#   cluster.sh start DIR    make it, wait until it is well, print nothing
#   cluster.sh stop DIR     end what `start` started
#   cluster.sh signal DIR DAEMON SIGNAL     send mon.a, mgr.x or osd.0 … a signal
#
# Its CRUSH map claims three datacenters with one host each, and all of it runs on one machine. DIR/client.avow.keyring holds
# a key that may only read.
set -euo pipefail

readonly action=$1 place=$2
export CEPH_CONF=$place/ceph.conf
unset CEPH_ARGS

fail() { echo "cluster: $*" >&2; exit 1; }

# A process number from a file, as long as that process is a daemon of this very cluster.
daemon_of() {
  local pid
  pid=$(cat "$place/run/$1.pid" 2>/dev/null) || return 1
  grep -qzxF "CEPH_CONF=$CEPH_CONF" "/proc/$pid/environ" 2>/dev/null || return 1
  echo "$pid"
}

stop() {
  local file name pid pids=()
  for file in "$place"/run/*.pid; do
    name=$(basename "$file" .pid)
    pid=$(daemon_of "$name") || continue
    kill -KILL "$pid" && pids+=("$pid")
  done
  for pid in "${pids[@]}"; do
    for _ in {1..200}; do [[ -e /proc/$pid ]] && sleep 0.05 || break; done
  done
  rm -f "$place"/run/*.pid
}

# A port that nobody listens on. The monitor's address must be known before it is made.
free_port() {
  local port
  while true; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || (exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null || break
  done
  echo "$port"
}

configure() {
  local fsid=$1 port=$2 osd
  cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon_host = [v2:127.0.0.1:$port,v1:127.0.0.1:$((port + 1))]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
keyring = $place/keyring
run_dir = $place/run
pid_file = $place/run/\$name.pid
admin_socket = $place/run/\$name.asok
log_file = $place/log/\$name.log
mon_cluster_log_file = $place/log/cluster.log
crash_dir = $place/crash
osd_pool_default_size = 3
osd_pool_default_min_size = 2
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_data_avail_warn = 1
mon_data_avail_crit = 1
mgr_initial_modules =
[mon]
mon_data = $place/mon
mon_initial_members = a
[mgr]
mgr_data = $place/mgr
[osd]
osd_data = $place/osd.\$id
osd_objectstore = memstore
memstore_device_bytes = 268435456
osd_class_update_on_start = false
CONF
  for osd in 0 1 2; do
    echo "[osd.$osd]"
    echo "crush_location = root=default region=eu-1 datacenter=az-$((osd + 1)) rack=rack-$((osd + 1)) host=stor-$((osd + 1))"
  done >>"$CEPH_CONF"
}

make_keys() {
  local osd
  ceph-authtool --create-keyring "$place/mon.keyring" --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool --create-keyring "$place/client.avow.keyring" --gen-key -n client.avow --cap mon 'allow r'
  ceph-authtool --create-keyring "$place/wrong.keyring" --gen-key -n client.avow --cap mon 'allow r'
  ceph-authtool --create-keyring "$place/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap mgr 'allow *' --cap osd 'allow *'
  ceph-authtool "$place/keyring" --gen-key -n mgr.x --cap mon 'allow profile mgr' --cap osd 'allow *'
  for osd in 0 1 2; do
    ceph-authtool "$place/keyring" --gen-key -n osd.$osd --cap mon 'allow profile osd' --cap mgr 'allow profile osd' --cap osd 'allow *'
  done
  ceph-authtool "$place/keyring" --import-keyring "$place/client.avow.keyring"
  ceph-authtool "$place/mon.keyring" --import-keyring "$place/keyring"
}

new_uuid() { cat /proc/sys/kernel/random/uuid; }

# Tries a command until it succeeds.
within() {
  local seconds=$1 end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "not within $seconds s: $*; see $place/log"
    sleep 0.3
  done
}

well() { [[ $(timeout 10 ceph health 2>/dev/null) == HEALTH_OK ]]; }
all_up() { [[ $(timeout 10 ceph osd stat -f json 2>/dev/null) == *'"num_up_osds":3'* ]]; }

start() {
  local fsid port osd uuid program
  for program in ceph ceph-mon ceph-mgr ceph-osd ceph-authtool monmaptool; do
    command -v $program >/dev/null || fail "$program is missing"
  done
  [[ -z $(ls -A "$place") ]] || fail "$place is not empty"
  mkdir -p "$place"/{mon,mgr,run,log,crash}
  exec >"$place/log/start.log" 2>&1
  fsid=$(new_uuid) port=$(free_port)
  configure "$fsid" "$port"
  make_keys
  monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$port,v1:127.0.0.1:$((port + 1))]" "$place/monmap"
  ceph-mon -i a --mkfs --monmap "$place/monmap" --keyring "$place/mon.keyring"
  ceph-mon -i a
  within 60 timeout 5 ceph quorum_status
  ceph-mgr -i x
  for osd in 0 1 2; do
    uuid=$(new_uuid)
    mkdir "$place/osd.$osd"
    ceph osd new "$uuid" $osd
    ceph-osd -i $osd --mkfs --osd-uuid "$uuid"
    ceph-osd -i $osd
  done
  within 90 all_up
  ceph osd crush rule create-replicated across-az default datacenter
  ceph osd erasure-code-profile set split k=2 m=1 crush-failure-domain=datacenter
  ceph osd pool create volumes 8 8 replicated across-az
  ceph osd pool create archive 8 8 erasure split
  ceph osd pool application enable volumes rbd
  ceph osd pool application enable archive rgw
  ceph osd pool set volumes nodelete true
  within 120 well
}

case $action in
start)
  mkdir -p "$place"
  start
  ;;
stop) stop ;;
signal) kill "-$4" "$(daemon_of "$3")" ;;
*) fail "there is no action '$action'" ;;
esac
