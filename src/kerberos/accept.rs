//! The service's side of Negotiate, by the system's library: one message from the laptop, and no answer is needed.

use std::path::Path;

use libgssapi::context::{SecurityContext as _, ServerCtx};
use libgssapi::credential::{Cred, CredUsage};
use libgssapi::oid::{GSS_MECH_KRB5, GSS_MECH_SPNEGO, OidSet};

use super::{Error, Principal, keytab};

/// Set by the library when the ticket was made for the same TLS connection (MIT Kerberos 1.19, gssapi_ext.h).
const CHANNEL_BOUND: u32 = 2048;
/// How every NTLM message begins ([MS-NLMP] 2.2.1).
const NTLM: &[u8] = b"NTLMSSP\0";

/// Takes tickets for the keys of a keytab, which is read anew for each.
#[derive(Debug)]
pub struct Acceptor(Cred);

impl Acceptor {
    /// Looks at the keytab, which [`super::settle`] has to have named to the library.
    pub fn open(path: &Path) -> Result<Self, Error> {
        keytab::fit(path)?;
        let library = |error: libgssapi::error::Error| Error::Library(error.to_string());
        let mut mechanisms = OidSet::new();
        mechanisms.add(GSS_MECH_KRB5).map_err(library)?;
        mechanisms.add(GSS_MECH_SPNEGO).map_err(library)?;
        Cred::acquire(None, None, CredUsage::Accept, Some(&mechanisms)).map(Self).map_err(library)
    }

    /// Whose ticket it is. It has to be made for the TLS connection with that end point, unless there is none because a
    /// proxy of ours ended TLS; otherwise whoever a user's browser trusts with a ticket could pass it on.
    pub fn accept(&self, token: &[u8], end_point: Option<&[u8]>) -> Result<Principal, Error> {
        let refused = |why: &str| Error::Refused(why.to_owned());
        if token.starts_with(NTLM) {
            return Err(refused("it is NTLM, not Kerberos"));
        }
        let mut context = ServerCtx::new(Some(self.0.clone()));
        let failed = |error: libgssapi::error::Error| Error::Refused(error.to_string());
        context.step(token, end_point).map_err(failed)?;
        if !context.is_complete() {
            return Err(refused("one message is no proof: the laptop offered something else than Kerberos first"));
        }
        if context.mechanism().map_err(failed)? != GSS_MECH_KRB5 {
            return Err(refused("it is something else than Kerberos"));
        }
        if end_point.is_some() && context.flags().map_err(failed)?.bits() & CHANNEL_BOUND == 0 {
            return Err(refused("it was not made for this connection (no channel binding)"));
        }
        let name = context.source_name().and_then(|name| name.display_name()).map_err(failed)?;
        let name = std::str::from_utf8(&name).map_err(|_| refused("its name is not UTF-8"))?;
        Principal::parse(name).ok_or_else(|| refused("it is not a user's"))
    }
}
