# shellcheck shell=bash
# Sourced by the scripts of this folder: where everything lies. Nothing outside BASE is ever written.
set -euo pipefail
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BASE=${BASE:-$(cd "$LAB/../.." && pwd)/.lab}
mkdir -p "$BASE"
BASE=$(cd "$BASE" && pwd)
umask 022

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  [ -z "${2:-}" ] || printf 'help: %s\n' "$2" >&2
  exit 1
}

# The address that a provisioned DC listens on.
address_of() { sed -n 's/^ *interfaces = \([0-9.]*\).*/\1/p' "$BASE/$1/etc/smb.conf"; }

is_running() { [ -f "$BASE/$1/dc.pid" ] && kill -0 "$(cat "$BASE/$1/dc.pid")" 2>/dev/null; }
