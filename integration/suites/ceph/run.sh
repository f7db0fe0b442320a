#!/usr/bin/env bash
# The shipped agent against a real Ceph cluster, which is made for it and ended afterwards.
#
#   run.sh
#
# Needs ceph-mon, ceph-mgr and ceph-osd (Debian packages of these names) and python3. Each check prints one line; the last
# line is the count. UPDATE_GOLDEN=1 writes what is expected anew.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
programs=${AVOW_PROGRAMS:-$target/debug}

for program in ceph-mon ceph-mgr ceph-osd python3; do
  command -v $program >/dev/null && continue
  if [[ ${CI:-} == true ]]; then
    echo "FAILED ceph: $program is missing, and CI=true allows no skipping"
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
  fi
  echo "skipped: ceph: $program is missing"
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
done

if [[ ! -x $programs/avow-agent || ! -x $programs/avow-source-ceph ]]; then
  (cd "$root" && cargo build --locked --quiet -p node-agent --features ceph --bins)
fi
# Sockets of the cluster lie here, and their paths must be short.
place=$(mktemp -d)
end() {
  "$suite/cluster.sh" stop "$place" || true
  rm -rf "$place"
}
trap end EXIT
if ! "$suite/cluster.sh" start "$place"; then
  tail -n 20 "$place/log/start.log" || true
  echo 'FAILED ceph: the cluster did not start'
  echo '0 passed, 1 failed, 0 skipped'
  exit 1
fi
status=0
python3 "$suite/check.py" "$programs" "$place" "$suite" || status=$?
exit $status
