#!/usr/bin/env bash
# The shipped agent against a real libvirtd with four emulated guests, which are made for it and ended afterwards; and
# against five hundred guests of libvirt's test driver.
#
#   run.sh
#
# Needs libvirtd, virsh, qemu-system-x86_64 (Debian packages libvirt-daemon-system, libvirt-daemon-driver-qemu, libvirt-clients,
# qemu-system-x86), python3 and root. Each check prints one line; the last line is the count. UPDATE_GOLDEN=1 writes what is
# expected anew.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
programs=${AVOW_PROGRAMS:-$target/debug}
PATH=$PATH:/usr/sbin

missing=''
for program in libvirtd virsh qemu-system-x86_64 python3; do
  command -v $program >/dev/null || missing="$program is missing"
done
((EUID == 0)) || missing='it needs root'
if [[ -n $missing ]]; then
  if [[ ${CI:-} == true ]]; then
    echo "FAILED libvirt: $missing, and CI=true allows no skipping"
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
  fi
  echo "skipped: libvirt: $missing"
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
fi

if [[ ! -x $programs/avow-agent || ! -x $programs/avow-source-libvirt ]]; then
  (cd "$root" && cargo build --locked --quiet -p node-agent --features libvirt --bins)
fi
# Sockets lie here, and their paths must be short.
place=$(mktemp -d)
end() {
  "$suite/daemon.sh" stop "$place" || true
  rm -rf "$place"
}
trap end EXIT
if ! "$suite/daemon.sh" start "$place" || ! "$suite/daemon.sh" guests "$place"; then
  echo 'FAILED libvirt: the daemon or its guests did not start'
  echo '0 passed, 1 failed, 0 skipped'
  exit 1
fi
status=0
python3 "$suite/check.py" "$programs" "$place" "$suite" || status=$?
exit $status
