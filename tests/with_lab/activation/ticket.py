#!/usr/bin/python3
"""Negotiate tokens as others make them, in base64: Debian's python3-gssapi and python3-samba.

  ticket.py HOST [CERTIFICATE]     a ticket of the session for HTTP/HOST, made for the TLS connection that shows it (hex)
  ticket.py --ntlm raw|negotiate   the first message of NTLM, as it is or offered by Negotiate
"""
import base64
import hashlib
import sys


def ticket(host, certificate=None):
    import gssapi
    from gssapi.raw import ChannelBindings

    binding = None
    if certificate:
        hashed = hashlib.sha256(bytes.fromhex(certificate)).digest()
        binding = ChannelBindings(application_data=b"tls-server-end-point:" + hashed)
    name = gssapi.Name("HTTP@" + host, gssapi.NameType.hostbased_service)
    spnego = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
    return gssapi.SecurityContext(name=name, mech=spnego, usage="initiate", channel_bindings=binding).step()


def ntlm(how):
    from samba import credentials, gensec, param

    settings = param.LoadParm()
    who = credentials.Credentials()
    who.guess(settings)
    who.set_username("lab-user")
    who.set_domain("ONE")
    who.set_password("unused")
    who.set_kerberos_state(credentials.DONT_USE_KERBEROS)
    client = gensec.Security.start_client({"lp_ctx": settings, "target_hostname": "imd"})
    client.set_credentials(who)
    client.start_mech_by_name({"raw": "ntlmssp", "negotiate": "spnego"}[how])
    return client.update(b"")[1]


made = ntlm(sys.argv[2]) if sys.argv[1] == "--ntlm" else ticket(*sys.argv[1:])
print(base64.b64encode(made).decode())
