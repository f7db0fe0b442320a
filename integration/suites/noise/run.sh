#!/usr/bin/env bash
# Compares our estimators with NIST's program for SP 800-90B, figure by figure, on sequences that anybody can make again.
#
#   run.sh           every estimate of every sequence in node-agent/tests/noise/nist.golden.txt
#   run.sh write     write that file anew, from what the program says
#   run.sh time      what both take for 1,000,000 uniform bytes, in turns
#
# The program is `ea_non_iid` of usnistgov/SP800-90B_EntropyAssessment: the one that EA_NON_IID names, that in PATH, or that
# of Debian 13, which is fetched with what it links, checked by Debian's signatures, and started where it was unpacked. Where
# it cannot be had the suite is skipped: the figures that it gave earlier are tested in node-agent/tests/noise.rs.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
place=$target/suites/noise
golden=$root/node-agent/tests/noise/nist.golden.txt
readonly package=sp800-90b-entropy-assessment release=trixie
mkdir -p "$place"

say() { printf '%s\n' "$*" >&2; }

# Leaves the command in `tool`; returns 1 where there is none.
find_tool() {
  if [[ -n ${EA_NON_IID:-} ]]; then
    tool=("$EA_NON_IID")
  elif command -v ea_non_iid >/dev/null; then
    tool=(ea_non_iid)
  else
    fetch_tool || return 1
    local libraries=$place/debian/usr/lib/x86_64-linux-gnu
    tool=("$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$place/debian/usr/bin/ea_non_iid")
  fi
  version=$("${tool[@]}" --version 2>/dev/null | head -n 1) || true
}

# apt with places of its own: nothing of the machine's packages is looked at or changed.
fetch_tool() {
  [[ ! -x $place/debian/usr/bin/ea_non_iid ]] || return 0
  local apt=$place/apt keys=/usr/share/keyrings/debian-archive-keyring.gpg archive options
  [[ $(uname -m) == x86_64 && -r $keys ]] && command -v apt-get >/dev/null || return 1
  say "fetching $package of Debian $release"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/status"
  echo "deb [signed-by=$keys] http://deb.debian.org/debian $release main" >"$apt/sources.list"
  options=(-o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$apt/lists"
    -o "Dir::State::Status=$apt/status" -o "Dir::Cache=$apt/cache" -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none)
  timeout 300 apt-get "${options[@]}" -qq update >"$apt/log" 2>&1 || return 1
  timeout 300 apt-get "${options[@]}" -qq -y --no-install-recommends --download-only install "$package" >>"$apt/log" 2>&1 || return 1
  rm -rf "$place/unpacked"
  for archive in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$archive" "$place/unpacked"; done
  mv "$place/unpacked" "$place/debian"
}

# What the program says of FILE with samples of BITS, as our example prints it.
theirs() {
  # With this much verbosity it prints 17 digits.
  "${tool[@]}" -i -a -v -v "$1" "$2" | awk '
    BEGIN {
      name["Most Common Value"] = "most_common_value"; name["Collision"] = "collision"; name["Markov"] = "markov"
      name["Compression"] = "compression"; name["t-Tuple"] = "t_tuple"; name["LRS"] = "longest_repeated_substring"
      name["MultiMCW Prediction"] = "multi_mcw"; name["Lag Prediction"] = "lag"; name["MultiMMC Prediction"] = "multi_mmc"
      name["LZ78Y Prediction"] = "lz78y"
    }
    / Estimate: min entropy = / {
      of = $1 == "Bitstring" ? "bitstring" : "original"
      estimate = $0; sub(/^[A-Za-z]+ /, "", estimate); sub(/ Estimate: .*/, "", estimate)
      if (!(estimate in name)) { print "unknown estimate: " estimate > "/dev/stderr"; exit 1 }
      print of, name[estimate], $NF
    }
    /^Assessed min entropy:/ { print "assessed", $NF }' | LC_ALL=C sort
}

cases() { grep -E '^[a-z]+ [0-9]+ [0-9]+ [0-9]+$' "$golden"; }

make_case() {
  file=$place/${1// /-}.bin
  # shellcheck disable=SC2086 # kind, bits, samples and seed are words of their own
  "$noise" make $1 >"$file"
}

build() {
  (cd "$root" && cargo build --locked --quiet "$@" -p node-agent --example noise)
}

compare() {
  build
  noise=$target/debug/examples/noise
  local one passed=0 failed=0 bits
  while read -r one; do
    make_case "$one"
    read -r _ bits _ <<<"$one"
    "$noise" assess "$file" "$bits" | LC_ALL=C sort >"$file.ours"
    theirs "$file" "$bits" >"$file.nist"
    # Every figure that one side has the other has too, and no two differ by as much as would be seen in nine decimals.
    if awk '
      { key = NF == 3 ? $1 " " $2 : $1 }
      FNR == NR { ours[key] = $NF; next }
      { seen[key] = 1; off = ours[key] - $NF; if (!(key in ours) || off > 1e-9 || off < -1e-9) { print "  " key ": " ours[key] ", and theirs " $NF; bad = 1 } }
      END { for (key in ours) if (!(key in seen)) { print "  " key ": " ours[key] ", and theirs has none"; bad = 1 }; exit bad }
    ' "$file.ours" "$file.nist" >"$file.differs"; then
      ((passed += 1))
    else
      echo "FAILED $one differs:"
      cat "$file.differs"
      ((failed += 1))
    fi
  done < <(cases)
  echo "$passed passed, $failed failed, 0 skipped"
  ((failed == 0 && passed > 0))
}

write() {
  build
  noise=$target/debug/examples/noise
  local one bits
  {
    sed -n '/^#/p' "$golden"
    while read -r one; do
      make_case "$one"
      read -r _ bits _ <<<"$one"
      printf '\n%s\n' "$one"
      theirs "$file" "$bits"
    done < <(cases)
  } >"$place/golden"
  mv "$place/golden" "$golden"
}

# Seconds of processor time of a command.
cpu_of() {
  local TIMEFORMAT='%U %S'
  { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

time_both() {
  build --release
  noise=$target/release/examples/noise
  make_case 'uniform 8 1000000 1'
  local round ours=() nist=()
  for round in 1 2 3; do
    ours+=("$(cpu_of "$noise" assess "$file" 8)")
    nist+=("$(cpu_of "${tool[@]}" -i -a "$file" 8)")
  done
  printf '%s\n' "${ours[@]}" | sort -n | sed -n 2p >"$place/ours"
  printf '%s\n' "${nist[@]}" | sort -n | sed -n 2p >"$place/nist"
  awk 'FNR == NR { ours = $1; next } { printf "min-entropy of 1,000,000 uniform bytes: %.2f s CPU, NIST %.1f s, %.1f times as long\n", ours, $1, $1 / ours }' \
    "$place/ours" "$place/nist"
}

if ! find_tool; then
  echo "skipped: NIST ea_non_iid: not in PATH, EA_NON_IID is not set, and Debian's $package cannot be fetched"
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
fi
say "NIST: ${version:-${tool[*]}}"
case ${1:-} in
'') compare ;;
write) write ;;
time) time_both ;;
*) say 'usage: run.sh [write|time]'; exit 2 ;;
esac
