//! The checklist of a domain controller.

use jiff::{SignedDuration, Timestamp};

use super::connect::{self, Session};
use super::connection::Watch;
use super::error::Error;
use super::request::{Scope, Search};
use super::root::ANYTHING;
use super::tls::Facts;
use super::{Controller, Deadlines, Driver};
use crate::directory::checklist::{Checklist, Stop, UserCount, described};
use crate::directory::{Account, Error as DirectoryError};
use crate::filter::Filter;
use crate::model::directory::{Ldap, Url};
use crate::model::job::Job;
use crate::model::text::shown;
use crate::model::user::Attribute;
use crate::secrets::Secret;

pub(in crate::directory) const CHECKS: &[&str] = &[
    "name resolves",
    "port answers",
    "TLS",
    "bind",
    "rootDSE",
    "clock",
    "base DN",
    "password",
    "rights",
    "users",
    "mail",
];

/// The attributes that the last two lines need.
const NEEDED: &[Attribute] =
    &[Attribute::ObjectGuid, Attribute::CommonName, Attribute::SamAccountName, Attribute::DisplayName, Attribute::Mail];
/// The clock skew that Kerberos allows by default.
const CLOCK: SignedDuration = SignedDuration::from_mins(5);
/// How long before its expiry a certificate causes a warning.
const RENEW: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(in crate::directory) fn check(
    source: &Ldap,
    password: Option<&Secret>,
    now: Timestamp,
    job: &Job,
    list: &mut Checklist<'_>,
    account: &mut Option<Account>,
) -> Result<(), Stop> {
    let deadlines = Deadlines::default();
    let driver = Driver::new()?;
    let watch = Watch::over(job);
    let connected = driver.block_on(async {
        let mut addresses = Stage::default();
        for url in &source.urls {
            let found = connect::resolve(url, deadlines, watch).await;
            addresses.take(url, found, |found| {
                format!(
                    "{} resolves to {}",
                    url.host,
                    found.iter().map(|a| a.ip().to_string()).collect::<Vec<_>>().join(", ")
                )
            })?;
        }
        let mut streams = Stage::default();
        for (url, addresses) in addresses.report(list)? {
            let stream = connect::reach(&url, &addresses, deadlines, watch).await;
            streams.take(&url, stream, |stream| {
                stream.peer_addr().map_or_else(|_| url.to_string(), |address| address.to_string())
            })?;
        }
        let mut sessions = Stage::default();
        for (url, tcp) in streams.report(list)? {
            let secured = connect::secure(tcp, &url, &source.trust, deadlines, watch).await;
            sessions.soon |= secured.as_ref().is_ok_and(|(_, facts)| is_soon(facts, now));
            sessions.take(&url, secured, |(_, facts)| tls(facts))?;
        }
        let (_, (mut session, _)) = sessions.report(list)?.swap_remove(0);
        let (name, password) = connect::credentials(source, password)?;
        session.bind(name, password, watch).await?;
        list.passed(format!("as {}", shown(name)));
        let context = identify(&mut session, now, watch, list).await?;
        *account = session.account(name, &context, watch).await?;
        judge(account.as_ref(), now, list)?;
        Ok::<_, Stop>(session)
    });
    let session = connected?;
    let mut controller = Controller::over(driver, session, source, password, deadlines);
    count(&mut controller, job, list)
}

/// The lines from the rootDSE to the base DN, which comes back.
async fn identify(
    session: &mut Session,
    now: Timestamp,
    watch: Watch<'_>,
    list: &mut Checklist<'_>,
) -> Result<String, Stop> {
    let dse = session.dse(watch).await?;
    let time = dse.time;
    let root = session.with_names(dse, watch).await?;
    list.passed(described(&root));
    match time.map(|time| time.duration_since(now)) {
        None => list.warned("the server does not report its time", "compare the clocks manually", Vec::new()),
        Some(ahead) if ahead.abs() > CLOCK => {
            let way = if ahead.is_negative() { "behind" } else { "ahead of" };
            let evidence = format!("the server's clock is {} {way} this machine's", lasting(ahead.abs()));
            let help = "synchronize both with the same time server: Kerberos allows a difference of five minutes";
            list.warned(evidence, help, Vec::new());
        }
        Some(ahead) => list.passed(format!("difference: {}", lasting(ahead.abs()))),
    }
    let base = &root.naming_context;
    let search = Search { base, scope: Scope::Base, filter: ANYTHING, attributes: &["1.1"], size_limit: 0 };
    if session.few(&search, watch).await?.is_empty() {
        let help = "give the account read access to the domain; members of Domain Users have it by default";
        return Err(Stop::Failed(format!("{} is not readable", shown(base)), help.to_owned()));
    }
    list.passed(shown(base));
    Ok(root.naming_context)
}

/// The lines about the account itself.
fn judge(account: Option<&Account>, now: Timestamp, list: &mut Checklist<'_>) -> Result<(), Stop> {
    let help =
        "set a new password in the directory and enter it here; for a service account use one that never expires";
    match account.and_then(|account| account.password) {
        None => list.passed("the directory does not show its expiry"),
        Some(expiry) => match expiry.few_days(now) {
            None => list.passed(expiry.described(now)),
            Some(..=0) => return Err(Stop::Failed(expiry.described(now), help.to_owned())),
            Some(_) => list.warned(expiry.described(now), help, Vec::new()),
        },
    }
    match account.and_then(|account| account.rights.as_deref()) {
        None => list.passed("the account cannot see its own groups"),
        Some([]) => list.passed("read only"),
        Some(groups) => {
            let help = "remove it from these groups: Domain Users is enough to read users, and a stored password should not \
                        give more rights";
            list.warned(format!("more than needed: member of {}", groups.join(", ")), help, Vec::new());
        }
    }
    Ok(())
}

/// The last two lines.
fn count(controller: &mut Controller, job: &Job, list: &mut Checklist<'_>) -> Result<(), Stop> {
    let base = controller.base(None, job)?;
    let names: Vec<_> = NEEDED.iter().map(|attribute| attribute.name()).collect();
    let mut count = UserCount::default();
    controller.read_users(&base, &Filter::people().to_string(), &names, job, &mut |batch| {
        count.take(&batch, job);
        Ok(())
    })?;
    count.report(list)
}

/// One stage of connecting, for every server that passed the stage before.
struct Stage<T> {
    reached: Vec<(Url, T)>,
    evidence: Vec<String>,
    failures: Vec<Error>,
    /// A certificate expires soon.
    soon: bool,
}

impl<T> Default for Stage<T> {
    fn default() -> Self {
        Self { reached: Vec::new(), evidence: Vec::new(), failures: Vec::new(), soon: false }
    }
}

impl<T> Stage<T> {
    fn take(
        &mut self,
        url: &Url,
        outcome: Result<T, DirectoryError>,
        evidence: impl FnOnce(&T) -> String,
    ) -> Result<(), DirectoryError> {
        match outcome {
            Ok(reached) => {
                self.evidence.push(evidence(&reached));
                self.reached.push((url.clone(), reached));
                Ok(())
            }
            Err(DirectoryError::Ldap(failure)) => {
                self.failures.push(failure);
                Ok(())
            }
            Err(canceled) => Err(canceled),
        }
    }

    /// The servers that passed, at least one.
    fn report(self, list: &mut Checklist<'_>) -> Result<Vec<(Url, T)>, Error> {
        if self.reached.is_empty() {
            return Err(connect::all(self.failures));
        }
        let mut evidence = self.evidence;
        let mut help = self.soon.then(|| "renew the certificate before it expires".to_owned());
        for failure in &self.failures {
            evidence.push(failure.to_string());
            help.get_or_insert_with(|| failure.help());
        }
        match help {
            None => list.passed(evidence.join("; ")),
            Some(help) => list.warned(evidence.join("; "), help, Vec::new()),
        }
        Ok(self.reached)
    }
}

fn tls(facts: &Facts) -> String {
    if let Some(pin) = &facts.pinned {
        return format!("{}, pinned key {pin}, issued by \"{}\"", facts.version, facts.signer);
    }
    let until =
        facts.until.map_or_else(String::new, |until| format!(", valid until {}", crate::model::moment::day(until)));
    format!("{}, issued by \"{}\"{until}", facts.version, facts.signer)
}

fn is_soon(facts: &Facts, now: Timestamp) -> bool {
    // A pinned key is accepted after the certificate has expired.
    facts.pinned.is_none() && facts.until.is_some_and(|until| until.duration_since(now) < RENEW)
}

/// A difference of clocks, to the second.
fn lasting(difference: SignedDuration) -> String {
    match difference.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
