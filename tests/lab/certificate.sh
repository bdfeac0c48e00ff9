#!/bin/bash
# certificate.sh FOLDER HOST ADDRESS: a certificate with subjectAltNames, signed by the lab's own CA (BASE/ca).
#
# Samba makes itself one without names, which no present-day client accepts. "localhost" is excluded on purpose: the
# tests reach the same controller under that name to see a wrong name refused.
. "$(dirname "$0")/common.sh"
[ $# = 3 ] || fail "FOLDER HOST ADDRESS expected"
T=$1 HOST=$2 ADDRESS=$3 CA=$BASE/ca
mkdir -p "$CA" "$T"
KEY=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
[ -f "$CA/ca.pem" ] || openssl req -x509 "${KEY[@]}" -days 3650 -subj "/CN=IMD lab CA" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
  -keyout "$CA/ca.key" -out "$CA/ca.pem" 2>/dev/null
rm -f "$T"/*.pem
openssl req "${KEY[@]}" -subj "/CN=$HOST" -keyout "$T/key.pem" -out "$T/request" 2>/dev/null
openssl x509 -req -in "$T/request" -CA "$CA/ca.pem" -CAkey "$CA/ca.key" -CAcreateserial -days 3650 -out "$T/cert.pem" \
  -extfile <(printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature \
    extendedKeyUsage=serverAuth "subjectAltName=DNS:$HOST,DNS:${HOST#*.},IP:$ADDRESS") 2>/dev/null
rm "$T/request"
cp "$CA/ca.pem" "$T/ca.pem"
chmod 600 "$T/key.pem"
