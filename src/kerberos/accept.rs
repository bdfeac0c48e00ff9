//! The service's side of Negotiate, by the system's library: one message from the laptop, and no answer is needed.

use std::path::Path;

use libgssapi::context::{SecurityContext as _, ServerCtx};
use libgssapi::credential::{Cred, CredUsage};
use libgssapi::oid::{GSS_MECH_KRB5, GSS_MECH_SPNEGO, OidSet};

use super::{Error, Principal, keytab};

/// Set by the library when the ticket is bound to the same TLS connection (MIT Kerberos 1.19, gssapi_ext.h).
const CHANNEL_BOUND: u32 = 2048;
/// How every NTLM message begins ([MS-NLMP] 2.2.1).
const NTLM: &[u8] = b"NTLMSSP\0";

/// Accepts tickets for the keys of a keytab, which is read again for each ticket.
#[derive(Debug)]
pub struct Acceptor(Cred);

impl Acceptor {
    /// Checks the keytab. Call [`super::restart_with_keytab`] before.
    pub fn open(path: &Path) -> Result<Self, Error> {
        keytab::check(path)?;
        let library = |error: libgssapi::error::Error| Error::Library(error.to_string());
        let mut mechanisms = OidSet::new();
        mechanisms.add(GSS_MECH_KRB5).map_err(library)?;
        mechanisms.add(GSS_MECH_SPNEGO).map_err(library)?;
        Cred::acquire(None, None, CredUsage::Accept, Some(&mechanisms)).map(Self).map_err(library)
    }

    /// The principal of a ticket. The ticket must be bound to the TLS connection with this end point, except behind a
    /// trusted proxy that terminates TLS; else any server that a user's browser sends a ticket to could forward it.
    pub fn accept(&self, token: &[u8], end_point: Option<&[u8]>) -> Result<Principal, Error> {
        let refused = |why: &str| Error::Refused(why.to_owned());
        if token.starts_with(NTLM) {
            return Err(refused("it is NTLM, not Kerberos"));
        }
        let mut context = ServerCtx::new(Some(self.0.clone()));
        let failed = |error: libgssapi::error::Error| Error::Refused(error.to_string());
        context.step(token, end_point).map_err(failed)?;
        if !context.is_complete() {
            return Err(refused("incomplete exchange: Kerberos was not the first mechanism of the laptop"));
        }
        if context.mechanism().map_err(failed)? != GSS_MECH_KRB5 {
            return Err(refused("it is not Kerberos"));
        }
        if end_point.is_some() && context.flags().map_err(failed)?.bits() & CHANNEL_BOUND == 0 {
            return Err(refused("it is not bound to this connection (no channel binding)"));
        }
        let name = context.source_name().and_then(|name| name.display_name()).map_err(failed)?;
        let name = std::str::from_utf8(&name).map_err(|_| refused("its name is not UTF-8"))?;
        Principal::parse(name).ok_or_else(|| refused("it does not belong to a user"))
    }
}
