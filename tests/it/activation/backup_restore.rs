//! A backup made on one host and restored on another: activations go on there, and what was revoked stays revoked.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, served};
use crate::support::service::{Service, free_address};

const PASSPHRASE: &str = "many short words in a row";

fn backup(imd: &Installation, file: &str) {
    imd.write_secret("passphrase", PASSPHRASE);
    imd.imd(["backup", file, "--passphrase-file", "passphrase"]).succeeded();
}

/// Another host: an empty state, and the backup carried over.
fn carried_to_another(from: &Installation, file: &str) -> Installation {
    let other = Installation::new();
    other.write_secret("passphrase", PASSPHRASE);
    std::fs::copy(from.path(file), other.path(file)).unwrap();
    other
}

fn restore(imd: &Installation, file: &str) -> serde_json::Value {
    imd.json(["restore", file, "--yes", "--passphrase-file", "passphrase"])
}

/// A further token for the running service.
fn made(imd: &Installation, service: &Service, name: &str) -> String {
    let server = format!("https://{}", service.address);
    imd.imd(["token", "create", name, "--server", &server]).succeeded().stdout.trim().to_owned()
}

#[test]
fn restore_on_another_host_keeps_activating() {
    let (imd, service, token) = served(6, |answers| answers);
    let enrolled = |number| {
        let laptop = Laptop::new(number);
        let device = laptop.enroll(&service, &token).granted()["device"].as_str().unwrap().to_owned();
        (laptop, device)
    };
    let ((activated, _), (waiting, _), (gone, id)) = (enrolled(1), enrolled(2), enrolled(3));
    activated.claim(&service, "user1").granted();
    imd.imd(["devices", "revoke", &id]).succeeded();
    let mut typed = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_imd"));
    typed.args(["backup", "imd.backup"]);
    typed.cwd(imd.folder());
    typed.env("IMD_STATE", imd.state());
    let shown = on_a_terminal(typed, &["Passphrase: ", "Passphrase again: "]);
    assert!(!shown.contains(PASSPHRASE), "no echo: {shown}");
    let later = made(&imd, &service, "later");
    imd.imd(["token", "revoke", "later"]).succeeded();
    assert_eq!(imd.path("imd.backup").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let (other, address) = (carried_to_another(&imd, "imd.backup"), free_address());
    drop(service);

    let restored = other.json(["restore", "imd.backup", "--passphrase-file", "passphrase"]);
    assert!(restored["kept"].is_null(), "{restored}");
    let service = Service::start(&other, address);
    assert_eq!(activated.check_in(&service).granted()["state"], "activated");
    waiting.claim(&service, "user2").granted();
    assert_eq!(gone.claim(&service, "user3").error(), "device-refused");
    assert_eq!(gone.imaged_anew().enroll(&service, &token).error(), "device-refused");
    Laptop::new(4).enroll(&service, &token).granted();
    // It was revoked on another host.
    assert_eq!(Laptop::new(5).enroll(&service, &later).error(), "token-refused");
    assert_eq!(other.row("SELECT reason FROM refusal ORDER BY number DESC LIMIT 1")["reason"], "token-unknown");
    assert_eq!(restored["registered_only"], true, "and it is said: {restored}");
    assert_eq!(other.json(["audit", "verify"])["whole"]["rows"], other.row("SELECT count(*) AS n FROM audit")["n"]);
    assert_eq!(other.row("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'backup'")["n"], 0);
    let key = imd.read("state/identity");
    assert_eq!(other.read("state/identity"), key);
    let key = key.lines().last().unwrap().as_bytes().to_owned();
    let held = other.files().into_iter().filter(|(_, bytes)| bytes.windows(key.len()).any(|part| part == key));
    assert_eq!(held.map(|(path, _)| path).collect::<Vec<_>>(), [other.path("state/identity")], "nowhere but there");
}

#[test]
fn restore_keeps_revocations_and_the_old_state() {
    let (imd, service, old) = served(6, |answers| answers);
    let id = |answer: crate::support::service::Answer| answer.granted()["device"].as_str().unwrap().to_owned();
    let (known, unknown, held, waiting) = (Laptop::new(1), Laptop::new(2), Laptop::new(3), Laptop::new(4));
    let second = made(&imd, &service, "second");
    let first = id(known.enroll(&service, &second));
    held.enroll(&service, &second).granted();
    held.claim(&service, "user3").granted();
    waiting.enroll(&service, &old).granted();
    backup(&imd, "imd.backup");

    // All of this the backup does not know.
    let key = imd.json(["keys"])["items"][0]["id"].as_str().unwrap().to_owned();
    imd.imd(["keys", "rotate"]).succeeded();
    let new = made(&imd, &service, "new");
    let gone = made(&imd, &service, "gone");
    for device in [first, id(unknown.enroll(&service, &new))] {
        imd.imd(["devices", "revoke", &device]).succeeded();
    }
    imd.imd(["token", "revoke", "gone"]).succeeded();
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    imd.imd(["accounts", "preserve", "user3"]).succeeded();
    let run = imd.imd(["restore", "imd.backup", "--yes", "--passphrase-file", "passphrase"]);
    run.failed_with(1, ["another imd has", "open"]);
    let address = service.address;
    drop(service);

    let restored = restore(&imd, "imd.backup");
    assert!(std::path::Path::new(restored["kept"].as_str().unwrap()).exists(), "{restored}");
    let service = Service::start(&imd, address);
    assert_eq!(known.claim(&service, "user1").error(), "device-refused");
    assert_eq!(unknown.imaged_anew().enroll(&service, &new).error(), "device-refused");
    assert_eq!(held.claim(&service, "user3").error(), "refused");
    assert_eq!(waiting.claim(&service, "user4").error(), "token-refused");
    assert_eq!(Laptop::new(5).enroll(&service, &gone).error(), "token-refused");
    // What was made since and is not revoked goes on, and so do its uses.
    Laptop::new(6).enroll(&service, &new).granted();
    Laptop::new(7).enroll(&service, &second).granted();
    assert_eq!(imd.json(["token", "list", "new"])["record"]["uses"], 2);
    let counted = serde_json::json!({ "tokens": 2, "keys": 0, "devices": 2, "accounts": 1 });
    assert_eq!(restored["revoked"], counted, "{restored}");

    // The key of the backup is revoked: the later one signs from now on.
    imd.imd(["keys", "revoke", &key, "--yes"]).succeeded();
    drop(service);
    let restored = restore(&imd, "imd.backup");
    let service = Service::start(&imd, address);
    assert_eq!(Laptop::new(8).enroll(&service, &second).error(), "token-refused");
    Laptop::new(9).enroll(&service, &made(&imd, &service, "newest")).granted();
    assert_eq!(restored["revoked"]["keys"], 1, "{restored}");
}

#[test]
fn refused_restore_changes_nothing() {
    let (imd, service, _) = served(2, |answers| answers);
    drop(service);
    backup(&imd, "imd.backup");
    imd.imd(["backup", "imd.backup", "--passphrase-file", "passphrase"]).failed_with(3, ["already exists"]);
    let whole = std::fs::read(imd.path("imd.backup")).unwrap();
    imd.write("cut", &whole[..whole.len() - 100]);
    let mut changed = whole.clone();
    changed[5_000] ^= 1;
    imd.write("changed", changed);
    imd.write("text", "not a backup");
    imd.write_secret("wrong", "not the passphrase");
    let before = (imd.dump(), imd.read("state/identity"));
    imd.imd(["restore", "imd.backup", "--passphrase-file", "passphrase"]).failed_with(3, ["there is already a state"]);
    imd.imd(["restore", "imd.backup", "--yes", "--passphrase-file", "wrong"]).failed_with(1, ["does not open"]);
    for (file, why) in [("cut", "its end is missing"), ("changed", "damaged"), ("text", "not a backup")] {
        imd.imd(["restore", file, "--yes", "--passphrase-file", "passphrase"]).failed_with(1, [why]);
    }
    assert_eq!((imd.dump(), imd.read("state/identity")), before);
    let dotted = |path: &std::path::Path| {
        let below = path.strip_prefix(imd.folder()).unwrap();
        below.iter().any(|part| part.as_encoded_bytes().starts_with(b"."))
    };
    let left = imd.files().into_iter().filter(|(path, _)| dotted(path)).count();
    assert_eq!(left, 0, "no other files remain");
}

#[test]
fn age_opens_backup_and_newer_backup_is_refused() {
    let (imd, service, _) = served(2, |answers| answers);
    drop(service);
    backup(&imd, "imd.backup");
    let newer = opened_by_age(&imd, "imd.backup");
    // As a restore that was killed after its one rename leaves it.
    let killed = Installation::new();
    std::fs::DirBuilder::new().mode(0o700).create(killed.state()).unwrap();
    killed.write_secret("state/imd.db", "");
    std::fs::write(killed.path("state/imd.db"), &newer).unwrap();
    killed.imd(["status"]).succeeded();
    assert_eq!(killed.read("state/identity"), imd.read("state/identity"));
    assert_eq!(killed.row("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'backup'")["n"], 0);
    let edit = |sql: &str| {
        std::fs::write(imd.path("plain.db"), &newer).unwrap();
        let done = std::process::Command::new("sqlite3").arg(imd.path("plain.db")).arg(sql).status().unwrap();
        assert!(done.success());
        let passphrase = imd::secrets::Secret::new(PASSPHRASE);
        let mut sealed = std::fs::File::create(imd.path("newer.backup")).unwrap();
        let mut plain = std::fs::File::open(imd.path("plain.db")).unwrap();
        imd::secrets::seal_with_passphrase(&passphrase, &mut plain, &mut sealed).unwrap();
    };
    let history = "INSERT INTO refinery_schema_history SELECT version + 90, name, applied_on, checksum
                   FROM refinery_schema_history ORDER BY version DESC LIMIT 1";
    for (sql, why) in [
        (history, "made by a newer imd"),
        ("UPDATE backup SET format = 2", "made by a newer imd"),
        ("DROP TABLE backup", "is not a backup of imd"),
    ] {
        edit(sql);
        imd.imd(["restore", "newer.backup", "--yes", "--passphrase-file", "passphrase"]).failed_with(1, [why]);
    }
}

/// What the `age` tool makes of it, which asks for the passphrase on a terminal.
fn opened_by_age(imd: &Installation, file: &str) -> Vec<u8> {
    let mut command = portable_pty::CommandBuilder::new("age");
    command.args(["-d", "-o"]);
    command.arg(imd.path("opened.db"));
    command.arg(imd.path(file));
    on_a_terminal(command, &["passphrase"]);
    std::fs::read(imd.path("opened.db")).unwrap()
}

/// Runs it on a terminal and types the passphrase after each of the questions; what the terminal showed.
fn on_a_terminal(command: portable_pty::CommandBuilder, questions: &[&str]) -> String {
    let pty = portable_pty::native_pty_system().openpty(portable_pty::PtySize::default()).unwrap();
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let (mut reader, mut writer) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let (mut shown, mut at) = (String::new(), 0);
    let mut questions = questions.iter();
    let mut next = questions.next();
    let mut buffer = [0; 4096];
    // At its end a terminal gives an error, which is no more than that.
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        shown.push_str(&String::from_utf8_lossy(&buffer[..count]));
        while let Some(question) = next
            && let Some(found) = shown[at..].find(question)
        {
            at += found + question.len();
            writer.write_all(format!("{PASSPHRASE}\n").as_bytes()).unwrap();
            next = questions.next();
        }
    }
    assert!(child.wait().unwrap().success(), "{shown}");
    shown
}
