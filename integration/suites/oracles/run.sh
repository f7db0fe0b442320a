#!/usr/bin/env bash
# Compares our JSON-LD path with the general processor `json-ld`, and our canonicalisation with `sophia_c14n`, on generated
# documents and on every sample beside this tree.
#
#   run.sh [DOCUMENTS [SEED]]
#
# Builds `integration/oracles`, a workspace of its own, into a directory of its own. The last line is the count: one check
# for each kind of document and what became of it.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
place=$target/suites/oracles
passed=0 failed=0 skipped=0
mkdir -p "$place"

left_out() {
  if [[ ${CI:-} == true ]]; then
    echo "FAILED oracles: $1, and CI=true allows no skipping"
    failed=$((failed + 1))
  else
    echo "skipped: oracles: $1"
    skipped=$((skipped + 1))
  fi
}

# Optimised: what is compared costs more time than what is compiled from a thousand documents on.
build() {
  (cd "$root/integration/oracles" && CARGO_TARGET_DIR=$target/oracles cargo build --locked --quiet --release) \
    2>"$place/build.log"
}

compare() {
  local log=$place/compare.log status=0 line
  "$target/oracles/release/oracles" "${1:-3000}" "${2:-1}" >"$log" || status=$?
  while IFS= read -r line; do
    case $line in
    *': Different: '*) echo "FAILED oracles $line" && failed=$((failed + 1)) ;;
    'skipped: '*) left_out "${line#skipped: }" ;;
    *) echo "ok oracles $line" && passed=$((passed + 1)) ;;
    esac
    # The last lines are the counts: KIND: OUTCOME: COUNT.
  done < <(grep -E '^(skipped: .*|[a-z ]+: [A-Za-z]+: [0-9]+)$' "$log")
  # One that died has compared nothing, whatever it printed before.
  if ((status != 0 && failed == 0)) || ((passed == 0 && failed == 0)); then
    echo "FAILED oracles: the comparison ended with status $status"
    failed=$((failed + 1))
  fi
}

if build; then
  compare "$@"
elif [[ -x $target/oracles/release/oracles ]]; then
  # A comparison with yesterday's code says nothing of today's.
  echo "FAILED oracles: $(grep -m1 '^error' "$place/build.log")"
  failed=1
else
  left_out "it does not build: $(grep -m1 '^error' "$place/build.log")"
fi

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
