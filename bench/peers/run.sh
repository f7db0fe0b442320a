#!/usr/bin/env bash
# Ours and others' side by side: the same documents, the same machine, one run, in turns.
#
#   run.sh [ROUNDS]
#
# Installs the peers in exact versions from their registries, has `bench/benches/peers.rs` write the documents, and lets
# every side measure its CPU time in each round. The table gives medians over the rounds, and ratios.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
suite=$root/integration/suites/credentials
target=${CARGO_TARGET_DIR:-$root/target}
place=$target/bench/peers
gaia_x=${AVOW_GAIA_X:-$root/../shared/data/gaia-x}
rounds=${1:-3}

say() { printf '%s\n' "$*" >&2; }

# Runs the installation given unless it was done already for these very files.
once() {
  local stamp=$place/$1.stamp sum
  sum=$(cat "${@:3}" | sha256sum)
  [[ -f $stamp && $(<"$stamp") == "$sum" ]] && return
  "$2" >"$place/$1.install.log" 2>&1 || { tail -n 5 "$place/$1.install.log" >&2; return 1; }
  echo "$sum" >"$stamp"
}

install_node() {
  mkdir -p "$place/node" && cp "$here"/package*.json "$place/node/" &&
    npm ci --prefix "$place/node" --ignore-scripts --no-audit --no-fund
}

install_python() {
  python3 -m venv --clear "$place/venv" && "$place/venv/bin/pip" install --quiet --requirement "$suite/requirements.txt"
}

command -v node >/dev/null && command -v npm >/dev/null || { say 'node and npm are needed'; exit 1; }
mkdir -p "$place"
once node install_node "$here/package-lock.json"
once venv install_python "$suite/requirements.txt"
cp "$here/measure.mjs" "$suite/digitalbazaar.mjs" "$suite/documents.mjs" "$place/node/"
[[ -d $gaia_x ]] || { say "left out: SHACL and PyLD: the Gaia-X shapes and contexts are not there (AVOW_GAIA_X)"; gaia_x=; }

ours() { (cd "$root" && cargo bench --locked --quiet -p bench --bench peers -- "$@"); }

rm -rf "$place/documents" "$place/figures.tsv"
ours write "$place/documents"
for ((round = 1; round <= rounds; round++)); do
  say "round $round of $rounds"
  ours measure "$place/documents" ${gaia_x:+"$gaia_x"} >>"$place/figures.tsv"
  node "$place/node/measure.mjs" "$place/documents" ${gaia_x:+"$gaia_x"} >>"$place/figures.tsv"
  "$place/venv/bin/python" "$here/measure.py" "$place/documents" ${gaia_x:+"$gaia_x"} >>"$place/figures.tsv"
done
python3 "$here/table.py" "$place/figures.tsv"
