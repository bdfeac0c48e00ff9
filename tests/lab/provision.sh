#!/bin/bash
# provision.sh NAME REALM NETBIOS ADDRESS HOST [samba-tool options]: makes a Samba domain controller in BASE/NAME.
#
# Its database, configuration, sockets, logs and pid files lie below that folder; /etc/samba and /var/lib/samba stay
# as they are. The Administrator's password is ADMIN_PASSWORD. Passwords never expire. Takes about 7 s.
. "$(dirname "$0")/common.sh"
[ $# -ge 5 ] || fail "NAME REALM NETBIOS ADDRESS HOST expected"
NAME=$1 REALM=$2 NETBIOS=$3 ADDRESS=$4 HOST=$5
shift 5
D=$BASE/$NAME DOMAIN=${REALM,,}
! is_running "$NAME" || fail "$NAME is running" "stop it first: tests/lab/stop.sh $NAME"
rm -rf "$D"
mkdir -p "$D"/{run,lock,log,cache,ncalrpc,winbindd}

samba-tool domain provision --targetdir="$D" --realm="$REALM" --domain="$NETBIOS" --server-role=dc \
  --dns-backend=SAMBA_INTERNAL --adminpass="${ADMIN_PASSWORD:?the password for Administrator}" \
  --host-name="$HOST" --host-ip="$ADDRESS" --use-rfc2307 "$@" >"$D/log/provision.log" 2>&1 ||
  { tail -20 "$D/log/provision.log" >&2; fail "samba-tool could not provision $NAME"; }
mv "$D/etc/smb.conf" "$D/etc/smb.conf.provisioned"

# Only what a client of LDAP, Kerberos and DNS needs: no file server, no winbindd, no name service. Two domain
# controllers find each other's ports taken unless the mask is /8.
cat >"$D/etc/smb.conf" <<CONF
[global]
  netbios name = ${HOST^^}
  realm = $REALM
  workgroup = $NETBIOS
  server role = active directory domain controller
  interfaces = $ADDRESS/8
  bind interfaces only = yes
  server services = ldap, cldap, kdc, dns, rpc, drepl
  dns forwarder =
  dns zone scavenging = no
  allow dns updates = disabled
  idmap_ldb:use rfc2307 = yes
  pid directory = $D/run
  lock directory = $D
  state directory = $D/state
  cache directory = $D/cache
  private dir = $D/private
  ncalrpc dir = $D/ncalrpc
  winbindd socket directory = $D/winbindd
  ntp signd socket directory = $D/ntp_signd
  binddns dir = $D/bind-dns
  log file = $D/log/log.%m
  log level = 1
  max log size = 5000
  tls enabled = yes
  ldap server require strong auth = yes
  load printers = no
  disable spoolss = yes
CONF
cat >"$D/krb5.conf" <<CONF
[libdefaults]
  default_realm = $REALM
  dns_lookup_realm = false
  dns_lookup_kdc = false
  rdns = false
  dns_canonicalize_hostname = false
  udp_preference_limit = 1
[realms]
  $REALM = {
    kdc = $ADDRESS
    admin_server = $ADDRESS
    default_domain = $DOMAIN
  }
[domain_realm]
  .$DOMAIN = $REALM
  $DOMAIN = $REALM
CONF
samba-tool domain passwordsettings set -s "$D/etc/smb.conf" -H "$D/private/sam.ldb" \
  --max-pwd-age=0 --min-pwd-age=0 --history-length=0 >>"$D/log/provision.log" 2>&1 ||
  { tail -5 "$D/log/provision.log" >&2; fail "the password policy of $NAME could not be set"; }
# The ldap/... service principal names, which the update service would add if it ran.
samba_spnupdate -s "$D/etc/smb.conf" >>"$D/log/provision.log" 2>&1 || fail "samba_spnupdate failed for $NAME"
"$LAB/certificate.sh" "$D/private/tls" "$HOST.$DOMAIN" "$ADDRESS"
