#!/usr/bin/env bash
# Has software that is not ours check our credentials: jose, Digital Bazaar's libraries, rdf-validate-shacl, PyJWT with
# cryptography, PyLD, pySHACL; and has us check what it issues.
#
#   run.sh [DIR]
#
# DIR holds *.jwt and, where the issuer wrote one, an expected.json. Without DIR one sample of every credential type and the
# credentials of a demo are checked. Each check prints one line; the last line is the count.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
place=$target/suites/credentials
# The Gaia-X shapes and contexts are not ours to publish with this tree; they are looked for beside it.
gaia_x=${AVOW_GAIA_X:-$root/../shared/data/gaia-x}
passed=0 failed=0 skipped=0
mkdir -p "$place"

check() {
  local name=$1 line log=$place/$1.log status=0 before=$failed
  shift
  "$@" | tee "$log" || status=${PIPESTATUS[0]}
  while IFS= read -r line; do
    case $line in
    'ok '*) passed=$((passed + 1)) ;;
    'FAILED '*) failed=$((failed + 1)) ;;
    esac
  done <"$log"
  # A verifier that died has checked nothing, whatever it printed before.
  if ((status != 0 && failed == before)); then
    echo "FAILED $name ended with status $status"
    failed=$((failed + 1))
  fi
}

skip() {
  if [[ ${CI:-} == true ]]; then
    echo "FAILED $1: $2, and CI=true allows no skipping"
    failed=$((failed + 1))
  else
    echo "skipped: $1: $2"
    skipped=$((skipped + 1))
  fi
}

# Runs the installation given unless it was done already for these very files.
once() {
  local stamp=$place/$1.stamp sum
  sum=$(cat "${@:3}" | sha256sum)
  [[ -f $stamp && $(<"$stamp") == "$sum" ]] && return
  "$2" >"$place/$1.install.log" 2>&1 || { tail -n 5 "$place/$1.install.log" >&2; return 1; }
  echo "$sum" >"$stamp"
}

install_node() {
  mkdir -p "$place/node" && cp "$suite"/package*.json "$place/node/" &&
    npm ci --prefix "$place/node" --ignore-scripts --no-audit --no-fund
}

install_python() {
  python3 -m venv --clear "$place/venv" && "$place/venv/bin/pip" install --quiet --requirement "$suite/requirements.txt"
}

# What the verifiers need, installed once. Each says on its own whether it is there.
node_ready=no venv_ready=no
prepare() {
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    skip 'jose, DigitalBazaar, rdf-validate-shacl' 'node or npm is missing'
  elif ! once node install_node "$suite/package-lock.json"; then
    skip 'jose, DigitalBazaar, rdf-validate-shacl' 'npm could not install them'
  else
    cp "$suite"/*.mjs "$place/node/"
    node_ready=yes
  fi
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    skip 'PyJWT, PyLD, pySHACL' 'python3 with venv is missing'
  elif ! once venv install_python "$suite/requirements.txt"; then
    skip 'PyJWT, PyLD, pySHACL' 'pip could not install them'
  else
    venv_ready=yes
  fi
  [[ -d $gaia_x ]] || skip 'what needs the shapes and contexts of Gaia-X' 'they are not there (AVOW_GAIA_X)'
}

# Runs a check in JavaScript, or in Python, where its language is there.
with_node() {
  [[ $node_ready == no ]] || check "$1" node "$place/node/$2" "${@:3}"
}
with_python() {
  [[ $venv_ready == no ]] || check "$1" "$place/venv/bin/python" "$suite/$2" "${@:3}"
}

# Credentials in JOSE envelopes.
verify_envelopes() {
  compgen -G "$1/*.jwt" >/dev/null || { echo "FAILED there is no *.jwt in $1"; failed=$((failed + 1)); return; }
  with_node jose verify-with-jose.mjs "$1"
  with_python pyjwt verify_with_pyjwt.py "$1"
}

# What they say, against the shapes, and the statements that we hash, against those of PyLD.
verify_subjects() {
  [[ -d $gaia_x ]] || return 0
  with_python pyshacl verify_with_pyshacl.py "$1" "$gaia_x" "$root/descriptors/vocabulary"
  with_node rdf-validate-shacl verify-with-rdf-validate-shacl.mjs "$1" "$gaia_x" "$root/descriptors/vocabulary"
}

# What Digital Bazaar's libraries or jose sign, judged by the program that we ship.
verify_theirs() {
  local who=$1 from=$place/samples/$2 out=$place/theirs/$1-$2
  [[ $node_ready == yes && -d $gaia_x ]] || return 0
  mkdir -p "$place/theirs"
  if node "$place/node/issue-with-$who.mjs" "$from" "$out" "$gaia_x" >"$place/issue-$who-$2.log" 2>&1; then
    with_node "avow-$who-$2" judge-with-avow.mjs "$programs/avow" "$out" "$gaia_x"
  else
    echo "FAILED issue-with-$who $2: $(head -n 5 "$place/issue-$who-$2.log" | tr '\n' ' ')"
    failed=$((failed + 1))
  fi
}

verify_plain() {
  if command -v ssh-keygen >/dev/null; then
    check ssh-keygen "$suite/verify-with-ssh-keygen.sh" "$1"
  else
    skip ssh-keygen 'it is missing (package openssh-client)'
  fi
}

prepare
if (($#)); then
  verify_envelopes "$1"
  verify_subjects "$1"
else
  programs=${AVOW_PROGRAMS:-$target/debug}
  [[ -x $programs/demo ]] || (cd "$root" && cargo build --locked --quiet --workspace --bins)
  rm -rf "$place/samples" "$place/demo"
  "$programs/issue-samples" "$place/samples"
  for form in danube danube-web danube-es256 loire-es256 loire-ps256 xfsc-ps256; do verify_envelopes "$place/samples/$form"; done
  verify_subjects "$place/samples/danube"
  for form in w3c-rdfc w3c-rdfc-web w3c-jcs w3c-jcs-web; do
    with_node "digitalbazaar-$form" verify-with-digitalbazaar.mjs "$place/samples/$form" "$gaia_x"
  done
  verify_theirs digitalbazaar w3c-rdfc
  verify_theirs jose w3c-rdfc
  verify_plain "$place/samples/plain"
  # What a newcomer gets: the credentials of the demo, from a collector that ran.
  "$programs/demo" --once --data-dir "$place/demo" >"$place/demo.log"
  verify_envelopes "$place/demo/credentials"
  verify_subjects "$place/demo/credentials"
fi

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
