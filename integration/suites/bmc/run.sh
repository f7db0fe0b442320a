#!/usr/bin/env bash
# A management controller for the agent to ask: sushy-tools (OpenStack's Redfish emulator) over TLS, with a user.
#
#   run.sh
#
# Needs python3 with venv, and openssl. AVOW_PROGRAMS names the directory of avow-agent.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
programs=${AVOW_PROGRAMS:-$root/target/debug}
tools=${CARGO_TARGET_DIR:-$root/target}/suites/bmc
passed=0 failed=0

skip() {
  echo "skipped: Redfish: $1"
  if [[ ${CI:-} == true ]]; then echo '0 passed, 1 failed, 0 skipped'; exit 1; fi
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
}
python3 -c 'import ensurepip, venv' 2>/dev/null || skip 'python3 with venv is missing'
command -v openssl >/dev/null || skip 'openssl is missing'
if [[ ! -x $tools/venv/bin/sushy-emulator ]]; then
  python3 -m venv --clear "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --requirement "$suite/requirements.txt" || skip 'sushy-tools cannot be installed'
fi

place=$(mktemp -d /tmp/avow-bmc.XXXXXX)
pid=''
clean() {
  if [[ -n $pid ]]; then kill -CONT "$pid" 2>/dev/null || true; kill "$pid" 2>/dev/null || true; wait "$pid" || true; fi
  rm -rf "$place"
}
trap clean EXIT

# The emulator takes no port 0: one that is free now is taken.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bmc -addext subjectAltName=DNS:localhost \
  -addext basicConstraints=critical,CA:FALSE -keyout "$place/key.pem" -out "$place/certificate.pem" 2>"$place/openssl.log"
"$tools/venv/bin/python" -c 'import bcrypt; print("reader:" + bcrypt.hashpw(b"s3cret", bcrypt.gensalt(4)).decode())' \
  >"$place/users"
chassis=c4a55150-0000-4000-8000-000000000007
cat >"$place/emulator.conf" <<PY
SUSHY_EMULATOR_LISTEN_IP = '127.0.0.1'
SUSHY_EMULATOR_LISTEN_PORT = $port
SUSHY_EMULATOR_SSL_CERT = '$place/certificate.pem'
SUSHY_EMULATOR_SSL_KEY = '$place/key.pem'
SUSHY_EMULATOR_AUTH_FILE = '$place/users'
SUSHY_EMULATOR_STATE_DIR = '$place'
SUSHY_EMULATOR_FAKE_DRIVER = True
SUSHY_EMULATOR_CHASSIS = [{'Id': '1', 'Name': 'kvm-7', 'UUID': '$chassis'}]
PY
python3 - "$chassis" >"$place/documents.json" <<'PY'
import json, sys
own = "/redfish/v1/Chassis/" + sys.argv[1]
link = lambda path: {"@odata.id": path}
supply = lambda n, state: {"Id": n, "SerialNumber": "SIM-" + n, "Status": {"State": state},
                           "Links": {"PowerOutlets": [link("/redfish/v1/PowerEquipment/RackPDUs/%s/Outlets/7" % n)]}}
supplies = own + "/PowerSubsystem/PowerSupplies"
print(json.dumps({
    own: {"SerialNumber": "SIM-7", "AssetTag": "kvm-7", "PowerSubsystem": link(own + "/PowerSubsystem"),
          "Location": {"Placement": {"Row": "2", "Rack": "az1-r7", "RackOffset": 12}}},
    own + "/PowerSubsystem": {"PowerSupplies": link(supplies)},
    supplies: {"Members": [link(supplies + "/" + n) for n in ("a", "b", "c")]},
    supplies + "/a": supply("a", "Enabled"), supplies + "/b": supply("b", "Enabled"), supplies + "/c": supply("c", "Absent"),
}))
PY
"$tools/venv/bin/python" "$suite/service.py" "$place/emulator.conf" "$place/documents.json" >"$place/log" 2>&1 &
pid=$!
listens() { python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$port" 2>/dev/null; }
for _ in $(seq 300); do
  kill -0 "$pid" 2>/dev/null || { cat "$place/log"; exit 1; }
  listens && break
  sleep 0.2
done

# What the agent says of the controller, as user `$1`, with the authorities of `$2`.
fact() {
  (umask 077; echo "$1" >"$place/user")
  cat >"$place/agent.toml" <<TOML
[sources]
bmc = { address = "https://localhost:$port", ca_file = "$2", user_file = "$place/user" }
TOML
  "$programs/avow-agent" gather --output json --config "$place/agent.toml" |
    python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["facts"]["bmc"]))'
}

# Whether the fact as user `$2` with the authorities of `$3` satisfies the Python expression `$4`.
check() {
  local found
  found=$(fact "$2" "$3")
  if python3 -c "import json, sys; fact = json.loads(sys.argv[1]); sys.exit(not ($4))" "$found"; then
    echo "ok: $1"
    ((passed += 1))
  else
    echo "FAILED: $1"
    echo "$found"
    ((failed += 1))
  fi
}

good=$place/certificate.pem
check 'a controller says the place of its machine' reader:s3cret "$good" \
  '[fact["present"]["bmc"]["chassis"][0][key]["present"] for key in ("serial", "asset_tag", "row", "rack", "rack_offset")] == ["SIM-7", "kvm-7", "2", "az1-r7", 12]'
check 'it lists the power supplies that are there' reader:s3cret "$good" \
  '[(s["serial"], s["outlets"]) for s in fact["present"]["bmc"]["chassis"][0]["power_supplies"]["present"]] == [("SIM-%s" % n, ["/redfish/v1/PowerEquipment/RackPDUs/%s/Outlets/7" % n]) for n in "ab"]'
check 'a wrong password is not permitted' reader:wrong "$good" 'fact["absent"]["reason"] == "not_permitted"'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other -addext subjectAltName=DNS:localhost \
  -keyout "$place/other-key.pem" -out "$place/other.pem" 2>"$place/openssl.log"
check 'a certificate of another maker is not permitted' reader:s3cret "$place/other.pem" 'fact["absent"]["reason"] == "not_permitted"'
kill -STOP "$pid"
check 'a controller that hangs costs its own fact, within the deadline' reader:s3cret "$good" 'fact["absent"]["reason"] == "timed_out"'
kill -CONT "$pid"; kill "$pid"; wait "$pid" || true; pid=''
check 'a controller that is switched off is not there' reader:s3cret "$good" 'fact["absent"]["reason"] == "not_present"'

echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
