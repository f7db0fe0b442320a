#!/usr/bin/env bash
# Builds the Debian packages, and installs, starts, removes and purges them in a root of their own.
#
#   run.sh
#
# The root is a directory with a shell, a few programs and their libraries: nothing is fetched, and the machine's own packages and
# users are not touched. systemd does not run in it, so the unit's command is started as the unit's user, without rights, by a
# program that listens as systemd would. AVOW_PROGRAMS names the directory with the programs to pack.
set -euo pipefail

suite=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
workspace=$(cd "$suite/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$workspace/target}
programs=${AVOW_PROGRAMS:-$target/debug}
passed=0 failed=0 skipped=0

# Says whether a law holds, which the rest of the line must show.
law() {
  local name=$1
  shift
  if "$@"; then
    echo "ok: $name"
    ((passed += 1))
  else
    echo "FAILED: $name: $*"
    ((failed += 1))
  fi
}

skip() {
  echo "skipped: $*"
  ((skipped += 1))
  if [[ ${CI:-} == true ]]; then ((failed += 1)); fi
}

finish() {
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0))
}

for need in dpkg dpkg-deb chroot unshare setpriv python3 systemd-sysusers systemd-analyze; do
  command -v "$need" >/dev/null || { skip "packages: $need is missing"; finish; exit; }
done
((EUID == 0)) || { skip 'packages: a root of their own needs root'; finish; exit; }

place=$(mktemp -d)
root=$place/root
trap 'rm -rf "$place"' EXIT

# --- A root ---------------------------------------------------------------------------------------------------------

# Copies a program with the libraries it is linked to, each to where it is here.
bring() {
  local program file
  for program in "$@"; do
    program=$(command -v "$program")
    for file in "$program" $(ldd "$program" 2>/dev/null | grep -o '/[^ ]*'); do
      [[ -e $root$file ]] || { mkdir -p "$root${file%/*}" && cp -L "$file" "$root$file"; }
    done
  done
}

mkdir -p "$root"/{etc,proc,run,sys,tmp,dev,usr/{bin,sbin,lib,lib64},var/lib/dpkg/{info,updates,triggers}}
for directory in bin sbin lib lib64; do
  if [[ -L /$directory ]]; then ln -s "usr/$directory" "$root/$directory"; else mkdir -p "$root/$directory"; fi
done
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
cp /etc/os-release "$root/etc/os-release"
mknod -m 666 "$root/dev/null" c 1 3
bring sh chown chmod mkdir rm grep setpriv systemd-sysusers

# --- The packages ---------------------------------------------------------------------------------------------------

(cd "$workspace" && ./dev package --from "$programs" --to "$place") >&2
agent=$(find "$place" -maxdepth 1 -name 'avow-node-agent_*.deb')
libvirt=$(find "$place" -maxdepth 1 -name 'avow-source-libvirt_*.deb')
ceph=$(find "$place" -maxdepth 1 -name 'avow-source-ceph_*.deb')
packages=("$agent")
if [[ -n $libvirt ]]; then packages+=("$libvirt"); else skip 'the package of avow-source-libvirt: it is not built here'; fi
if [[ -n $ceph ]]; then packages+=("$ceph"); else skip 'the package of avow-source-ceph: it is not built here'; fi
bring "$programs/avow-agent"
[[ -z $ceph ]] || bring "$programs/avow-source-ceph"
rm -rf "${root:?}$programs"

# Dependencies are the machine's business: what they bring is in the root already.
pack() { dpkg --root="$root" --force-depends --force-not-root --log=/dev/null "$@" >"$place/dpkg.log" 2>&1 || { cat "$place/dpkg.log"; return 1; }; }
is() { [[ $(stat -c "$1" "$root$2" 2>/dev/null) == "$3" ]]; }
gone() { [[ ! -e $root$1 ]]; }
there() { [[ -e $root$1 ]]; }
id_of() { sed -n "s/^avow-agent:[^:]*:\([0-9]*\):.*/\1/p" "$root/etc/$1"; }

law 'the packages are installed' pack --install "${packages[@]}"
uid=$(id_of passwd) gid=$(id_of group)
law 'the agent has a user of its own that is not root' test "${uid:-0}" -gt 0
law 'the state directory is that of the user alone' is '%u %g %a' /var/lib/avow-agent "$uid $gid 700"
law 'join tokens can be put where only the agent reads them' is '%u %g %a' /etc/avow "0 $gid 750"
law 'the programs belong to root' is '%u %g %a' /usr/bin/avow-agent '0 0 755'
for file in lib/sysusers.d/avow-agent.conf lib/tmpfiles.d/avow-agent.conf lib/udev/rules.d/60-avow-agent.rules \
  share/doc/avow-node-agent/copyright share/doc/avow-node-agent/README.md share/doc/avow-node-agent/examples/agent.example.toml; do
  law "the package has $file" there "/usr/$file"
done

unit=$(find "$root"/usr/lib/systemd "$root"/lib/systemd -name avow-agent.service 2>/dev/null | head -n 1)
law 'the unit is where systemd looks' test -n "$unit"
graded() { systemd-analyze security --offline=true --no-pager --threshold=15 "$unit" >"$place/grade.log" 2>&1; }
law 'the unit is graded 1.5 or better' graded
tail -n 1 "$place/grade.log"

# --- A start, and an end --------------------------------------------------------------------------------------------

law 'the service starts, says so, is confined and ends' \
  unshare --mount --propagation private python3 "$suite/supervise.py" "$root" "$unit" "$uid" "$gid"
skip_always() {
  echo "skipped: $*"
  ((skipped += 1))
}
skip_always 'what systemd itself applies (sandbox of the unit, tmpfiles.d, udev rules, enabling): systemd does not run in the root'

# --- Removal --------------------------------------------------------------------------------------------------------

echo '# edited' >>"$root/etc/avow/agent.toml"
names=(avow-node-agent)
[[ -z $libvirt ]] || names=(avow-source-libvirt "${names[@]}")
[[ -z $ceph ]] || names=(avow-source-ceph "${names[@]}")
law 'an upgrade to the same version works' pack --install "${packages[@]}"
law 'it keeps an edited configuration' grep -q '^# edited' "$root/etc/avow/agent.toml"
law 'the packages are removed' pack --remove "${names[@]}"
for program in avow-agent avow-source-ceph avow-source-libvirt; do
  law "a removed package leaves no $program" gone "/usr/bin/$program"
done
law 'it leaves the configuration' there /etc/avow/agent.toml
law 'it leaves the key of the node' there /var/lib/avow-agent/report.key
law 'the packages are purged' pack --purge "${names[@]}"
law 'a purged package leaves no configuration' gone /etc/avow/agent.toml
law 'it leaves no key' gone /var/lib/avow-agent
finish
