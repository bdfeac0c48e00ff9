//! The rootDSE of a domain controller ([MS-ADTS] 3.1.1.3.2).

use jiff::Timestamp;
use jiff::civil::DateTime;
use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::{Connection, OwnedEntry, Watch};
use super::error::Error;
use super::request::{Scope, Search};
use crate::directory::{Error as DirectoryError, Root, decode};
use crate::model::text::{is_hidden, shown};
use crate::model::user::Guid;

/// Matches every entry.
pub(super) const ANYTHING: &str = "(objectClass=*)";

/// The rootDSE, without the names that need further searches.
#[derive(Debug)]
pub(super) struct Dse {
    pub(super) root: Root,
    /// The server's clock.
    pub(super) time: Option<Timestamp>,
    configuration: Option<String>,
    /// The DN of the server's settings.
    service: Option<String>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Reads the rootDSE.
    pub(super) async fn dse(&mut self, watch: Watch<'_>) -> Result<Dse, DirectoryError> {
        let search = Search {
            base: "",
            scope: Scope::Base,
            filter: ANYTHING,
            attributes: &[
                "defaultNamingContext",
                "namingContexts",
                "configurationNamingContext",
                "rootDomainNamingContext",
                "domainFunctionality",
                "dnsHostName",
                "dsServiceName",
                "highestCommittedUSN",
                "currentTime",
            ],
            size_limit: 0,
        };
        let entries = self.few(&search, watch).await?;
        let dse = entries.first().and_then(Dse::of);
        dse.ok_or_else(|| Error::NoNamingContext { server: self.server().to_owned() }.into())
    }

    /// The complete [`Root`]: the rootDSE, the domain's NetBIOS name and the server's invocationId. The last two are
    /// absent when the account may not read them.
    pub(super) async fn root(&mut self, watch: Watch<'_>) -> Result<Root, DirectoryError> {
        let dse = self.dse(watch).await?;
        self.with_names(dse, watch).await
    }

    /// Adds the names that need further searches to the rootDSE.
    pub(super) async fn with_names(&mut self, dse: Dse, watch: Watch<'_>) -> Result<Root, DirectoryError> {
        let Dse { mut root, configuration, service, .. } = dse;
        if let Some(configuration) = configuration {
            let context = crate::filter::Filter::Equal("nCName".to_owned(), root.naming_context.clone().into_bytes());
            let search = Search {
                base: &format!("CN=Partitions,{configuration}"),
                scope: Scope::One,
                filter: &context.to_string(),
                attributes: &["nETBIOSName"],
                size_limit: 0,
            };
            let reference = self.readable(&search, watch).await?;
            root.netbios = reference.and_then(|entry| entry.text("nETBIOSName").map(shown));
        }
        if let Some(service) = service {
            let search = Search {
                base: &service,
                scope: Scope::Base,
                filter: ANYTHING,
                attributes: &["invocationId"],
                size_limit: 0,
            };
            let settings = self.readable(&search, watch).await?;
            let id = settings.and_then(|entry| entry.bytes("invocationId")?.try_into().ok());
            root.invocation_id = id.map(|id| Guid(id).to_string());
        }
        Ok(root)
    }

    /// The first entry of a search; `None` when the server refuses the search.
    pub(super) async fn readable(
        &mut self,
        search: &Search<'_>,
        watch: Watch<'_>,
    ) -> Result<Option<OwnedEntry>, DirectoryError> {
        match self.few(search, watch).await {
            Ok(entries) => Ok(entries.into_iter().next()),
            Err(DirectoryError::Ldap(Error::Search { .. } | Error::Referral { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Dse {
    fn of(entry: &OwnedEntry) -> Option<Self> {
        let text = |attribute| entry.text(attribute).map(ToOwned::to_owned);
        let naming_context = text("defaultNamingContext").or_else(|| text("namingContexts"))?;
        // The name is used and shown unescaped; no domain has hidden characters in its name.
        if naming_context.chars().any(is_hidden) {
            return None;
        }
        let root = Root {
            domain: domain_of(&naming_context).unwrap_or_else(|| naming_context.clone()),
            netbios: None,
            forest: entry.text("rootDomainNamingContext").and_then(domain_of).map(|forest| shown(&forest)),
            level: entry.text("domainFunctionality").map(decode::level),
            host: entry.text("dnsHostName").map(shown),
            usn: entry.text("highestCommittedUSN").and_then(|usn| usn.parse().ok()),
            invocation_id: None,
            naming_context,
        };
        Some(Self {
            root,
            time: entry.text("currentTime").and_then(generalized_time),
            configuration: text("configurationNamingContext"),
            service: text("dsServiceName"),
        })
    }
}

/// `corp.example.com` from `DC=corp,DC=example,DC=com` (RFC 2247); `None` for a name that is not made of DCs.
fn domain_of(naming_context: &str) -> Option<String> {
    let labels = naming_context.split(',').map(|part| {
        let (attribute, label) = part.trim().split_once('=')?;
        attribute.trim().eq_ignore_ascii_case("dc").then(|| label.trim().to_owned())
    });
    labels.collect::<Option<Vec<_>>>().map(|labels| labels.join("."))
}

/// A time as directories write it: `20261123134324.0Z` (RFC 4517, 3.3.13, in UTC).
fn generalized_time(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z')?;
    let (digits, _) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let time = DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_name_follows_from_naming_context() {
        assert_eq!(domain_of("DC=corp,DC=example,DC=com").as_deref(), Some("corp.example.com"));
        assert_eq!(domain_of("dc=x").as_deref(), Some("x"));
        assert_eq!(domain_of("o=corp"), None);
        assert_eq!(domain_of("OU=a,DC=x"), None);
    }

    #[test]
    fn server_time_is_parsed() {
        let read = |text| generalized_time(text).map(|time| time.to_string());
        assert_eq!(read("20261123134324.0Z").as_deref(), Some("2026-11-23T13:43:24Z"));
        assert_eq!(read("20261123134324Z").as_deref(), Some("2026-11-23T13:43:24Z"));
        for wrong in ["", "Z", "20261323134324Z", "20261123134324", "2026112313432x.0Z"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
