#!/usr/bin/env bash
# Compares our SHACL engine with pySHACL on random shapes and random small graphs.
#
#   run.sh [COUNT [SEED]]
#
# Prints what differs and, at the end, how many results of each component were compared, and the count.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
place=$target/suites/shacl
mkdir -p "$place"

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  echo 'skipped: pySHACL: python3 with venv is missing'
  if [[ ${CI:-} == true ]]; then echo '0 passed, 1 failed, 0 skipped'; exit 1; fi
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
fi
if [[ ! -x $place/venv/bin/python ]]; then
  # The suite of the credentials names the same engine in the same version.
  python3 -m venv --clear "$place/venv"
  "$place/venv/bin/pip" install --quiet --requirement "$suite/../credentials/requirements.txt"
fi
(cd "$root" && cargo build --locked --quiet -p auditor --example shacl)
exec "$place/venv/bin/python" -W ignore "$suite/differential.py" "$target/debug/examples/shacl" "${1:-1000}" "${2:-1}"
