#!/usr/bin/env bash
# Checks the plain form of our credentials with OpenSSH's `ssh-keygen -Y verify`.
#
#   verify-with-ssh-keygen.sh DIR
#
# DIR holds *.txt, each an armoured signature, `&` and the document, and `allowed_signers`, whose first word is the signer.
set -uo pipefail

directory=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
namespace=credential@avow
signer=$(cut -d' ' -f1 <"$directory/allowed_signers")
status=0

# Runs a check; the rest of the arguments is a command that has to succeed.
check() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "ok ssh-keygen $name"
  else
    echo "FAILED ssh-keygen $name: ${said//$'\n'/ }"
    status=1
  fi
}

verify() { ssh-keygen -Y verify -f "$directory/allowed_signers" -I "$2" -n "$3" -s "$work/signature" <"$1"; }

refused() {
  if verify "$@" >/dev/null 2>&1; then echo 'it was accepted'; return 1; fi
}

found=0
for file in "$directory"/*.txt; do
  name=$(basename "$file")
  sed '/^-----END SSH SIGNATURE-----$/q' "$file" >"$work/signature"
  # Everything behind the `&` that follows the signature, to the last byte.
  tail -c "+$(($(wc -c <"$work/signature") + 2))" "$file" >"$work/document"
  sed 's/"validFrom":"2026/"validFrom":"2025/' "$work/document" >"$work/changed"
  cmp -s "$work/document" "$work/changed" && { echo "FAILED ssh-keygen $name: nothing to change in it"; status=1; }
  check "verifies $name" verify "$work/document" "$signer" "$namespace"
  check "refuses $name with another time" refused "$work/changed" "$signer" "$namespace"
  check "refuses $name for another purpose" refused "$work/document" "$signer" file
  check "refuses $name of another signer" refused "$work/document" "somebody@else.example" "$namespace"
  found=$((found + 1))
done
check "finds documents" test "$found" -gt 0
exit "$status"
