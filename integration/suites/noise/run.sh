#!/usr/bin/env bash
# Compares our estimators with NIST's tool for SP 800-90B, on sequences that anybody can make again.
#
#   EA_NON_IID=PATH run.sh
#
# Needs `ea_non_iid` of usnistgov/SP800-90B_EntropyAssessment, in PATH or named by EA_NON_IID. No distribution packages it
# and nothing is downloaded here: without it the suite is skipped, and node-agent/tests/noise.rs holds figures that were
# taken from its version 1.1.5.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
place=$target/suites/noise
tool=${EA_NON_IID:-$(command -v ea_non_iid || true)}
if [[ -z $tool ]]; then
  echo 'skipped: NIST ea_non_iid: not in PATH, and EA_NON_IID is not set; golden figures of version 1.1.5 are tested instead'
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
fi
mkdir -p "$place"
(cd "$root" && cargo build --locked --quiet -p node-agent --example noise)
noise=$target/debug/examples/noise

passed=0 failed=0
while read -r kind bits samples seed; do
  file=$place/$kind-$bits-$samples-$seed.bin
  "$noise" make "$kind" "$bits" "$samples" "$seed" >"$file"
  "$noise" assess "$file" "$bits" >"$file.ours"
  # With this much verbosity the last line is the assessed min-entropy, with 17 digits.
  "$tool" -i -a -v -v -v "$file" "$bits" >"$file.nist"
  if awk '
    FNR == NR { if ($1 == "assessed") ours = $2; next }
    /^Assessed min entropy:/ { nist = $4 }
    END { difference = ours - nist; exit !(nist != "" && difference < 1e-6 && difference > -1e-6) }
  ' "$file.ours" "$file.nist"; then
    ((passed += 1))
  else
    echo "differs: $kind $bits $samples $seed: $(tail -n 1 "$file.ours"), and the tool: $(tail -n 1 "$file.nist")"
    ((failed += 1))
  fi
done <<'CASES'
uniform 8 20000 1
uniform 4 20000 2
uniform 1 20000 3
biased 8 20000 4
biased 2 20000 5
markov 8 20000 6
markov 1 20000 7
periodic 8 20000 8
periodic 4 20000 9
counter 8 20000 10
stuck 8 20000 11
stuck 1 20000 12
jitter 8 20000 13
sparse 4 20000 14
rare 1 100000 15
CASES
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
