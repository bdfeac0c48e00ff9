//! A file of 100,000 users: read and decoded whole, selected by a mapping's filter, and by in-chain membership.
//!
//! The file is made once, below `target`, and used again by later runs.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use imd::directory::ldif::File;
use imd::directory::{Query, Read as _};
use imd::filter::Filter;
use imd::model::job::Job;

const USERS: u32 = 100_000;
const GROUPS: u32 = 200;
const BASE: &str = "DC=corp,DC=example,DC=com";

fn main() {
    divan::main();
}

fn file() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("users-{USERS}.ldif"));
    if !path.exists() {
        let half = path.with_extension("half");
        write(&half).expect("the file is written");
        std::fs::rename(&half, &path).expect("the file is named");
    }
    path
}

fn write(path: &Path) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    write!(out, "dn: {BASE}\nobjectClass: domainDNS\n\n")?;
    for group in 0..GROUPS {
        write!(
            out,
            "dn: CN=Team {group},OU=Groups,{BASE}\nobjectClass: group\nobjectCategory: CN=Group,CN=Schema,CN=Configuration,{BASE}\n"
        )?;
        write!(out, "memberOf: CN=Half {},OU=Groups,{BASE}\n\n", group % 2)?;
    }
    for n in 0..USERS {
        let dn = format!("CN=Jane Doe {n},OU=Team {},OU=Staff,{BASE}", n % 300);
        writeln!(
            out,
            "dn: {dn}\nobjectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\nobjectClass: user"
        )?;
        writeln!(out, "cn: Jane Doe {n}\nsn: Doe\nc: NO\nl: Oslo\ntitle: Engineer {}\ngivenName: Jane", n % 7)?;
        writeln!(
            out,
            "distinguishedName: {dn}\ninstanceType: 4\nwhenCreated: 20200102030405.0Z\nwhenChanged: 20250102030405.0Z"
        )?;
        writeln!(out, "displayName: Doe, Jane {n}\nuSNCreated: {}\nuSNChanged: {}\nco: Norway", n + 10, n + 500_000)?;
        writeln!(out, "memberOf: CN=Team {},OU=Groups,{BASE}\nmemberOf: CN=All Staff,OU=Groups,{BASE}", n % GROUPS)?;
        writeln!(out, "department: Department {}\ncompany: Example Corp\nname: Jane Doe {n}", n % 11)?;
        writeln!(out, "proxyAddresses: SMTP:u{n}@example.com\nproxyAddresses: smtp:jane.doe{n}@example.com")?;
        writeln!(out, "objectGUID: 00000000-0000-4000-8000-{n:012x}\nobjectSid: S-1-5-21-1-2-3-{}", n + 1103)?;
        writeln!(out, "userAccountControl: {}\nprimaryGroupID: 513", if n % 20 == 0 { 514 } else { 512 })?;
        writeln!(out, "accountExpires: 9223372036854775807\npwdLastSet: 133700000000000000\nsAMAccountName: u{n}")?;
        writeln!(out, "sAMAccountType: 805306368\nuserPrincipalName: u{n}@corp.example.com")?;
        writeln!(out, "objectCategory: CN=Person,CN=Schema,CN=Configuration,{BASE}\nmail: u{n}@example.com\n")?;
    }
    out.flush()
}

fn read(filter: &str) -> u64 {
    let query = Query { base: Some(BASE.to_owned()), filter: filter.parse().expect("a filter") };
    let mut file = File::open(&file()).expect("opens");
    file.users(&query, &Job::unwatched(), &mut |batch| {
        divan::black_box(batch);
        Ok(())
    })
    .expect("reads")
}

fn whole_file(bencher: Bencher<'_, '_>, filter: &str, users: u64) {
    assert_eq!(read(filter), users);
    let bytes = std::fs::metadata(file()).expect("is there").len();
    bencher.counter(ItemsCount::new(USERS)).counter(BytesCount::new(bytes)).bench(|| read(filter));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn read_and_decode_everybody(bencher: Bencher<'_, '_>) {
    whole_file(bencher, &Filter::people().to_string(), u64::from(USERS));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn select_few(bencher: Bencher<'_, '_>) {
    let few = "(&(objectCategory=person)(objectClass=user)(department=Department 3)(c=NO)(title=*7))";
    whole_file(bencher, few, 0);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn select_by_nested_group(bencher: Bencher<'_, '_>) {
    let half = format!("(&(objectCategory=person)(memberOf:1.2.840.113556.1.4.1941:=CN=Half 1,OU=Groups,{BASE}))");
    whole_file(bencher, &half, u64::from(USERS / 2));
}
