#!/bin/bash
# start.sh NAME: starts the DC in BASE/NAME and returns when LDAP, LDAPS, the global catalog and the KDC answer.
. "$(dirname "$0")/common.sh"
[ $# = 1 ] || fail "NAME expected"
NAME=$1 D=$BASE/$1
[ -f "$D/etc/smb.conf" ] || fail "$D holds no domain controller" "make one with tests/lab/provision.sh"
! is_running "$NAME" || exit 0
ADDRESS=$(address_of "$NAME")
answers() { (exec 3<>"/dev/tcp/$ADDRESS/$1") 2>/dev/null; }
! answers 389 || fail "something else listens on $ADDRESS:389" "stop it, or choose another loopback address: ADDRESS=127.0.0.2 tests/lab/up"
rm -f "$D"/run/*.pid
ulimit -n 16384
# -F and no process group: it neither watches its standard input nor leaves the session that setsid makes, so that one
# signal reaches all of its processes.
setsid samba -F --no-process-group -s "$D/etc/smb.conf" --debug-stdout </dev/null >"$D/log/samba.out" 2>&1 &
echo $! >"$D/dc.pid"
for _ in $(seq 1 1200); do
  is_running "$NAME" || { tail -20 "$D/log/samba.out" >&2; rm -f "$D/dc.pid"; fail "samba ended at once"; }
  if answers 389 && answers 636 && answers 3268 && answers 88 &&
    timeout 5 ldapsearch -x -LLL -H "ldap://$ADDRESS" -s base -b '' defaultNamingContext 2>/dev/null </dev/null |
    grep -q ^defaultNamingContext; then
    exit 0
  fi
  sleep 0.05
done
tail -20 "$D/log/samba.out" >&2
fail "$NAME does not answer after a minute"
