//! The claims in a token: JSON with short keys, with the registered keys of PASETO where they exist. Times are whole
//! seconds since 1970, which any shell can compare.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[cfg(feature = "console")]
use super::Error;
use crate::model::name::Name;
use crate::model::token::{Claims, Scope, TokenId, network};

/// In the order of the token.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    /// The token's id.
    jti: String,
    /// The issuer.
    iss: String,
    /// The token's name.
    name: String,
    /// Issued at.
    iat: i64,
    /// Expires at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// Maximum activations; 0: no limit.
    max: u64,
    /// The servers.
    srv: Vec<String>,
    /// The pin of the service's authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin: Option<String>,
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    /// Only users of these mappings may activate laptops.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    map: Vec<String>,
    /// The platforms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    os: Vec<String>,
    /// The networks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    net: Vec<String>,
}

/// # Errors
/// When [`from_json`] would not accept them.
#[cfg(feature = "console")]
pub(super) fn to_json(claims: &Claims) -> Result<Vec<u8>, Error> {
    if claims.issuer.is_empty() {
        return Err(Error::Empty { what: "issuer" });
    }
    let scope = &claims.scope;
    let starts = scope.starts(claims.issued_at);
    if claims.expires_at.is_some_and(|end| end.as_second() <= starts.as_second()) {
        return Err(Error::EndsBeforeItStarts);
    }
    let wire = Wire {
        jti: claims.id.as_str().to_owned(),
        iss: claims.issuer.clone(),
        name: claims.name.as_str().to_owned(),
        iat: claims.issued_at.as_second(),
        exp: claims.expires_at.map(Timestamp::as_second),
        max: claims.max_activations,
        srv: claims.servers.clone(),
        pin: claims.pin.as_ref().map(ToString::to_string),
        nbf: scope.not_before.map(Timestamp::as_second),
        map: scope.mappings.iter().map(ToString::to_string).collect(),
        os: scope.platforms.iter().map(ToString::to_string).collect(),
        net: scope.networks.iter().map(ToString::to_string).collect(),
    };
    serde_json::to_vec(&wire).map_err(|_| Error::Sign)
}

/// Absent if a key is unknown or missing, or a value is not one that [`to_json`] writes.
pub(super) fn from_json(text: &str) -> Option<Claims> {
    let wire: Wire = serde_json::from_str(text).ok()?;
    let starts = wire.nbf.map_or(wire.iat, |from| from.max(wire.iat));
    if wire.iss.is_empty() || wire.exp.is_some_and(|end| end <= starts) {
        return None;
    }
    Some(Claims {
        id: TokenId::parse(&wire.jti).ok()?,
        issuer: wire.iss,
        name: Name::new(&wire.name).ok()?,
        issued_at: Timestamp::from_second(wire.iat).ok()?,
        expires_at: wire.exp.map(Timestamp::from_second).transpose().ok()?,
        max_activations: wire.max,
        servers: wire.srv,
        pin: wire.pin.map(|pin| pin.parse()).transpose().ok()?,
        scope: Scope {
            mappings: wire.map.iter().map(|name| Name::new(name)).collect::<Result<_, _>>().ok()?,
            platforms: wire.os.iter().map(|word| word.parse()).collect::<Result<_, _>>().ok()?,
            networks: wire.net.iter().map(|text| network(text)).collect::<Result<_, _>>().ok()?,
            not_before: wire.nbf.map(Timestamp::from_second).transpose().ok()?,
        },
    })
}
