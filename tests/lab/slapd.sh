#!/bin/bash
# slapd.sh load LDIF | start | stop: OpenLDAP with people.py's "openldap" people (suffix dc=imd,dc=test), without root,
# on 127.0.0.1:3890, and on 6360 with TLS=FOLDER (made by certificate.sh). Loading 100,000 people takes 4 s.
. "$(dirname "$0")/common.sh"
[ $# -ge 1 ] || fail "load LDIF, start or stop expected"
D=$BASE/slapd
mkdir -p "$D/db" "$D/run"
{
  for schema in core cosine inetorgperson; do echo "include /etc/ldap/schema/$schema.schema"; done
  printf '%s\n' "pidfile $D/run/slapd.pid" "modulepath /usr/lib/ldap" "moduleload back_mdb" "sizelimit unlimited"
  [ -z "${TLS:-}" ] || printf '%s\n' "TLSCACertificateFile $TLS/ca.pem" "TLSCertificateFile $TLS/cert.pem" \
    "TLSCertificateKeyFile $TLS/key.pem"
  printf '%s\n' "database mdb" "maxsize 17179869184" 'suffix "dc=imd,dc=test"' 'rootdn "cn=admin,dc=imd,dc=test"' \
    "rootpw secret" "directory $D/db" "index objectClass,uid,entryUUID eq" "dbnosync"
} >"$D/slapd.conf"
case $1 in
load)
  rm -f "$D"/db/*
  # The suffix itself, which people.py leaves to the directory.
  { printf 'dn: dc=imd,dc=test\nobjectClass: domain\ndc: imd\n\n'; cat "$2"; } | slapadd -q -s -f "$D/slapd.conf"
  ;;
start) slapd -f "$D/slapd.conf" -h "ldap://127.0.0.1:3890${TLS:+ ldaps://127.0.0.1:6360}" ;;
stop) kill "$(cat "$D/run/slapd.pid")" ;;
*) fail "load LDIF, start or stop expected, not $1" ;;
esac
