#!/usr/bin/env bash
# A rack PDU for the agent to ask: net-snmp's snmpd on a port of the loopback address, with objects of APC's rPDU2.
#
#   run.sh
#
# Needs snmpd. AVOW_PROGRAMS names the directory of avow-agent.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=${AVOW_PROGRAMS:-$suite/../../../target/debug}
passed=0 failed=0
PATH=$PATH:/usr/sbin

for program in snmpd python3; do
  command -v "$program" >/dev/null && continue
  echo "skipped: snmpd: $program is missing"
  if [[ ${CI:-} == true ]]; then echo '0 passed, 1 failed, 0 skipped'; exit 1; fi
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
done

place=$(mktemp -d /tmp/avow-pdu.XXXXXX)
pid=''
clean() {
  if [[ -n $pid ]]; then kill -CONT "$pid" 2>/dev/null || true; kill "$pid" 2>/dev/null || true; wait "$pid" || true; fi
  rm -rf "$place"
}
trap clean EXIT

# snmpd takes no port 0: one that is free now is taken.
free_port() {
  python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
port=$(free_port)
apc=.1.3.6.1.4.1.318.1.1.26
{
  echo "agentaddress udp:127.0.0.1:$port"
  echo 'rocommunity rack-7 127.0.0.1'
  echo 'sysName pdu-7-a'
  echo 'sysLocation hall 2, rack 7'
  echo "override $apc.2.1.3.1 octet_str \"pdu-7-a\""
  echo "override $apc.2.1.4.1 octet_str \"rack 7\""
  echo "override $apc.2.1.8.1 octet_str \"simulated\""
  echo "override $apc.2.1.9.1 octet_str \"SIM0001\""
  # More outlets than one answer holds.
  for outlet in $(seq 60); do echo "override $apc.9.2.3.1.3.$outlet octet_str \"node-$outlet\""; done
  echo "override $apc.9.2.3.1.5.1 integer 2"
} >"$place/snmpd.conf"
mkdir "$place/state"
SNMP_PERSISTENT_DIR=$place/state MIBS='' snmpd -f -C -c "$place/snmpd.conf" -Lf "$place/log" \
  -I -smux,mteTrigger,mteTriggerConf >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do grep -q 'NET-SNMP version' "$place/log" 2>/dev/null && break; sleep 0.1; done
kill -0 "$pid" || { cat "$place/log"; exit 1; }

# What the agent says of the units, with `$1` as the community.
fact() {
  (umask 077; echo "$1" >"$place/community")
  cat >"$place/agent.toml" <<TOML
[sources]
pdus = [{ address = "127.0.0.1:$port", community_file = "$place/community" }]
TOML
  "$programs/avow-agent" gather --output json --config "$place/agent.toml" |
    python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["facts"]["pdu"]["present"]["pdu"]["units"][0]["said"]))'
}

# Whether the fact with community `$2` satisfies the Python expression `$3`.
check() {
  local found
  found=$(fact "$2")
  if python3 -c "import json, sys; said = json.loads(sys.argv[1]); sys.exit(not ($3))" "$found"; then
    echo "ok: $1"
    ((passed += 1))
  else
    echo "FAILED: $1"
    echo "$found"
    ((failed += 1))
  fi
}

check 'a unit says its name, place and serial number' rack-7 \
  '[said["present"][key]["present"] for key in ("system_name", "system_location", "serial")] == ["pdu-7-a", "hall 2, rack 7", "SIM0001"]'
check 'all outlets are read, over as many answers as it takes' rack-7 \
  'said["present"]["outlets"]["present"] == [{"number": n, "name": "node-%d" % n} for n in range(1, 61)]'
check 'a wrong community is not answered' wrong 'said["absent"]["reason"] == "timed_out"'
kill -STOP "$pid"
check 'a unit that hangs costs its own fact, within the deadline' rack-7 'said["absent"]["reason"] == "timed_out"'
kill -CONT "$pid"; kill "$pid"; wait "$pid" || true; pid=''
check 'a unit that is switched off is not there' rack-7 'said["absent"]["reason"] == "not_present"'

echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
