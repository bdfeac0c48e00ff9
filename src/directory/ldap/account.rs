//! The account of a session: the expiry of its password, and its rights beyond reading.
//!
//! Rules: bind names ([MS-ADTS] 5.1.1.1.1), msDS-UserPasswordExpiryTimeComputed ([MS-ADTS] 3.1.1.4.5.36),
//! tokenGroups ([MS-ADTS] 3.1.1.4.5.19), well-known SIDs ([MS-DTYP] 2.4.2.4).

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::{Connection, OwnedEntry, Watch};
use super::request::{Scope, Search};
use super::root::ANYTHING;
use crate::directory::{Account, Error as DirectoryError};
use crate::filter::Filter;
use crate::model::directory::Expiry;
use crate::model::sid::Sid;
use crate::model::user::NameForm;

/// Privileged groups of a domain by their relative id.
const OF_THE_DOMAIN: [(&str, &str); 6] = [
    ("512", "Domain Admins"),
    ("518", "Schema Admins"),
    ("519", "Enterprise Admins"),
    ("520", "Group Policy Creator Owners"),
    ("526", "Key Admins"),
    ("527", "Enterprise Key Admins"),
];
/// Privileged built-in groups.
const BUILT_IN: [(&str, &str); 5] = [
    ("S-1-5-32-544", "Administrators"),
    ("S-1-5-32-548", "Account Operators"),
    ("S-1-5-32-549", "Server Operators"),
    ("S-1-5-32-550", "Print Operators"),
    ("S-1-5-32-551", "Backup Operators"),
];
/// ADS_UF_DONT_EXPIRE_PASSWD ([MS-ADTS] 2.2.16).
const NEVER_EXPIRES: u32 = 0x1_0000;
/// Seconds from 1601, the epoch of Windows, to 1970 ([MS-DTYP] 2.3.3).
const TO_1970: i64 = 11_644_473_600;
/// Ticks of 100 ns per second.
const TICKS: i64 = 10_000_000;

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// The account with the bind name `bind`, below the naming context; `None` if it cannot see itself.
    pub(super) async fn account(
        &mut self,
        bind: &str,
        context: &str,
        watch: Watch<'_>,
    ) -> Result<Option<Account>, DirectoryError> {
        let Some(dn) = self.own_dn(bind, context, watch).await? else { return Ok(None) };
        let attributes = &["msDS-UserPasswordExpiryTimeComputed", "userAccountControl", "pwdLastSet", "tokenGroups"];
        let Some(entry) = self.base(&dn, attributes, watch).await? else { return Ok(None) };
        let mut password = computed(&entry);
        if password.is_none() && entry.text("pwdLastSet").is_some() {
            let domain = self.base(context, &["maxPwdAge"], watch).await?;
            password = domain.and_then(|domain| from_policy(&entry, &domain));
        }
        Ok(Some(Account { password, rights: rights(&entry) }))
    }

    /// The DN of the account with this bind name.
    async fn own_dn(&mut self, bind: &str, context: &str, watch: Watch<'_>) -> Result<Option<String>, DirectoryError> {
        let equal = |name: &str, value: &str| Filter::Equal(name.to_owned(), value.as_bytes().to_vec());
        let by_account = |name: &str| equal("sAMAccountName", name);
        let names = match NameForm::of(bind) {
            NameForm::Dn(dn) => return Ok(Some(dn)),
            NameForm::DownLevel { sam, .. } => vec![by_account(&sam)],
            // An account can bind as sAMAccountName@domain, even with another UPN or none.
            NameForm::AtSign(upn) => {
                let (account, _) = upn.split_once('@').unwrap_or((&upn, ""));
                vec![equal("userPrincipalName", &upn), by_account(account)]
            }
            NameForm::Bare(_) | NameForm::Guid(_) => Vec::new(),
        };
        for name in names {
            let filter = Filter::And(vec![equal("objectClass", "user"), name]).to_string();
            let search =
                Search { base: context, scope: Scope::Subtree, filter: &filter, attributes: &["1.1"], size_limit: 0 };
            if let Some(found) = self.readable(&search, watch).await? {
                return Ok(Some(found.dn));
            }
        }
        Ok(None)
    }

    async fn base(
        &mut self,
        dn: &str,
        attributes: &[&str],
        watch: Watch<'_>,
    ) -> Result<Option<OwnedEntry>, DirectoryError> {
        let search = Search { base: dn, scope: Scope::Base, filter: ANYTHING, attributes, size_limit: 0 };
        self.readable(&search, watch).await
    }
}

/// The expiry as the controller computes it, with the policy of this account.
fn computed(entry: &OwnedEntry) -> Option<Expiry> {
    match number(entry, "msDS-UserPasswordExpiryTimeComputed")? {
        i64::MAX => Some(Expiry::Never),
        // The password must be changed first; an account that is bound has no such password.
        0 => None,
        ticks => Some(time(ticks)),
    }
}

/// The expiry from the domain's policy, for a directory that does not compute it.
fn from_policy(entry: &OwnedEntry, domain: &OwnedEntry) -> Option<Expiry> {
    let never = entry.text("userAccountControl")?.parse().is_ok_and(|bits: u32| bits & NEVER_EXPIRES != 0);
    let (set, age) = (number(entry, "pwdLastSet")?, number(domain, "maxPwdAge")?);
    match age {
        _ if never => Some(Expiry::Never),
        // A limit is negative; 0 and the minimum mean no limit.
        0.. | i64::MIN => Some(Expiry::Never),
        _ if set == 0 => None,
        age => Some(time(set.saturating_sub(age))),
    }
}

fn number(entry: &OwnedEntry, attribute: &str) -> Option<i64> {
    entry.text(attribute)?.parse().ok()
}

/// A Windows time ([MS-DTYP] 2.3.3); a time out of range means never.
fn time(ticks: i64) -> Expiry {
    Timestamp::from_second(ticks / TICKS - TO_1970).map_or(Expiry::Never, Expiry::At)
}

/// The privileged groups of the account, including nested membership.
fn rights(entry: &OwnedEntry) -> Option<Vec<&'static str>> {
    let mut have = Vec::new();
    let sids = entry.values.iter().filter(|(name, _)| name.eq_ignore_ascii_case("tokenGroups"));
    let sids: Vec<String> = sids.filter_map(|(_, bytes)| Sid::from_bytes(bytes)).map(|sid| sid.to_string()).collect();
    if sids.is_empty() {
        // Every account is in a group, so this one cannot see its own.
        return None;
    }
    for sid in &sids {
        have.extend(BUILT_IN.iter().filter(|(group, _)| group == sid).map(|(_, name)| *name));
        let last = sid.strip_prefix("S-1-5-21-").and_then(|rest| rest.rsplit('-').next());
        have.extend(OF_THE_DOMAIN.iter().filter(|(rid, _)| Some(*rid) == last).map(|(_, name)| *name));
    }
    have.sort_unstable();
    have.dedup();
    Some(have)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(values: &[(&str, &str)]) -> OwnedEntry {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        OwnedEntry { dn: "CN=svc,DC=x".to_owned(), values }
    }

    fn at(time: &str) -> Expiry {
        Expiry::At(time.parse().expect("a time"))
    }

    #[test]
    fn computed_password_expiry_is_used() {
        let of = |value| computed(&entry(&[("msDS-UserPasswordExpiryTimeComputed", value)]));
        // 2026-12-01 00:00 UTC is 1,796,083,200 s after 1970 (`date -d @1796083200`), 13,440,556,800 s after 1601.
        assert_eq!(of("134405568000000000"), Some(at("2026-12-01T00:00:00Z")));
        assert_eq!(of("9223372036854775807"), Some(Expiry::Never));
        assert_eq!(of("9223372036854775806"), Some(Expiry::Never), "out of range");
        assert_eq!(of("0"), None);
        assert_eq!(of("soon"), None);
    }

    #[test]
    fn password_expiry_follows_from_domain_policy() {
        let of = |bits, set, age| {
            from_policy(&entry(&[("userAccountControl", bits), ("pwdLastSet", set)]), &entry(&[("maxPwdAge", age)]))
        };
        // Set on 2026-10-20 00:00 UTC; 42 days, the default of Windows, later it is 2026-12-01.
        let (set, days) = ("134369280000000000", "-36288000000000");
        assert_eq!(of("512", set, days), Some(at("2026-12-01T00:00:00Z")));
        assert_eq!(of("66048", set, days), Some(Expiry::Never), "DONT_EXPIRE_PASSWD");
        assert_eq!(of("512", set, "0"), Some(Expiry::Never));
        assert_eq!(of("512", set, "-9223372036854775808"), Some(Expiry::Never));
        assert_eq!(of("512", "0", days), None);
    }

    #[test]
    fn privileged_groups_are_found_by_sid() {
        let of = |sids: &[&str]| {
            let bytes = |sid: &&str| ("tokenGroups".to_owned(), sid.parse::<Sid>().expect("a SID").as_bytes().to_vec());
            rights(&OwnedEntry { dn: String::new(), values: sids.iter().map(bytes).collect() })
        };
        let domain = "S-1-5-21-1004336348-1177238915-682003330";
        assert_eq!(of(&[&format!("{domain}-513"), "S-1-5-32-545"]), Some(Vec::new()));
        let powerful = [&format!("{domain}-512"), "S-1-5-32-544", &format!("{domain}-519"), "S-1-5-32-544"];
        assert_eq!(of(&powerful), Some(vec!["Administrators", "Domain Admins", "Enterprise Admins"]));
        assert_eq!(of(&[&format!("{domain}-1512")]), Some(Vec::new()), "another group");
        assert_eq!(of(&[]), None);
    }
}
