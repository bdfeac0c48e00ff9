//! Tokens from a host that has no network at all, for a service that has never seen them.

use std::process::{Command, Output};

use crate::support::installation::{Installation, Run};
use crate::support::laptops::{Laptop, served};

const PASSPHRASE: &str = "seven dry herrings";

/// Runs `imd` of an installation where the kernel has no network to offer but a loopback that is down.
fn cut_off(imd: &Installation, arguments: &[&str]) -> Output {
    let plain = imd.command();
    let mut command = without_a_network();
    command.arg(plain.get_program()).args(plain.get_args()).args(arguments);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(folder) = plain.get_current_dir() {
        command.current_dir(folder);
    }
    command.output().unwrap()
}

fn without_a_network() -> Command {
    let mut command = Command::new("unshare");
    // Without root, leaving the network needs a user namespace.
    command.arg(if rustix::process::geteuid().is_root() { "-n" } else { "-rn" });
    command
}

#[track_caller]
fn says(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap().trim().to_owned()
}

/// A host without a network that holds the signing key of an installation; with these limits.
fn offline(home: &Installation, limits: &[&str]) -> Installation {
    let away = Installation::new();
    let key = home.path("key.imd");
    let _ = std::fs::remove_file(&key);
    let passphrase = home.write_secret("passphrase", PASSPHRASE);
    let mut export = home.command();
    export.args(["keys", "export", "--sign-only"]).arg(&key).arg("--passphrase-file").arg(passphrase).args(limits);
    says(&export.output().unwrap());
    assert!(!String::from_utf8_lossy(&std::fs::read(&key).unwrap()).contains("k4.secret"), "it is locked");
    std::fs::copy(&key, away.path("key.imd")).unwrap();
    away.write_secret("passphrase", PASSPHRASE);
    away
}

fn with_key(home: &Installation, limits: &[&str]) -> Installation {
    let away = offline(home, limits);
    says(&cut_off(&away, &["keys", "import", "key.imd", "--passphrase-file", "passphrase"]));
    away
}

#[test]
fn offline_host_makes_valid_tokens_and_exports() {
    let (home, service, _) = served(3, |answers| answers);
    let away = with_key(&home, &[]);
    // The kernel shows what it has cut off: not one route.
    let routes = says(&without_a_network().args(["cat", "/proc/net/route"]).output().unwrap());
    assert_eq!(routes.lines().skip(1).count(), 0, "{routes}");

    // The imported key contains the servers for laptops and the pin.
    let token = says(&cut_off(&away, &["token", "create", "branch", "--max-activations", "1"]));
    says(&cut_off(&away, &["export", "shell", "msiexec", "--token", "branch", "--out", "files"]));
    says(&cut_off(&away, &["export", "check", "files"]));
    let written = away.files().into_iter().filter(|(path, _)| path.starts_with(away.path("files/msiexec")));
    let address = service.address.to_string();
    assert!(written.into_iter().any(|(_, bytes)| String::from_utf8_lossy(&bytes).contains(&address)), "the server");

    let laptop = Laptop::new(1);
    let device = laptop.enroll(&service, &token).granted()["device"].clone();
    laptop.claim(&service, "user1").granted();
    let known = home.json(["token", "list", "branch"]);
    assert_eq!(known["record"]["created_by"], "made elsewhere", "{known}");
    assert_eq!((&known["record"]["uses"], &known["record"]["last_use"]["device"]), (&1.into(), &device), "{known}");
    // Its limits are those that it says, and it can be revoked like any other.
    assert_eq!(Laptop::new(2).enroll(&service, &token).error(), "token-refused");
    home.imd(["token", "revoke", "branch"]).succeeded();
    assert_eq!(laptop.claim(&service, "user1").error(), "token-refused");
    // What the service knows is what the token says, hash and all.
    let (here, there) = (known["record"].clone(), away.json(["token", "list", "branch"])["record"].clone());
    for field in
        ["id", "name", "issued_at", "expires_at", "max_activations", "servers", "pin", "scope", "key", "sha256"]
    {
        assert_eq!(here[field], there[field], "{field}");
    }
}

#[test]
fn unregistered_token_is_refused_until_imported() {
    let (home, service, _) = served(3, |answers| {
        answers.replace("safeguard = \"10%\"", "safeguard = \"10%\"\noffline_tokens = \"require-import\"")
    });
    assert_eq!(home.json(["settings"])["offline_tokens"], "require-import");
    let away = with_key(&home, &[]);
    let token = says(&cut_off(&away, &["token", "create", "branch", "--note", "for Bergen"]));
    let later = says(&cut_off(&away, &["token", "create", "mistake"]));
    assert_eq!(Laptop::new(1).enroll(&service, &token).error(), "token-refused");
    assert_eq!(home.row("SELECT reason FROM refusal")["reason"], "token-unknown");
    assert_eq!(home.row("SELECT count(*) AS n FROM token")["n"], 1);

    says(&cut_off(&away, &["token", "revoke", "mistake"]));
    says(&cut_off(&away, &["bundle", "out", "b.imd"]));
    std::fs::copy(away.path("b.imd"), home.path("b.imd")).unwrap();
    let brought = home.json(["bundle", "in", "b.imd"]);
    assert_eq!((&brought["tokens"], &brought["revoked"]), (&2.into(), &1.into()), "{brought}");
    Laptop::new(1).enroll(&service, &token).granted();
    assert_eq!(Laptop::new(2).enroll(&service, &later).error(), "token-refused");
    assert_eq!(home.json(["token", "list", "branch"])["record"]["note"], "for Bergen");
    // Again, and nothing changes; what was revoked here meanwhile does not come back.
    home.imd(["token", "revoke", "branch"]).succeeded();
    let before = home.rows("SELECT * FROM token ORDER BY id");
    let again = home.json(["bundle", "in", "b.imd"]);
    assert_eq!((&again["tokens"], &again["revoked"]), (&0.into(), &0.into()), "{again}");
    assert_eq!(home.rows("SELECT * FROM token ORDER BY id"), before);
}

#[test]
fn bundle_carries_replacements_and_earliest_expiry() {
    let (home, service, _) = served(3, |answers| answers);
    let away = with_key(&home, &[]);
    let old = says(&cut_off(&away, &["token", "create", "branch"]));
    let carry = |from: &Installation, to: &Installation| {
        for imd in [from, to] {
            let _ = std::fs::remove_file(imd.path("b.imd"));
        }
        from.imd(["bundle", "out", "b.imd"]).succeeded();
        std::fs::copy(from.path("b.imd"), to.path("b.imd")).unwrap();
        to.json(["bundle", "in", "b.imd"])
    };
    let ends = "SELECT replaced_by, overlap_until, revoked_at FROM token WHERE replaced_by IS NOT NULL";
    // The token is already registered when its replacement is imported.
    assert_eq!(carry(&away, &home)["replaced"], 0);
    let rotated = away.json(["token", "rotate", "branch", "--overlap", "30d"]);
    let brought = carry(&away, &home);
    assert_eq!((&brought["tokens"], &brought["replaced"]), (&1.into(), &1.into()), "{brought}");
    let known = home.rows(ends);
    assert_eq!((known.len(), &known[0]["replaced_by"]), (1, &rotated["new"]["id"]));
    assert_eq!(known[0]["overlap_until"], rotated["old"]["replaced"]["until"]);
    assert_eq!(home.json(["token", "list", "branch"])["record"]["id"], rotated["new"]["id"], "one is valid");
    // So it is where nothing was known of either.
    let fresh = with_key(&home, &[]);
    assert_eq!(carry(&away, &fresh)["replaced"], 1);
    assert_eq!(fresh.rows(ends), known);
    // An earlier expiry is never extended, and is carried back; repeating it changes nothing.
    let nearer = "2026-01-01T00:00:00Z";
    home.sqlite(&[], &format!("UPDATE token SET overlap_until = '{nearer}' WHERE replaced_by IS NOT NULL"));
    assert_eq!(carry(&away, &home)["replaced"], 0);
    assert_eq!(home.row(ends)["overlap_until"], nearer);
    assert_eq!(carry(&home, &away)["replaced"], 1);
    assert_eq!(away.row(ends)["overlap_until"], nearer);
    assert_eq!(carry(&home, &away)["replaced"], 0);
    assert_eq!(Laptop::new(1).enroll(&service, &old).error(), "token-refused");
    // What was revoked stays so.
    home.imd(["token", "revoke", rotated["old"]["id"].as_str().unwrap()]).succeeded();
    let before = home.rows("SELECT * FROM token ORDER BY id");
    carry(&away, &home);
    assert_eq!(home.rows("SELECT * FROM token ORDER BY id"), before);
}

#[test]
fn exports_are_checked_without_knowing_their_token() {
    let (home, _service, _) = served(1, |answers| answers);
    let away = with_key(&home, &[]);
    away.imd(["token", "create", "branch"]).succeeded();
    away.imd(["export", "json", "jamf", "--token", "branch", "--out", "files"]).succeeded();
    let files = away.path("files");
    let files = files.to_str().unwrap();
    home.imd(["export", "check", files]).succeeded();
    // The service refuses it from now on.
    let key = home.json(["keys"])["items"][0]["id"].as_str().unwrap().to_owned();
    home.imd(["keys", "revoke", &key, "--yes"]).succeeded();
    home.imd(["token", "verify", &format!("{files}/json/token.txt")]).failed_with(1, ["token-key-revoked"]);
    let found = home.imd(["export", "check", files, "--offline"]);
    found.failed_with(3, ["2 found in 2 exports"]);
    assert!(found.stdout.contains("was signed with a key that was revoked"), "{found:?}");
}

#[test]
fn file_without_audit_entry_is_removed() {
    let (home, _service, _) = served(1, |answers| answers);
    home.write_secret("passphrase", PASSPHRASE);
    home.write("there.age", "of last week");
    let full = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END";
    home.sqlite(&[], full);
    let before = home.files().into_iter().map(|(path, _)| path).filter(|path| !path.starts_with(home.state()));
    let before: Vec<_> = before.collect();
    let sealed = ["--passphrase-file", "passphrase"];
    for run in [
        home.imd(["keys", "export", "--sign-only", "key.imd", sealed[0], sealed[1]]),
        home.imd(["bundle", "out", "b.imd"]),
        home.imd(["backup", "new.age", sealed[0], sealed[1]]),
        home.imd(["backup", "there.age", sealed[0], sealed[1], "--yes"]),
    ] {
        run.failed_with(1, ["disk is full"]);
    }
    let after: Vec<_> = home.files().into_iter().map(|(path, _)| path).collect();
    let after: Vec<_> = after.into_iter().filter(|path| !path.starts_with(home.state())).collect();
    assert_eq!(after, before);
    // What a backup took the place of is gone, so it stays: it is a good one.
    assert!(std::fs::read(home.path("there.age")).unwrap().starts_with(b"age-encryption.org"));
}

#[test]
fn bundle_with_changed_ldif_is_rejected() {
    let (home, _service, _) = served(3, |answers| answers);
    let away = with_key(&home, &[]);
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    away.write("users.ldif", &bytes);
    says(&cut_off(&away, &["token", "create", "branch"]));
    says(&cut_off(&away, &["bundle", "out", "b.imd", "--ldif", "users.ldif"]));
    let bundle = std::fs::read(away.path("b.imd")).unwrap();
    let tokens = || home.row("SELECT count(*) AS n FROM token")["n"].as_u64().unwrap();
    let line = bundle.iter().position(|byte| *byte == b'\n').unwrap();
    for (at, why) in
        [(10, "the claims"), (line - 1, "the signature"), (line + 1_000, "the LDIF"), (bundle.len() - 1, "its end")]
    {
        let mut changed = bundle.clone();
        changed[at] ^= 1;
        home.write("changed.imd", &changed);
        let run = home.imd(["bundle", "in", "changed.imd", "--ldif", "out.ldif"]);
        assert_eq!(run.code, 1, "{why}: {run:?}");
        assert!(!home.path("out.ldif").exists() && tokens() == 1, "{why} was changed");
    }
    home.write("short.imd", &bundle[..bundle.len() - 1]);
    home.imd(["bundle", "in", "short.imd", "--ldif", "out.ldif"]).failed_with(1, ["not a bundle", "bundle out"]);
    assert!(!home.path("out.ldif").exists() && tokens() == 1);

    home.write("b.imd", &bundle);
    home.imd(["bundle", "in", "b.imd", "--ldif", "out.ldif"]).succeeded();
    assert!(std::fs::read(home.path("out.ldif")).unwrap() == bytes && tokens() == 2);
    // What is none is called none, and a token is not spoken of.
    let none = home.imd(["bundle", "in", "users.ldif"]);
    none.failed_with(1, ["users.ldif is not a bundle of imd"]);
    assert!(!none.stderr.contains("token"), "{none:?}");
    // Another installation does not know its key.
    let other: Run = Installation::new().imd(["bundle", "in", home.path("b.imd").to_str().unwrap()]);
    other.failed_with(1, ["unknown here"]);
}

#[test]
fn key_file_needs_its_passphrase_and_is_tamper_proof() {
    let (home, _service, _) = served(1, |answers| answers);
    let away = offline(&home, &[]);
    away.write_secret("other", "seven wet herrings");
    let import = |file: &str, passphrase: &str| away.imd(["keys", "import", file, "--passphrase-file", passphrase]);
    import("key.imd", "other").failed_with(1, ["passphrase"]);
    // An edited key file is rejected: its installation and its scope cannot be changed.
    let changed = away.read("key.imd").replacen("\"platforms\": []", "\"platforms\": [\"mac\"]", 1);
    assert_ne!(changed, away.read("key.imd"));
    away.write("changed.imd", changed);
    import("changed.imd", "passphrase").failed_with(1, ["changed"]);
    assert_eq!(away.json(["keys"])["items"], serde_json::json!([]));
    import("key.imd", "passphrase").succeeded();
    // A short passphrase locks nothing.
    home.write_secret("short", "hunter2");
    let file = home.path("short.imd");
    let short = home.imd(["keys", "export", "--sign-only", "short.imd", "--passphrase-file", "short"]);
    short.failed_with(1, ["12 characters"]);
    assert!(!file.exists());
}

#[test]
fn signing_host_keeps_the_limits_of_its_key() {
    let (home, service, _) = served(1, |answers| answers);
    let away = with_key(&home, &["--platform", "windows", "--network", "10.0.0.0/8"]);
    let beyond = away.imd(["token", "create", "wide", "--platform", "linux"]);
    beyond.failed_with(1, ["linux"]);
    let token = says(&cut_off(&away, &["token", "create", "narrow"]));
    let scope = &away.json(["token", "list", "narrow"])["record"]["scope"];
    assert_eq!(scope["platforms"], serde_json::json!(["windows"]), "{scope}");
    assert_eq!(Laptop::new(1).enroll(&service, &token).error(), "token-refused");
    assert_eq!(home.row("SELECT reason FROM refusal")["reason"], "token-platform");
}
