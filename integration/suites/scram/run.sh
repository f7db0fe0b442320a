#!/usr/bin/env bash
# Has scram, a fault-tree tool that is not ours, find the minimal cut sets of random models, and compares.
#
#   run.sh [MODELS] [SEED]
#
# Needs scram (Debian package `scram`) and python3. Each check prints one line; the last line is the count.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
place=$target/suites/scram
programs=${AVOW_PROGRAMS:-$target/debug}
passed=0 failed=0 skipped=0
mkdir -p "$place"

if ! command -v scram >/dev/null || ! command -v python3 >/dev/null; then
  if [[ ${CI:-} == true ]]; then
    echo 'FAILED scram: scram or python3 is missing, and CI=true allows no skipping'
    failed=1
  else
    echo 'skipped: scram: scram or python3 is missing'
    skipped=1
  fi
else
  [[ -x $programs/avow ]] || (cd "$root" && cargo build --locked --quiet -p auditor --bin avow)
  log=$place/compare.log status=0
  python3 "$suite/compare.py" "$programs/avow" scram "$place" "${1:-300}" "${2:-1}" | tee "$log" || status=$?
  passed=$(grep -c '^ok ' "$log" || true)
  failed=$(grep -c '^FAILED ' "$log" || true)
  # A comparison that died has compared nothing, whatever it printed before.
  if ((status != 0 && failed == 0)); then
    echo "FAILED scram: the comparison ended with status $status"
    failed=1
  fi
fi

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
