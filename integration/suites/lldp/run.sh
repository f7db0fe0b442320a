#!/usr/bin/env bash
# Two real lldpd at the ends of a cable between two network namespaces; the agent at one end says what it hears.
#
#   run.sh
#
# Needs root, lldpd and iproute2. AVOW_PROGRAMS names the directory of avow-agent. Nothing reaches the host's network.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=${AVOW_PROGRAMS:-$suite/../../../target/debug}
lab=avow-lldp-$$
passed=0 failed=0

PATH=$PATH:/usr/sbin:/sbin
skip() {
  echo "skipped: lldpd: $1"
  if [[ ${CI:-} == true ]]; then echo '0 passed, 1 failed, 0 skipped'; exit 1; fi
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
}
for program in lldpd lldpcli ip python3 setpriv; do
  command -v "$program" >/dev/null || skip "$program is missing"
done
((EUID == 0)) || skip 'network namespaces need root'
ip netns add "$lab-a" 2>/dev/null || skip 'this machine makes no network namespaces'

# Short, because the path of a socket must be; and open to lldpd's own user.
place=$(mktemp -d /tmp/avow-lldp.XXXXXX)
chmod 711 "$place"
pids=()
clean() {
  for pid in "${pids[@]}"; do kill -CONT "$pid" 2>/dev/null || true; kill "$pid" 2>/dev/null || true; done
  wait
  ip netns delete "$lab-a" 2>/dev/null || true
  ip netns delete "$lab-b" 2>/dev/null || true
  rm -rf "$place"
}
trap clean EXIT

# --- The lab --------------------------------------------------------------------------------------------------------

client() {
  local side=$1
  shift
  setpriv --no-new-privs lldpcli -u "$place/$side.sock" "$@"
}

# Starts lldpd on one side. The first becomes a child of ours, so that it ends with us.
listen() {
  local side=$1
  printf 'configure system hostname %s\nconfigure lldp tx-interval 1\n' "$2" >"$place/$side.conf"
  ip netns exec "$lab-$side" setpriv --no-new-privs lldpd -d -I up0 -C up0 -u "$place/$side.sock" \
    -O "$place/$side.conf" >"$place/$side.log" 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do [[ -S $place/$side.sock ]] && return; sleep 0.1; done
  echo "lldpd on $side does not start:"; cat "$place/$side.log"
  exit 1
}

mkdir -p /run/lldpd # Where lldpd locks itself up; its unit makes it otherwise.
ip netns add "$lab-b"
ip link add up0 address 02:61:76:00:00:01 netns "$lab-a" type veth peer name up0 address 02:61:76:00:00:02 netns "$lab-b"
for side in a b; do
  ip -n "$lab-$side" link set lo up
  ip -n "$lab-$side" link set up0 up
done
ip -n "$lab-a" addr add 192.0.2.1/30 dev up0
ip -n "$lab-b" addr add 192.0.2.2/30 dev up0
# Only the address that is set here is announced.
for side in a b; do ip netns exec "$lab-$side" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 2>/dev/null || true; done
listen a kvm-1
listen b leaf-1.dc.example
# Names of VLANs as a switch announces them (802.1Q, D.2.1 and D.2.3): the port's own is 100, 200 is called storage.
client b configure lldp custom-tlv add oui 00,80,c2 subtype 1 oui-info 00,64 >/dev/null
client b configure lldp custom-tlv add oui 00,80,c2 subtype 3 oui-info 00,c8,07,73,74,6f,72,61,67,65 >/dev/null

# --- The questions --------------------------------------------------------------------------------------------------

# What the agent says of its neighbours, run by `$@`.
fact() {
  cat >"$place/agent.toml" <<TOML
[sources]
lldpd_socket = "$place/a.sock"
lldpd_client = "$(command -v lldpcli)"
deadline_ms = 2000
TOML
  chmod 644 "$place/agent.toml"
  ip netns exec "$lab-a" "$@" "$place/avow-agent" gather --output json --config "$place/agent.toml" |
    python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["facts"]["lldp"], indent=2, sort_keys=True))'
}
cp "$programs/avow-agent" "$place/avow-agent"

# Waits until the fact of `$2…` satisfies the Python expression `$1` over `fact`.
until_fact() {
  local expression=$1 found
  shift
  for _ in $(seq 40); do
    found=$(fact "$@")
    if python3 -c "import json, sys; fact = json.loads(sys.argv[1]); sys.exit(not ($expression))" "$found" 2>/dev/null; then
      return 0
    fi
    sleep 0.5
  done
  echo "$found"
  return 1
}

check() {
  local law=$1
  shift
  if "$@"; then echo "ok: $law"; ((passed += 1)); else echo "FAILED: $law"; ((failed += 1)); fi
}

is_golden() {
  until_fact 'fact["present"]["lldp"]["neighbours"][0]["vlans"]' env || return 1
  fact env >"$place/found.json"
  if [[ -n ${UPDATE_GOLDEN:-} ]]; then cp "$place/found.json" "$suite/fact.golden.json"; fi
  diff -u "$suite/fact.golden.json" "$place/found.json"
}

as_service=(setpriv --reuid nobody --regid nogroup --groups "adm,_lldpd" --no-new-privs)
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs)

check 'a switch is heard with its port, name, address and VLANs' is_golden
check 'a user in the groups of lldpd hears it without any privilege' \
  until_fact 'fact["present"]["lldp"]["neighbours"][0]["system_name"]["present"] == "leaf-1.dc.example"' "${as_service[@]}"
check 'a user outside of them is refused, and says so' \
  until_fact 'fact["absent"]["reason"] == "not_permitted"' "${as_nobody[@]}"
ip -n "$lab-a" link set up0 down
check 'a cable that is cut has no neighbour' until_fact 'fact["present"]["lldp"]["neighbours"] == []' env
ip -n "$lab-a" link set up0 up
check 'a cable that is joined has its neighbour again' \
  until_fact 'len(fact["present"]["lldp"]["neighbours"]) == 1' env
for pid in $(ip netns pids "$lab-a"); do
  [[ $(cat "/proc/$pid/comm") != lldpd ]] || kill -STOP "$pid"
done
check 'a daemon that hangs costs its own fact, within the deadline' until_fact 'fact["absent"]["reason"] == "timed_out"' env
for pid in $(ip netns pids "$lab-a"); do kill -CONT "$pid"; done
for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
wait
check 'without a daemon nobody listens' until_fact 'fact["absent"]["reason"] == "not_present"' env

# The kernel's own table of neighbours, which has no file for IPv6: who answers at the default gateway.
has_gateway() {
  for side in a b; do ip netns exec "$lab-$side" sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 || return 1; done
  ip -n "$lab-a" addr add fd00:a::1/64 dev up0 nodad
  ip -n "$lab-b" addr add fd00:a::2/64 dev up0 nodad
  ip -n "$lab-a" -6 route add default via fd00:a::2 dev up0
  ip netns exec "$lab-a" python3 -c 'import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"", ("fd00:a::2", 9))'
  for _ in $(seq 20); do
    gateway=$(ip netns exec "$lab-a" "$place/avow-agent" gather --output json |
      python3 -c 'import json, sys; print(json.load(sys.stdin)["facts"]["net"]["present"]["net"]["gateways"]["present"][0])')
    [[ $gateway == *"'fd00:a::2'"*"{'present': '02:61:76:00:00:02'}"* ]] && return
    sleep 0.2
  done
  echo "$gateway"
  return 1
}
check 'the gateway of IPv6 has the hardware address that answered for it' has_gateway

echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
