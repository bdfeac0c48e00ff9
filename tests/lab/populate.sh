#!/bin/bash
# populate.sh NAME N: puts N invented people, their groups, and the accounts of accounts.py into a stopped DC.
. "$(dirname "$0")/common.sh"
[ $# = 2 ] || fail "NAME and a number of people expected"
NAME=$1 N=$2
! is_running "$NAME" || fail "$NAME is running" "stop it first: tests/lab/stop.sh $NAME"
DOMAIN=$(sed -n 's/^ *realm = //p' "$BASE/$NAME/etc/smb.conf" | tr '[:upper:]' '[:lower:]')
mkdir -p "$BASE/ldif"
"$LAB/people.py" "$N" "DC=${DOMAIN//./,DC=}" "$DOMAIN" >"$BASE/ldif/$NAME.ldif"
"$LAB/load.py" "$BASE/$NAME" "$BASE/ldif/$NAME.ldif"
"$LAB/accounts.py" "$BASE/$NAME"
