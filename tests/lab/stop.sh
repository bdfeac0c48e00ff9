#!/bin/bash
# stop.sh NAME: stops the DC in BASE/NAME by its recorded pid and waits until all of its processes are gone.
. "$(dirname "$0")/common.sh"
[ $# = 1 ] || fail "NAME expected"
D=$BASE/$1
[ -f "$D/dc.pid" ] || exit 0
PID=$(cat "$D/dc.pid")
group() { pgrep -g "$PID" >/dev/null 2>&1; }
kill -TERM "$PID" 2>/dev/null || true
for _ in $(seq 1 200); do
  group || break
  sleep 0.05
done
! group || kill -KILL -- -"$PID" 2>/dev/null || true
rm -f "$D/dc.pid"
