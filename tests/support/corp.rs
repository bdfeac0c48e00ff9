//! A directory that tests write, and a state to read it into.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use imd::directory::{self, Group, Known, Place, Query, Read, Root, Taker, Unit, ldif};
use imd::filter::Filter;
use imd::model::audit::Actor;
use imd::model::directory::{Directory, Source};
use imd::model::dn::Dn;
use imd::model::duration::Duration;
use imd::model::job::Job;
use imd::model::mapping::{AccountName, Kind, Mapping};
use imd::model::membership::Nested;
use imd::model::name::Name;
use imd::model::plan::{Asked, Change, Line, LineKind, PlannedExcluded, Removal, Summary};
use imd::model::profile::{Login, Profile, Storage};
use imd::model::text::Untrusted;
use imd::model::user::{Attribute, Guid, NameForm, User};
use imd::store::{By, CachedUser, Store};
use imd::sync::{self, Error, Unopened};
use jiff::Timestamp;
use tempfile::TempDir;

pub(crate) const NOW: &str = "2026-03-01T12:00:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.parse().expect("a timestamp")
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

pub(crate) fn guid(of: &str) -> Guid {
    let mut bytes = [0; 16];
    bytes[..of.len()].copy_from_slice(of.as_bytes());
    Guid(bytes)
}

/// A directory that tests write: users by sAMAccountName, each with attributes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Corp {
    pub(crate) users: BTreeMap<String, BTreeMap<&'static str, Vec<String>>>,
    /// Users the reader gives before it fails.
    pub(crate) breaks_after: Option<usize>,
}

impl Corp {
    pub(crate) fn of(sams: &[&str]) -> Self {
        sams.iter().fold(Self::default(), |corp, sam| corp.with(sam, &[]))
    }

    pub(crate) fn many(count: u64) -> Self {
        (0..count).fold(Self::default(), |corp, n| corp.with(&format!("u{n:05}"), &[]))
    }

    /// Adds a user, or gives one that is there other values; an empty value takes the attribute away.
    pub(crate) fn with(mut self, sam: &str, values: &[(&'static str, &str)]) -> Self {
        let user = self.users.entry(sam.to_owned()).or_insert_with(|| {
            let usual = [
                ("mail", format!("{sam}@corp.example")),
                ("userPrincipalName", format!("{sam}@corp.example")),
                ("displayName", format!("User {sam}")),
                ("department", "Sales".to_owned()),
                ("userAccountControl", "512".to_owned()),
                ("uSNChanged", "1000".to_owned()),
            ];
            usual.into_iter().map(|(name, value)| (name, vec![value])).collect()
        });
        for (name, value) in values {
            user.insert(name, value.split('|').filter(|value| !value.is_empty()).map(str::to_owned).collect());
        }
        self
    }

    pub(crate) fn without(mut self, sam: &str) -> Self {
        self.users.remove(sam).expect("is there");
        self
    }

    pub(crate) fn ldif(&self) -> String {
        let mut text = "dn: DC=corp,DC=example\nobjectClass: domainDNS\n\n".to_owned();
        // A contact has a mail address, too, but cannot log on.
        text += "dn: CN=Press,DC=corp,DC=example\nobjectClass: contact\nmail: press@paper.example\n";
        text += "objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example\n\n";
        for (sam, values) in &self.users {
            let _ = writeln!(text, "dn: CN={sam},OU=Staff,DC=corp,DC=example\nobjectClass: user\ncn: {sam}");
            let _ = writeln!(text, "objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example");
            let _ = writeln!(text, "objectGUID: {}\nsAMAccountName: {sam}", guid(sam));
            for (name, values) in values {
                for value in values {
                    let _ = writeln!(text, "{name}: {value}");
                }
            }
            text.push('\n');
        }
        text
    }

    pub(crate) fn open(&self) -> Box<dyn Read> {
        let file = ldif::File::of_bytes(self.ldif().into_bytes());
        Box::new(Breaking { file, after: self.breaks_after })
    }
}

/// A reader that may fail in the middle, as a connection does.
pub(crate) struct Breaking {
    file: ldif::File,
    after: Option<usize>,
}

impl Read for Breaking {
    fn root(&mut self, job: &Job) -> Result<Root, directory::Error> {
        self.file.root(job)
    }

    fn users(&mut self, query: &Query, job: &Job, take: &mut Taker<'_>) -> Result<u64, directory::Error> {
        let Some(mut left) = self.after else { return self.file.users(query, job, take) };
        let mut cut = |mut users: Vec<User>| {
            users.truncate(left);
            left -= users.len();
            take(users)
        };
        self.file.users(query, job, &mut cut)?;
        Err(ldif::Error { file: "corp".into(), line: None, what: ldif::What::Changed }.into())
    }

    fn units(&mut self, dn: Option<&str>, job: &Job) -> Result<Vec<Unit>, directory::Error> {
        self.file.units(dn, job)
    }

    fn groups(&mut self, prefix: &str, limit: usize, job: &Job) -> Result<Vec<Group>, directory::Error> {
        self.file.groups(prefix, limit, job)
    }

    fn nested(&mut self, group: &Dn, job: &Job) -> Result<Nested, directory::Error> {
        self.file.nested(group, job)
    }

    fn members(&mut self, group: &Dn, job: &Job) -> Result<Option<u64>, directory::Error> {
        self.file.members(group, job)
    }

    fn known(&mut self, dn: &Dn, filter: &Filter, job: &Job) -> Result<Option<Known>, directory::Error> {
        self.file.known(dn, filter, job)
    }

    fn values(
        &mut self,
        attribute: Attribute,
        base: Option<&str>,
        job: &Job,
    ) -> Result<Vec<(Untrusted, u64)>, directory::Error> {
        self.file.values(attribute, base, job)
    }

    fn place(&mut self, dn: &str, job: &Job) -> Result<Option<Place>, directory::Error> {
        self.file.place(dn, job)
    }

    fn place_of(&mut self, guid: Guid, job: &Job) -> Result<Option<Place>, directory::Error> {
        self.file.place_of(guid, job)
    }
}

pub(crate) struct House {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
    pub(crate) actor: Actor,
    pub(crate) at: Timestamp,
}

impl House {
    pub(crate) fn new() -> Self {
        let only_mine = PermissionsExt::from_mode(0o700);
        let dir = tempfile::Builder::new().permissions(only_mine).tempdir().expect("a folder");
        let store = Store::open(dir.path()).expect("opens");
        let corp = Self { dir, store, actor: Actor::new("anna"), at: now() };
        corp.directory("corp");
        let storage = Storage { name: name("eu-1"), location: "s3://eu-1".into(), capacity: None };
        corp.store.save(&storage, None, &corp.by()).expect("a storage");
        let profile = Profile {
            name: name("Laptops"),
            login: Login::ActiveDirectory,
            login_directory: Some(name("corp")),
            quota: None,
            max_users: 0,
            devices_per_user: None,
            inactive_after: Duration::days(60),
            preserve_for: Duration::days(90),
        };
        corp.store.save(&profile, None, &corp.by()).expect("a profile");
        corp
    }

    /// With one mapping, of everybody.
    pub(crate) fn with_staff() -> Self {
        let corp = Self::new();
        corp.map("Staff", None);
        corp
    }

    pub(crate) fn by(&self) -> By<'_> {
        By { actor: &self.actor, at: self.at, verb: "sync" }
    }

    pub(crate) fn directory(&self, of: &str) {
        let directory = Directory { name: name(of), source: Source::File(format!("{of}.ldif").into()) };
        self.store.save(&directory, None, &self.by()).expect("a directory");
    }

    pub(crate) fn map(&self, of: &str, filter: Option<&str>) {
        self.store.save(&mapping(of, filter), None, &self.by()).expect("a mapping");
    }

    pub(crate) fn plan(&self, corp: &Corp) -> Result<Summary, Error> {
        let mut open = |_: &Name| Ok::<_, Unopened>(corp.open());
        sync::plan(&self.store, &mut open, &self.by(), &Job::unwatched())
    }

    pub(crate) fn apply(&self, plan: &Summary, approval: Option<&str>) -> Result<Summary, Error> {
        sync::apply(&self.store, plan.id, approval, &self.by(), &Job::unwatched())
    }

    /// Plans and applies, approving whatever is suspicious.
    pub(crate) fn sync(&self, corp: &Corp) -> Summary {
        let plan = self.plan(corp).expect("a plan");
        self.apply(&plan, Some(&plan.hash)).expect("applies")
    }

    /// The lines of a plan: `+anna`, `~anna`, `-anna: why`, `!anna: why`.
    pub(crate) fn lines(&self, plan: &Summary) -> Vec<String> {
        let mut lines = Vec::new();
        let all = self.store.plan_lines(plan.id, &Asked::default(), 0, 10_000).expect("lines").lines;
        for line in all {
            let Line::Change(line) = line else { continue };
            let who = line.label.shown().replace("User ", "");
            let from = line.from.map(|from| format!(" from {from}")).unwrap_or_default();
            lines.push(match line.change {
                Change::Added => format!("+{who} {}", line.mapping),
                Change::Removed(Removal::Excluded(why)) => format!("-{who} {}: {why}", line.mapping),
                Change::Removed(_) => format!("-{who} {}", line.mapping),
                Change::Updated(all) => {
                    let texts = |all: &[Untrusted]| all.iter().map(Untrusted::shown).collect::<Vec<_>>().join("|");
                    let each = all.iter().map(|change| {
                        format!(" {}={}->{}", change.attribute.name(), texts(&change.before), texts(&change.after))
                    });
                    format!("~{who} {}{from}{}", line.mapping, each.collect::<String>())
                }
            });
        }
        for line in self.excluded(plan) {
            let who = line.label.shown().replace("User ", "");
            lines.push(format!("!{who} {}: {}", line.mapping, line.why));
        }
        lines.sort();
        lines
    }

    /// Whom a plan leaves out.
    pub(crate) fn excluded(&self, plan: &Summary) -> Vec<PlannedExcluded> {
        let asked = Asked { kind: Some(LineKind::Excluded), ..Asked::default() };
        let lines = self.store.plan_lines(plan.id, &asked, 0, 10_000).expect("lines").lines;
        lines.into_iter().filter_map(|line| if let Line::Excluded(line) = line { Some(line) } else { None }).collect()
    }

    pub(crate) fn find(&self, text: &str) -> Vec<CachedUser> {
        self.store.find_user(&NameForm::of(text)).expect("found")
    }

    /// Everything in the database, as `sqlite3` writes it out.
    pub(crate) fn dump(&self) -> String {
        self.sqlite3(".dump")
    }

    pub(crate) fn sqlite3(&self, sql: &str) -> String {
        let output = Command::new("sqlite3").arg(self.dir.path().join("imd.db")).arg(sql).output().expect("installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }
}

pub(crate) fn mapping(of: &str, filter: Option<&str>) -> Mapping {
    Mapping {
        name: name(of),
        kind: Kind::Imd,
        directory: name("corp"),
        base_dn: None,
        ou: None,
        group: None,
        department: None,
        country: None,
        filter: filter.map(str::to_owned),
        account_name: AccountName::Upn,
        profile: name("Laptops"),
        storage: name("eu-1"),
        quota: None,
        auto_import: false,
        interval: None,
        enabled: true,
    }
}
