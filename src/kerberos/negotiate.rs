//! The laptop's side of Negotiate, by the system's library.

use libgssapi::context::{ClientCtx, CtxFlags};
use libgssapi::name::Name;
use libgssapi::oid::{GSS_MECH_SPNEGO, GSS_NT_HOSTBASED_SERVICE};

use super::Error;

/// A Negotiate token for the web service on that host, from the tickets of the current user. The library may request the
/// ticket from the domain controller, and caches it.
pub fn ticket(host: &str, end_point: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let none = |error: libgssapi::error::Error| Error::NoTicket(error.to_string());
    let target = Name::new(format!("HTTP@{host}").as_bytes(), Some(GSS_NT_HOSTBASED_SERVICE)).map_err(none)?;
    let mut context = ClientCtx::new(None, target, CtxFlags::empty(), Some(GSS_MECH_SPNEGO));
    match context.step(None, end_point).map_err(none)? {
        Some(token) => Ok(token.to_vec()),
        None => Err(Error::NoTicket("the library returned no token".to_owned())),
    }
}
