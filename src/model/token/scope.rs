//! The scope of a token: the laptops, networks and mappings that it is restricted to, and the time when it becomes valid.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;

use crate::model::Unreadable;
use crate::model::name::Name;

/// The restrictions of a token. An empty list restricts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Scope {
    /// The mappings with users who may activate a laptop that enrolled with the token.
    pub mappings: Vec<Name>,
    /// The operating systems of the laptops, as they report them.
    pub platforms: Vec<Platform>,
    /// The networks of the laptops, by the addresses that the service sees.
    pub networks: Vec<IpNet>,
    /// When the token becomes valid. Whole seconds in a token.
    pub not_before: Option<Timestamp>,
}

/// The restriction that a laptop does not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    Platform,
    Network,
}

impl Scope {
    /// The restriction that refuses a laptop with that system and address. An unknown address is in no network.
    pub fn outside(&self, system: &str, from: Option<IpAddr>) -> Option<Outside> {
        let platform = Platform::of(system);
        if !self.platforms.is_empty() && !platform.is_some_and(|platform| self.platforms.contains(&platform)) {
            return Some(Outside::Platform);
        }
        let from = from.map(|from| from.to_canonical());
        let inside = |network: &IpNet| from.is_some_and(|from| network.contains(&from));
        (!self.networks.is_empty() && !self.networks.iter().any(inside)).then_some(Outside::Network)
    }

    /// This scope within `outer`: an empty list becomes the list of `outer`.
    ///
    /// # Errors
    /// With the first value that `outer` does not allow.
    pub fn within(self, outer: &Self) -> Result<Self, String> {
        fn list<T: Clone + std::fmt::Display>(
            own: Vec<T>,
            outer: &[T],
            is_in: impl Fn(&T, &T) -> bool,
        ) -> Result<Vec<T>, String> {
            if own.is_empty() || outer.is_empty() {
                return Ok(if own.is_empty() { outer.to_vec() } else { own });
            }
            match own.iter().find(|one| !outer.iter().any(|wider| is_in(one, wider))) {
                Some(beyond) => Err(beyond.to_string()),
                None => Ok(own),
            }
        }
        Ok(Self {
            mappings: list(self.mappings, &outer.mappings, Name::is_same)?,
            platforms: list(self.platforms, &outer.platforms, PartialEq::eq)?,
            networks: list(self.networks, &outer.networks, |one, wider| wider.contains(one))?,
            not_before: self.not_before.max(outer.not_before),
        })
    }

    /// When a token that was issued at `issued_at` becomes valid.
    pub fn starts(&self, issued_at: Timestamp) -> Timestamp {
        self.not_before.map_or(issued_at, |from| from.max(issued_at))
    }

    /// Whether users of that mapping may activate laptops.
    pub fn covers(&self, mapping: &Name) -> bool {
        self.mappings.is_empty() || self.mappings.iter().any(|name| name.is_same(mapping))
    }

    /// The restrictions in words; empty if there are none.
    pub fn parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let mut part = |what: &str, of: Vec<String>| {
            if !of.is_empty() {
                parts.push(format!("{what} {}", of.join(", ")));
            }
        };
        part("users of", self.mappings.iter().map(|name| format!("\"{name}\"")).collect());
        part("laptops with", self.platforms.iter().map(ToString::to_string).collect());
        part("from", self.networks.iter().map(ToString::to_string).collect());
        part("not before", self.not_before.iter().map(crate::model::moment::minute).collect());
        parts
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    Windows,
    Mac,
    Linux,
}

impl Platform {
    /// Reads the system that a laptop reports: `windows`, `macos` or `linux`, alone or before a version.
    pub fn of(system: &str) -> Option<Self> {
        let word: String = system.chars().take_while(char::is_ascii_alphabetic).collect();
        match word.to_ascii_lowercase().as_str() {
            "windows" => Some(Self::Windows),
            "macos" | "mac" | "darwin" => Some(Self::Mac),
            "linux" => Some(Self::Linux),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Mac => "mac",
            Self::Linux => "linux",
        }
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

impl std::str::FromStr for Platform {
    type Err = Unreadable;
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let found = [Self::Windows, Self::Mac, Self::Linux].into_iter().find(|platform| platform.word() == text);
        found.ok_or_else(|| Unreadable::new("windows, mac or linux", text))
    }
}

/// Reads a network in CIDR notation (RFC 4632), such as `10.20.0.0/16`; an address alone is a network of one.
///
/// # Errors
/// When it is not a network, or has bits set after its prefix, which is usually a typing error.
pub fn network(text: &str) -> Result<IpNet, Unreadable> {
    let wrong = || Unreadable::new("a network such as \"10.20.0.0/16\" or \"2001:db8::/32\"", text);
    let net = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().map_err(|_| wrong())?,
    };
    if net.addr() == net.network() { Ok(net) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_scope_restricts_nothing() {
        let office: Option<IpAddr> = "10.20.3.4".parse().ok();
        let home: Option<IpAddr> = "203.0.113.9".parse().ok();
        let everything = Scope::default();
        assert_eq!(everything.outside("", home), None);
        assert_eq!(everything.outside("", None), None);
        let scope = Scope {
            platforms: vec![Platform::Windows],
            networks: vec![network("10.20.0.0/16").unwrap(), network("2001:db8::1").unwrap()],
            ..Scope::default()
        };
        assert_eq!(scope.outside("Windows 11", office), None);
        assert_eq!(scope.outside("windows", "::ffff:10.20.3.4".parse().ok()), None, "IPv4 mapped to IPv6");
        assert_eq!(scope.outside("windows", "2001:db8::1".parse().ok()), None);
        assert_eq!(scope.outside("linux", office), Some(Outside::Platform));
        assert_eq!(scope.outside("windowsill", office), Some(Outside::Platform));
        assert_eq!(scope.outside("windows", home), Some(Outside::Network));
        assert_eq!(scope.outside("windows", None), Some(Outside::Network));
    }

    #[test]
    fn a_scope_within_another_is_never_wider() {
        let net = |text: &str| vec![network(text).unwrap()];
        let outer = Scope { platforms: vec![Platform::Mac], networks: net("10.0.0.0/8"), ..Scope::default() };
        assert_eq!(Scope::default().within(&outer), Ok(outer.clone()));
        let narrower = Scope { networks: net("10.20.0.0/16"), ..Scope::default() };
        assert_eq!(narrower.within(&outer), Ok(Scope { networks: net("10.20.0.0/16"), ..outer.clone() }));
        for beyond in [
            Scope { platforms: vec![Platform::Mac, Platform::Linux], ..Scope::default() },
            Scope { networks: net("0.0.0.0/0"), ..Scope::default() },
        ] {
            assert!(beyond.within(&outer).is_err());
        }
    }

    #[test]
    fn a_network_with_bits_after_its_prefix_is_refused() {
        for text in ["10.20.3.4/16", "10.20.0.0/33", "office", ""] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
