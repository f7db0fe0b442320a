#!/usr/bin/env bash
# Has software that is not ours check our credentials: npm jose, PyJWT with cryptography, pySHACL.
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

# Every verifier that is there, on every credential of a directory.
verify() {
  local directory=$1
  compgen -G "$directory/*.jwt" >/dev/null || { echo "FAILED there is no *.jwt in $directory"; failed=$((failed + 1)); return; }

  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    skip jose 'node or npm is missing'
  elif ! once node install_node "$suite/package-lock.json"; then
    skip jose 'npm could not install it'
  else
    cp "$suite/verify-with-jose.mjs" "$place/node/"
    check jose node "$place/node/verify-with-jose.mjs" "$directory"
  fi

  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    skip PyJWT 'python3 with venv is missing'
    skip pySHACL 'python3 with venv is missing'
  elif ! once venv install_python "$suite/requirements.txt"; then
    skip PyJWT 'pip could not install it'
    skip pySHACL 'pip could not install it'
  else
    check pyjwt "$place/venv/bin/python" "$suite/verify_with_pyjwt.py" "$directory"
    if [[ -d $gaia_x ]]; then
      check pyshacl "$place/venv/bin/python" "$suite/verify_with_pyshacl.py" "$directory" "$gaia_x" "$root/descriptors/vocabulary"
    else
      skip pySHACL 'the Gaia-X shapes are not there (AVOW_GAIA_X)'
    fi
  fi
}

if (($#)); then
  verify "$1"
else
  programs=${AVOW_PROGRAMS:-$target/debug}
  [[ -x $programs/demo ]] || (cd "$root" && cargo build --locked --quiet --workspace --bins)
  rm -rf "$place/samples" "$place/demo"
  "$programs/issue-samples" "$place/samples"
  verify "$place/samples"
  # What a newcomer gets: the credentials of the demo, from a collector that ran.
  "$programs/demo" --once --data-dir "$place/demo" >"$place/demo.log"
  verify "$place/demo/credentials"
fi

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
