#!/bin/sh
# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# What can be done with kmsd from gdbus and busctl: orders.sh system|session|SOCKET BOX.
set -eu
export LC_ALL=C # bytes, not characters

if [ $# -ne 2 ]; then
  echo "usage: orders.sh system|session|SOCKET BOX" >&2
  exit 2
fi
case $1 in
system) of_gdbus=--system of_busctl=--system ;;
session) of_gdbus=--session of_busctl=--user ;;
*) of_gdbus=--address=unix:path=$1 of_busctl=$of_gdbus ;; # a private socket answers as a bus would
esac

name=org.libkms.Kms1
manager=/org/libkms/Kms1/Manager

# Tells what was done; never a secret.
say() {
  printf '%-10s %s\n' "$1" "$2"
}

# path, interface, method, signature, arguments: in busctl's own notation, in which an empty map is 0
busctl_call() {
  path=$1 interface=$name.$2
  shift 2
  busctl "$of_busctl" call "$name" "$path" "$interface" "$@"
}

# path, interface.method, arguments: in GVariant's notation. Errors begin with their name, which busctl keeps to itself.
gdbus_call() {
  path=$1 method=$name.$2
  shift 2
  gdbus call "$of_gdbus" --dest="$name" --object-path="$path" --method="$method" "$@"
}

# A string as busctl takes bytes: how many, and each of them. (b'…' of gdbus has a NUL behind it.)
bytes() {
  echo "${#1}" "$(printf %s "$1" | od -An -v -tu1)"
}

# The bytes that busctl printed first, "aya{sv} 3 118 49 58 …", as text. Bare ciphertexts are no text.
text() {
  awk '{ for (i = 3; i < 3 + $2; i++) printf "%c", $i + 0 }'
}

# The bytes that gdbus printed first, "([byte 0x76, 0x31, …], …)".
text_of_gdbus() {
  for byte in $(sed 's/^(\[byte \([^]]*\)\].*/\1/; s/,//g'); do
    printf "\\$(printf %03o "$byte")"
  done
}

# Paths are told, never built.
reply=$(busctl_call "$manager" Manager LookupBox 'sa{sv}' "$2" 0)
box=$(echo "$reply" | sed 's/^o "\(.*\)"$/\1/')
say box "$box"

# A secret goes in through a pipe. gdbus passes on descriptors of its own: 0 is what the pipe of the shell ends in.
row="{'model_name': 'Order', 'model_id': '42'}"
reply=$(head -c 32 /dev/urandom | gdbus_call "$box" Box.Encrypt 'handle 0' "$row" '{}')
stored=$(echo "$reply" | text_of_gdbus)
say encrypted "$stored"

# shellcheck disable=SC2046 # each byte is an argument
reply=$(busctl_call "$manager" Manager InspectCiphertext 'aya{sv}' $(bytes "$stored") 0)
say inspected "$reply"

# A key for later, which nobody has seen.
reply=$(busctl_call "$box" Box GenerateDataKeyWithoutPlaintext 'a{ss}a{sv}' 1 file backup 0)
say wrapped "$(echo "$reply" | text)"

# Under the newest version of the box and of its master key.
# shellcheck disable=SC2046
reply=$(busctl_call "$box" Box Rewrap 'aya{ss}a{sv}' $(bytes "$stored") 2 model_name Order model_id 42 0)
say rewrapped "$(echo "$reply" | text)"

# The string of one row is not one of another.
error=$(gdbus_call "$box" Box.Rewrap "@ay [$(printf %s "$stored" | od -An -v -tu1 -w1 | paste -sd, -)]" \
  "{'model_id': '43'}" '{}' 2>&1) && exit 1
case $error in
*$name.Error.InvalidCiphertext:*) say refused InvalidCiphertext ;;
*)
  echo "orders.sh: $error" >&2
  exit 1
  ;;
esac
