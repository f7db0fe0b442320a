#!/usr/bin/env bash
# A real agent binds its key to a simulated chip (swtpm), checked by a real collector; tpm2-tools check what both of them make.
#
#   run.sh
#
# Needs swtpm, swtpm_setup, tpm2-tools, openssl and python3. AVOW_PROGRAMS names the directory of avow-agent, avow-collector and avow.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=${AVOW_PROGRAMS:-$suite/../../../target/debug}
passed=0 failed=0

for program in swtpm swtpm_setup swtpm_localca tpm2_checkquote openssl python3; do
  command -v "$program" >/dev/null && continue
  echo "skipped: swtpm: $program is missing"
  if [[ ${CI:-} == true ]]; then echo '0 passed, 1 failed, 0 skipped'; exit 1; fi
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
done

place=$(mktemp -d /tmp/avow-tpm.XXXXXX)
chmod 700 "$place"
pids=()
clean() {
  local pid
  for pid in "${pids[@]}"; do kill -CONT "$pid" 2>/dev/null || true; kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$place"
}
trap clean EXIT

# swtpm and the collector's configuration take no port 0: ones that are free now are taken.
free_ports() {
  python3 -c 'import socket, sys
all = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[one.getsockname()[1] for one in all])' "$1"
}

# Two that follow each other: tpm2-tools look for swtpm's control channel beside its port.
free_pair() {
  python3 -c 'import socket
while True:
    first = socket.create_server(("127.0.0.1", 0))
    port = first.getsockname()[1]
    try:
        second = socket.create_server(("127.0.0.1", port + 1))
    except (OSError, OverflowError):
        continue
    print(port, port + 1)
    break'
}

law() {
  if "${@:2}"; then
    echo "ok: $1"
    ((passed += 1))
  else
    echo "FAILED: $1"
    ((failed += 1))
  fi
}

waits_for() {
  for _ in $(seq 100); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  return 1
}

# --- Chips ------------------------------------------------------------------------------------------------------------

# A chip `$1`, certified by an authority of its own.
manufacture() {
  local chip=$place/$1
  mkdir -p "$chip/state" "$chip/ca"
  printf '%s\n' "statedir = $chip/ca" "signingkey = $chip/ca/key.pem" "issuercert = $chip/ca/maker.pem" \
    "certserial = $chip/ca/serial" >"$chip/ca.conf"
  printf '%s\n' '--platform-manufacturer avow' '--platform-version 1' '--platform-model simulated' >"$chip/ca.options"
  printf '%s\n' "create_certs_tool = $(command -v swtpm_localca)" "create_certs_tool_config = $chip/ca.conf" \
    "create_certs_tool_options = $chip/ca.options" 'active_pcr_banks = sha256' >"$chip/setup.conf"
  swtpm_setup --config "$chip/setup.conf" --tpmstate "$chip/state" --tpm2 --create-ek-cert --vmid avow \
    --logfile "$chip/setup.log" >/dev/null || { cat "$chip/setup.log" >&2; exit 1; }
}

# Switches chip `$1` on: its port stands in `port_of`. Whatever was loaded is gone, as after a reset.
declare -A port_of chip_of
switch_on() {
  local ports chosen
  # Not by a pipe: the ports are free once the program that chose them has ended.
  chosen=$(free_pair)
  read -r -a ports <<<"$chosen"
  swtpm socket --tpm2 --tpmstate "dir=$place/$1/state" --flags not-need-init,startup-clear \
    --server "type=tcp,port=${ports[0]},bindaddr=127.0.0.1" --ctrl "type=tcp,port=${ports[1]},bindaddr=127.0.0.1" \
    >"$place/$1/log" 2>&1 </dev/null &
  pids+=($!)
  chip_of[$1]=$! port_of[$1]=${ports[0]}
  # Whoever connects to see whether it listens would be its one client for a moment.
  waits_for grep -q "$(printf ': 0100007F:%04X 00000000:0000 0A' "${ports[0]}")" /proc/net/tcp ||
    { cat "$place/$1/log" >&2; exit 1; }
}
switch_off() { kill "${chip_of[$1]}"; wait "${chip_of[$1]}" 2>/dev/null || true; }
tools() { TPM2TOOLS_TCTI=swtpm:host=127.0.0.1,port=${port_of[$1]} "${@:2}"; }

# Gives chip `$1` a certificate on P-256 as well, as makers do.
certify_p256() {
  local chip=$place/$1 size
  tools "$1" tpm2_createek -G ecc -c "$chip/ek.context" -u "$chip/ek.public" -Q
  tools "$1" tpm2_flushcontext -t
  tpm2_print -t TPM2B_PUBLIC -f pem "$chip/ek.public" >"$chip/ek.pem"
  cat >"$chip/extensions" <<'TEXT'
basicConstraints=critical,CA:FALSE
keyUsage=critical,keyAgreement
extendedKeyUsage=2.23.133.8.1
subjectAltName=critical,dirName:device
[device]
0.2.23.133.2.1=id:41564F57
0.2.23.133.2.2=simulated
0.2.23.133.2.3=id:00000001
TEXT
  openssl x509 -new -force_pubkey "$chip/ek.pem" -subj /CN=unused -CA "$chip/ca/maker.pem" -CAkey "$chip/ca/key.pem" \
    -days 30 -set_serial 4711 -extfile "$chip/extensions" -sha256 -outform der -out "$chip/ek.der"
  size=$(stat -c %s "$chip/ek.der")
  tools "$1" tpm2_nvdefine 0x01c0000a -C p -s "$size" -Q \
    -a 'ppwrite|ppread|ownerread|authread|no_da|platformcreate|writedefine'
  tools "$1" tpm2_nvwrite 0x01c0000a -C p -i "$chip/ek.der" -Q
}

# --- Collector and agents ---------------------------------------------------------------------------------------------

ports=$(free_ports 2)
read -r ingest http <<<"$ports"
collector() { "$programs/avow-collector" --config "$place/collector.toml" "$@"; }
start_collector() {
  local roots=''
  for chip; do roots+="\"$place/$chip/ca/maker.pem\", "; done
  cat >"$place/collector.toml" <<TOML
[state]
directory = "$place/collector"
[ingest]
listen = "127.0.0.1:$ingest"
[http]
listen = "127.0.0.1:$http"
[tpm]
roots = [$roots]
[declaration]
file = "$place/declaration.yaml"
[audit]
settle_ms = 100
TOML
  "$programs/avow-collector" --config "$place/collector.toml" run >>"$place/collector.log" 2>&1 &
  collector_pid=$!
  pids+=($!)
  waits_for reads True || { cat "$place/collector.log" >&2; exit 1; }
}
# A provider with one rack; nodes that are declared nowhere have keys as well.
cat >"$place/declaration.yaml" <<'YAML'
provider:
  id: example
  name: Example
  registration_number: { vat_id: DE123456789 }
  legal_address: { country_code: DE }
regions:
  - id: r
    datacenters:
      - id: d
        address: { country_code: DE }
        availability_zones: [{ id: z, racks: [{ id: k, nodes: [kvm-a, kvm-b] }] }]
YAML
# What the collector found, and the bundle of it.
find_shared() {
  python3 - "$http" <<'PYTHON'
import json, sys, urllib.request
with urllib.request.urlopen("http://127.0.0.1:%s/v1/findings" % sys.argv[1], timeout=5) as answer:
    found = [finding["nodes"] for finding in json.load(answer)["findings"] if finding["code"] == "AVOW-EVI-14"]
sys.exit(found != [["kvm-a", "kvm-b"]])
PYTHON
}
take_bundle() {
  python3 -c 'import sys, urllib.request; sys.stdout.buffer.write(urllib.request.urlopen("http://127.0.0.1:%s/v1/bundle" % sys.argv[1]).read())' \
    "$http" >"$place/bundle"
}
# Whether `avow verify` says `$1` of the bundle's chips; the rest are further arguments.
audits() {
  "$programs/avow" verify "$place/bundle" "${@:2}" >"$place/audited" || true
  grep -E "^ +$1" "$place/audited" >/dev/null || { cat "$place/audited"; return 1; }
}
stop_collector() { kill "$collector_pid"; wait "$collector_pid" 2>/dev/null || true; }

# Starts the agent of node `$1`; `$2` is its device, the rest are further lines of its configuration.
start_agent() {
  mkdir -p -m 700 "$place/$1"
  [[ -s $place/$1.token ]] || (umask 077; collector token create --node "$1" >"$place/$1.token")
  { printf '[collector]\njoin_token_file = "%s"\n[state]\ndirectory = "%s"\n' "$place/$1.token" "$place/$1"
    printf '[sources]\ndisabled = ["entropy"]\n[tpm]\ndevice = "%s"\n' "$2"
    printf '%s\n' "${@:3}"; } >"$place/$1.toml"
  "$programs/avow-agent" --config "$place/$1.toml" run >"$place/$1.log" 2>&1 &
  agent_pid=$!
  pids+=($!)
}
stop_agent() { kill "$agent_pid"; wait "$agent_pid" 2>/dev/null || true; }

# Whether what the collector says of its nodes satisfies the Python expression `$1`.
reads() {
  python3 - "$http" "$1" <<'PYTHON'
import json, sys, urllib.request
with urllib.request.urlopen("http://127.0.0.1:%s/v1/nodes" % sys.argv[1], timeout=5) as answer:
    nodes = json.load(answer)
tpm = {node["node"]: node["tpm"] for node in nodes["nodes"]}
sys.exit(not eval(sys.argv[2]))
PYTHON
}
comes_to_read() { waits_for reads "$1" || { reads_all >&2; tail -n 5 "$place"/*.log >&2; return 1; }; }
reads_all() { python3 -c 'import sys, urllib.request; print(urllib.request.urlopen("http://127.0.0.1:%s/v1/nodes" % sys.argv[1]).read().decode())' "$http"; }

# Writes the parts of the attestation of node `$1` into its directory.
take_apart() {
  python3 - "$http" "$1" "$place/$1" <<'PYTHON'
import base64, hashlib, json, sys, urllib.request
port, node, place = sys.argv[1:]
with urllib.request.urlopen("http://127.0.0.1:%s/v1/nodes/%s" % (port, node), timeout=5) as answer:
    shown = json.load(answer)
said = json.loads(base64.b64decode(shown["attestation"]["payload"]))
for part in ("quoted", "signature", "attestation_key", "endorsement_key", "nonce"):
    with open(place + "/" + part, "wb") as file:
        file.write(base64.b64decode(said[part]))
public = base64.b64decode(said["attestation_key"])
with open(place + "/attestation.public", "wb") as file:
    file.write(len(public).to_bytes(2, "big") + public)
with open(place + "/registers", "wb") as file:
    file.write(b"".join(bytes.fromhex(register.split(":")[1]) for register in said["registers"]))
nonce = hashlib.sha256(base64.b64decode(said["nonce"])).hexdigest()
text = "avow tpm quote v1\n%s\n%s\n%s" % (node, shown["report_key"], nonce)
with open(place + "/extra", "w") as file:
    file.write(hashlib.sha256(text.encode()).hexdigest())
PYTHON
}

# Whether tpm2_checkquote takes the quote of node `$1` with `$2` signed along.
checks_quote() {
  tpm2_print -t TPM2B_PUBLIC -f pem "$place/$1/attestation.public" >"$place/$1/attestation.pem" &&
    tpm2_checkquote -u "$place/$1/attestation.pem" -m "$place/$1/quoted" -s "$place/$1/signature" -q "$2" -Q 2>/dev/null
}
refuses() { ! "$@"; }
says() { waits_for grep -q "$2" "$place/$1.log"; }

# --- The laws ---------------------------------------------------------------------------------------------------------

manufacture one
manufacture two
switch_on one
switch_on two
certify_p256 two
start_collector one two

start_agent kvm-a "tcp:127.0.0.1:${port_of[one]}"
law 'a key is bound to a chip of a known maker (RSA), from inside the confinement' comes_to_read \
  'tpm["kvm-a"]["standing"] == "attested" and tpm["kvm-a"]["certified_by"] == "CN=swtpm-localca" and len(tpm["kvm-a"]["registers"]) == 8'
law 'and marked as simulated, since it is' reads 'tpm["kvm-a"]["simulated"]'
law 'the agent was confined when it did so' says kvm-a 'the agent is confined'
take_apart kvm-a
law 'tpm2_checkquote takes the quote, for this node, key and challenge' checks_quote kvm-a "$(cat "$place/kvm-a/extra")"
law 'and for no other' refuses checks_quote kvm-a "$(printf '00%.0s' $(seq 32))"
stop_agent
law 'nothing stays loaded in the chip' test -z "$(tools one tpm2_getcap handles-transient)$(tools one tpm2_getcap handles-loaded-session)"

# What TPM2_ActivateCredential takes of tpm2_makecredential was captured for a test of the collector; here the chip takes ours, above.
start_agent kvm-b "tcp:127.0.0.1:${port_of[two]}"
law 'a key is bound to a chip of a known maker (P-256)' comes_to_read \
  'tpm["kvm-b"]["standing"] == "attested" and tpm["kvm-b"]["certificate_serial"] == "1267" and "simulated" in tpm["kvm-b"]["device"]'
stop_agent
take_apart kvm-b
law 'tpm2_checkquote takes that quote as well' checks_quote kvm-b "$(cat "$place/kvm-b/extra")"

switch_off one
switch_on one
start_agent kvm-a "tcp:127.0.0.1:${port_of[one]}"
law 'after a reset the chip shows the same keys' comes_to_read \
  'tpm["kvm-a"]["standing"] == "attested" and "earlier_endorsement_key" not in tpm["kvm-a"]'
stop_agent

start_agent kvm-a "tcp:127.0.0.1:${port_of[two]}"
law 'a machine with another chip is bound to that one, and the one before is remembered' comes_to_read \
  '"earlier_endorsement_key" in tpm["kvm-a"] and tpm["kvm-a"]["endorsement_key"] == tpm["kvm-b"]["endorsement_key"]'
stop_agent

law 'one chip behind two nodes is found' waits_for find_shared
take_bundle
law 'an auditor checks quotes and keys again' audits 'ok +tpms .*who made those'
law 'and reads that the evidence is simulated' grep -q '^simulated evidence' "$place/audited"
law 'and the makers, where he trusts any' audits 'ok +tpms .*keys of 2 of 2 nodes' --tpm-roots "$place/two/ca/maker.pem"
law 'and no other maker is taken for one' audits 'BAD +tpms .*signature' --tpm-roots "$place/one/ca/maker.pem"

start_agent kvm-c none
law 'a node that shows no chip is bound to nothing, and reports all the same' comes_to_read 'tpm["kvm-c"] == {"standing": "none"}'
stop_agent

stop_collector
start_collector
start_agent kvm-f "tcp:127.0.0.1:${port_of[two]}"
law 'without trusted makers a chip is of an unknown maker, and not attested' comes_to_read \
  'tpm["kvm-f"]["standing"] == "unknown_maker" and "certified_by" not in tpm["kvm-f"] and "trusted" in tpm["kvm-f"]["reason"]'
stop_agent
stop_collector
start_collector one
# Both authorities have one name and two keys.
start_agent kvm-g "tcp:127.0.0.1:${port_of[two]}"
law 'a chip that somebody else certified in the name of a trusted maker is refused' comes_to_read \
  'tpm["kvm-g"]["standing"] == "refused" and "signature" in tpm["kvm-g"]["reason"]'
law 'and the agent says so' says kvm-g 'the collector refuses to bind the key'
stop_agent

# A chip with the certificate of another one: as if somebody had copied it. Its own key gets no certificate for it.
certificate=$(stat -c %s "$place/two/ek.der")
tools one tpm2_nvdefine 0x01c0000a -C p -s "$certificate" -Q -a 'ppwrite|ppread|ownerread|authread|no_da|platformcreate|writedefine'
tools one tpm2_nvwrite 0x01c0000a -C p -i "$place/two/ek.der" -Q
start_agent kvm-d "tcp:127.0.0.1:${port_of[one]}"
law 'a certificate of another chip is left out for the own one' comes_to_read \
  'tpm["kvm-d"]["standing"] == "attested" and tpm["kvm-d"]["endorsement_key"] != tpm["kvm-b"]["endorsement_key"]'
stop_agent

kill -STOP "${chip_of[one]}"
start_agent kvm-e "tcp:127.0.0.1:${port_of[one]}"
law 'a chip that hangs keeps no report back' comes_to_read 'tpm["kvm-e"]["standing"] == "none"'
kill -CONT "${chip_of[one]}"
law 'and is bound to once it answers' comes_to_read 'tpm["kvm-e"]["standing"] == "attested"'
stop_agent

law 'a chip that was asked for and is not there ends the agent' refuses timeout 10 "$programs/avow-agent" \
  --config <(printf '[collector]\njoin_token_file = "%s"\n[state]\ndirectory = "%s"\n[tpm]\ndevice = "/nonexistent/tpm"\n' "$place/x" "$place/x") run 2>/dev/null

echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
