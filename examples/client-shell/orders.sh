#!/bin/sh
# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# The life of a stored secret, from the first key to the second one, with kmsctl.
#
# Each order has a key of its own, which encrypts the order. What is stored in the order's row is that key, wrapped by the
# box "orders". No secret stands in an argument, a variable, or on the terminal: it goes through pipes, and through
# files that nobody else can read.
set -eu

key=local/orders
next_key=local/orders-next
rows=5

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() {
  printf '%-10s %s\n' "$1" "$2"
}

fail() {
  echo "orders.sh: $1" >&2
  exit 1
}

# "for_row NUMBER COMMAND…": with the context that ties a stored string to its row. In another one it does not decrypt.
for_row() {
  number=$1
  shift
  kmsctl "$@" -c model_name=Order -c "model_id:=$number"
}

# A line of what "kmsctl key show" or "kmsctl inspect" prints for people. Programs use --json, which only grows.
field() {
  sed -n "s/^ *$1: *//p" | head -n 1
}

# Exit codes are for programs, messages for people: 3 is "not found", so a second start would find the key of the first.
ensure_key() {
  code=0
  kmsctl key show "$1" > "$work/key" 2> "$work/message" || code=$?
  case $code in
    0) ;;
    3) kmsctl key create "$1" > "$work/key" ;;
    *) cat "$work/message" >&2 && exit "$code" ;;
  esac
  say key "$1, version $(field Version < "$work/key")"
}

# The version of the master key that a string is under, which is not the version of the box: "v1:" stays.
say_key_version() {
  kmsctl inspect orders < "$1" > "$work/inspected"
  say inspected "box version $(field Version < "$work/inspected"), key $(field 'Key id' < "$work/inspected"), key version $(field 'Key version' < "$work/inspected")"
}

check_decrypts() {
  for_row 42 decrypt orders < "$1" | cmp -s - "$work/secret" || fail "what was decrypted is not what was encrypted"
}

# A key, and a box that encrypts with it. A context with other names is a mistake of ours, and refused.
ensure_key "$key"
kmsctl -q box create orders --key "$key" --require-context model_name,model_id > "$work/box"

# A data key: wrapped for the row, and itself in a file with mode 0600 for what encrypts the order.
for_row 42 datakey generate orders --plaintext-file "$work/secret" > "$work/old"
say encrypted "$(cat "$work/old")"
say_key_version "$work/old"

# A new version of the same master key. What is stored stays readable; rewrapping it is for when there is time.
kmsctl key rotate "$key" > "$work/key"
say rotated "$key, version $(field Version < "$work/key")"
for_row 42 rewrap orders < "$work/old" > "$work/rewrapped"
say rewrapped "$(cat "$work/rewrapped")"
say_key_version "$work/rewrapped"
check_decrypts "$work/old"
check_decrypts "$work/rewrapped"
say decrypted "old and new"

# Another master key, perhaps at another service: version 2 of the box, which still reads version 1.
ensure_key "$next_key"
kmsctl -q box new-version orders --key "$next_key" > "$work/box"
for_row 42 rewrap orders < "$work/rewrapped" > "$work/moved"
say moved "$(cat "$work/moved")"
check_decrypts "$work/rewrapped"
check_decrypts "$work/moved"
say decrypted "version 1 and version 2"

# 6 is one code for wrong context, wrong key and changed bytes. It will not go away by trying again; 7 may.
code=0
for_row 43 decrypt orders < "$work/moved" > "$work/nothing" 2> "$work/message" || code=$?
[ "$code" -eq 6 ] || fail "decrypting in another row ended with exit code $code, not with 6"
say refused "$(cat "$work/message")"

# Many rows, one after the other; one of them is spoilt, and fails alone. For thousands, a program that uses the library puts
# them into one call.
done=0
for number in $(seq "$rows"); do
  for_row "$number" encrypt orders < "$work/secret" > "$work/row"
  [ "$number" -ne 3 ] || echo v2:c3BvaWx0 > "$work/row"
  if for_row "$number" decrypt orders < "$work/row" > "$work/again" 2> "$work/message-$number"; then
    cmp -s "$work/again" "$work/secret" || fail "what was decrypted is not what was encrypted"
    done=$((done + 1))
  fi
done
say batch "$rows encrypted, $done decrypted; row 3: $(cat "$work/message-3")"
